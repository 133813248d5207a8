"""What an option's NPV becomes when one input at a time has another value: many such changes in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tco.capacity.slo_capacity import SloCapacity
from tco.compare import Prepared
from tco.ledgers import capacities_of, decides_anew, with_settled_hybrids
from tco.quantity import Numbers
from tco.register import quantities, with_value
from tco.result import Driver
from tco.risk.inputs import Uncertain
from tco.risk.many import Flags, Outcome, drawn, joined, outcomes
from tco.risk.tornado import drivers
from tco.scenario import Scenario
from tco.splice import involved


def drivers_of(prepared: Prepared, option: str, npv_usd: float | None) -> list[Driver]:
    """What moves an option's NPV, each input over its own range, the largest swing first (`tco.risk.tornado.drivers`).

    Args:
        prepared: the scenario.
        option: whose NPV.
        npv_usd: as planned [USD]; None where it or the baseline cannot serve.
    """
    capacities = capacities_of(prepared.scenario, prepared.replicas)
    # One builds before one knows which end comes true.
    filled = with_settled_hybrids(prepared.scenario, prepared.replicas, capacities)
    prepared = replace(prepared, scenario=filled)
    concerns = (*involved(option, filled), *involved(filled.baseline, filled))
    return drivers(filled, npv_usd, lambda changes: npv_after(prepared, option, changes, capacities), concerns)


def npv_after(
    prepared: Prepared, option: str, changes: Sequence[tuple[str, float]], capacities: Mapping[str, SloCapacity]
) -> list[float | None]:
    """NPV of an option against the baseline after each of several changes, all else kept; None where one of the two cannot serve [USD].

    Changes that neither lay the fleet out anew nor change what a request is are answered together, as the draws of a simulation are; the others one by one.

    Args:
        prepared: the scenario.
        option: whose NPV.
        changes: path and value of each.
        capacities: of one replica at the scenario's own lengths, of `tco.ledgers.capacities_of`.
    """
    known = dict(quantities(prepared.scenario))
    inputs = {path: Uncertain(paths=(path,), quantity=known[path]) for path, _ in changes}
    together = [n for n, (path, _) in enumerate(changes) if not inputs[path].is_answered_alone]
    found: list[float | None] = [None] * len(changes)
    if together:
        answers = _together(prepared, option, [changes[n] for n in together], inputs, capacities)
        for number, answer in zip(together, answers, strict=True):
            found[number] = answer
    for number in set(range(len(changes))) - set(together):
        path, value = changes[number]
        own, baseline = after_values(prepared, option, path, [value], capacities)
        (found[number],) = _npv(own.served & baseline.served, own.npv_usd)
    return found


def after_values(
    prepared: Prepared, option: str, path: str, values: Sequence[float], capacities: Mapping[str, SloCapacity]
) -> tuple[Outcome, Outcome]:
    """An option and the baseline with one input at each of several values, all else kept.

    Args:
        prepared: the scenario.
        option: whose answer.
        path: of the input.
        values: that it takes.
        capacities: as for `npv_after`.
    """
    found = all_after_values(prepared, [option], path, values, capacities)
    return found[option], found[prepared.scenario.baseline]


def all_after_values(
    prepared: Prepared,
    names: Sequence[str],
    path: str,
    values: Sequence[float],
    capacities: Mapping[str, SloCapacity],
    *,
    alone: bool = False,
) -> dict[str, Outcome]:
    """Several options, and the baseline, with one input at each of several values, all else kept.

    Args:
        prepared: the scenario.
        names: of the options.
        path: of the input.
        values: that it takes.
        capacities: as for `npv_after`.
        alone: whether each value is answered alone: together, fleets of thousands of replicas come from a table that takes neighbours together.
    """
    each = Uncertain(paths=(path,), quantity=dict(quantities(prepared.scenario))[path])
    if not (alone or _one_by_one(prepared, names, each)):
        scenario = drawn(prepared.scenario, [each], [np.asarray(values, dtype=float)], {})
        return outcomes(prepared, scenario, names, len(values), capacities)
    parts = []
    for value in values:
        scenario = with_value(prepared.scenario, path, value)
        own = _capacities(prepared, names, scenario, capacities) if each.is_length else capacities
        parts.append(outcomes(prepared, scenario, names, 1, own))
    return joined(parts)


def asks_one_by_one(prepared: Prepared, option: str, each: Uncertain) -> bool:
    """Whether values of an input must be answered one by one: it lays the fleet out anew, changes what a request is, or replicas are chosen for it.

    Args:
        prepared: the scenario.
        option: whose answer.
        each: the input.
    """
    return _one_by_one(prepared, [option], each)


def _one_by_one(prepared: Prepared, names: Sequence[str], each: Uncertain) -> bool:
    return each.is_answered_alone or decides_anew((*names, prepared.scenario.baseline), prepared.scenario)


def _capacities(
    prepared: Prepared, names: Sequence[str], scenario: Scenario, known: Mapping[str, SloCapacity]
) -> dict[str, SloCapacity]:
    """Capacities at the lengths of another scenario, of what the answer rests on; each may take a simulation."""
    parts = {part for name in (*names, scenario.baseline) for part in involved(name, scenario)}
    concerned = {name: replica for name, replica in prepared.replicas.items() if name in parts}
    found = capacities_of(scenario, concerned)
    return {**known, **found}


def _together(
    prepared: Prepared,
    option: str,
    changes: Sequence[tuple[str, float]],
    inputs: Mapping[str, Uncertain],
    capacities: Mapping[str, SloCapacity],
) -> list[float | None]:
    columns: dict[str, Numbers] = {}
    for row, (path, value) in enumerate(changes):
        columns.setdefault(path, np.full(len(changes), inputs[path].quantity.value))[row] = value
    scenario = drawn(prepared.scenario, [inputs[path] for path in columns], columns.values(), {})
    found = outcomes(prepared, scenario, [option], len(changes), capacities)
    return _npv(found[option].served & found[scenario.baseline].served, found[option].npv_usd)


def _npv(served: Flags, npv_usd: Numbers) -> list[float | None]:
    return [float(npv) if can else None for npv, can in zip(npv_usd, served, strict=True)]
