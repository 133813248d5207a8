"""The `Result`: the answer, with where every number came from. Its JSON names are a contract (docs/method.md)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pricing.price import Evidence
from tco.breakeven_records import BreakEven
from tco.capacity.latency import Basis
from tco.cash_records import Cash, NpvProfile, ReportingCurrency, ServedBy, TodaysMoney
from tco.constraint_result import ConstraintAnswer
from tco.hybrid_records import CascadeAnswer, HybridAnswer
from tco.unit_records import Check, CostByUse, TaskCost, UnitCosts

SCHEMA = 1


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


class Capacity(_Record):
    """What stands behind a self-hosted option. Replicas, GPUs and servers are those of the busiest hour of the largest month.

    `least_replicas_by_month` are those of the quietest hour, `paid_replicas_by_month` the mean that is paid for, both as the option's scaling policy has it;
    `idle_usd` is what the machines cost over the horizon beyond the hours in which they serve. `late_fraction` is the share of requests that come before the
    replicas for them are ready. `model_error_fraction` and `model_error_nine_of_ten_fraction` say how far models like the one behind a `modelled` goodput missed what
    was measured, typically and nine times in ten; null where the number was read from a run.
    """

    replicas: int
    gpus: int
    servers: int
    goodput_requests_per_s: float
    utilisation_fraction: float
    basis: Basis
    replicas_by_month: list[int]
    policy: Literal["fixed", "scheduled", "reactive"] = "fixed"
    least_replicas_by_month: list[int] = []
    paid_replicas_by_month: list[float] = []
    idle_usd: float | None = None
    late_fraction: float = 0.0
    model_error_fraction: float | None = None
    model_error_nine_of_ten_fraction: float | None = None


class OptionResult(_Record):
    """One option's answer. Null payback of a feasible option: never within the horizon. Null elsewhere: does not exist.

    An option that cannot serve the workload (`feasible` false) has `reasons` and no costs; the baseline has no payback.

    `monthly_usd` and `line_items` are running costs at the end of each month, `investments` money laid out at the start of
    each month, `capex_usd` their sum. `saving_fraction` is what the option saves of the baseline's `total_usd`, below zero where it costs more. `saving_by_time_usd` is the cash flow against the baseline at time zero and at the end
    of each month, residual left out. `usd_per_mtok` counts input and output tokens together.
    """

    name: str
    kind: Literal["api", "hosted", "rent", "own", "hybrid", "cascade"]
    model: str
    feasible: bool
    reasons: list[str]
    evidence: Evidence
    run_id: str | None
    capacity: Capacity | None = None
    capex_usd: float | None = None
    monthly_usd: list[float] = []
    line_items: dict[str, list[float]] = {}
    investments: dict[str, list[float]] = {}
    residual_usd: float | None = None
    total_usd: float | None = None
    saving_by_time_usd: list[float] = []
    npv_usd: float | None = None
    irr_per_year: float | None = None
    irr_status: Literal["ok", "none", "several"] = "none"
    mirr_per_year: float | None = None
    roi_fraction: float | None = None
    saving_fraction: float | None = None
    payback_months: float | None = None
    discounted_payback_months: float | None = None
    payback_band_months: tuple[float | None, float | None] | None = None
    usd_per_mtok: float | None = None
    usd_per_request: float | None = None
    usd_per_mtok_at_full_load: float | None = None
    breakeven_requests_per_day: float | None = None
    breakeven: BreakEven | None = None
    served_by: list[ServedBy] = []
    cash: Cash | None = None
    npv_profile: NpvProfile | None = None
    todays_money: TodaysMoney | None = None
    unit_costs: UnitCosts | None = None
    cost_by_use: CostByUse | None = None
    task_cost: TaskCost | None = None
    hybrid: HybridAnswer | None = None
    cascade: CascadeAnswer | None = None


class Assumption(_Record):
    """One input with its evidence: a row of the assumptions register."""

    path: str
    value: float
    unit: str
    low: float | None
    high: float | None
    evidence: Evidence
    source: str | None
    as_of: date | None
    note: str | None = None


class Caution(_Record):
    """A caution in a sentence, with a code for machines and the input that it is about."""

    code: str
    message: str
    path: str | None = None


class Driver(_Record):
    """How far one input, moved over its own range, moves the NPV of the answer [USD]. Null: the option cannot serve there."""

    path: str
    low: float
    high: float
    npv_at_low_usd: float | None
    npv_at_high_usd: float | None
    flips: bool

    @property
    def swing_usd(self) -> float:
        """Distance between the two ends [USD]; infinite where one end cannot serve."""
        if self.npv_at_low_usd is None or self.npv_at_high_usd is None:
            return float("inf")
        return abs(self.npv_at_high_usd - self.npv_at_low_usd)


class Conventions(_Record):
    """Conventions that the numbers rest on, printed in every output."""

    hours_per_month: float
    horizon_months: int
    discount_rate_per_year: float
    currency: str
    taxes: str = "before tax"
    text: str = (
        "nominal money; investments at the start of a month, running costs at its end; monthly discounting from an effective "
        "yearly rate; payback without residual value, NPV with it; TPOT excludes the first token"
    )


class PriceBook(_Record):
    """Which prices the answer rests on, so that it can be computed again: the book's state, and the user's own file over it."""

    id: str
    as_of: date
    own_prices: str | None = None


class Result(_Record):
    """The answer to a scenario. The same `answer_id` gives the same numbers: it names all that they rest on (`tco.identity`).

    `cheapest_per_task` is the option whose solved tasks cost least; null unless every option that can serve says how often it succeeds. `checks` are those
    that the model makes of itself; one that failed is among the warnings too.
    """

    schema_: Annotated[int, Field(alias="schema")] = SCHEMA
    answer_id: str
    scenario: str
    as_of: date
    baseline: str
    recommended: str | None
    contender: str | None
    cheapest_per_task: str | None = None
    conventions: Conventions
    price_book: PriceBook
    options: list[OptionResult]
    reporting_currency: ReportingCurrency | None = None
    drivers: list[Driver]
    assumptions: list[Assumption]
    warnings: list[Caution]
    checks: list[Check] = []
    constraints: ConstraintAnswer | None = None

    def option(self, name: str) -> OptionResult:
        """The option of that name.

        Raises:
            KeyError: no option has that name.
        """
        for option in self.options:
            if option.name == name:
                return option
        raise KeyError(name)
