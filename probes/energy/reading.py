"""From the samples of one window to its `EnergyReading`: which source is believed, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from probes.cell import EnergyReading
from probes.energy.codes import (
    CAP_TOLERANCE_FRACTION,
    CONSTANT_SAMPLES,
    MAX_DISAGREEMENT_FRACTION,
    MAX_GAP_S,
    SHORT_WINDOW_S,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probes.energy.series import Window
    from probes.energy.source import GpuState

_THERMAL = {"sw_thermal_slowdown", "hw_thermal_slowdown", "socket_thermal", "vr_thermal", "hbm_thermal", "prochot"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What was sampled of one GPU or one processor package in a window; None where the readings do not cover it.

    Attributes:
        counter: from its energy counter.
        power: from its power sensor.
    """

    counter: Window | None = None
    power: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """Energy of several devices over a window [J], one value a device, and how it was found.

    Attributes:
        joules: empty where there is none.
        used: the windows that the energy comes from.
        by_counter: whether it is the counters' own.
        disagreement_fraction: integrated power over counter, less 1, summed over the devices; None without both.
        codes: what is wrong with the sensors.
    """

    joules: tuple[float, ...] = ()
    used: tuple[Window, ...] = ()
    by_counter: bool = False
    disagreement_fraction: float | None = None
    codes: tuple[str, ...] = ()


def energy_of(devices: Sequence[Device]) -> Energy:
    """Energy of devices that work together: all by counter, or all by power, so that it is of one kind.

    The counter is preferred: it misses nothing between samples. One that fell or did not move in any device is not used.

    Args:
        devices: one for each that must be in the sum.

    Returns:
        Without energy where one of the devices has none: a sum without it would be too low and look right.
    """
    counters = [device.counter for device in devices if device.counter is not None]
    powers = [device.power for device in devices if device.power is not None]
    codes = []
    if any(counter.backwards for counter in counters):
        codes.append("counter_backwards")
    if any(counter.constant for counter in counters):
        codes.append("counter_stuck")
    if any(power.constant and power.samples >= CONSTANT_SAMPLES for power in powers):
        codes.append("sensor_constant")
    counted = len(counters) == len(devices) and not {"counter_backwards", "counter_stuck"} & set(codes)
    powered = len(powers) == len(devices) and all(power.joules > 0 for power in powers)
    if not devices or not (counted or powered):
        return Energy(codes=tuple(codes))
    disagreement = None
    if counted and powered:
        disagreement = sum(power.joules for power in powers) / sum(counter.joules for counter in counters) - 1
        if abs(disagreement) > MAX_DISAGREEMENT_FRACTION:
            codes.append("sources_disagree")
    used = tuple(counters if counted else powers)
    if any(window.gap_s > MAX_GAP_S for window in used):
        codes.append("samples_missing")
    joules = tuple(window.joules for window in used)
    return Energy(joules=joules, used=used, by_counter=counted, disagreement_fraction=disagreement, codes=tuple(codes))


def compose(energy: Energy, states: Sequence[Sequence[GpuState]], *, window_s: float, source: str) -> EnergyReading:
    """The reading of a window that has energy.

    Args:
        energy: of its devices.
        states: states of all GPUs in the window, one row a moment; empty for processors.
        window_s: length of the window [s].
        source: what the energy was read from.
    """
    watts = [joules / window_s for joules in energy.joules]
    codes = [*energy.codes, *_codes_of_states(states, watts)]
    if window_s < SHORT_WINDOW_S:
        codes.insert(0, "window_short")
    limits = _last_limits(states)
    return EnergyReading(
        source=source,
        window_s=window_s,
        power_watts=sum(watts),
        energy_joules=sum(energy.joules),
        gpu_watts=watts,
        samples=min(window.samples for window in energy.used),
        disagreement_fraction=energy.disagreement_fraction,
        power_limit_watts=sum(limits) if limits else None,
        gpu_temperature_max_celsius=_per_gpu(states, "temperature_celsius", max),
        gpu_sm_clock_mean_mhz=_per_gpu(states, "sm_clock_mhz", lambda values: sum(values) / len(values)),
        throttle_reasons=sorted({reason for row in states for gpu in row for reason in gpu.throttle_reasons}),
        codes=codes,
    )


def _codes_of_states(states: Sequence[Sequence[GpuState]], watts: Sequence[float]) -> list[str]:
    gpus = [gpu for row in states for gpu in row]
    reasons = {reason for gpu in gpus for reason in gpu.throttle_reasons}
    limits = _last_limits(states)
    found = {
        "above_cap": any(
            w > limit * (1 + CAP_TOLERANCE_FRACTION) for w, limit in zip(watts, limits, strict=False) if limit > 0
        ),
        "gpu_shared": any((gpu.owners_count or 0) > 1 for gpu in gpus),
        "gpu_mig": any(gpu.divided for gpu in gpus),
        "cap_changed": len({tuple(gpu.power_limit_watts for gpu in row) for row in states}) > 1,
        "throttled_thermal": bool(reasons & _THERMAL),
        "throttled_power_brake": "hw_power_brake" in reasons,
        "throttled_hardware": "hw_slowdown" in reasons,
    }
    return [code for code, present in found.items() if present]


def _last_limits(states: Sequence[Sequence[GpuState]]) -> list[float]:
    """Caps of all GPUs at the end; empty where one of them has none."""
    limits = [gpu.power_limit_watts for gpu in states[-1]] if states else []
    known = [limit for limit in limits if limit is not None]
    return known if len(known) == len(limits) else []


def _per_gpu(states: Sequence[Sequence[GpuState]], field: str, combine: object) -> list[float]:
    """One number a GPU over all moments; empty where a GPU never gave one."""
    assert callable(combine)
    columns = [[getattr(gpu, field) for gpu in column] for column in zip(*states, strict=True)]
    known = [[value for value in column if value is not None] for column in columns]
    return [float(combine(column)) for column in known] if all(known) else []
