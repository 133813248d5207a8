"""What a unit costs: a request, a user, a million tokens in and out; and what of the cost is used, idle, overhead."""

from __future__ import annotations

import numpy as np

from tco.capacity.replica import Replica
from tco.cashflow import Ledger, added
from tco.idle import MACHINE_INVESTMENTS, MACHINE_ITEMS, MachineCosts, machine_costs
from tco.scenario import AnyOption, MixedOption, OwnOption, Scenario
from tco.splice import served_by
from tco.token_split import INPUT_ITEMS, OUTPUT_ITEMS, token_split
from tco.unit_records import CostByUse, UnitCosts
from tco.workload.demand import TOKENS_PER_MTOK, Demand, Months

LEAST_REQUESTS = 1.0
"""With fewer over the horizon there are no unit costs."""


def unit_costs(own: Ledger, replica: Replica | None, scenario: Scenario, asked: Demand) -> UnitCosts | None:
    """Cost of a million input tokens, of a million output tokens, and of a user's month; None without requests.

    ```
    input  = share · total / input Mtok                     share: `tco.token_split`
    output = (1 − share) · total / output Mtok
    user   = total / Σ_m users_m,    users_m = users · requests_m / requests_1
    ```

    Tokens are the workload's, before any vendor's tokenizer factor, as in `usd_per_mtok`.

    Args:
        own: what the option costs.
        replica: what carries it, itself or a part of it; None where nothing does.
        scenario: the filled scenario.
        asked: its demand.
    """
    requests = float(np.sum(asked.requests))
    if requests < LEAST_REQUESTS:
        return None
    split, total = token_split(own, replica, asked), float(own.total_usd)
    into, out = (
        requests * float(each) / TOKENS_PER_MTOK
        for each in (asked.input_tokens_per_request, asked.output_tokens_per_request)
    )
    users = scenario.workload.users
    return UnitCosts(
        input_usd_per_mtok=split.input_fraction * total / into,
        output_usd_per_mtok=(1 - split.input_fraction) * total / out,
        split_rule=split.rule,
        input_cost_fraction=split.input_fraction,
        usd_per_user_month=None if users is None else total / (users.value * requests / float(asked.requests[0])),
    )


def cost_by_use(own: Ledger, option: AnyOption, scenario: Scenario, asked: Demand) -> CostByUse:
    """The whole cost as usage, idle and overhead, over the horizon, by month and by unit.

    Allocated is what the reserved machines cost, usage the part in which they serve: the two costs of OpenCost
    (https://www.opencost.io/docs/specification, asset costs as allocation and usage, and overhead).

    Args:
        own: what the option costs.
        option: whose machines carry it, filled: itself, or the part of it that has them.
        scenario: the filled scenario.
        asked: its demand.

    Special cases: what is paid per token is used as it is paid for, so nothing of it is idle; unit costs are null without requests.
    """
    direct = _direct(own, scenario.hours_per_month, gpus_per_server(option.name, scenario))
    usage, idle = float(np.sum(direct.used)), float(np.sum(direct.idle))
    allocated, total = usage + idle, float(own.total_usd)
    requests = float(np.sum(asked.requests))
    per_unit = {}
    if requests >= LEAST_REQUESTS:
        per_unit = {
            "usage_usd_per_request": usage / requests,
            "allocated_usd_per_request": allocated / requests,
            "usage_usd_per_mtok": usage / asked.mtok,
            "allocated_usd_per_mtok": allocated / asked.mtok,
            "idle_usd_per_mtok": idle / asked.mtok,
        }
    return CostByUse(
        usage_usd=usage,
        idle_usd=idle,
        allocated_usd=allocated,
        overhead_usd=total - allocated,
        monthly_usage_usd=direct.used.tolist(),
        monthly_idle_usd=direct.idle.tolist(),
        monthly_overhead_usd=_overhead(own).tolist(),
        **per_unit,
    )


def gpus_per_server(name: str, scenario: Scenario) -> Months:
    """GPUs of the servers of one's own that stand in each month, where an option is chosen; 0 where none do.

    Args:
        name: of the option.
        scenario: filled.
    """
    gpus = np.zeros(scenario.horizon_months)
    for served, months in served_by(name, scenario):
        option = scenario.option(served)
        parts = [scenario.single(part) for part in option.parts] if isinstance(option, MixedOption) else [option]
        owned = [part for part in parts if isinstance(part, OwnOption)]
        gpus[months.start : months.stop] = owned[0].gpus_per_server if owned else 0
    return gpus


def _direct(own: Ledger, hours_per_month: float, gpus: Months) -> MachineCosts:
    """Machines, and tokens, which are all used."""
    billed = [own.line_items[name] for name in (*INPUT_ITEMS, *OUTPUT_ITEMS) if name in own.line_items]
    tokens = added([*billed, np.zeros_like(own.monthly_usd)])
    machines = machine_costs(own, hours_per_month, gpus)
    if machines is None:
        return MachineCosts(used=tokens, idle=np.zeros_like(tokens))
    return MachineCosts(used=machines.used + tokens, idle=machines.idle)


def _overhead(own: Ledger) -> Months:
    """By month, what is not paid for machines or tokens: one-offs in the month in which they are paid, and taxes."""
    direct = {*MACHINE_ITEMS, *INPUT_ITEMS, *OUTPUT_ITEMS}
    running = [items for name, items in own.line_items.items() if name not in direct]
    bought = [items for name, items in own.investments.items() if name not in MACHINE_INVESTMENTS]
    found = added([*running, *bought, np.zeros_like(own.monthly_usd)]).copy()
    if own.capital is not None:
        found += own.capital.tax_by_time_usd[1:]
        found[0] += own.capital.tax_by_time_usd[0]
        found[-1] += float(own.capital.disposal_tax_usd)
    return found
