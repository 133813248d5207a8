"""Checks that the model makes of itself on every evaluation: sums, cash flows, servers, present value, each gone another way.

They compare what is reported with what stands behind it. None can fail unless the model has a fault, and then the answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tco.cashflow import Ledger
from tco.costs import MONTHS_PER_YEAR
from tco.finance_terms import Lease
from tco.number_style import local
from tco.result import Caution, OptionResult
from tco.scenario import Option, OwnOption, Scenario
from tco.unit_records import Check
from tco.workload.demand import TOKENS_PER_MTOK, Demand

TOLERANCE = 1e-9
"""Differences below this share of the largest amount are rounding."""

_Found = tuple[str, float, float]
"""Option, difference, and the amount that it is measured against."""


class Checked:
    """What is checked: an answer, and what stands behind it. Options that cannot serve have no costs and are left out."""

    def __init__(
        self, scenario: Scenario, asked: Demand, ledgers: Mapping[str, Ledger], options: Sequence[OptionResult]
    ) -> None:
        """Keeps what is reported as arrays, so that each amount is read once.

        Args:
            scenario: filled.
            asked: its demand.
            ledgers: costs of every option, by name.
            options: what is reported of them.
        """
        self.scenario, self.asked, self.ledgers = scenario, asked, ledgers
        self.served = [_Served(option, ledgers[option.name]) for option in options if option.feasible]
        self.baseline = next((each for each in self.served if each.option.name == scenario.baseline), None)


class _Served:
    """An option that can serve, with its amounts by month."""

    def __init__(self, option: OptionResult, ledger: Ledger) -> None:
        self.option = option
        self.items = np.array(list(option.line_items.values()))
        self.bought = np.array(list(option.investments.values()))
        self.monthly = np.asarray(self.items.sum(axis=0))
        self.upfront = np.asarray(self.bought.sum(axis=0))
        capital = ledger.capital
        self.lent_and_taxed = np.zeros(self.monthly.size + 1) if capital is None else capital.by_time_usd
        self.left = (option.residual_usd or 0.0) - (0.0 if capital is None else float(capital.disposal_tax_usd))
        # At time zero and at the end of each month, without what is left.
        self.flows = np.concatenate([self.upfront, [0.0]]) + np.concatenate([[0.0], self.monthly]) + self.lent_and_taxed

        # What taxes and residuals make of a total may be near nothing; rounding is that of what was added up.
        amounts = (self.monthly, self.upfront, self.lent_and_taxed, self.left)
        self.moved_usd = float(sum(np.abs(amount).sum() for amount in amounts))

    @property
    def name(self) -> str:
        return self.option.name

    def apart(self, one: npt.ArrayLike, other: npt.ArrayLike | None) -> tuple[float, float]:
        """As `_apart`, of amounts that all that was paid and received was added up to."""
        difference, against = _apart(one, other)
        return difference, max(against, self.moved_usd)


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
                message=f"{check.where}: the check `{check.name}` of the model itself failed by {local(check.difference):.6g} {check.unit}; "
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


_ALONE = ("rent", "own")
"""Kinds of options whose own machines serve every request."""

_NO_NUMBER = 1e300
"""Stands for a difference that is no number, which no record may hold."""


def _line_items(checked: Checked) -> Iterator[_Found]:
    """Line items of each month add up to what is reported of the month."""
    for each in checked.served:
        yield each.name, *_apart(each.monthly, each.option.monthly_usd)


def _capex(checked: Checked) -> Iterator[_Found]:
    """Investments add up to the money laid out."""
    for each in checked.served:
        yield each.name, *_apart(each.upfront.sum(), each.option.capex_usd)


def _total(checked: Checked) -> Iterator[_Found]:
    """Months and money laid out, lenders and taxes, less what is left, add up to the total."""
    for each in checked.served:
        parts = each.monthly.sum() + each.upfront.sum() + each.lent_and_taxed.sum() - each.left
        yield each.name, *each.apart(parts, each.option.total_usd)


def _ledger(checked: Checked) -> Iterator[_Found]:
    """What is reported is what is in the books, line by line."""
    for each in checked.served:
        own = checked.ledgers[each.name]
        lines = (
            (each.option.line_items, own.line_items, each.items),
            (each.option.investments, own.investments, each.bought),
        )
        for reported, booked, amounts in lines:
            same = list(reported) == list(booked)
            yield each.name, *(_apart(np.array(list(booked.values())), amounts) if same else (float("inf"), 0.0))
        yield each.name, *_apart(own.residual_usd, each.option.residual_usd)


def _by_use(checked: Checked) -> Iterator[_Found]:
    """Usage, idle and overhead add up to the total, over the months too; so do input and output tokens."""
    into, out = (
        float(checked.asked.requests.sum()) * float(tokens) / TOKENS_PER_MTOK
        for tokens in (checked.asked.input_tokens_per_request, checked.asked.output_tokens_per_request)
    )
    for each in checked.served:
        used, unit, total = each.option.cost_by_use, each.option.unit_costs, each.option.total_usd
        if used is not None:
            yield each.name, *each.apart(used.usage_usd + used.idle_usd + used.overhead_usd, total)
            months = sum(used.monthly_usage_usd) + sum(used.monthly_idle_usd) + sum(used.monthly_overhead_usd)
            yield each.name, *each.apart(months, total)
        if unit is not None:
            yield each.name, *each.apart(unit.input_usd_per_mtok * into + unit.output_usd_per_mtok * out, total)


def _savings(checked: Checked) -> Iterator[_Found]:
    """The saving at each time is what the baseline costs less what the option costs."""
    for each in checked.served:
        if checked.baseline is not None and each.option.saving_by_time_usd:
            yield each.name, *each.apart(checked.baseline.flows - each.flows, each.option.saving_by_time_usd)


def _npv(checked: Checked) -> Iterator[_Found]:
    """Present value from each option's own costs, month by month backwards (Horner), and their difference."""
    if checked.baseline is None:
        return
    factor = (1 + checked.scenario.discount_rate_per_year.value) ** (-1 / MONTHS_PER_YEAR)
    theirs = _present_usd(checked.baseline, factor)
    for each in checked.served:
        if each.option.npv_usd is not None:
            own = _present_usd(each, factor)
            difference, _ = _apart(theirs - own, each.option.npv_usd)
            yield each.name, difference, max(abs(theirs), abs(own), each.moved_usd, checked.baseline.moved_usd)


def _servers(checked: Checked) -> Iterator[_Found]:
    """Corkscrew: opening + bought − retired = closing, in whole servers, and no month closes with fewer than are needed."""
    for each in checked.served:
        option, own = checked.scenario.option(each.name), checked.ledgers[each.name]
        if not isinstance(option, OwnOption) or option.server_price_usd is None or own.fleet is None:
            continue
        price = option.server_price_usd.value
        is_leased = isinstance(option.purchase or checked.scenario.finance.purchase, Lease)
        is_told_apart = "servers" in own.investments and "servers" not in option.one_off_usd
        if price <= 0 or not is_told_apart or is_leased or _follows(option):
            continue
        bought = own.investments["servers"] / price
        yield each.name, float(np.max(np.abs(bought - np.round(bought)))), float(np.max(bought))
        retired = np.zeros_like(bought)
        retired[option.economic_life_months :] = bought[: max(0, bought.size - option.economic_life_months)]
        closing = np.cumsum(bought - retired)
        yield each.name, float(np.max(np.maximum(0.0, own.fleet.servers - closing))), float(np.max(closing))


def _peak(checked: Checked) -> Iterator[_Found]:
    """The replicas of each month carry its busiest hour, where nobody else serves beside them, before or after."""
    for each in checked.served:
        fleet, option = checked.ledgers[each.name].fleet, checked.scenario.option(each.name)
        if fleet is None or option.kind not in _ALONE or _follows(option):
            continue
        carried = fleet.replicas * fleet.goodput_requests_per_s
        missing = np.maximum(0.0, checked.asked.peak_requests_per_s - carried)
        yield each.name, float(np.max(missing)), float(np.max(carried))


def _utilisation(checked: Checked) -> Iterator[_Found]:
    """No fleet that serves does more than it can."""
    for each in checked.served:
        if each.option.capacity is not None:
            yield each.name, max(0.0, each.option.capacity.utilisation_fraction - 1), 1.0


def _finite(checked: Checked) -> Iterator[_Found]:
    """No amount of an option that serves is infinite or no number."""
    for each in checked.served:
        own = checked.ledgers[each.name]
        odd = sum(int((~np.isfinite(items)).sum()) for items in (*own.line_items.values(), *own.investments.values()))
        yield each.name, float(odd), 0.0


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


def _follows(option: Option) -> bool:
    """Whether another option serves in some of the months, which has other prices and replicas."""
    return option.then is not None or option.starts_after_months > 0


def _present_usd(each: _Served, factor: float) -> float:
    """Present value of what an option costs [USD]."""
    flows = each.flows.tolist()
    value = flows[-1] - each.left
    for flow in flows[-2::-1]:
        value = value * factor + flow
    return float(value)


def _apart(one: npt.ArrayLike, other: npt.ArrayLike | None) -> tuple[float, float]:
    """Largest difference of two amounts or rows of amounts, and the largest amount; infinite where one is missing."""
    if other is None or np.shape(one) != np.shape(other):
        return float("inf"), 0.0
    first, second = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    return float(np.max(np.abs(first - second), initial=0.0)), float(np.max(np.abs(second), initial=0.0))
