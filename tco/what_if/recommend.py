"""Which option is recommended at each of several values of an input: what `tco.compare` would say, many values at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tco.capacity.slo_capacity import SloCapacity
from tco.compare import Prepared, compare
from tco.register import with_value
from tco.risk.changes import all_after_values


def recommended_at(
    prepared: Prepared, path: str, values: Sequence[float], capacities: Mapping[str, SloCapacity]
) -> list[str | None]:
    """The recommended option with one input at each of several values, all else kept; None where nothing can serve.

    It is the alternative with the highest NPV where that is above zero, else the baseline. Where the baseline cannot serve, or an NPV is no number, the whole
    comparison is made.

    Args:
        prepared: the scenario.
        path: of the input.
        values: that it takes.
        capacities: of one replica at the scenario's own lengths, of `tco.ledgers.capacities_of`.
    """
    baseline = prepared.scenario.baseline
    names = [option.name for option in prepared.scenario.options if option.name != baseline]
    if not names:
        return [_compared(prepared, path, value) for value in values]
    found = all_after_values(prepared, names, path, values, capacities, alone=_sizes_fleets(path))
    worth_usd = np.array([np.where(found[name].served, found[name].npv_usd, -np.inf) for name in names])
    best, highest_usd = np.argmax(worth_usd, axis=0), np.max(worth_usd, axis=0)
    is_plain = found[baseline].served & ~np.isnan(highest_usd) & (highest_usd < np.inf)
    return [
        _compared(prepared, path, value) if not plain else names[number] if saves > 0 else baseline
        for value, plain, number, saves in zip(values, is_plain, best, highest_usd, strict=True)
    ]


def _sizes_fleets(path: str) -> bool:
    """Whether an input decides how large fleets are: from a tenth to ten times its value they may have any size."""
    return path.startswith("workload.") or path.endswith(".throughput_factor")


def _compared(prepared: Prepared, path: str, value: float) -> str | None:
    return compare(prepared, with_value(prepared.scenario, path, value)).recommended
