"""The options of a scenario in many draws at once: what each saves against the baseline, and when it is paid back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tco import finance
from tco.capacity.slo_capacity import SloCapacity
from tco.cashflow import Ledger, with_residual
from tco.compare import Prepared
from tco.ledgers import ledgers_of
from tco.quantity import Numbers
from tco.register import with_value
from tco.risk.inputs import Uncertain
from tco.risk.lengths import LengthEffect
from tco.scenario import Scenario
from tco.workload.demand import demand

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One option in many draws; every array is of shape (draws,).

    Attributes:
        served: where it can carry the workload; the other numbers mean nothing elsewhere.
        npv_usd: of choosing it instead of the baseline [USD]; 0 for the baseline.
        payback_months: infinite where it never pays back within the horizon [months].
        total_usd: all costs less the residual, not discounted [USD].
    """

    served: Flags
    npv_usd: Numbers
    payback_months: Numbers
    total_usd: Numbers


def drawn(
    scenario: Scenario, inputs: Iterable[Uncertain], values: Iterable[Numbers], effects: Mapping[str, LengthEffect]
) -> Scenario:
    """The scenario with one value a draw for each input.

    Args:
        scenario: filled.
        inputs: what is uncertain.
        values: of each input: shape (draws,), or () where it is the same in all draws.
        effects: of lengths, by option name.
    """
    known = tuple(values)
    for each, own in zip(inputs, known, strict=True):
        for path in each.paths:
            scenario = with_value(scenario, path, own[:, None] if own.ndim else float(own))
    for name, effect in effects.items():
        path = f"options.{name}.throughput_factor"
        # `tco.fill` gives every self-hosted option a factor.
        factor = getattr(scenario.option(name), "throughput_factor").numbers  # noqa: B009 - not of options paid per token
        scenario = with_value(scenario, path, factor * effect.capacity_factor(known)[:, None])
    return scenario


def outcomes(
    prepared: Prepared, scenario: Scenario, names: Iterable[str], draws: int, capacities: Mapping[str, SloCapacity]
) -> dict[str, Outcome]:
    """Answers a scenario whose quantities are drawn.

    Args:
        prepared: what the answers rest on.
        scenario: of `drawn`.
        names: options that are asked about; the baseline is always among the answers.
        draws: how many there are.
        capacities: of one replica at the central lengths, of `tco.ledgers.capacities_of`; what other lengths make of it is in the throughput factor.
    """
    asked = list(dict.fromkeys([scenario.baseline, *names]))
    ledgers = ledgers_of(asked, scenario, prepared.replicas, demand(scenario), capacities)
    baseline = ledgers[scenario.baseline]
    rate, today = scenario.discount_rate_per_year.numbers, baseline.costs_by_time_usd
    found = {}
    for name in asked:
        own = ledgers[name]
        # Each sum over lines is made once: that of the baseline would be made for every option.
        spent = today if own is baseline else own.costs_by_time_usd
        savings = today - spent
        npv = finance.npv_of(rate[..., 0] if rate.ndim else rate, with_residual(savings, baseline, own))
        found[name] = Outcome(
            served=np.broadcast_to(_served(own, prepared.forbidden.get(name, ())), draws),
            npv_usd=np.broadcast_to(npv, draws),
            payback_months=np.broadcast_to(finance.payback_months_of(savings), draws),
            total_usd=np.broadcast_to(np.sum(spent, axis=-1) - own.left_usd, draws),
        )
    return found


def _served(own: Ledger, forbidden: tuple[str, ...]) -> Flags:
    return np.zeros((), dtype=bool) if forbidden else own.served


def joined(parts: Sequence[Mapping[str, Outcome]]) -> dict[str, Outcome]:
    """Outcomes of several groups of draws, one after the other."""
    return {
        name: Outcome(
            served=np.concatenate([part[name].served for part in parts]),
            npv_usd=np.concatenate([part[name].npv_usd for part in parts]),
            payback_months=np.concatenate([part[name].payback_months for part in parts]),
            total_usd=np.concatenate([part[name].total_usd for part in parts]),
        )
        for name in parts[0]
    }
