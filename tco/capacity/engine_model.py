"""How one replica's engine works, where a run alone does not say: step times, limits, and how far such a model misses."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.step_time import StepTime


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineModel:
    """Step times and limits of one replica.

    Attributes:
        step_time: of its engine.
        limits: of its engine.
        origin: what the step times rest on, a sentence that starts with a small letter.
        error_fraction: how far capacity from such step times missed what was measured, typically [fraction].
        band_fraction: how far it may be off, for the range of the answer [fraction].
        error_source: how these two were found.
    """

    step_time: StepTime
    limits: EngineLimits
    origin: str
    error_fraction: float
    band_fraction: float
    error_source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoEngineModel:
    """Why there are no step times.

    Attributes:
        code: for machines.
        sentence: what is missing and what would supply it.
    """

    code: str
    sentence: str


_TIMES = tuple(field.name for field in fields(StepTime) if field.name.endswith("_s"))


def slower(step_time: StepTime, factor: float) -> StepTime:
    """The same step, every time in it multiplied.

    Args:
        step_time: of an engine.
        factor: on all times [unitless]; 2 takes twice as long.

    >>> slower(StepTime(intercept_s=0.010, latency_s=0.002), 2.0).step_s(1, 0)
    0.02
    """
    return replace(step_time, **{name: getattr(step_time, name) * factor for name in _TIMES})
