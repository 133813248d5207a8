"""Figures that claims are about and that no option's answer has: how cost grows with load, how far it may come out, what a training takes."""

from __future__ import annotations

from collections.abc import Callable

from tco.compare import Prepared, compare
from tco.costs.paths import filled
from tco.costs.tuning import training_gpu_hours
from tco.register import with_value
from tco.risk.records import Band
from tco.risk.simulate import simulate
from tco.scenario import SingleOption

VOLUME = "workload.requests_per_day"
"""The input that most claims leave open."""
_DRAWS = 2_000
_LOW, _MIDDLE, _HIGH = "5", "50", "95"


def cost_growth_fraction(prepared: Prepared, option: str) -> float | None:
    """How much more the option costs over the horizon at twice the volume: 1 is linear, 0 is fixed; None where it cannot serve.

    Args:
        prepared: the scenario.
        option: whose cost.
    """
    volume = prepared.scenario.workload.requests_per_day.value
    twice = with_value(prepared.scenario, VOLUME, 2 * volume)
    now, then = (compare(prepared, scenario).option(option).total_usd for scenario in (prepared.scenario, twice))
    return None if now is None or then is None or now <= 0 else then / now - 1


def cost_spread_factor(prepared: Prepared, option: str) -> float | None:
    """How far the option's cost may come out, over how far the baseline's may: each the width of nine runs of ten over the middle one.

    Below 1 the option's bill is the surer one. None where one of the two serves in no run.

    Args:
        prepared: the scenario.
        option: whose cost.
    """
    found = simulate(prepared, draws=_DRAWS, option=option)
    own, baseline = (_spread(found.of(name).total_usd) for name in (option, prepared.scenario.baseline))
    return None if own is None or not baseline else own / baseline


def training_hours(prepared: Prepared, option: str) -> float | None:
    """GPU-hours of one training of the option, at best estimates [h]; None where it is not trained.

    Args:
        prepared: the scenario.
        option: whose training.
    """
    held = prepared.scenario.option(option)
    if not isinstance(held, SingleOption) or held.tuning is None:
        return None
    return float(training_gpu_hours(held.tuning))


def training_usd(prepared: Prepared, option: str) -> float | None:
    """What the machines of one training cost, without the people who prepare its data [USD]; None where it is not trained.

    Args:
        prepared: the scenario.
        option: whose training.
    """
    held, hours = prepared.scenario.option(option), training_hours(prepared, option)
    if hours is None or not isinstance(held, SingleOption) or held.tuning is None:
        return None
    return hours * float(filled(held.tuning.training_usd_per_hour))


def _spread(band: Band | None) -> float | None:
    if band is None:
        return None
    low, middle, high = (band.percentiles[percent] for percent in (_LOW, _MIDDLE, _HIGH))
    return None if low is None or high is None or not middle else (high - low) / middle


MEASURES: dict[str, Callable[[Prepared, str], float | None]] = {
    "cost_growth_fraction": cost_growth_fraction,
    "cost_spread_factor": cost_spread_factor,
    "training_hours": training_hours,
    "training_usd": training_usd,
}
"""By the name that a condition uses."""

TRAINING = ("training_hours", "training_usd")
"""Those that are about a training alone."""
