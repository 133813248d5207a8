"""Checks that the model makes of itself on every evaluation: sums, cash flows, servers, present value, each gone another way.

They compare what is reported with what stands behind it. None can fail unless the model has a fault, and then the answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tco.cashflow import Ledger
from tco.result import Caution, OptionResult
from tco.scenario import OwnOption, Scenario
from tco.unit_records import Check
from tco.workload.demand import TOKENS_PER_MTOK, Demand

TOLERANCE = 1e-9
"""Differences below this share of the largest amount are rounding."""

_Found = tuple[str, float, float]
"""Option, difference, and the amount that it is measured against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is checked.

    Attributes:
        scenario: filled.
        asked: its demand.
        ledgers: costs of every option, by name.
        options: what is reported of them; those that cannot serve have no costs and are left out.
    """

    scenario: Scenario
    asked: Demand
    ledgers: Mapping[str, Ledger]
    options: Sequence[OptionResult]

    @property
    def served(self) -> list[OptionResult]:
        """Options that can serve."""
        return [option for option in self.options if option.feasible]


def model_checks(checked: Checked) -> list[Check]:
    """All checks, each with the largest difference over the options.

    Args:
        checked: the answer, and what stands behind it.
    """
    return [_worst(name, unit, find(checked)) for name, unit, find in _CHECKS]


def model_check_cautions(checks: Iterable[Check]) -> Iterator[Caution]:
    """One caution for every check that failed."""
    for check in checks:
        if not check.passed:
            yield Caution(
                code="model_check_failed",
                path=f"options.{check.where}",
                message=f"{check.where}: the check `{check.name}` of the model itself failed by {check.difference:.6g} {check.unit}; "
                "do not use this answer, and tell us, with the scenario",
            )


def not_finite(own: Ledger) -> tuple[str, ...]:
    """Why a ledger cannot be used, where one of its amounts is no number: such an option is ruled out before it is ranked.

    Args:
        own: what an option costs.
    """
    amounts = [*own.line_items.items(), *own.investments.items(), ("residual", np.asarray(own.residual_usd))]
    odd = [name for name, items in amounts if not np.isfinite(items).all()]
    return (f"its costs are not finite ({', '.join(odd)}): a number is too large, check the units",) if odd else ()


def _worst(name: str, unit: str, found: Iterable[_Found]) -> Check:
    worst, at, passed = 0.0, None, True
    for option, difference, against in found:
        # Written so that a difference that is no number fails.
        ok = abs(difference) <= TOLERANCE * max(1.0, abs(against))
        if not ok and (passed or not abs(difference) <= worst):
            worst, at, passed = abs(difference), option, False
        elif passed and abs(difference) > worst:
            worst, at = abs(difference), option
    return Check(name=name, passed=passed, difference=worst if np.isfinite(worst) else _NO_NUMBER, unit=unit, where=at)


_NO_NUMBER = 1e300
"""Stands for a difference that is no number, which no record may hold."""


def _line_items(checked: Checked) -> Iterator[_Found]:
    """Line items of each month add up to what is reported of the month."""
    for option in checked.served:
        yield option.name, *_apart(_added(option.line_items), option.monthly_usd)


def _capex(checked: Checked) -> Iterator[_Found]:
    """Investments add up to the money laid out."""
    for option in checked.served:
        yield option.name, *_apart(_added(option.investments).sum(), option.capex_usd)


def _total(checked: Checked) -> Iterator[_Found]:
    """Months and money laid out, less what is left, add up to the total."""
    for option in checked.served:
        parts = _added(option.line_items).sum() + _added(option.investments).sum() - (option.residual_usd or 0.0)
        yield option.name, *_apart(parts, option.total_usd)


def _ledger(checked: Checked) -> Iterator[_Found]:
    """What is reported is what is in the books, line by line."""
    for option in checked.served:
        own = checked.ledgers[option.name]
        for reported, booked in ((option.line_items, own.line_items), (option.investments, own.investments)):
            if reported.keys() != booked.keys():
                yield option.name, float("inf"), 0.0
                continue
            for name, items in booked.items():
                yield option.name, *_apart(items, reported[name])
        yield option.name, *_apart(own.residual_usd, option.residual_usd)


def _by_use(checked: Checked) -> Iterator[_Found]:
    """Usage, idle and overhead add up to the total, over the months too; so do input and output tokens."""
    for option in checked.served:
        used = option.cost_by_use
        if used is not None:
            yield option.name, *_apart(used.usage_usd + used.idle_usd + used.overhead_usd, option.total_usd)
            months = np.sum([used.monthly_usage_usd, used.monthly_idle_usd, used.monthly_overhead_usd])
            yield option.name, *_apart(months, option.total_usd)
        if option.unit_costs is not None:
            into, out = (
                float(np.sum(checked.asked.requests)) * float(tokens) / TOKENS_PER_MTOK
                for tokens in (checked.asked.input_tokens_per_request, checked.asked.output_tokens_per_request)
            )
            unit = option.unit_costs
            yield (
                option.name,
                *_apart(unit.input_usd_per_mtok * into + unit.output_usd_per_mtok * out, option.total_usd),
            )


def _savings(checked: Checked) -> Iterator[_Found]:
    """The saving at each time is what the baseline costs less what the option costs."""
    baseline = _by_name(checked).get(checked.scenario.baseline)
    for option in checked.served:
        if baseline is not None and option.saving_by_time_usd:
            yield option.name, *_apart(_flows(baseline) - _flows(option), option.saving_by_time_usd)


def _npv(checked: Checked) -> Iterator[_Found]:
    """Present value from each option's own costs, month by month backwards (Horner), and their difference."""
    baseline = _by_name(checked).get(checked.scenario.baseline)
    factor = (1 + checked.scenario.discount_rate_per_year.value) ** (-1 / 12)
    for option in checked.served:
        if baseline is None or option.npv_usd is None:
            continue
        theirs, own = _present_usd(baseline, factor), _present_usd(option, factor)
        difference, _ = _apart(theirs - own, option.npv_usd)
        yield option.name, difference, max(abs(theirs), abs(own))


def _servers(checked: Checked) -> Iterator[_Found]:
    """Corkscrew: opening + bought − retired = closing, in whole servers, and no month closes with fewer than are needed."""
    for option in checked.served:
        asked, own = checked.scenario.option(option.name), checked.ledgers[option.name]
        price = asked.server_price_usd.value if isinstance(asked, OwnOption) and asked.server_price_usd else 0.0
        if not isinstance(asked, OwnOption) or own.fleet is None or price <= 0 or "servers" not in own.investments:
            continue
        bought = own.investments["servers"] / price
        yield option.name, float(np.max(np.abs(bought - np.round(bought)))), float(np.max(bought))
        closing = 0.0
        for month, count in enumerate(bought):
            retired = bought[month - asked.economic_life_months] if month >= asked.economic_life_months else 0.0
            closing += count - retired
            yield option.name, max(0.0, float(own.fleet.servers[month] - closing)), closing


def _peak(checked: Checked) -> Iterator[_Found]:
    """The replicas of each month carry its busiest hour."""
    for option in checked.served:
        fleet = checked.ledgers[option.name].fleet
        if fleet is not None:
            carried = fleet.replicas * fleet.goodput_requests_per_s
            missing = np.maximum(0.0, checked.asked.peak_requests_per_s - carried)
            yield option.name, float(np.max(missing)), float(np.max(carried))


def _utilisation(checked: Checked) -> Iterator[_Found]:
    """No fleet that serves does more than it can."""
    for option in checked.served:
        if option.capacity is not None:
            yield option.name, max(0.0, option.capacity.utilisation_fraction - 1), 1.0


def _finite(checked: Checked) -> Iterator[_Found]:
    """No amount of an option that serves is infinite or no number."""
    for option in checked.served:
        own = checked.ledgers[option.name]
        odd = sum(int((~np.isfinite(items)).sum()) for items in (*own.line_items.values(), *own.investments.values()))
        yield option.name, float(odd), 0.0


_CHECKS: tuple[tuple[str, str, Callable[[Checked], Iterator[_Found]]], ...] = (
    ("line_items_sum_to_monthly", "USD", _line_items),
    ("investments_sum_to_capex", "USD", _capex),
    ("parts_sum_to_total", "USD", _total),
    ("reported_is_booked", "USD", _ledger),
    ("usage_idle_overhead_sum_to_total", "USD", _by_use),
    ("saving_is_baseline_less_option", "USD", _savings),
    ("npv_by_another_way", "USD", _npv),
    ("servers_corkscrew", "servers", _servers),
    ("replicas_carry_the_peak", "requests/s", _peak),
    ("utilisation_at_most_one", "fraction", _utilisation),
    ("amounts_are_finite", "amounts", _finite),
)


def _by_name(checked: Checked) -> dict[str, OptionResult]:
    return {option.name: option for option in checked.served}


def _added(items: Mapping[str, list[float]]) -> npt.NDArray[np.float64]:
    return np.asarray(np.sum(list(items.values()), axis=0))


def _flows(option: OptionResult) -> npt.NDArray[np.float64]:
    """Costs at time zero and each month, without what is left."""
    return np.append(_added(option.investments), 0.0) + np.insert(_added(option.line_items), 0, 0.0)


def _present_usd(option: OptionResult, factor: float) -> float:
    """Present value of what an option costs [USD]."""
    flows = _flows(option)
    value = float(flows[-1]) - (option.residual_usd or 0.0)
    for flow in flows[-2::-1].tolist():
        value = value * factor + flow
    return value


def _apart(one: npt.ArrayLike, other: npt.ArrayLike | None) -> tuple[float, float]:
    """Largest difference of two amounts or rows of amounts, and the largest amount; infinite where one is missing."""
    if other is None or np.shape(one) != np.shape(other):
        return float("inf"), 0.0
    first, second = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    return float(np.max(np.abs(first - second), initial=0.0)), float(np.max(np.abs(second), initial=0.0))
