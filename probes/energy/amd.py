"""AMD GPUs as a power source: energy counter, power and state through `amdsmi`, which comes with ROCm.

Names and units as in amdsmi 7.0.2 on Linux: `amdsmi_get_energy_count` gives ticks of `counter_resolution` µJ; `amdsmi_get_power_info` gives W, in
`socket_power` on the newest, `current_socket_power` on MI300 and newer, `average_socket_power` on older ones, and `"N/A"` where it has none;
`amdsmi_get_power_cap_info` gives µW (https://rocm.docs.amd.com/projects/amdsmi/en/latest/). The counter is wrong by a factor on some GPUs
(https://github.com/ROCm/amdsmi/issues/38), so it is used only where power confirms it when the meter is opened.
"""

from __future__ import annotations

import os
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from probes.amd import load_amdsmi
from probes.energy.owners import owners_count
from probes.energy.source import GpuSample, GpuState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CHECK_S: Final = 0.5
"""How long the counter is compared with power when the meter is opened [s]."""

BELIEVED_FACTOR: Final = 2.0
"""The counter is used where it and power differ by no more than this in half a second; faults seen were far larger."""

_POWER_FIELDS = ("socket_power", "current_socket_power", "average_socket_power")
_NOT_A_NUMBER = (0xFFFF, 0xFFFFFFFF, 2**64 - 1)
"""What the library gives for a field that a GPU does not have, where it does not say `N/A`."""

_VIOLATIONS = {
    "active_ppt_pwr": "sw_power_cap",
    "active_socket_thrm": "socket_thermal",
    "active_vr_thrm": "vr_thermal",
    "active_hbm_thrm": "hbm_thermal",
    "active_prochot_thrm": "prochot",
}
"""Fields of `amdsmi_get_violation_status` (MI300 and newer) and how they are named here."""


def open_amd(
    gpus: int | None = None,
    amdsmi: Any = None,
    clock: Callable[[], int] = time.perf_counter_ns,
    sleep: Callable[[float], None] = time.sleep,
    *,
    only_busy: bool = False,
) -> tuple[AmdSource | None, str | None]:
    """The AMD GPUs that an engine started here will use.

    Args:
        gpus: how many, from the first that `HIP_VISIBLE_DEVICES` shows; None takes all of them.
        amdsmi: the module or a stand-in for tests; None loads it.
        clock: gives nanoseconds; for tests.
        sleep: waits [s]; for tests.
        only_busy: leaves out GPUs on which no program computes.

    Returns:
        The source, or None and the reason.
    """
    amdsmi = amdsmi if amdsmi is not None else load_amdsmi()
    if amdsmi is None:
        return None, "The package `amdsmi` (part of ROCm) is not installed."
    try:
        amdsmi.amdsmi_init()
        handles = visible_handles(amdsmi)
        if only_busy:
            handles = [handle for handle in handles if amdsmi.amdsmi_get_gpu_process_list(handle)]
        handles = handles[:gpus]
    except Exception as error:  # noqa: BLE001 -- the library has four kinds of exceptions and more by version
        return None, f"There is no AMD GPU: its management library says `{_one_line(error)}`."
    if not handles or len(handles) < (gpus or 0):
        wanted = "no GPU" if not handles else f"only {len(handles)} of {gpus} GPUs"
        on_which = " on which a program computes" if only_busy else ""
        return None, f"AMD's driver and HIP_VISIBLE_DEVICES show {wanted}{on_which}."
    source = AmdSource(amdsmi, handles, clock)
    source.check_counter(sleep)
    return source, None


def visible_handles(amdsmi: Any) -> list[Any]:
    """Handles of the GPUs that HIP programs started here will use, in HIP's order.

    `ROCR_VISIBLE_DEVICES` chooses among all GPUs, `HIP_VISIBLE_DEVICES` among those, and `CUDA_VISIBLE_DEVICES` stands in where the latter is not set; all
    hold indices or `GPU-` ids, and end at the first entry that does not exist.

    Args:
        amdsmi: the module, initialised.
    """
    handles = sorted(amdsmi.amdsmi_get_processor_handles(), key=lambda handle: _hip_id(amdsmi, handle))
    names = [_hip_uuid(amdsmi, handle) for handle in handles]
    chosen = list(range(len(handles)))
    inner = os.environ.get("HIP_VISIBLE_DEVICES", os.environ.get("CUDA_VISIBLE_DEVICES"))
    for wanted in (os.environ.get("ROCR_VISIBLE_DEVICES"), inner):
        if wanted is not None:
            chosen = _choose(chosen, names, wanted)
    return [handles[index] for index in chosen]


def _choose(among: list[int], names: list[str], wanted: str) -> list[int]:
    chosen: list[int] = []
    for word in (part.strip() for part in wanted.split(",")):
        found = [index for place, index in enumerate(among) if word == str(place) or (word and word == names[index])]
        if not found:
            break
        chosen.append(found[0])
    return chosen


def _hip_id(amdsmi: Any, handle: Any) -> int:
    try:
        return int(amdsmi.amdsmi_get_gpu_enumeration_info(handle)["hip_id"])
    except Exception:  # noqa: BLE001 -- older libraries do not have it: all keep their place
        return 0


def _hip_uuid(amdsmi: Any, handle: Any) -> str:
    try:
        return str(amdsmi.amdsmi_get_gpu_enumeration_info(handle)["hip_uuid"])
    except Exception:  # noqa: BLE001 -- as above
        return ""


class AmdSource:
    """Reads some GPUs; what one of them does not answer is None in its sample."""

    name = "amdsmi"

    def __init__(self, amdsmi: Any, handles: Sequence[Any], clock: Callable[[], int] = time.perf_counter_ns) -> None:
        """Finds the field that holds power.

        Args:
            amdsmi: the module, initialised.
            handles: the GPUs, in HIP's order.
            clock: gives nanoseconds.
        """
        self._amdsmi = amdsmi
        self._handles = list(handles)
        self._clock = clock
        self._counter_believed = True
        self.gpus = len(self._handles)
        self.trouble: str | None = None
        self._field = next((field for field in _POWER_FIELDS if self._all_have(field)), _POWER_FIELDS[0])
        self.power_kind = "average power" if self._field == "average_socket_power" else "power"
        self.trouble = None

    def _all_have(self, field: str) -> bool:
        return all(self._try(partial(self._watts, handle, field)) is not None for handle in self._handles)

    def check_counter(self, sleep: Callable[[float], None] = time.sleep) -> bool:
        """Compares the counters with power for half a second; counters that power does not confirm are not used.

        Args:
            sleep: waits [s].

        Returns:
            Whether the counters are used. They are where there is no power to compare with.
        """
        before = self.sample()
        sleep(CHECK_S)
        for first, last in zip(before, self.sample(), strict=True):
            if first.counter_joules is None or last.counter_joules is None or not last.power_watts:
                continue
            expected = last.power_watts * (last.counter_ns - first.counter_ns) / 1e9
            counted = last.counter_joules - first.counter_joules
            if not expected / BELIEVED_FACTOR <= counted <= expected * BELIEVED_FACTOR:
                self._counter_believed = False
        return self._counter_believed

    def sample(self) -> list[GpuSample]:
        """Counter and power of every GPU, each stamped halfway between asking and answer."""
        return [self._sample(handle) for handle in self._handles]

    def _sample(self, handle: Any) -> GpuSample:
        began_ns = self._clock()
        joules = self._try(lambda: self._joules(handle)) if self._counter_believed else None
        between_ns = self._clock()
        watts = self._try(lambda: self._watts(handle, self._field))
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
        smi = self._amdsmi
        violations = self._quiet(lambda: smi.amdsmi_get_violation_status(handle)) or {}
        processes = self._quiet(lambda: smi.amdsmi_get_gpu_process_list(handle))
        pids = None if processes is None else {int(process["pid"]) for process in processes}
        return GpuState(
            power_limit_watts=self._quiet(lambda: smi.amdsmi_get_power_cap_info(handle)["power_cap"] / 1e6),
            throttle_reasons=tuple(name for field, name in _VIOLATIONS.items() if violations.get(field) is True),
            sm_clock_mhz=self._quiet(
                lambda: float(smi.amdsmi_get_clock_info(handle, smi.AmdSmiClkType.GFX)["clk"]),
            ),
            temperature_celsius=self._quiet(
                lambda: float(
                    smi.amdsmi_get_temp_metric(
                        handle, smi.AmdSmiTemperatureType.HOTSPOT, smi.AmdSmiTemperatureMetric.CURRENT
                    )
                )
            ),
            processes_count=None if pids is None else len(pids),
            owners_count=None if pids is None else owners_count(pids),
        )

    def close(self) -> None:
        """Shuts the library down."""
        self._quiet(self._amdsmi.amdsmi_shut_down)

    def _joules(self, handle: Any) -> float:
        count = self._amdsmi.amdsmi_get_energy_count(handle)
        ticks = count["energy_accumulator"] if "energy_accumulator" in count else count["power"]  # before ROCm 6.2
        return float(ticks * count["counter_resolution"] / 1e6)

    def _watts(self, handle: Any, field: str) -> float:
        value = self._amdsmi.amdsmi_get_power_info(handle)[field]
        if isinstance(value, str) or value in _NOT_A_NUMBER:
            message = f"this GPU has no {field}"
            raise ValueError(message)
        return float(value)

    def _try(self, read: Callable[[], float]) -> float | None:
        try:
            return read()
        except Exception as error:  # noqa: BLE001 -- a thread that dies of a driver's surprise would look like a quiet GPU
            self.trouble = _one_line(error)
            return None

    def _quiet(self, read: Callable[[], Any]) -> Any:
        """A reading that a GPU may lack without harm: it is not remembered as trouble."""
        try:
            return read()
        except Exception:  # noqa: BLE001 -- as above
            return None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
