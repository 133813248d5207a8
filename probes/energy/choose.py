"""Opens the power meter that this machine has."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from probes.energy.amd import open_amd
from probes.energy.meter import SamplingMeter
from probes.energy.nvidia import open_nvidia
from probes.energy.rapl import POWERCAP, open_rapl

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from probes.energy.source import GpuSource


def open_meter(
    *,
    gpus: int | None,
    declared_host_watts: float | None = None,
    dummy_weights: bool = False,
    only_busy: bool = False,
    nvml: Any = None,
    amdsmi: Any = None,
    powercap: Path = POWERCAP,
    clock: Callable[[], int] = time.perf_counter_ns,
) -> SamplingMeter:
    """A meter for what the engine runs on; use it as `with`.

    NVIDIA GPUs first, else AMD GPUs, else the processor packages. Where an engine on GPUs was asked for and they cannot be read, there is no number: the
    processor's would be of another machine. A meter is always given; one without a source answers with the reason.

    Args:
        gpus: how many GPUs the engine uses, from the first visible one; 0 for an engine on the processor; None for all GPUs, or the processor where there
            are none.
        declared_host_watts: power of the whole machine as its owner says [W]; passed through as `host_watts`, never mixed with what is measured.
        dummy_weights: whether the engine runs on random weights; every reading is then an `estimate`.
        only_busy: leaves out GPUs on which no program computes; for a server that runs here already, on how many GPUs is not known. Give it `gpus=None`.
        nvml: stand-in for `pynvml`, for tests.
        amdsmi: stand-in for `amdsmi`, for tests.
        powercap: folder of the processor's power zones, for tests.
        clock: gives nanoseconds; for tests.

    Returns:
        The meter.
    """
    source, gpu_reason = _open_gpus(gpus, nvml, amdsmi, clock, only_busy=only_busy)
    cpu, cpu_reason = open_rapl(powercap, clock)
    cpu_is_device = source is None and not gpus
    reasons = [gpu_reason, cpu_reason if cpu_is_device else None]
    return SamplingMeter(
        source,
        cpu,
        cpu_is_device=cpu_is_device,
        reason=" ".join(reason for reason in reasons if reason) or None,
        declared_host_watts=declared_host_watts,
        estimate=dummy_weights,
        clock=clock,
    )


def no_meter(reason: str, *, declared_host_watts: float | None = None, dummy_weights: bool = False) -> SamplingMeter:
    """A meter that reads nothing: for a server on another machine, whose power is not this one's.

    Args:
        reason: why, as one sentence; every reading carries it.
        declared_host_watts: power of the whole machine as its owner says [W].
        dummy_weights: whether the engine runs on random weights.

    Returns:
        The meter.
    """
    return SamplingMeter(reason=reason, declared_host_watts=declared_host_watts, estimate=dummy_weights)


def _open_gpus(
    gpus: int | None, nvml: Any, amdsmi: Any, clock: Callable[[], int], *, only_busy: bool
) -> tuple[GpuSource | None, str | None]:
    if gpus == 0:
        return None, None
    nvidia, nvidia_reason = open_nvidia(gpus, nvml, clock, only_busy=only_busy)
    if nvidia is not None:
        return nvidia, None
    amd, amd_reason = open_amd(gpus, amdsmi, clock, only_busy=only_busy)
    return amd, None if amd is not None else f"{nvidia_reason} {amd_reason}"
