"""The power meter: samples in the background, and answers afterwards for any window.

Power and counters are sampled ten times a second, the state of the GPUs (clocks, heat, cap, throttling, who computes there) once a second. What a window's
codes mean stands in `probes.energy.codes`; energy per token is `probes.analysis.cell.energy_per_token`.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections import deque
from typing import TYPE_CHECKING, Self

from probes.cell import EnergyReading
from probes.energy.reading import Device, Energy, compose, energy_of
from probes.energy.series import NS_PER_S, Series

if TYPE_CHECKING:
    from collections.abc import Callable

    from probes.energy.source import CpuSource, GpuSource, GpuState

SAMPLE_EVERY_S = 0.1
"""Time between two samples [s]; NVIDIA's counter is renewed about as often."""

STATE_EVERY_S = 1.0
"""Time between two looks at clocks, heat, cap and programs [s]."""

DECLARED = "declared"
"""Source of a reading that has nothing but what the machine's owner says of it."""

KEPT_STATES = 36_000
"""States kept: ten hours."""


class SamplingMeter:
    """Samples GPUs and processor packages while it is open; keeps the last ten hours.

    The power of a reading is that of the GPUs where an engine uses GPUs, and that of the processor packages where it runs on the processor
    (`cpu_is_device`). Processor packages are read beside GPUs too, as `cpu_watts`.
    """

    def __init__(
        self,
        gpu: GpuSource | None = None,
        cpu: CpuSource | None = None,
        *,
        cpu_is_device: bool = False,
        reason: str | None = None,
        declared_host_watts: float | None = None,
        estimate: bool = False,
        clock: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        """Makes the meter; sampling begins with `with`.

        Args:
            gpu: the GPUs of the engine; None where there are none or they cannot be read.
            cpu: the processor packages; None where they cannot be read.
            cpu_is_device: whether the engine runs on the processor.
            reason: why there is no number, where there is none.
            declared_host_watts: power of the whole machine as its owner says [W].
            estimate: whether the engine runs on random weights.
            clock: gives nanoseconds; for tests.
        """
        self._gpu = gpu
        self._cpu = cpu
        self._cpu_is_device = cpu_is_device
        self._reason = reason
        self._declared_host_watts = declared_host_watts
        self._estimate = estimate
        self._clock = clock
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._counters = [Series("counter") for _ in range(gpu.gpus if gpu else 0)]
        self._powers = [Series("power") for _ in range(gpu.gpus if gpu else 0)]
        self._packages = [Series("counter") for _ in range(cpu.packages if cpu else 0)]
        self._states: deque[tuple[int, tuple[GpuState, ...]]] = deque(maxlen=KEPT_STATES)

    @property
    def reads(self) -> bool:
        """Whether there is anything to read."""
        return self._gpu is not None or self._cpu is not None

    def __enter__(self) -> Self:
        """Begins to sample; without anything to read it does nothing."""
        if self.reads:
            self.take()
            self._thread = threading.Thread(target=self._work, name="power-meter", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Takes a last sample and ends; windows can still be asked for."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            self.take()
            if self._gpu is not None:
                self._gpu.close()

    def _work(self) -> None:
        due = time.monotonic()
        while True:
            # Deadlines are absolute; one that was missed is skipped, and shows as a gap.
            due = max(due + SAMPLE_EVERY_S, time.monotonic())
            if self._ended.wait(due - time.monotonic()):
                return
            self.take()

    def take(self) -> None:
        """Samples everything once; the state of the GPUs only where a second has passed since the last look."""
        with self._lock:
            if self._gpu is not None:
                self._take_gpus(self._gpu)
            if self._cpu is not None:
                for package, (stamp_ns, joules) in zip(self._packages, self._cpu.sample(), strict=True):
                    if joules is not None:
                        package.add(stamp_ns, joules)

    def _take_gpus(self, gpu: GpuSource) -> None:
        for counter, power, sample in zip(self._counters, self._powers, gpu.sample(), strict=True):
            if sample.counter_joules is not None:
                counter.add(sample.counter_ns, sample.counter_joules)
            if sample.power_watts is not None:
                power.add(sample.power_ns, sample.power_watts)
        now_ns = self._clock()
        if not self._states or now_ns - self._states[-1][0] >= STATE_EVERY_S * NS_PER_S:
            self._states.append((now_ns, tuple(gpu.state())))

    def between(self, start_ns: int, end_ns: int) -> EnergyReading:
        """Power and energy of a window, its edges interpolated.

        Args:
            start_ns: its beginning (`time.perf_counter_ns`).
            end_ns: its end, not in the future.

        Returns:
            The reading. Without numbers, and with `reason`, where there is no source, a GPU cannot be read, or the meter was not open all the time.
        """
        if end_ns <= start_ns:
            return self._finish(EnergyReading(reason="The window is empty."))
        if self._thread is not None and self._clock() >= end_ns:
            self.take()  # so that samples bracket a window that has just ended
        window_s = (end_ns - start_ns) / NS_PER_S
        with self._lock:
            gpus = [
                Device(counter=counter.window(start_ns, end_ns), power=power.window(start_ns, end_ns))
                for counter, power in zip(self._counters, self._powers, strict=True)
            ]
            packages = [Device(counter=package.window(start_ns, end_ns)) for package in self._packages]
            states = self._states_in(start_ns, end_ns)
            started = any(len(series) for series in (*self._counters, *self._powers, *self._packages))
        cpu = energy_of(packages)
        cpu_watts = sum(cpu.joules) / window_s if cpu.joules else None
        if self._gpu is not None:
            reading = _gpu_reading(self._gpu, gpus, states, window_s=window_s, started=started)
        elif self._cpu is not None and self._cpu_is_device:
            reading = _cpu_reading(self._cpu, packages, window_s=window_s, started=started)
        else:
            reading = EnergyReading(window_s=window_s, reason=self._reason or "There is no power meter.")
        return self._finish(reading.model_copy(update={"cpu_watts": cpu_watts}))

    def _finish(self, reading: EnergyReading) -> EnergyReading:
        source = reading.source or (DECLARED if self._declared_host_watts is not None else None)
        told = {"source": source, "host_watts": self._declared_host_watts, "estimate": self._estimate}
        return reading.model_copy(update=told)

    def _states_in(self, start_ns: int, end_ns: int) -> list[tuple[GpuState, ...]]:
        """States inside a window, and the last one before it: that one still held when it began."""
        stamps = [stamp_ns for stamp_ns, _ in self._states]
        first = max(0, bisect_right(stamps, start_ns) - 1)
        last = bisect_right(stamps, end_ns)
        return [self._states[index][1] for index in range(first, last)]

    def processes_count(self, start_ns: int, end_ns: int) -> int | None:
        """The most programs that computed on the GPUs at any moment of a window; None where the driver does not say."""
        with self._lock:
            rows = self._states_in(start_ns, end_ns)
        counts = [gpu.processes_count for row in rows for gpu in row]
        known = [count for count in counts if count is not None]
        return max(known) if known and len(known) == len(counts) else None


def _gpu_reading(
    gpu: GpuSource, devices: list[Device], states: list[tuple[GpuState, ...]], *, window_s: float, started: bool
) -> EnergyReading:
    energy = energy_of(devices)
    if not energy.joules:
        what = "GPU" if gpu.gpus == 1 else f"{gpu.gpus} GPUs"
        return _without(energy, devices, what=what, trouble=gpu.trouble, window_s=window_s, started=started)
    kind = "energy counter" if energy.by_counter else gpu.power_kind
    return compose(energy, states, window_s=window_s, source=f"{gpu.name} {kind}")


def _cpu_reading(cpu: CpuSource, devices: list[Device], *, window_s: float, started: bool) -> EnergyReading:
    energy = energy_of(devices)
    if not energy.joules:
        return _without(energy, devices, what="processor", trouble=cpu.trouble, window_s=window_s, started=started)
    reading = compose(energy, (), window_s=window_s, source=f"{cpu.name} energy counter")
    return reading.model_copy(update={"gpu_watts": []})


def _without(
    energy: Energy, devices: list[Device], *, what: str, trouble: str | None, window_s: float, started: bool
) -> EnergyReading:
    """A reading without numbers: the meter was not open all the time, or a device did not answer."""
    seen = sum(device.counter is not None or device.power is not None for device in devices)
    words = f": {trouble}" if trouble else ""
    if started and not seen:
        code, reason = "not_covered", f"The power of the {what} was not sampled over the whole window{words}."
    else:
        unread = f" ({len(devices) - seen} of {len(devices)} gave nothing)" if len(devices) > 1 else ""
        code, reason = "gpu_unreadable", f"The power of the {what} could not be read{unread}{words}."
    return EnergyReading(window_s=window_s, codes=[*energy.codes, code], reason=reason)
