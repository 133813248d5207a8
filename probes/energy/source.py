"""What a power meter reads: one sample of every GPU ten times a second, their state once a second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuSample:
    """Energy counter and power of one GPU, each with the moment it was read; None where the GPU does not say.

    Attributes:
        counter_ns: when the counter was read (`time.perf_counter_ns`).
        counter_joules: energy since the driver was loaded [J].
        power_ns: when power was read.
        power_watts: present power [W].
    """

    counter_ns: int = 0
    counter_joules: float | None = None
    power_ns: int = 0
    power_watts: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuState:
    """What decides a GPU's speed and power besides the load; None where it does not say.

    Attributes:
        power_limit_watts: power cap in force [W].
        throttle_reasons: why its clocks are not higher, by name; without `gpu_idle`.
        sm_clock_mhz: clock of its processors [MHz].
        temperature_celsius: its temperature [°C].
        processes_count: programs that compute on it.
        owners_count: owners of those programs; an engine with its workers counts once.
        divided: whether it is divided into instances (MIG).
    """

    power_limit_watts: float | None = None
    throttle_reasons: tuple[str, ...] = ()
    sm_clock_mhz: float | None = None
    temperature_celsius: float | None = None
    processes_count: int | None = None
    owners_count: int | None = None
    divided: bool = False


class GpuSource(Protocol):
    """The GPUs that one engine uses. No method raises: what cannot be read is None, and `trouble` has the driver's words."""

    name: str
    power_kind: str
    gpus: int
    trouble: str | None

    def sample(self) -> list[GpuSample]:
        """Counter and power of every GPU, in CUDA's order."""

    def state(self) -> list[GpuState]:
        """State of every GPU, in the same order."""

    def close(self) -> None:
        """Lets go of the driver."""


class CpuSource(Protocol):
    """Energy counters of the processor packages. Does not raise."""

    name: str
    packages: int
    trouble: str | None

    def sample(self) -> list[tuple[int, float | None]]:
        """When each package's counter was read, and its energy [J]; None where it cannot be read."""
