"""Independent random numbers for every request, common beginning and block of a run.

Everything that is drawn has its own place, and its place is the spawn key of numpy's `SeedSequence`: streams that are independent by construction, in
whatever process and order they are made (https://numpy.org/doc/stable/reference/random/parallel.html). No two workers share a seed.
"""

from __future__ import annotations

import secrets
from typing import Literal, NamedTuple

import numpy as np

from probes.errors import ProbeError

Kind = Literal["closed", "scheduled", "beginning", "block", "arrivals", "check"]
"""What is drawn: a request of a stream, one of a schedule, a common beginning, a block of a trace, a schedule, a sample that only checks."""

_KINDS: dict[Kind, int] = {"closed": 0, "scheduled": 1, "beginning": 2, "block": 3, "arrivals": 4, "check": 5}
_WORD = 2**32


class Place(NamedTuple):
    """Where something that is drawn stands in a run; two of them never share a place, so they never share random numbers.

    Attributes:
        attempt: 0 for a new run and something else when a run is resumed: what is measured again must not find its prompts in the server's cache.
        cell: the load point.
        kind: what is drawn.
        major: the stream, or the number of the beginning or block.
        minor: place within the stream.
    """

    attempt: int
    cell: int
    kind: Kind
    major: int = 0
    minor: int = 0


def generator(seed: int, place: Place) -> np.random.Generator:
    """The random numbers of one place.

    Args:
        seed: the run's seed, 0 or more.
        place: each number of it below 2³² but `major`, which is below 2⁶⁴: the spawn key has a fixed number of 32-bit words, because numpy joins
            longer numbers' words, so that two keys could be one.

    Raises:
        ProbeError: `bad_arguments`: a number out of this range.

    Example:
        >>> generator(1, Place(0, 2, "closed", 3, 4)).integers(0, 1000, 3).tolist()
        [347, 831, 267]
    """
    attempt, cell, kind, major, minor = place
    if seed < 0 or not (0 <= attempt < _WORD and 0 <= cell < _WORD and 0 <= major < _WORD**2 and 0 <= minor < _WORD):
        raise ProbeError(
            "bad_arguments",
            f"No random numbers for seed {seed}, attempt {attempt}, load point {cell}, {kind} {major}/{minor}: each must be 0 or more and below "
            f"2^32 (a block's identity below 2^64).",
        )
    key = (attempt, cell, _KINDS[kind], major >> 32, major & (_WORD - 1), minor)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def own_salt() -> str:
    """A cache salt that no other request has, in this run or in another with the same seed.

    vLLM mixes it into the hash of a prompt's first block, and every later block's hash contains the one before
    (https://docs.vllm.ai/en/latest/design/prefix_caching/), so that two requests with different salts share nothing.
    """
    return secrets.token_hex(16)


def common_salt(seed: int, attempt: int, cell: int, group: str) -> str:
    """The cache salt of all requests that are meant to share a beginning: the same in every worker, another for every load point.

    Args:
        seed: the run's seed.
        attempt: see `Place`.
        cell: see `Place`.
        group: what they share.

    Example:
        >>> common_salt(7, 0, 3, "beginning-1")
        'tco-7-0-3-beginning-1'
    """
    return f"tco-{seed}-{attempt}-{cell}-{group}"
