"""The `ReportPack`: everything that a report shows, in whatever format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tco.compare import Prepared
from tco.lock.records import Lock
from tco.report.brand import Brand
from tco.result import Result
from tco.risk.records import Risk
from tco.scenario import Scenario

Redaction = Literal["internal", "client", "public"]
"""Who may read a report: `internal` hides nothing, `client` hides what names machines and people, `public` hides agreed prices too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPack:
    """One answer with all that a report tells of it.

    Attributes:
        scenario: the question as written.
        prepared: the same filled, with the runs, replicas and prices that the answer rests on.
        result: the answer, break-even volumes and drivers included.
        risk: the answer over all ranges at once; None: nobody asked.
        brand: how the report looks.
        redaction: who may read it.
        previous: an earlier answer to the same question, for the change log; None: there is none.
    """

    scenario: Scenario
    prepared: Prepared
    result: Result
    risk: Risk | None = None
    brand: Brand = Brand()
    redaction: Redaction = "internal"
    previous: Lock | None = None
