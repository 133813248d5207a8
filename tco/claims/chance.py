"""In what share of the runs a claim's conditions hold, all at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tco.compare import Prepared
from tco.risk.inputs import factor_of, uncertain_inputs
from tco.risk.lengths import length_effects
from tco.risk.many import Flags
from tco.risk.records import Probability
from tco.risk.sample import Sample, Sampler
from tco.risk.statistics import probability
from tco.what_if import TOGETHER, Condition, figures_of
from tco.what_if.condition import RECOMMENDED


def chance(
    prepared: Prepared, conditions: Sequence[Condition], option: str, *, draws: int, seed: int = 1
) -> Probability | None:
    """Share of the runs of `tco risk` in which all conditions hold; None where one of them is on a figure that is not simulated.

    A run in which the option or the baseline cannot serve counts as one in which they do not hold; for a recommendation only the option must serve.

    Args:
        prepared: the scenario.
        conditions: all must hold.
        option: whose answer they are on.
        draws: how many runs.
        seed: of the draws.
    """
    if not conditions or any(each.metric not in (*TOGETHER, RECOMMENDED) for each in conditions):
        return None
    filled = prepared.scenario
    inputs = uncertain_inputs(filled, prepared.runs)
    effects = length_effects(filled, prepared.replicas, inputs)
    sampler = Sampler(prepared=prepared, factor=factor_of(filled, inputs), effects=effects, draws=draws, seed=seed)
    sample = sampler.sample(inputs, [each.name for each in filled.options], lambda _done: None)
    held = np.logical_and.reduce([_holds(sample, each, option, filled.baseline) for each in conditions])
    return probability(held, sample.layouts)


def _holds(sample: Sample, condition: Condition, option: str, baseline: str) -> Flags:
    own, today = sample.outcomes[option], sample.outcomes[baseline]
    if condition.metric == RECOMMENDED:
        return _recommended(sample, option)
    needs = own.served if condition.metric == "total_usd" else own.served & today.served
    figures = figures_of(condition.metric, own, today)
    return needs & condition.met_by(figures)


def _recommended(sample: Sample, option: str) -> Flags:
    worth = {name: np.where(each.served, each.npv_usd, -np.inf) for name, each in sample.outcomes.items()}
    highest = np.max(list(worth.values()), axis=0)
    return np.asarray(sample.outcomes[option].served & (worth[option] == highest))
