"""What a sweep asks of a power meter."""

from __future__ import annotations

from typing import Protocol, Self

from probes.cell import EnergyReading


class PowerMeter(Protocol):
    """Samples power all the time it is open, and is asked afterwards about any window of it; used as `with`."""

    def __enter__(self) -> Self:
        """Begins to sample, ten times a second, in the background."""

    def __exit__(self, *_: object) -> None:
        """Ends sampling."""

    def between(self, start_ns: int, end_ns: int) -> EnergyReading:
        """Power and energy of a window.

        Args:
            start_ns: its beginning (`time.perf_counter_ns`).
            end_ns: its end.

        Returns:
            The reading, edges interpolated; without numbers and with `reason` where there are none.
        """
