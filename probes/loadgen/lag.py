"""Eyes on the load client itself: how late it was, and how busy."""

from __future__ import annotations

import asyncio
import time
from array import array

from probes.loadgen.timer import Timer
from probes.trace import NS_PER_MS

TICK_NS = 10_000_000


class Lag:
    """A ticker that asks to be woken every 10 ms at absolute times and notes how late it was: so late can the arrival of a token have been noted.

    A tick that passed while the process was held up counts too, with its own lateness: a stall of 50 ms is five late ticks, not one.
    """

    def __init__(self) -> None:
        """Begins at once."""
        self._late_ns = array("q")
        self._began_ns, self._cpu_began_ns = time.perf_counter_ns(), time.process_time_ns()
        self._task = asyncio.get_running_loop().create_task(self._tick())
        self.cpu_fraction: float | None = None

    async def stop(self) -> None:
        """Ends the ticker."""
        wall_ns = time.perf_counter_ns() - self._began_ns
        if self.cpu_fraction is None and wall_ns > 0:
            self.cpu_fraction = (time.process_time_ns() - self._cpu_began_ns) / wall_ns
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    @property
    def p99_ms(self) -> float | None:
        """99th percentile of the lateness [ms]; None before the first tick."""
        return nearest_rank_ms(self._late_ns, 0.99)

    async def _tick(self) -> None:
        timer = Timer()
        due_ns = time.perf_counter_ns() + TICK_NS
        try:
            while True:
                await timer.until(due_ns)
                now_ns = time.perf_counter_ns()
                while due_ns <= now_ns:
                    self._late_ns.append(now_ns - due_ns)
                    due_ns += TICK_NS
        finally:
            timer.close()


def nearest_rank_ms(values_ns: array[int], quantile: float) -> float | None:
    """A percentile by nearest rank [ms]: the smallest value that at least the quantile's share of values does not exceed.

    Args:
        values_ns: the values [ns].
        quantile: between 0 and 1.

    Returns:
        None of nothing.

    >>> nearest_rank_ms(array("q", [1_000_000, 3_000_000, 2_000_000]), 0.5)
    2.0
    """
    if not values_ns:
        return None
    rank = max(0, -int(-quantile * len(values_ns) // 1) - 1)
    return sorted(values_ns)[rank] / NS_PER_MS
