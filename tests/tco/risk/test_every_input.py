"""Whatever may be uncertain in any scenario that ships: a few draws together give what each gives alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tco.compare import Prepared, compare, prepare
from tco.errors import InputError
from tco.ledgers import capacities_of, with_settled_hybrids
from tco.register import quantities, with_value
from tco.risk.inputs import Uncertain
from tco.risk.many import drawn, outcomes
from tco.scenario_file import load
from tco.shipped import shipped_scenarios

pytestmark = pytest.mark.slow

DRAWS, WITHIN = 4, 0.15
SCENARIOS = sorted(shipped_scenarios())


def values(prepared: Prepared) -> tuple[tuple[Uncertain, ...], list[np.ndarray]]:
    """Every quantity moved by itself within 15 % where its own field allows that."""
    generator = np.random.default_rng(11)
    inputs, found = [], []
    for path, quantity in quantities(prepared.scenario):
        each = Uncertain(paths=(path,), quantity=quantity)
        if each.shapes_the_fleet or each.is_length:
            continue
        moved = quantity.value * (1 + generator.uniform(-WITHIN, WITHIN, DRAWS))
        if "_fraction" in path or path.endswith("discount_rate_per_year"):
            moved = np.clip(moved, min(-0.5, quantity.value), max(0.999, quantity.value))
        inputs.append(each)
        found.append(moved)
    return tuple(inputs), found


def alike(prepared: Prepared) -> int:
    inputs, moved = values(prepared)
    names = [option.name for option in prepared.scenario.options]
    together = outcomes(
        prepared,
        drawn(prepared.scenario, inputs, moved, {}),
        names,
        DRAWS,
        capacities_of(prepared.scenario, prepared.replicas),
    )
    for draw in range(DRAWS):
        alone = prepared.scenario
        for each, own in zip(inputs, moved, strict=True):
            alone = with_value(alone, each.path, float(own[draw]))
        plan = compare(prepared, alone)
        for name in names:
            answer = plan.option(name)
            assert together[name].served[draw] == answer.feasible, name
            if not answer.feasible:
                continue
            assert together[name].total_usd[draw] == pytest.approx(answer.total_usd, rel=1e-9), name
            if answer.npv_usd is not None:
                assert together[name].npv_usd[draw] == pytest.approx(answer.npv_usd, rel=1e-7, abs=1e-3), name
            if name != prepared.scenario.baseline and plan.option(prepared.scenario.baseline).feasible:
                never = np.inf if answer.payback_months is None else answer.payback_months
                assert together[name].payback_months[draw] == pytest.approx(never, rel=1e-6, abs=1e-9), name
    return len(inputs)


@pytest.mark.parametrize("name", SCENARIOS)
def test_draws_of_a_shipped_scenario_are_its_plans(name: str) -> None:
    path: Path = shipped_scenarios()[name]
    try:
        written = prepare(load(path))
    except InputError as error:
        pytest.skip(f"needs a run of this machine: {error}")

    # How many replicas a hybrid has is decided before its inputs are drawn.
    capacities = capacities_of(written.scenario, written.replicas)
    settled = with_settled_hybrids(written.scenario, written.replicas, capacities)

    assert alike(replace(written, scenario=settled)) > 10
