"""From line items to a cash flow: what each option costs when, and what it saves against the baseline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import numpy.typing as npt

from tco import costs
from tco.capacity.fleet import Fleet, size_fleet
from tco.capacity.replica import Replica
from tco.capacity.slo_capacity import SloCapacity
from tco.capital import Capital, by_time, capital_of, escalated, life_months, paid
from tco.finance import npv_of
from tco.line_items import UPFRONT, around_items, merged, rent_items, site_items, token_items, work_items
from tco.quantity import Numbers
from tco.scenario import OwnOption, RentOption, Scenario, TokenOption
from tco.serving import Serving
from tco.workload.demand import Demand, Months
from tco.workload.sent import as_work, sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Everything one option costs over the horizon, as positive amounts. Where quantities are drawn, of shape (draws, months).

    Attributes:
        line_items: running costs by name, paid at the end of each month [USD/month], each of shape (months,).
        investments: money laid out at the start of each month, by name [USD/month], each of shape (months,).
        residual_usd: worth of what is left at the end of the horizon, before tax [USD].
        fleet: what stands behind the costs; None for options that pay per token.
        barred: why the option may not be used at all, whatever it costs.
        capital: money of lenders and of the tax office; None where there is neither.
    """

    line_items: dict[str, Months]
    investments: dict[str, Months]
    residual_usd: Numbers
    fleet: Fleet | None
    barred: tuple[str, ...] = ()
    capital: Capital | None = None

    @property
    def monthly_usd(self) -> Months:
        """Running costs of each month [USD/month]."""
        return added(self.line_items.values())

    @property
    def upfront_usd(self) -> Months:
        """Money laid out at the start of each month [USD/month]."""
        return added(self.investments.values())

    @property
    def costs_by_time_usd(self) -> Months:
        """Costs at time zero and at the end of each month, without the residual [USD], shape (months + 1,).

        What is bought at the start of month m is paid at time m − 1. Financing and taxes are in it.
        """
        flows = by_time(start=self.upfront_usd, end=self.monthly_usd)
        return flows if self.capital is None else flows + self.capital.by_time_usd

    @property
    def left_usd(self) -> Numbers:
        """Worth of what is left at the end of the horizon, after the tax on its sale, shape () or (draws,) [USD]."""
        return self.residual_usd if self.capital is None else self.residual_usd - self.capital.disposal_tax_usd

    @property
    def feasible(self) -> bool:
        """Whether the option can and may serve the workload; one that cannot has no meaningful cost."""
        return not self.barred and (self.fleet is None or self.fleet.capacity.feasible)

    @property
    def served(self) -> npt.NDArray[np.bool_]:
        """Where the option can and may serve, by draw where quantities are drawn, shape () or (draws,)."""
        too_large = np.zeros((), dtype=bool) if self.fleet is None else self.fleet.too_large
        return np.asarray(~too_large & self.feasible)

    @property
    def reasons(self) -> list[str]:
        """Why it cannot or may not; where it may be used, what else is to be known of its capacity."""
        capacity = None if self.fleet is None else self.fleet.capacity
        if capacity is None or (self.barred and capacity.feasible):
            return list(self.barred)
        return [*self.barred, *capacity.reasons]

    @property
    def total_usd(self) -> Numbers:
        """All costs less what is left, not discounted, shape () or (draws,) [USD]."""
        spent = np.sum(self.upfront_usd, axis=-1) + np.sum(self.monthly_usd, axis=-1)
        if self.capital is not None:
            spent = spent + np.sum(self.capital.by_time_usd, axis=-1)
        return np.asarray(spent - self.left_usd)


def added(items: Iterable[Months]) -> Months:
    """Sum of amounts by month, of one scenario or of many draws.

    What is the same in all draws is added up first: the many lines of an option that nobody draws then cost next to nothing.
    """
    return np.asarray(reduce(np.add, sorted(items, key=np.size)))


def ledger(
    option: TokenOption | RentOption | OwnOption,
    replica: Replica | None,
    scenario: Scenario,
    asked: Demand,
    capacity: SloCapacity | None = None,
    *,
    during: range | None = None,
    fleet: Fleet | None = None,
) -> Ledger:
    """All line items of one option; each comes from one documented function in `tco.costs`.

    A line that is zero because nobody set it is there, with zeros, so that it is seen.

    Args:
        option: the option, filled.
        replica: of a self-hosted option.
        scenario: the filled scenario.
        asked: the demand by month.
        capacity: of one replica, where the caller knows it already.
        during: months in which it serves, 0 is the first; None: all. Prices are those of these months, one-offs fall at their start, and what was
            borrowed for them is paid back when it is due, later too.
        fleet: what stands of a self-hosted option, where it is not sized for this demand alone; None: sized for it.
    """
    months = asked.requests.shape[-1]
    time = Serving(months, during)
    asked = time.demand(asked)
    reached = sent(option, scenario.workload, asked)
    one_offs = _one_offs(option, time)
    running = work_items(option, asked, time.last)
    if isinstance(option, TokenOption):
        billed = token_items(option, scenario, reached)
        billed["parallel_run"] = costs.parallel_run_usd(option, added(billed.values()))
        lines = merged(billed, time.cut(escalated(running, scenario.finance)))
        return _without_servers(scenario, lines, one_offs or _nothing(months), None)
    assert replica is not None  # every self-hosted option has one
    fleet = time.fleet(_fleet(option, replica, scenario, reached, capacity) if fleet is None else fleet)
    running = merged(running, around_items(option, scenario, reached, fleet))
    if isinstance(option, OwnOption):
        site = site_items(option, scenario, fleet)
        return _owned(option, scenario, fleet, time.cut(escalated(merged(site, running), scenario.finance)), one_offs)
    rent = rent_items(option, scenario, fleet, time.start)
    rent["parallel_run"] = costs.parallel_run_usd(option, added(rent.values()))
    lines = merged(rent, time.cut(escalated(running, scenario.finance)))
    if option.commitments:
        lines = merged(lines, {"commitment_due": costs.commitment_due_usd(option, scenario, fleet, time.start)})
        one_offs = merged(one_offs, {UPFRONT: costs.commitment_upfront_usd(option, scenario, fleet, time.start)})
        fleet = costs.with_commitments(option, fleet, time.start)
    return _without_servers(scenario, lines, one_offs or _nothing(months), fleet)


def _one_offs(option: TokenOption | RentOption | OwnOption, time: Serving) -> dict[str, Months]:
    """Named costs at the start, work to set up, the first training; of the last two only what is asked for."""
    amounts = {}
    if option.people.setup_person_days is not None:
        amounts["set_up_work"] = costs.set_up_usd(option)
    if option.tuning is not None:
        amounts["fine_tuning"] = costs.training_usd(option)
    named = {name: quantity.numbers for name, quantity in option.one_off_usd.items()}
    return merged(*({name: time.at_start(each) for name, each in given.items()} for given in (named, amounts)))


def _fleet(
    option: RentOption | OwnOption,
    replica: Replica,
    scenario: Scenario,
    reached: Demand,
    capacity: SloCapacity | None,
) -> Fleet:
    """What stands for the demand; where it was carried to other tokens or longer prompts its capacity is `modelled`, and it says so."""
    work = as_work(option, reached)
    if capacity is None and replica.reasoning_factor != option.reasoning_factor:
        replica = replace(replica, reasoning_factor=option.reasoning_factor)
    fleet = size_fleet(option, replica, scenario.workload, work, capacity)
    if work is reached or not fleet.capacity.feasible:
        return fleet
    told = (
        "a request counts as many times as its text is longer in the model's own tokens (`tokenizer_factor`), and its prompt longer than in the first month "
        "(`input_growth_per_month_fraction`)"
    )
    reasons = (*fleet.capacity.reasons, told)
    return replace(fleet, capacity=replace(fleet.capacity, basis="modelled", reasons=reasons))


def savings_by_time_usd(baseline: Ledger, option: Ledger) -> Months:
    """What the option saves against the baseline at time zero and each month, without residuals [USD], shape (months + 1,)."""
    return baseline.costs_by_time_usd - option.costs_by_time_usd


def with_residual(savings: Months, baseline: Ledger, option: Ledger) -> Months:
    """Savings with what both options leave, after tax, received at the end of the horizon [USD]."""
    left_usd = np.asarray(option.left_usd - baseline.left_usd)
    # Where nothing but what is left is drawn, the savings have no draws of their own.
    flows = np.broadcast_to(
        savings, (*np.broadcast_shapes(savings.shape[:-1], left_usd.shape), savings.shape[-1])
    ).copy()
    flows[..., -1] += left_usd
    return flows


def saving_npv_usd(rate_per_year: float, baseline: Ledger, option: Ledger) -> float:
    """Net present value of choosing the option instead of the baseline, residuals included [USD]."""
    return float(savings_npv_usd(np.asarray(rate_per_year), baseline, option))


def savings_npv_usd(rate_per_year: Numbers, baseline: Ledger, option: Ledger) -> Numbers:
    """As `saving_npv_usd`, of many draws, shape (draws,) [USD].

    Args:
        rate_per_year: effective yearly discount rate, shape () or (draws, 1) [fraction].
        baseline: what it is compared with.
        option: what is chosen.
    """
    flows = with_residual(savings_by_time_usd(baseline, option), baseline, option)
    return npv_of(rate_per_year[..., 0] if rate_per_year.ndim else rate_per_year, flows)


def _without_servers(
    scenario: Scenario, line_items: dict[str, Months], investments: dict[str, Months], fleet: Fleet | None
) -> Ledger:
    """An option that buys no machines: its costs, and the taxes that they save."""
    capital = None
    if scenario.finance.is_taxed:
        capital = capital_of(
            scenario.finance,
            None,
            running=line_items.values(),
            expensed=investments.values(),
            residual_usd=np.zeros(()),
            economic_life_months=1,
        )
    return Ledger(
        line_items=line_items, investments=investments, residual_usd=np.zeros(()), fleet=fleet, capital=capital
    )


def _owned(
    option: OwnOption, scenario: Scenario, fleet: Fleet, running: dict[str, Months], one_offs: dict[str, Months]
) -> Ledger:
    """Servers of one's own, or leased: what the site, the seller, the lender and the tax office ask for.

    What is bought around servers is depreciated with them; one-offs are deducted when they are paid.
    """
    terms = option.purchase or scenario.finance.purchase
    kept = option.model_copy(update={"economic_life_months": life_months(terms, option.economic_life_months)})
    had = costs.server_purchases(kept, fleet)
    servers = paid(terms, costs.servers_bought_usd(option, had))
    residual_usd = costs.residual_usd(option, had * servers.is_owned)
    around = {
        name: cost
        for name, cost in (
            ("network", costs.network_usd(kept, had)),
            ("installation", costs.installation_usd(option, had)),
            ("spares", costs.spares_usd(option, had)),
        )
        if cost.any()
    }
    line_items = merged(running, servers.line_items)
    capital = None
    if scenario.finance.is_taxed or servers.financing:
        capital = capital_of(
            scenario.finance,
            replace(servers, basis_usd=added([servers.basis_usd, *around.values()])),
            running=line_items.values(),
            expensed=one_offs.values(),
            residual_usd=residual_usd,
            economic_life_months=option.economic_life_months,
        )
    return Ledger(
        line_items=line_items,
        investments=merged(servers.investments, one_offs, around),
        residual_usd=residual_usd,
        fleet=fleet,
        capital=capital,
    )


def _nothing(months: int) -> dict[str, Months]:
    return {"one_off": np.zeros(months)}
