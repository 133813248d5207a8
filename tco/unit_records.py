"""Records of an answer: what a unit costs, what of the cost is used, what a solved task costs, and whether the sums hold."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

SplitRule = Literal["bill", "cost_split", "step_time", "tokens", "mixed"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class UnitCosts(_Record):
    """What one unit costs over the horizon, beside the total of `usd_per_mtok` and `usd_per_request`.

    `input_usd_per_mtok · input Mtok + output_usd_per_mtok · output Mtok` is the whole cost, people and one-offs included. Whoever pays for machines pays for
    input and output together: `split_rule` says how they are told apart.

    - `bill`: as the vendor bills them; what is not billed by the token follows in proportion.
    - `cost_split`: by the machine time of an input and an output token that the run measured over several length mixes.
    - `step_time`: by the machine time that prompts and answers take at the promised load, from the engine's step times.
    - `tokens`: nothing is known; each token costs the same.
    - `mixed`: machines by one of these, what is paid per token by the bill, both by their cost.

    `usd_per_user_month` is null without `workload.users`, who are taken to grow as the requests do.
    """

    input_usd_per_mtok: float
    output_usd_per_mtok: float
    split_rule: SplitRule
    input_cost_fraction: float
    usd_per_user_month: float | None = None


class CostByUse(_Record):
    """The whole cost by what it pays for: `usage_usd + idle_usd = allocated_usd`, `allocated_usd + overhead_usd` = the total.

    `allocated_usd` is what machines that are reserved cost (rent, power, space, support, software, servers and their loans less what they still fetch), and what
    is billed by the token; `usage_usd` the part of it in which they serve, and the tokens, `idle_usd` the rest. `overhead_usd` is everything else: people,
    one-offs, named extras, taxes. Servers are spread over the months by what stands.
    """

    usage_usd: float
    idle_usd: float
    allocated_usd: float
    overhead_usd: float
    monthly_usage_usd: list[float]
    monthly_idle_usd: list[float]
    monthly_overhead_usd: list[float]
    usage_usd_per_request: float | None = None
    allocated_usd_per_request: float | None = None
    usage_usd_per_mtok: float | None = None
    allocated_usd_per_mtok: float | None = None
    idle_usd_per_mtok: float | None = None


class TaskCost(_Record):
    """What a solved task costs: `(cost of an attempt + cost of escalations by attempt) / share of tasks solved in the end`.

    `solved_fraction` counts what this option solves and what is solved where its escalations go. `total_usd` is the option's whole cost with that of its
    escalations. `usd_per_successful_task` is null where nothing is solved or an escalation goes to an option that cannot serve it; `reason` says so.
    """

    solved_fraction: float | None = None
    usd_per_attempt: float | None = None
    escalation_usd_per_attempt: float | None = None
    total_usd: float | None = None
    usd_per_successful_task: float | None = None
    reason: str | None = None


class Check(_Record):
    """One check that the model makes of itself on every evaluation: the largest difference found, in `unit`, and at which option."""

    name: str
    passed: bool
    difference: float
    unit: str
    where: str | None = None
