"""Meters over machines whose power is known by hand, driven without waiting."""

from __future__ import annotations

from probes.energy.meter import SamplingMeter
from probes.energy.nvidia import NvidiaSource
from tests.fake_nvml import ShapedNvml

S = 1_000_000_000


def meter_over(nvml: ShapedNvml, seconds: float, *, every_s: float = 0.1, **options) -> SamplingMeter:
    """A meter that has sampled a machine from 0 on."""
    meter = SamplingMeter(NvidiaSource(nvml, list(range(nvml.gpus)), nvml.clock), clock=nvml.clock, **options)
    sample(meter, nvml, 0, seconds, every_s=every_s)
    return meter


def sample(meter: SamplingMeter, nvml: ShapedNvml, start_s: float, end_s: float, *, every_s: float = 0.1) -> None:
    for step in range(round((end_s - start_s) / every_s) + 1):
        nvml.now_ns = round((start_s + step * every_s) * S)
        meter.take()


def steady(watts=500.0, *, gpus=1, ripple=0.0):
    """Every GPU at the same power; with `ripple` the sensor is not constant, and its mean stays."""
    return ShapedNvml(
        gpus,
        watts=lambda _gpu, t_s: watts + ripple * (1 if round(t_s * 10) % 2 else -1),
        joules=lambda _gpu, t_s: 1000.0 + watts * t_s,
    )
