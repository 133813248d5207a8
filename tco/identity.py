"""What an answer rests on, and its id: the same id gives the same numbers."""

from __future__ import annotations

import hashlib
import json
import weakref
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pricing
import probes
from pricing import Book
from probes.run import Run
from tco.scenario import Scenario

_ID_DIGITS = 12
_OF_OTHER_PARTS: dict[str, Any] = {
    "cases": True,
    "question": True,
    "prices": True,
    "options": {"__all__": {"run": True}},
}
"""What of a scenario changes no number by itself: where prices and runs are found, for what is found there is a part of its own."""
_NEVER_COMPUTE = ("tco/cli", "tco/report", "tco/views")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPart:
    """A run that an option rests on.

    Attributes:
        option: its name.
        run_id: of the run.
        sha256: of the run's content.
    """

    option: str
    run_id: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """All that the numbers of an answer hang on, but for the libraries that add them up.

    Attributes:
        tool_version: of this tool.
        code_sha256: of the code that computes: commands, reports and pages are left out.
        scenario_sha256: of the scenario as written; comments, its other cases and where prices and runs are found are left out.
        book_id: of the state of the price book.
        own_prices_id: of the user's own prices; None without.
        runs: in the order of the options.
    """

    tool_version: str
    code_sha256: str
    scenario_sha256: str
    book_id: str
    own_prices_id: str | None
    runs: tuple[RunPart, ...]

    @property
    def answer_id(self) -> str:
        """Twelve digits of a hash over all parts."""
        return _digest(json.dumps(asdict(self), sort_keys=True).encode())[:_ID_DIGITS]


def parts_of(scenario: Scenario, runs: Mapping[str, Run], book: Book) -> Parts:
    """What an answer rests on.

    Args:
        scenario: as written, not filled.
        runs: of its self-hosted options, by option name.
        book: the prices.
    """
    own = book.overrides
    return Parts(
        tool_version=_version(),
        code_sha256=_code_sha256(),
        scenario_sha256=_digest(scenario.model_dump_json(by_alias=True, exclude=_OF_OTHER_PARTS).encode()),
        book_id=book.id,
        own_prices_id=own.id if own is not None else None,
        runs=tuple(RunPart(option=name, run_id=run.run_id, sha256=_run_sha256(run)) for name, run in runs.items()),
    )


_run_digests: dict[int, tuple[weakref.ref[Run], str]] = {}


def _run_sha256(run: Run) -> str:
    """Of a run's content; a run that somebody holds on to, as pages do while a slider moves, is written out once."""
    known = _run_digests.get(id(run))
    if known is not None and known[0]() is run:
        return known[1]
    key, digest = id(run), _digest(run.model_dump_json(by_alias=True).encode())
    _run_digests[key] = weakref.ref(run, lambda _gone: _run_digests.pop(key, None)), digest
    return digest


@lru_cache(maxsize=1)
def _version() -> str:
    return metadata.version("tco-llm")


@lru_cache(maxsize=1)
def _code_sha256() -> str:
    """Ten milliseconds for three megabytes: once for a process."""
    digest = hashlib.sha256()
    for package in (pricing.__file__, probes.__file__, __file__):
        folder = Path(package).parent
        for file in sorted(folder.rglob("*.py")):
            name = file.relative_to(folder.parent).as_posix()
            if not name.startswith(_NEVER_COMPUTE):
                digest.update(name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
