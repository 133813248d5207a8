"""The `Lock`: one answer with all that it rests on, as a file."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

SCHEMA = 1
"""Number of the lock file's format; a file with a larger number is refused."""

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


class LockedTool(_Record):
    """Which code computed. `libraries` are told where numbers differ though all parts are the same."""

    version: str
    code_sha256: Sha256
    libraries: dict[str, str]


class LockedScenario(_Record):
    """Which question: the content of the file, whatever its comments; `case` where it was one of the file's cases."""

    name: str
    case: str | None
    sha256: Sha256


class LockedBook(_Record):
    """Which state of the price book, and which own prices over it."""

    id: str
    as_of: date
    own_prices_id: str | None


class LockedRun(_Record):
    """Which run stands behind an option."""

    option: str
    run_id: str
    sha256: Sha256


class LockedOption(_Record):
    """An option's headline numbers, as in `tco plan --json`."""

    name: str
    feasible: bool
    capex_usd: float | None
    total_usd: float | None
    npv_usd: float | None
    payback_months: float | None
    replicas: int | None


class LockedAnswer(_Record):
    """The answer."""

    recommended: str | None
    contender: str | None
    options: list[LockedOption]


class LockedQuantity(_Record):
    """One input as it was filled, from the scenario, the price book or a run."""

    value: float
    low: float | None = None
    high: float | None = None
    as_of: date | None = None
    source: str | None = None


class Lock(_Record):
    """An answer that can be had again. `answer_id` is a hash over tool, scenario, price book, own prices and runs."""

    schema_: Annotated[int, Field(alias="schema", ge=1, le=SCHEMA)] = SCHEMA
    answer_id: Annotated[str, Field(pattern="^[0-9a-f]{12}$")]
    tool: LockedTool
    scenario: LockedScenario
    price_book: LockedBook
    runs: list[LockedRun]
    answer: LockedAnswer
    quantities: dict[str, LockedQuantity]
