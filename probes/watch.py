"""Eyes beside the requests: the client's own lag and CPU use, the server's `/metrics`, the energy meter."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Self

import numpy as np

from probes.measure import Surroundings
from probes.server_metrics import ServerMetrics, fetch_metrics_text, increase, parse_metrics, prefix_hit_fraction

if TYPE_CHECKING:
    import aiohttp

    from probes.progress import EnergyMeter

TICK_S = 0.01
FIRST_SCRAPE_S = 0.2
SCRAPE_EVERY_S = 2.0


class Watch:
    """Watches one load point; use it as `async with`.

    A ticker asks to be woken every 10 ms and notes how late it was: that is how late a token's arrival can have been noted.
    `/metrics` is fetched before, after, and every 2 s under load, and parsed only when the load point is over.
    """

    def __init__(self, session: aiohttp.ClientSession, base_url: str, meter: EnergyMeter | None = None) -> None:
        self._session = session
        self._base_url = base_url
        self._meter = meter
        self._before: str | None = None
        self._after: str | None = None
        self._under_load: list[str] = []
        self._lags_ms: list[float] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._began: tuple[float, float] | None = None
        self._client_cpu_fraction: float | None = None
        self._energy: tuple[float | None, float | None] = (None, None)

    async def __aenter__(self) -> Self:
        self._before = await self._scrape()
        self._tasks = [asyncio.create_task(self._tick())]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.end()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def begin(self) -> None:
        """The first measured request is about to be sent."""
        self._lags_ms.clear()
        self._began = (time.perf_counter(), time.process_time())
        if self._before is not None:
            self._tasks.append(asyncio.create_task(self._keep_scraping()))
        if self._meter is not None:
            self._meter.start()

    def end(self) -> None:
        """The last measured request was answered, or the load point was cut short; a second call does nothing."""
        if self._began is None:
            return
        wall_s, cpu_s = time.perf_counter() - self._began[0], time.process_time() - self._began[1]
        self._began = None
        self._client_cpu_fraction = cpu_s / wall_s if wall_s > 0 else None
        for task in self._tasks:
            task.cancel()
        if self._meter is not None:
            self._energy = self._meter.stop()

    async def finish(self) -> None:
        """Reads the server's counters once more, after the last request."""
        self.end()
        if self._before is not None:
            self._after = await self._scrape()

    def surroundings(self, stopped: str | None = None) -> Surroundings:
        """What was seen.

        Args:
            stopped: why the load point was cut short, None if it was not.
        """
        readings = [reading for page in self._under_load if (reading := parse_metrics(page)) is not None]
        before = parse_metrics(self._before) if self._before is not None else None
        after = parse_metrics(self._after) if self._after is not None else None
        preemptions = increase(before, after, "preemptions")
        return Surroundings(
            power_watts=self._energy[0],
            energy_joules=self._energy[1],
            kv_cache_usage_fraction=_fullest(readings),
            preemptions=None if preemptions is None else int(preemptions),
            prefix_cache_hit_fraction=prefix_hit_fraction(before, after),
            client_cpu_fraction=self._client_cpu_fraction,
            client_lag_p99_ms=float(np.quantile(self._lags_ms, 0.99)) if self._lags_ms else None,
            stopped=stopped,
        )

    async def _scrape(self) -> str | None:
        return await fetch_metrics_text(self._session, self._base_url)

    async def _keep_scraping(self) -> None:
        await asyncio.sleep(FIRST_SCRAPE_S)
        while True:
            page = await self._scrape()
            if page is not None:
                self._under_load.append(page)
            await asyncio.sleep(SCRAPE_EVERY_S)

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            self._lags_ms.append(max(0.0, loop.time() - due_s) * 1e3)


def _fullest(readings: list[ServerMetrics]) -> float | None:
    seen = [reading.kv_cache_usage_fraction for reading in readings if reading.kv_cache_usage_fraction is not None]
    return min(1.0, max(seen)) if seen else None
