"""All runs of one simulation: inputs drawn, each draw answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tco.compare import Prepared
from tco.ledgers import capacities_of, with_settled_hybrids
from tco.quantity import Numbers
from tco.risk.draws import groups
from tco.risk.inputs import Uncertain
from tco.risk.lengths import LengthEffect
from tco.risk.many import Outcome, drawn, joined, outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """All runs of one simulation.

    Attributes:
        inputs: what was drawn.
        values: of each input, shape (inputs, draws), in single precision.
        layouts: the fleet layout of each run.
        outcomes: of each option, by name.
    """

    inputs: tuple[Uncertain, ...]
    values: npt.NDArray[np.float32]
    layouts: npt.NDArray[np.int64]
    outcomes: dict[str, Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampler:
    """Answers a scenario in many draws.

    Attributes:
        prepared: the scenario.
        factor: how its inputs move together, of `tco.risk.inputs.factor_of`.
        effects: of lengths on capacity, by option name.
        draws: how many.
        seed: of the draws.
    """

    prepared: Prepared
    factor: Numbers
    effects: dict[str, LengthEffect]
    draws: int
    seed: int

    def sample(self, inputs: tuple[Uncertain, ...], names: list[str], on_runs: Callable[[int], None]) -> Sample:
        """Draws the inputs and answers each draw.

        Args:
            inputs: what is uncertain.
            names: options that are asked about, beside the baseline.
            on_runs: called with the runs that are done.
        """
        prepared, capacities = self.prepared, capacities_of(self.prepared.scenario, self.prepared.replicas)
        # How many replicas a hybrid has is decided before one knows what comes.
        central = with_settled_hybrids(prepared.scenario, prepared.replicas, capacities)
        values = np.empty((len(inputs), self.draws), dtype=np.float32)
        layouts, parts, done = np.empty(self.draws, dtype=np.int64), [], 0
        for group in groups(inputs, self.factor, self.draws, self.seed):
            scenario = drawn(central, inputs, group.values, self.effects)
            parts.append(outcomes(prepared, scenario, names, group.count, capacities))
            here = slice(done, done + group.count)
            layouts[here] = group.layout
            for row, own in enumerate(group.values):
                values[row, here] = own
            done += group.count
            on_runs(done)
        return Sample(inputs=inputs, values=values, layouts=layouts, outcomes=joined(parts))
