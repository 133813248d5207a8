"""How the simulator's inner functions are compiled: once a machine, kept in a cache on disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import numba
from platformdirs import user_cache_path

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """The function as machine code; it is compiled at its first call ever, and read from a cache folder later.

    Nothing divides by what may be zero, so that this is not checked; sums keep their order, so that the same input gives the same bits.

    Args:
        function: of numbers, arrays and records.
    """
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(_cache_folder())
    try:
        done: F = numba.njit(cache=True, error_model="numpy")(function)
    except RuntimeError:  # no folder can be written to
        done = numba.njit(error_model="numpy")(function)
    finally:
        numba.config.CACHE_DIR = before
    return done


def part(function: F) -> F:
    """A function of the state that is put whole into the compiled code of those that call it.

    A call that hands over the state counts a use of each of its arrays and takes it back, which takes longer than most of these functions.

    Args:
        function: that takes the state.
    """
    done: F = numba.njit(error_model="numpy", inline="always")(function)
    return done


@lru_cache(maxsize=1)
def _cache_folder() -> Path:
    """Named after the text of this package: numba notices a change of a function's own file only, and here functions call those of other files."""
    text = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    parent = os.environ.get("NUMBA_CACHE_DIR")
    return (Path(parent) if parent else user_cache_path("tco-llm")) / f"simulator-{sha256(text).hexdigest()[:16]}"
