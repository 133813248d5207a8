"""Energy of GPUs over a measuring window, from NVIDIA's management library.

From Volta on, a GPU counts the energy it has used [mJ] since the driver was loaded: the difference of two readings is exact and costs nothing in between
(https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceQueries.html, `nvmlDeviceGetTotalEnergyConsumption`). Older ones give their present power only;
it is sampled and integrated by the trapezoidal rule.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from probes.nvml import load_nvml, visible_gpu_indices

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SAMPLE_EVERY_S = 0.1
"""Time between two power samples [s]; drivers renew the value 10 to 50 times a second."""


def energy_meter(gpus: int | None = None, nvml: Any = None) -> GpuEnergyMeter | None:
    """A meter for the GPUs that an engine started here will use.

    Args:
        gpus: how many, from the first that `CUDA_VISIBLE_DEVICES` shows; None takes all of them.
        nvml: the `pynvml` module or a stand-in for tests; None loads it.

    Returns:
        The meter, or None where there is no GPU that can be read.
    """
    nvml = nvml if nvml is not None else load_nvml()
    if nvml is None or gpus == 0:
        return None
    try:
        nvml.nvmlInit()
        indices = visible_gpu_indices(nvml)[:gpus]
        handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in indices]
    except nvml.NVMLError:
        return None
    return GpuEnergyMeter(nvml, handles) if handles else None


class GpuEnergyMeter:
    """Mean power [W] and energy [J] of several GPUs together, between `start` and `stop`.

    One GPU that cannot be read makes the answer None: a sum without it would be too low and look right.
    """

    def __init__(self, nvml: Any, handles: Sequence[Any], clock: Callable[[], float] = time.monotonic) -> None:
        self._nvml = nvml
        self._handles = list(handles)
        self._clock = clock
        self._started_s: float | None = None
        self._before_joules: float | None = None
        self._sampler: PowerSampler | None = None

    def start(self) -> None:
        """Begins a window; a window that is still open is dropped."""
        if self._sampler is not None:
            self._sampler.end()
            self._sampler = None
        self._before_joules = self._counted_joules()
        self._started_s = self._clock()
        if self._before_joules is None:
            self._sampler = PowerSampler(self._total_watts, self._clock)
            self._sampler.begin()

    def stop(self) -> tuple[float | None, float | None]:
        """Ends the window.

        Returns:
            Mean power [W] and energy [J]; None where the window was never started, a reading failed or the counter went backwards
            (the driver was loaded anew in between).
        """
        started_s, self._started_s = self._started_s, None
        if started_s is None:
            return None, None
        if self._sampler is not None:
            joules = self._sampler.end()
            self._sampler = None
        else:
            after_joules, before_joules = self._counted_joules(), self._before_joules
            joules = None if after_joules is None or before_joules is None else after_joules - before_joules
        elapsed_s = self._clock() - started_s
        if joules is None or joules < 0 or elapsed_s <= 0:
            return None, None
        return joules / elapsed_s, joules

    def _counted_joules(self) -> float | None:
        try:
            return float(sum(self._nvml.nvmlDeviceGetTotalEnergyConsumption(handle) for handle in self._handles)) / 1000
        except self._nvml.NVMLError:
            return None

    def _total_watts(self) -> float | None:
        try:
            return float(sum(self._nvml.nvmlDeviceGetPowerUsage(handle) for handle in self._handles)) / 1000
        except self._nvml.NVMLError:
            return None


class PowerSampler:
    """Integrates power over time, E = sum of (P_i + P_{i+1}) / 2 x (t_{i+1} - t_i) [J], from samples taken in a thread."""

    def __init__(self, read_watts: Callable[[], float | None], clock: Callable[[], float] = time.monotonic) -> None:
        self._read_watts = read_watts
        self._clock = clock
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="gpu-power", daemon=True)
        self._last: tuple[float, float] | None = None
        self._joules = 0.0
        self._failed = False

    def begin(self) -> None:
        """Takes the first sample and goes on sampling in the background."""
        self.sample()
        self._thread.start()

    def end(self) -> float | None:
        """Takes the last sample and ends the thread.

        Returns:
            Energy since `begin` [J]; None when any sample failed.
        """
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        self.sample()
        return None if self._failed else self._joules

    def sample(self) -> None:
        """Adds one sample at the present time."""
        watts = self._read_watts()
        now_s = self._clock()
        if watts is None:
            self._failed = True
            return
        if self._last is not None:
            then_s, then_watts = self._last
            self._joules += (watts + then_watts) / 2 * (now_s - then_s)
        self._last = (now_s, watts)

    def _work(self) -> None:
        while not self._ended.wait(SAMPLE_EVERY_S):
            self.sample()
