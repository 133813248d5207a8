"""From line items to a cash flow: what each option costs when, and what it saves against the baseline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np

from tco import costs
from tco.capacity.fleet import Fleet, size_fleet
from tco.capacity.replica import Replica
from tco.capacity.slo_capacity import SloCapacity
from tco.finance import npv
from tco.quantity import Numbers
from tco.scenario import OwnOption, RentOption, Scenario, TokenOption
from tco.workload.demand import Demand, Months


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Everything one option costs over the horizon, as positive amounts. Where quantities are drawn, of shape (draws, months).

    Attributes:
        line_items: running costs by name, paid at the end of each month [USD/month], each of shape (months,).
        investments: money laid out at the start of each month, by name [USD/month], each of shape (months,).
        residual_usd: worth of what is left at the end of the horizon [USD].
        fleet: what stands behind the costs; None for options that pay per token.
        barred: why the option may not be used at all, whatever it costs.
    """

    line_items: dict[str, Months]
    investments: dict[str, Months]
    residual_usd: Numbers
    fleet: Fleet | None
    barred: tuple[str, ...] = ()

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

        What is bought at the start of month m is paid at time m − 1.
        """
        upfront, monthly = self.upfront_usd, self.monthly_usd
        shape = np.broadcast_shapes(upfront.shape, monthly.shape)
        flows = np.zeros((*shape[:-1], shape[-1] + 1))
        flows[..., :-1] = upfront
        flows[..., 1:] += monthly
        return flows

    @property
    def feasible(self) -> bool:
        """Whether the option can and may serve the workload; one that cannot has no meaningful cost."""
        return not self.barred and (self.fleet is None or self.fleet.capacity.feasible)

    @property
    def reasons(self) -> list[str]:
        """Why it cannot or may not, and what else is to be known of its capacity."""
        return [*self.barred, *(self.fleet.capacity.reasons if self.fleet else ())]

    @property
    def total_usd(self) -> Numbers:
        """All costs less the residual, not discounted, shape () or (draws,) [USD]."""
        return np.asarray(np.sum(self.upfront_usd, axis=-1) + np.sum(self.monthly_usd, axis=-1) - self.residual_usd)


def added(items: Iterable[Months]) -> Months:
    """Sum of amounts by month, of one scenario or of many draws."""
    return np.asarray(reduce(np.add, items))


def ledger(
    option: TokenOption | RentOption | OwnOption,
    replica: Replica | None,
    scenario: Scenario,
    asked: Demand,
    capacity: SloCapacity | None = None,
) -> Ledger:
    """All line items of one option; each comes from one documented function in `tco.costs`.

    A line that is zero because nobody set it is there, with zeros, so that it is seen.

    Args:
        option: the option, filled.
        replica: of a self-hosted option.
        scenario: the filled scenario.
        asked: the demand by month.
        capacity: of one replica, where the caller knows it already.
    """
    months = asked.requests.shape[-1]
    one_offs = {name: _at_start(quantity.numbers, months) for name, quantity in option.one_off_usd.items()}
    running = {name: quantity.numbers * np.ones(months) for name, quantity in option.extra_usd_per_month.items()}
    running["people"] = costs.people_usd(option, months)
    if isinstance(option, TokenOption):
        tokens = {
            "input_tokens": costs.input_tokens_usd(option, scenario, asked),
            "cached_input_tokens": costs.cached_input_tokens_usd(option, scenario, asked),
            "output_tokens": costs.output_tokens_usd(option, scenario, asked),
        }
        return Ledger(
            line_items=tokens | running, investments=one_offs or _nothing(months), residual_usd=np.zeros(()), fleet=None
        )
    assert replica is not None  # every self-hosted option has one
    fleet = size_fleet(option, replica, scenario.workload, asked, capacity)
    if isinstance(option, RentOption):
        rent = {"gpu_rent": costs.gpu_rent_usd(option, scenario, fleet)}
        return Ledger(
            line_items=rent | running, investments=one_offs or _nothing(months), residual_usd=np.zeros(()), fleet=fleet
        )
    return _owned(option, scenario, fleet, running, one_offs)


def savings_by_time_usd(baseline: Ledger, option: Ledger) -> Months:
    """What the option saves against the baseline at time zero and each month, without residuals [USD], shape (months + 1,)."""
    return baseline.costs_by_time_usd - option.costs_by_time_usd


def with_residual(savings: Months, baseline: Ledger, option: Ledger) -> Months:
    """Savings with both options' residual worth received at the end of the horizon [USD]."""
    flows = savings.copy()
    flows[..., -1] += option.residual_usd - baseline.residual_usd
    return flows


def saving_npv_usd(rate_per_year: float, baseline: Ledger, option: Ledger) -> float:
    """Net present value of choosing the option instead of the baseline, residuals included [USD]."""
    return npv(rate_per_year, with_residual(savings_by_time_usd(baseline, option), baseline, option))


def _owned(
    option: OwnOption, scenario: Scenario, fleet: Fleet, running: dict[str, Months], one_offs: dict[str, Months]
) -> Ledger:
    bought = costs.server_purchases(option, fleet)
    site = {
        "electricity": costs.electricity_usd(option, scenario, fleet),
        "colocation": costs.colocation_usd(option, fleet),
        "maintenance": costs.maintenance_usd(option, fleet),
    }
    return Ledger(
        line_items=site | running,
        investments={"servers": costs.servers_bought_usd(option, bought)} | one_offs,
        residual_usd=costs.residual_usd(option, bought),
        fleet=fleet,
    )


def _at_start(amount_usd: Numbers, months: int) -> Months:
    return np.asarray(amount_usd * np.eye(1, months)[0])


def _nothing(months: int) -> dict[str, Months]:
    return {"one_off": np.zeros(months)}
