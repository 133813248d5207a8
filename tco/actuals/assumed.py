"""What a scenario assumed for each month: inputs along their own growth, bills from its answer."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np

from tco.capital.escalation import escalated
from tco.compare import Comparison, Prepared
from tco.costs import price_path
from tco.errors import InputError
from tco.register import path_hint, quantities, unit_of
from tco.result import OptionResult
from tco.scenario import RentOption, Scenario, TokenOption
from tco.workload.demand import Months, powers

LINE_ITEMS, BILL, GOODPUT, GPU_HOURS = "line_items", "monthly_usd", "goodput_requests_per_s", "gpu_hours"
_RISING = {"people": "people", "electricity_usd_per_kwh": "electricity"}
_RISES_WITH_COSTS = (
    "colocation_usd_per_kw_month", "extra_usd_per_month", "around", "hardware", "pipeline", "evaluation", "migrations", "obligations", "tuning",
)  # fmt: skip
_PAID_AT_ONCE = ("network_usd_per_gpu", "frontend_network_usd_per_server", "installation_usd_per_server")
"""Amounts of inputs that `tco.capital.escalation` lets rise, and those among them that stay at today's price."""

_PRICED = ("_usd_per_mtok", "price_usd_per_hour", "machine_usd_per_hour")


def assumed(path: str, prepared: Prepared, found: Comparison) -> Months:
    """What a scenario assumed for a path, by month, in the unit of its name, shape (months,).

    Args:
        path: of an input; or of a bill, of throughput or of GPU-hours of an option.
        prepared: the scenario, filled.
        found: its answer.

    Raises:
        InputError: it has no such path.
    """
    scenario = prepared.scenario
    outcome = outcome_of(path, scenario)
    if outcome is not None:
        return _outcome(path, *outcome, scenario, found.option(outcome[0]))
    known = dict(quantities(scenario))
    if path not in known:
        hint = path_hint(path, [*known, *_outcomes(scenario, found)])
        raise InputError(
            f"the scenario has no `{path}`; {hint}",
            code="actuals_path",
            path=path,
        )
    return known[path].value * month_factors(path, scenario)


def outcome_of(path: str, scenario: Scenario) -> tuple[str, str, str] | None:
    """Option, kind and line item of a path that is no input but comes of one; None for inputs.

    Args:
        path: as in a file of actuals.
        scenario: whose options it may name.
    """
    parts = path.split(".")
    if parts[0] != "options" or len(parts) < 3 or parts[1] not in {option.name for option in scenario.options}:  # noqa: PLR2004
        return None
    if parts[2] == LINE_ITEMS and len(parts) == 4:  # noqa: PLR2004
        return parts[1], LINE_ITEMS, parts[3]
    return (parts[1], parts[2], "") if parts[2] in (BILL, GOODPUT, GPU_HOURS) and len(parts) == 3 else None  # noqa: PLR2004


def month_factors(path: str, scenario: Scenario) -> Months:
    """How a scenario moves an input from month to month, over its first month [unitless], shape (months,).

    Volumes and prompts grow as `workload` says, token and rental prices by their option's change, salaries, electricity and all other running amounts by the
    escalations of `finance`, as in `tco.capital.escalation`; everything else stays as it is.

    Args:
        path: of the input.
        scenario: filled.
    """
    months = scenario.horizon_months
    parts = path.split(".")
    workload = scenario.workload
    growing = {
        "workload.requests_per_day": workload.growth_per_month_fraction,
        "workload.input_tokens_per_request": workload.input_growth_per_month_fraction,
    }
    growth = growing.get(path)
    if growth is not None:
        return powers(growth.numbers, np.arange(months))
    if parts[0] != "options":
        return np.ones(months)
    option = scenario.option(parts[1])
    if parts[2].endswith(_PRICED) and isinstance(option, TokenOption | RentOption):
        change = option.price_change_per_year_fraction
        return np.ones(months) if change is None else price_path(change.numbers, months)
    rises = parts[2] in (*_RISING, *_RISES_WITH_COSTS) and parts[-1] not in _PAID_AT_ONCE
    if rises and unit_of(path).startswith("USD"):
        name = _RISING.get(parts[2], "other")
        return escalated({name: np.ones(months)}, scenario.finance)[name]
    return np.ones(months)


def _outcome(path: str, name: str, kind: str, item: str, scenario: Scenario, answer: OptionResult) -> Months:
    if not answer.feasible:
        raise InputError(
            f"`{path}`: the scenario says that {name} cannot serve, so it assumed nothing: {'; '.join(answer.reasons)}",
            path=path,
        )
    if kind == LINE_ITEMS:
        if item not in answer.line_items:
            near = difflib.get_close_matches(item, answer.line_items, n=3, cutoff=0.4)
            raise InputError(f"`{path}`: {name} has no such line; {_there(near, list(answer.line_items))}", path=path)
        return np.asarray(answer.line_items[item])
    if kind == BILL:
        return np.asarray(answer.monthly_usd)
    capacity = answer.capacity
    if capacity is None:
        raise InputError(f"`{path}`: {name} is paid per token and has no machines", path=path)
    if kind == GOODPUT:
        return np.full(scenario.horizon_months, capacity.goodput_requests_per_s)
    gpus = capacity.gpus / capacity.replicas if capacity.replicas else 0
    return np.asarray(capacity.paid_replicas_by_month) * max(gpus, 1) * scenario.hours_per_month


def _there(near: Sequence[str], names: Sequence[str]) -> str:
    return f"near names: {', '.join(near)}" if near else f"there are: {', '.join(names)}"


def _outcomes(scenario: Scenario, found: Comparison) -> list[str]:
    return [f"options.{option.name}.{LINE_ITEMS}.{item}" for option in found.options for item in option.line_items] + [
        f"options.{option.name}.{kind}" for option in scenario.options for kind in (BILL, GOODPUT, GPU_HOURS)
    ]


def level(values: dict[int, float], factors: Months) -> float:
    """The first month's value that gives what was seen, with the scenario's own growth: `Σ seen_m / Σ factor_m` over the months that were seen.

    Args:
        values: seen, by month from 1.
        factors: of `month_factors`.

    >>> level({1: 110.0, 2: 121.0}, np.array([1.0, 1.1, 1.21]))
    110.0
    """
    total = sum(float(factors[month - 1]) for month in values)
    return round(sum(values.values()) / total, 12) if total else 0.0
