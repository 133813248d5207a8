"""The answer of a Monte Carlo simulation. Its JSON names are a contract (docs/risk.md)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tco.result import Caution, PriceBook

SCHEMA = 1
PERCENT = (5, 10, 25, 50, 75, 90, 95)
"""Shares of the runs that a percentile's value is not exceeded in [%]."""

Subject = Literal["measured throughput", "prices", "demand", "people", "other"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


class Probability(_Record):
    """A share of the runs, and how far it may be off for having run so few [fraction]."""

    fraction: float
    standard_error: float


class PaidBack(_Record):
    """How likely it is that an option has paid back by a month."""

    within_months: int
    probability: Probability


class Band(_Record):
    """How an amount spreads over the runs.

    `percentiles` says by percent of the runs which value they do not exceed; a null payback is "never within the horizon".
    """

    mean: float | None
    standard_error: float | None
    percentiles: dict[str, float | None]


class Histogram(_Record):
    """Runs by their NPV: `counts[i]` of them lie between `edges_usd[i]` and `edges_usd[i + 1]`; the outermost hold all beyond."""

    edges_usd: list[float]
    counts: list[int]


class OptionRisk(_Record):
    """One option over all runs; the runs in which it cannot carry the workload count as "does not save" and "never pays back".

    `best` is how often no other option is worth more. `paid_back_by_month` starts with time zero.
    """

    name: str
    served: Probability
    best: Probability
    saves: Probability | None = None
    paid_back: list[PaidBack] = []
    npv_usd: Band | None = None
    payback_months: Band | None = None
    total_usd: Band | None = None
    npv_histogram: Histogram | None = None
    paid_back_by_month: list[float] = []


class Share(_Record):
    """How much of the NPV's variance goes when an input becomes known [fraction]."""

    path: str
    subject: Subject
    share_fraction: float


class Measuring(_Record):
    """What a run on one's own machine is worth: the NPV and the payback with the run's interval, and with what is known without one.

    `is_measured` says which of the two the answer itself has. Bands hold nine runs of ten, from one in twenty to nineteen in twenty.
    """

    option: str
    is_measured: bool
    with_run_npv_usd: tuple[float, float]
    without_run_npv_usd: tuple[float, float]
    with_run_payback_months: tuple[float | None, float | None]
    without_run_payback_months: tuple[float | None, float | None]
    without_run_error_fraction: float
    source: str


class VariedInput(_Record):
    """An uncertain number, where it stands in the scenario, and how its values spread."""

    path: str
    also: list[str] = []
    value: float
    low: float
    high: float
    distribution: Literal["triangular", "pert", "lognormal", "uniform", "empirical"]


class Risk(_Record):
    """What the scenario's ranges, taken together, make of its answer."""

    schema_: Annotated[int, Field(alias="schema")] = SCHEMA
    scenario: str
    as_of: date
    baseline: str
    option: str | None
    recommended: str | None
    draws: int
    seed: int
    horizon_months: int
    price_book: PriceBook
    options: list[OptionRisk]
    shares: list[Share]
    unexplained_fraction: float | None
    measuring: Measuring | None
    inputs: list[VariedInput]
    warnings: list[Caution]

    def of(self, name: str) -> OptionRisk:
        """The option of that name.

        Raises:
            KeyError: no option has that name.
        """
        return {option.name: option for option in self.options}[name]
