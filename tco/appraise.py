"""One option against the baseline: returns, payback, unit costs, break-even volume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args

import numpy as np

from pricing.price import Evidence
from tco import finance
from tco.breakeven_answer import breakeven_answer
from tco.capacity.replica import Replica
from tco.capacity.slo_capacity import SloCapacity
from tco.cash_answer import cash_of, npv_profile_of, sequence_of, todays_money
from tco.cashflow import Ledger, saving_npv_usd, savings_by_time_usd, savings_npv_usd, with_residual
from tco.hybrid.answer import cascade_answer, hybrid_answer
from tco.hybrid.parts import carrier, parts_of
from tco.idle import idle_usd
from tco.ledgers import decides_anew, ledger_of
from tco.quantity import Numbers
from tco.register import with_value
from tco.result import Capacity, OptionResult
from tco.scenario import AnyOption, HybridOption, MixedOption, Scenario, SingleOption, TokenOption
from tco.tasks import task_cost
from tco.units import cost_by_use, gpus_per_server, unit_costs
from tco.workload.demand import TOKENS_PER_MTOK, demand

SECONDS_PER_HOUR = 3600
_NO_SAVING_USD = 0.005


def appraise(
    option: AnyOption,
    scenario: Scenario,
    replicas: Mapping[str, Replica],
    ledgers: Mapping[str, Ledger],
    capacities: Mapping[str, SloCapacity],
    *,
    with_breakeven: bool = True,
) -> OptionResult:
    """The answer for one option of a filled scenario.

    Args:
        option: the option, filled.
        scenario: the filled scenario.
        replicas: of self-hosted options, by option name.
        ledgers: the costs of every option, by name.
        capacities: of one replica of each self-hosted option, by option name (`tco.ledgers.capacities_of`).
        with_breakeven: search for the break-even volume too.
    """
    own, baseline = ledgers[option.name], ledgers[scenario.baseline]
    part = carrier(option, scenario)
    replica = replicas.get(part.name)
    known: dict[str, Any] = {
        "name": option.name,
        "kind": option.kind,
        "model": option.model,
        "reasons": own.reasons,
        "evidence": _weakest(option, scenario, replicas),
        "run_id": replica.run.run_id if replica else None,
    }
    if not own.feasible:
        return OptionResult(feasible=False, **known)
    compared = baseline.feasible and option.name != scenario.baseline
    return OptionResult(
        feasible=True,
        **known,
        **_costs(own, part, scenario),
        **_unit_costs(own, option, scenario),
        **_by_unit(option, scenario, replicas, ledgers),
        **(_returns(own, baseline, scenario.discount_rate_per_year.value) if compared else {}),
        **(_payback_band(part, option.name, scenario, replicas, capacities, baseline) if compared else {}),
        served_by=sequence_of(option.name, scenario),
        cash=cash_of(own),
        npv_profile=npv_profile_of(baseline, own) if compared else None,
        todays_money=todays_money(own, baseline if compared else None, scenario),
        npv_usd=_npv(own, baseline, scenario) if baseline.feasible else None,
        **(_breakeven(option, scenario, replicas, ledgers, capacities) if compared and with_breakeven else {}),
    )


def _npv(own: Ledger, baseline: Ledger, scenario: Scenario) -> float:
    return saving_npv_usd(scenario.discount_rate_per_year.value, baseline, own)


def _costs(own: Ledger, option: SingleOption, scenario: Scenario) -> dict[str, Any]:
    return {
        "capacity": _capacity(own, option, scenario),
        "capex_usd": float(np.sum(own.upfront_usd)),
        "monthly_usd": own.monthly_usd.tolist(),
        "line_items": {name: items.tolist() for name, items in own.line_items.items()},
        "investments": {name: items.tolist() for name, items in own.investments.items()},
        "residual_usd": float(own.residual_usd),
        "total_usd": float(own.total_usd),
    }


def _returns(own: Ledger, baseline: Ledger, rate_per_year: float) -> dict[str, Any]:
    savings = savings_by_time_usd(baseline, own)
    flows = with_residual(savings, baseline, own)
    returns = finance.irr(flows)
    return {
        "saving_by_time_usd": savings.tolist(),
        "irr_per_year": returns.rate_per_year,
        "irr_status": returns.status,
        "mirr_per_year": finance.mirr(flows, rate_per_year, rate_per_year),
        "saving_fraction": _saving_fraction(float(own.total_usd), float(baseline.total_usd)),
        "roi_fraction": finance.roi_fraction(float(np.sum(flows)), float(np.sum(own.upfront_usd))),
        "payback_months": finance.payback_months(savings),
        "discounted_payback_months": finance.discounted_payback_months(rate_per_year, savings),
    }


def _saving_fraction(own_usd: float, baseline_usd: float) -> float | None:
    """Share of the baseline's whole cost that is saved; None: it costs nothing."""
    return 1 - own_usd / baseline_usd if baseline_usd > 0 else None


def _evidence(option: SingleOption, replica: Replica | None) -> Evidence:
    """Evidence of the number that carries the option: the run of a self-hosted one, the price of one paid per token."""
    if replica is not None:
        # What was carried from another part or a sliced model is a model of a measurement: as weak as any assumption.
        modelled = replica.carried is not None or replica.run.evidence == "modelled"
        return "assumption" if modelled else cast("Evidence", replica.run.evidence)
    assert isinstance(option, TokenOption)
    assert option.output_usd_per_mtok is not None
    return option.output_usd_per_mtok.evidence


def _weakest(option: AnyOption, scenario: Scenario, replicas: Mapping[str, Replica]) -> Evidence:
    """Of what is made of several options, that of the part that is known least."""
    found = [_evidence(part, replicas.get(part.name)) for part in parts_of(option, scenario)]
    return max(found, key=get_args(Evidence).index)


def _capacity(own: Ledger, option: SingleOption, scenario: Scenario) -> Capacity | None:
    fleet = own.fleet
    if fleet is None or isinstance(option, TokenOption):
        return None
    replicas = int(np.max(fleet.replicas))
    return Capacity(
        replicas=replicas,
        gpus=replicas * fleet.gpus_per_replica,
        servers=int(np.max(fleet.servers)),
        goodput_requests_per_s=fleet.goodput_requests_per_s,
        utilisation_fraction=fleet.utilisation_fraction,
        basis=fleet.capacity.basis,
        replicas_by_month=[int(count) for count in fleet.replicas],
        policy=option.scaling.policy,
        least_replicas_by_month=[int(count) for count in fleet.least_replicas],
        paid_replicas_by_month=fleet.paid_replicas.tolist(),
        idle_usd=idle_usd(own, scenario.hours_per_month, gpus_per_server(option.name, scenario)),
        late_fraction=fleet.late_fraction,
        model_error_fraction=fleet.capacity.error_fraction,
        model_error_nine_of_ten_fraction=fleet.capacity.band_fraction,
    )


def _unit_costs(own: Ledger, option: AnyOption, scenario: Scenario) -> dict[str, Any]:
    """Cost per request and per million tokens, input and output together, at the actual load and with all replicas busy that are paid for.

    Special cases: less than one request over the horizon, no unit cost (null); an option paid per token costs the same at any load; one that is made of
    others has no such full load (null).
    """
    asked = demand(scenario)
    requests = float(np.sum(asked.requests))
    if requests < 1:
        return {}
    total_usd = float(own.total_usd)
    per_mtok = total_usd / asked.mtok
    full: float | None = per_mtok
    if isinstance(option, MixedOption) or option.then is not None or option.starts_after_months:
        full = None
    elif own.fleet is not None:
        seconds = scenario.hours_per_month * SECONDS_PER_HOUR
        could_serve = float(np.sum(own.fleet.paid_replicas)) * own.fleet.goodput_requests_per_s * seconds
        full = total_usd / (could_serve * float(asked.tokens_per_request) / TOKENS_PER_MTOK)
    return {"usd_per_mtok": per_mtok, "usd_per_request": total_usd / requests, "usd_per_mtok_at_full_load": full}


def _by_unit(
    option: AnyOption,
    scenario: Scenario,
    replicas: Mapping[str, Replica],
    ledgers: Mapping[str, Ledger],
) -> dict[str, Any]:
    own, asked, part = ledgers[option.name], demand(scenario), carrier(option, scenario)
    return {
        "hybrid": hybrid_answer(option, scenario, replicas, asked),
        "cascade": cascade_answer(option),
        "unit_costs": unit_costs(own, replicas.get(part.name), scenario, asked),
        "cost_by_use": cost_by_use(own, part, scenario, asked),
        "task_cost": task_cost(option.name, scenario, replicas, ledgers),
    }


def _payback_band(
    option: SingleOption,
    name: str,
    scenario: Scenario,
    replicas: Mapping[str, Replica],
    capacities: Mapping[str, SloCapacity],
    baseline: Ledger,
) -> dict[str, Any]:
    """Payback at the upper and at the lower end of the run's throughput interval: (soonest, latest); a null end: never."""
    factor = None if isinstance(option, TokenOption) else option.throughput_factor
    if factor is None or factor.bounds is None:
        return {}
    asked = demand(scenario)

    def payback(at: float) -> float | None:
        at_factor = with_value(scenario, f"options.{option.name}.throughput_factor", at)
        held = ledger_of(name, at_factor, replicas, asked, capacities)
        return finance.payback_months(savings_by_time_usd(baseline, held)) if held.feasible else None

    low, high = factor.bounds
    return {"payback_band_months": (payback(high), payback(low))}


def _breakeven(
    option: AnyOption,
    scenario: Scenario,
    replicas: Mapping[str, Replica],
    ledgers: Mapping[str, Ledger],
    capacities: Mapping[str, SloCapacity],
) -> dict[str, Any]:
    def at(volume: float | Numbers) -> tuple[Ledger, Ledger]:
        at_volume = with_value(scenario, "workload.requests_per_day", volume)
        asked = demand(at_volume)
        own, today = (
            ledger_of(name, at_volume, replicas, asked, capacities) for name in (option.name, scenario.baseline)
        )
        return own, today

    # A hybrid chooses its replicas for the volume, so each volume is a question of its own.
    is_chosen = decides_anew((option.name, scenario.baseline), scenario)

    def savings_usd(volumes: Sequence[float]) -> list[float | None]:
        if is_chosen and len(volumes) > 1:
            return [each for volume in volumes for each in savings_usd([volume])]
        own, today = at(volumes[0] if is_chosen else np.asarray(volumes)[:, None])
        saving = np.broadcast_to(savings_npv_usd(scenario.discount_rate_per_year.numbers, today, own), len(volumes))
        if isinstance(option, HybridOption):
            # A hybrid without replicas is its overflow: that it costs the same is no saving.
            saving = np.where(np.abs(saving) < _NO_SAVING_USD, -1.0, saving)
        served = np.broadcast_to(own.served & today.served, len(volumes))
        return [float(usd) if can else None for usd, can in zip(saving, served, strict=True)]

    def utilisation_at(volume: float) -> float | None:
        fleet = at(volume)[0].fleet
        return None if fleet is None else fleet.utilisation_fraction

    volume, found = breakeven_answer(option.name, scenario, ledgers, savings_usd, utilisation_at)
    return {"breakeven_requests_per_day": volume, "breakeven": found}
