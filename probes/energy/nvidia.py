"""NVIDIA GPUs as a power source: energy counter, power and state through the management library (NVML).

From Volta on a GPU counts the energy it has used [mJ] since the driver was loaded (`nvmlDeviceGetTotalEnergyConsumption`). Power is read as
`NVML_FI_DEV_POWER_INSTANT` where the driver has it, because `nvmlDeviceGetPowerUsage` is an average over one second on Ampere and newer, GA100 excepted
(https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceQueries.html). Neither sees all: on A100 and H100 the sensor looks at the power during a quarter
of the time only (https://arxiv.org/abs/2312.02741), so a load that beats in step with it is misjudged; windows of 15 s and more even that out.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from probes.energy.owners import owners_count
from probes.energy.source import GpuSample, GpuState
from probes.nvml import compute_pids, is_divided, load_nvml, read_or_none, visible_gpu_indices

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

INSTANT: Final = "instant power"
USAGE: Final = "power usage (averaged over 1 s on Ampere and newer)"

_REASON_BITS = {
    0x2: "applications_clocks_setting",
    0x4: "sw_power_cap",
    0x8: "hw_slowdown",
    0x10: "sync_boost",
    0x20: "sw_thermal_slowdown",
    0x40: "hw_thermal_slowdown",
    0x80: "hw_power_brake",
    0x100: "display_clock_setting",
    0x200: "board_limit",
    0x400: "reliability",
}
"""Bits of `nvmlDeviceGetCurrentClocksEventReasons`; 0x1, an idle GPU, is left out."""


def open_nvidia(
    gpus: int | None = None,
    nvml: Any = None,
    clock: Callable[[], int] = time.perf_counter_ns,
    *,
    only_busy: bool = False,
) -> tuple[NvidiaSource | None, str | None]:
    """The NVIDIA GPUs that an engine started here will use.

    Args:
        gpus: how many, from the first that `CUDA_VISIBLE_DEVICES` shows; None takes all of them.
        nvml: the `pynvml` module or a stand-in for tests; None loads it.
        clock: gives nanoseconds; for tests.
        only_busy: leaves out GPUs on which no program computes.

    Returns:
        The source, or None and the reason.
    """
    nvml = nvml if nvml is not None else load_nvml()
    if nvml is None:
        return None, "The package `nvidia-ml-py` is not installed."
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        return None, f"There is no NVIDIA GPU: the management library says `{error}`."
    try:
        handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in visible_gpu_indices(nvml)]
    except nvml.NVMLError as error:
        read_or_none(nvml, nvml.nvmlShutdown)
        return None, f"The NVIDIA GPUs cannot be listed: `{error}`."
    if only_busy:
        # A driver that does not name programs leaves all GPUs in.
        handles = [handle for handle in handles if compute_pids(nvml, handle) != set()]
    handles = handles[:gpus]
    if not handles or len(handles) < (gpus or 0):
        read_or_none(nvml, nvml.nvmlShutdown)
        wanted = "no GPU" if not handles else f"only {len(handles)} of {gpus} GPUs"
        on_which = " on which a program computes" if only_busy else ""
        return None, f"NVIDIA's driver and CUDA_VISIBLE_DEVICES show {wanted}{on_which}."
    return NvidiaSource(nvml, handles, clock), None


class NvidiaSource:
    """Reads some GPUs; what one of them does not answer is None in its sample."""

    name = "nvml"

    def __init__(self, nvml: Any, handles: Sequence[Any], clock: Callable[[], int] = time.perf_counter_ns) -> None:
        """Finds out how power can be read.

        Args:
            nvml: the `pynvml` module, initialised.
            handles: the GPUs, in CUDA's order.
            clock: gives nanoseconds.
        """
        self._nvml = nvml
        self._handles = list(handles)
        self._clock = clock
        self.gpus = len(self._handles)
        self.trouble: str | None = None
        self._instant = all(self._try(partial(self._instant_watts, handle)) is not None for handle in handles)
        self.power_kind = INSTANT if self._instant else USAGE
        self.trouble = None

    def sample(self) -> list[GpuSample]:
        """Counter and power of every GPU, each stamped halfway between asking and answer."""
        return [self._sample(handle) for handle in self._handles]

    def _sample(self, handle: Any) -> GpuSample:
        began_ns = self._clock()
        joules = self._try(lambda: self._nvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000)
        between_ns = self._clock()
        watts = self._try(lambda: self._instant_watts(handle) if self._instant else self._usage_watts(handle))
        ended_ns = self._clock()
        return GpuSample(
            counter_ns=(began_ns + between_ns) // 2,
            counter_joules=joules,
            power_ns=(between_ns + ended_ns) // 2,
            power_watts=watts,
        )

    def state(self) -> list[GpuState]:
        """Cap, clocks, heat, throttling and programs of every GPU."""
        return [self._state(handle) for handle in self._handles]

    def _state(self, handle: Any) -> GpuState:
        nvml = self._nvml
        limit_watts = self._quiet(lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(handle) / 1000)
        pids: set[int] | None = self._quiet(lambda: compute_pids(nvml, handle))
        return GpuState(
            power_limit_watts=limit_watts,
            throttle_reasons=reason_names(self._quiet(lambda: _event_reasons(nvml, handle)) or 0),
            sm_clock_mhz=self._quiet(lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM)),
            temperature_celsius=self._quiet(
                lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU),
            ),
            processes_count=None if pids is None else len(pids),
            owners_count=None if pids is None else owners_count(pids),
            divided=bool(self._quiet(lambda: is_divided(nvml, handle))),
        )

    def close(self) -> None:
        """Shuts the library down for this meter."""
        self._quiet(self._nvml.nvmlShutdown)

    def _instant_watts(self, handle: Any) -> float:
        field = self._nvml.nvmlDeviceGetFieldValues(handle, [self._nvml.NVML_FI_DEV_POWER_INSTANT])[0]
        if field.nvmlReturn != self._nvml.NVML_SUCCESS:
            raise self._nvml.NVMLError(field.nvmlReturn)
        return float(field.value.uiVal) / 1000  # an unsigned int of milliwatts

    def _usage_watts(self, handle: Any) -> float:
        return float(self._nvml.nvmlDeviceGetPowerUsage(handle)) / 1000

    def _try(self, read: Callable[[], float]) -> float | None:
        try:
            return float(read())
        except Exception as error:  # noqa: BLE001 -- a thread that dies of a driver's surprise would look like a quiet GPU
            self.trouble = str(error) or type(error).__name__
            return None

    def _quiet(self, read: Callable[[], Any]) -> Any:
        """A reading that a GPU may lack without harm: it is not remembered as trouble."""
        try:
            return read()
        except Exception:  # noqa: BLE001 -- as above
            return None


def reason_names(mask: int) -> tuple[str, ...]:
    """Names of the reasons in a mask of clock events.

    >>> reason_names(0x1 | 0x4 | 0x40)
    ('sw_power_cap', 'hw_thermal_slowdown')
    """
    return tuple(name for bit, name in _REASON_BITS.items() if mask & bit)


def _event_reasons(nvml: Any, handle: Any) -> int:
    try:
        return int(nvml.nvmlDeviceGetCurrentClocksEventReasons(handle))
    except nvml.NVMLError:  # older drivers know it by this name
        return int(nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle))
