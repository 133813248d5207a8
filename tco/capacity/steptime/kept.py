"""Fits of step times kept on disk: they take seconds, and the same run gives the same fit."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from platformdirs import user_cache_path
from pydantic import TypeAdapter, ValidationError

from probes.run import Run
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.steptime.fitted import FittedStepTime, Refusal
from tco.capacity.steptime.of_run import step_time_of_run

_ADAPTER: TypeAdapter[FittedStepTime | Refusal] = TypeAdapter(FittedStepTime | Refusal)
_SOURCES = Path(__file__).parents[1]


def kept_step_time(run: Run, limits: EngineLimits, folder: Path | None = None) -> FittedStepTime | Refusal:
    """As `step_time_of_run`, from a file where the same run was fitted before by the same code.

    A file that cannot be read is made anew; a folder that cannot be written to is done without.

    Args:
        run: the probe.
        limits: of its engine.
        folder: of the files; None: the user's cache folder.
    """
    path = (folder or user_cache_path("tco-llm") / "step-times") / f"{_key(run, limits)}.json"
    with contextlib.suppress(OSError, ValidationError):
        return _ADAPTER.validate_json(path.read_bytes())
    found = step_time_of_run(run, limits)
    with contextlib.suppress(OSError):
        _write(path, _ADAPTER.dump_json(found))
    return found


def _key(run: Run, limits: EngineLimits) -> str:
    what = json.dumps([run.model_dump(mode="json"), str(limits), _code()], sort_keys=True)
    return sha256(what.encode()).hexdigest()[:32]


@lru_cache(maxsize=1)
def _code() -> str:
    """Fits of other code are other fits."""
    files = sorted(path for room in ("steptime", "simulator") for path in (_SOURCES / room).glob("*.py"))
    return sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _write(path: Path, text: bytes) -> None:
    """At once or not at all: another process may be reading."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    Path(name).replace(path)
