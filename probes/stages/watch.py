"""The server's own numbers beside a load: read before, after and every two seconds, parsed when the load is over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from probes.analysis.surroundings import Surroundings
from probes.servers.metrics import (
    ServerMetrics,
    fetch_metrics_text,
    increase,
    parse_metrics,
    prefix_hit_fraction,
    server_side,
)

if TYPE_CHECKING:
    import aiohttp

    from probes.cell import EnergyReading
    from probes.findings import ClientFloor

FIRST_SCRAPE_S = 0.2
SCRAPE_EVERY_S = 2.0


class Watch:
    """Watches one load; use it as `async with` around it."""

    def __init__(self, session: aiohttp.ClientSession, metrics_url: str | None) -> None:
        self._session, self._metrics_url = session, metrics_url
        self._before: str | None = None
        self._after: str | None = None
        self._under_load: list[str] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._before = await self._scrape()
        if self._before is not None:
            self._task = asyncio.create_task(self._keep_scraping())
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._before is not None and kind is None:
            self._after = await self._scrape()

    def surroundings(
        self, *, energy: EnergyReading | None, floor: ClientFloor | None, stopped: str | None
    ) -> Surroundings:
        """What was seen.

        Args:
            energy: of the measured window.
            floor: what the client itself adds.
            stopped: why the load was cut short, None if it was not.
        """
        readings = [found for page in self._under_load if (found := parse_metrics(page)) is not None]
        before = parse_metrics(self._before) if self._before is not None else None
        after = parse_metrics(self._after) if self._after is not None else None
        preemptions = increase(before, after, "preemptions")
        return Surroundings(
            energy=energy,
            floor=floor,
            kv_cache_usage_fraction=_fullest(readings),
            preemptions=None if preemptions is None else int(preemptions),
            prefix_cache_hit_fraction=prefix_hit_fraction(before, after),
            server=server_side(before, after, readings),
            stopped=stopped,
        )

    async def _scrape(self) -> str | None:
        return (
            None if self._metrics_url is None else await fetch_metrics_text(self._session, self._metrics_url, path="")
        )

    async def _keep_scraping(self) -> None:
        await asyncio.sleep(FIRST_SCRAPE_S)
        while True:
            page = await self._scrape()
            if page is not None:
                self._under_load.append(page)
            await asyncio.sleep(SCRAPE_EVERY_S)


def _fullest(readings: list[ServerMetrics]) -> float | None:
    seen = [reading.kv_cache_usage_fraction for reading in readings if reading.kv_cache_usage_fraction is not None]
    return min(1.0, max(seen)) if seen else None
