"""Energy that has added up at a sensor, by time, and the energy of any window of it."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

NS_PER_S = 1e9

KEPT_SAMPLES = 360_000
"""Samples kept of one sensor: ten hours at ten a second, in under 9 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What one sensor gave in a window.

    Attributes:
        joules: energy of the window [J].
        values: readings inside it and the two that bracket it, in time order: J for a counter, W for a power sensor.
        samples: how many of them lie inside.
        gap_s: longest time between two readings [s].
    """

    joules: float
    values: tuple[float, ...]
    samples: int
    gap_s: float

    @property
    def backwards(self) -> bool:
        """Whether a reading was lower than the one before, which an energy counter must never do."""
        return any(after < before for before, after in pairwise(self.values))

    @property
    def constant(self) -> bool:
        """Whether every reading was the same."""
        return len(set(self.values)) == 1


class Series:
    """Readings of one sensor, the newest of them kept.

    Energy adds up from reading to reading: by a counter's own increase, or by the trapezoidal rule over power,
    `E = sum of (P_i + P_i+1) / 2 × (t_i+1 - t_i)`. At the edges of a window it is interpolated linearly in time, so windows that touch add up exactly.
    """

    def __init__(self, kind: Literal["counter", "power"], *, kept_samples: int = KEPT_SAMPLES) -> None:
        self._kind = kind
        self._kept_samples = kept_samples
        self._stamps_ns = array("q")
        self._joules = array("d")
        self._values = array("d")

    def add(self, stamp_ns: int, value: float) -> None:
        """Adds one reading; one that is not later than the last is dropped.

        Args:
            stamp_ns: when it was taken (`time.perf_counter_ns`).
            value: J for a counter, W for a power sensor.
        """
        if self._stamps_ns and stamp_ns <= self._stamps_ns[-1]:
            return
        self._joules.append(self._energy_up_to(stamp_ns, value))
        self._stamps_ns.append(stamp_ns)
        self._values.append(value)
        # Trimmed by an eighth at a time, so that the cost of moving the rest does not matter.
        if len(self._stamps_ns) > self._kept_samples * 9 // 8:
            for column in (self._stamps_ns, self._joules, self._values):
                del column[: -self._kept_samples]

    def _energy_up_to(self, stamp_ns: int, value: float) -> float:
        if self._kind == "counter":
            return value
        if not self._stamps_ns:
            return 0.0
        elapsed_s = (stamp_ns - self._stamps_ns[-1]) / NS_PER_S
        return self._joules[-1] + (self._values[-1] + value) / 2 * elapsed_s

    def window(self, start_ns: int, end_ns: int) -> Window | None:
        """Energy and readings of a window.

        Args:
            start_ns: its beginning.
            end_ns: its end, after the beginning.

        Returns:
            None where readings do not bracket it: nothing is extrapolated.
        """
        first = bisect_right(self._stamps_ns, start_ns) - 1
        last = bisect_left(self._stamps_ns, end_ns)
        if first < 0 or last >= len(self._stamps_ns) or end_ns <= start_ns:
            return None
        stamps_ns = self._stamps_ns[first : last + 1]
        joules = self._joules[first : last + 1]
        inside = bisect_right(self._stamps_ns, end_ns) - bisect_left(self._stamps_ns, start_ns)
        return Window(
            joules=interpolate(stamps_ns, joules, end_ns) - interpolate(stamps_ns, joules, start_ns),
            values=tuple(self._values[first : last + 1]),
            samples=inside,
            gap_s=max(after - before for before, after in pairwise(stamps_ns)) / NS_PER_S,
        )

    @property
    def newest_ns(self) -> int | None:
        """When the last reading was taken; None before the first."""
        return self._stamps_ns[-1] if self._stamps_ns else None

    def __len__(self) -> int:
        return len(self._stamps_ns)


def interpolate(stamps_ns: Sequence[int], joules: Sequence[float], at_ns: int) -> float:
    """Energy at a moment between two readings, linear in time.

    >>> interpolate([0, 1_000_000_000], [10.0, 30.0], 250_000_000)
    15.0

    Args:
        stamps_ns: times of the readings, rising; at least two.
        joules: energy added up at each.
        at_ns: a time between the first and the last.
    """
    right = max(1, bisect_left(stamps_ns, at_ns))
    before_ns, after_ns = stamps_ns[right - 1], stamps_ns[right]
    share = (at_ns - before_ns) / (after_ns - before_ns)
    return joules[right - 1] + share * (joules[right] - joules[right - 1])
