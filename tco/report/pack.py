"""The `ReportPack`: all that a report is made of, gathered once, so that every form of it has the same numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import metadata
from typing import Literal

from tco.compare import Prepared
from tco.lock import Lock
from tco.number_style import ENGLISH, Notation
from tco.report.brand import Brand
from tco.result import Result
from tco.risk.records import Risk
from tco.scenario import Scenario
from tco.what_if import Solved

Redaction = Literal["internal", "client", "public"]
"""Who may read a report: `internal` hides nothing, `client` hides what names machines and people, `public` hides agreed prices too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPack:
    """One answer with all that a report tells of it.

    Attributes:
        scenario: the question as asked.
        prepared: filled scenario, runs, prices.
        result: the answer.
        risk: the Monte Carlo simulation; None: none was made.
        flips: inputs by how near they are to where the recommendation changes; empty: not searched.
        brand: whose report it is.
        redaction: who may read it; texts of the record are already without what is hidden.
        previous: the lock of the version before, for the change log; None: there is none.
        searched: whether break-even volumes and drivers were looked for.
        banded: paths of negotiated prices that were replaced by the middle of a band before anything was computed (`public` only).
        style: in whose notation its texts and pictures write numbers.
    """

    scenario: Scenario
    prepared: Prepared
    result: Result
    risk: Risk | None = None
    flips: tuple[Solved, ...] = ()
    brand: Brand = field(default_factory=Brand)
    redaction: Redaction = "internal"
    previous: Lock | None = None
    searched: bool = True
    banded: tuple[str, ...] = ()
    style: Notation = ENGLISH

    @property
    def run_ids(self) -> tuple[str, ...]:
        """Runs that the answer rests on, each once, in the options' order."""
        return tuple(dict.fromkeys(run.run_id for run in self.prepared.runs.values()))

    @property
    def ids(self) -> str:
        """What every page says of where its numbers come from: answer, prices, runs, version.

        The same line gives the same numbers.
        """
        runs = f"runs {', '.join(self.run_ids)}" if self.run_ids else "no runs"
        return f"answer {self.result.answer_id} · prices {self.result.price_book.id} · {runs} · tco-llm {version()}"


def version() -> str:
    """Version of this tool."""
    return metadata.version("tco-llm")
