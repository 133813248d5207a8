"""What in a machine's state would spoil the numbers of a probe, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probes.machine_state import MachineState
    from probes.setting import Environment, Gpu

STEADY_CLOCKS = ("tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter")
"""Clock sources that a program reads without entering the kernel; others take a microsecond or more a reading."""

_SOFT_DRIVERS = ("intel_pstate", "amd-pstate-epp")
"""Drivers whose `powersave` follows the load, as `ondemand` does elsewhere."""

SWAP_GIB = 0.1
"""Less than this in swap is what a system that has been up for days always has there."""


def check_state(environment: Environment, state: MachineState) -> list[Finding]:
    """Checks the state of a machine.

    Args:
        environment: what the machine consists of.
        state: from `probes.machine_state.read_machine_state`.

    Returns:
        How power is read, then one warning each for what would spoil the numbers, GPUs first.
    """
    return [
        _power(environment, state),
        *_gpu_warnings(environment, state),
        *_device_order(environment, state),
        *_governor(state),
        *_quota(environment, state),
        *_swap(state),
        *_clock(state),
    ]


def _power(environment: Environment, state: MachineState) -> Finding:
    if environment.gpus and not state.gpu_power:
        reason = dict(state.power).get("GPU", "the reason is not known")
        remedy = "Mend the driver or CUDA_VISIBLE_DEVICES, or the probe measures speed without energy."
        return Finding(level="warn", sentence=f"The power of the GPUs cannot be read: {reason}", remedy=remedy)
    devices = "; ".join(f"{device}: {words.rstrip('.')}" for device, words in state.power if words)
    return Finding(level="ok", sentence=f"Power. {devices or 'Not known'}.")


def _gpu_warnings(environment: Environment, state: MachineState) -> Iterator[Finding]:
    for index, count in (state.gpu_processes or {}).items():
        if count:
            sentence = f"GPU {index}: {count} program(s) compute on it already."
            remedy = "End them (`nvidia-smi` lists them), or choose other GPUs with CUDA_VISIBLE_DEVICES."
            yield Finding(level="warn", sentence=sentence, remedy=remedy)
    for index, gpu in enumerate(environment.gpus):
        yield from _gpu_settings(index, gpu)


def _gpu_settings(index: int, gpu: Gpu) -> Iterator[Finding]:
    limit, default = gpu.power_limit_watts, gpu.power_limit_default_watts
    if gpu.mig:
        sentence = f"GPU {index} is divided into instances (MIG): its power is measured for all of them together."
        remedy = f"Where the whole GPU is meant: `sudo nvidia-smi -i {index} -mig 0`."
        yield Finding(level="warn", sentence=sentence, remedy=remedy)
    if limit is not None and default is not None and limit < default:
        sentence = f"GPU {index} is capped at {limit:.0f} W of {default:.0f} W: it is slower than others of its kind."
        remedy = (
            f"`sudo nvidia-smi -i {index} -pl {default:.0f}`, unless it will be run so; the cap is kept in the run."
        )
        yield Finding(level="warn", sentence=sentence, remedy=remedy)
    if gpu.persistence is False:
        sentence = f"GPU {index}: persistence mode is off; the driver may unload between programs, which resets clocks and counters."
        remedy = f"`sudo nvidia-smi -i {index} -pm 1`, or start nvidia-persistenced."
        yield Finding(level="warn", sentence=sentence, remedy=remedy)


def _device_order(environment: Environment, state: MachineState) -> Iterator[Finding]:
    kinds = {gpu.name for gpu in environment.gpus}
    if len(kinds) > 1 and state.device_order != "PCI_BUS_ID":
        sentence = f"There are GPUs of {len(kinds)} kinds, and CUDA numbers them otherwise than the driver."
        remedy = "`export CUDA_DEVICE_ORDER=PCI_BUS_ID`, or the power of other GPUs is read than the engine uses."
        yield Finding(level="warn", sentence=sentence, remedy=remedy)


def _governor(state: MachineState) -> Iterator[Finding]:
    slow = [governor for governor in state.cpu_governors if governor in {"powersave", "conservative"}]
    if slow:
        soft = state.cpu_driver in _SOFT_DRIVERS
        effect = "its clock falls between requests" if soft else "it runs at its lowest clock, or rises from it slowly"
        sentence = f"The processor's clock is governed by {slow[0]!r}: {effect}."
        yield Finding(level="warn", sentence=sentence, remedy="`sudo cpupower frequency-set -g performance`.")


def _quota(environment: Environment, state: MachineState) -> Iterator[Finding]:
    quota = state.cpu_quota_cores
    if quota is None:
        return
    stopped = f" It was stopped {state.cpu_throttled_count} times so far." if state.cpu_throttled_count else ""
    sentence = (
        f"The container may use {quota:g} cores' time (CPU quota, on {environment.cpu_cores} cores): "
        f"when that is spent, it stands still until the next period.{stopped}"
    )
    remedy = (
        "Start it without a CPU limit, or pin it to whole cores (`--cpuset-cpus`); latencies show the stops otherwise."
    )
    yield Finding(level="warn", sentence=sentence, remedy=remedy)


def _swap(state: MachineState) -> Iterator[Finding]:
    if state.swap_used_gib >= SWAP_GIB:
        sentence = f"{state.swap_used_gib:.1f} GiB of memory lie in swap: reading them back stalls whoever needs them."
        yield Finding(level="warn", sentence=sentence, remedy="Close other programs, then `sudo swapoff -a`.")


def _clock(state: MachineState) -> Iterator[Finding]:
    if not state.clock_monotonic:
        remedy = "Use another machine: no time that is measured here can be trusted."
        yield Finding(level="warn", sentence="This system's clock may go backwards.", remedy=remedy)
    elif state.clock_source is not None and state.clock_source not in STEADY_CLOCKS:
        sentence = f"The kernel reads time from {state.clock_source!r}, which takes a microsecond or more each time."
        remedy = "Boot with `clocksource=tsc`, where the processor's counter is steady; or expect a slower client."
        yield Finding(level="warn", sentence=sentence, remedy=remedy)
