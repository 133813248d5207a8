import asyncio
import time

import pytest

from probes.client import open_session
from probes.endpoint import Endpoint
from probes.measure import Surroundings
from probes.watch import Watch
from tests.fake_server import MODEL, Behaviour, FakeServer

pytestmark = pytest.mark.slow


class _Meter:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def start(self) -> None:
        self.calls.append("start")

    def stop(self) -> tuple[float, float]:
        self.calls.append("stop")
        return 250.0, 500.0


async def _watch(work, *, behaviour=None, meter=None) -> Surroundings:
    async with FakeServer(behaviour) as server:
        endpoint = Endpoint(base_url=server.url, served_model_name=MODEL)
        async with open_session(endpoint) as session, Watch(session, server.url, meter) as watch:
            watch.begin()
            await work(server)
            await watch.finish()
            return watch.surroundings()


async def _idle(_: FakeServer) -> None:
    await asyncio.sleep(0.3)


async def test_an_idle_client_is_neither_late_nor_busy():
    seen = await _watch(_idle)
    assert (seen.client_lag_p99_ms < 50, seen.client_cpu_fraction < 0.5) == (True, True)


async def test_a_client_that_computes_between_reads_is_late_and_busy():
    async def compute(_: FakeServer) -> None:
        for _ in range(4):
            end_s = time.process_time() + 0.06
            while time.process_time() < end_s:
                pass
            await asyncio.sleep(0)

    seen = await _watch(compute)
    assert (seen.client_lag_p99_ms > 40, seen.client_cpu_fraction > 0.1) == (True, True)


async def test_the_meter_runs_from_begin_to_finish_and_stops_once():
    meter = _Meter()
    seen = await _watch(_idle, meter=meter)
    assert (meter.calls, seen.power_watts, seen.energy_joules) == (["start", "stop"], 250.0, 500.0)


async def test_server_counters_are_differences_and_cache_use_is_seen_under_load_only():
    async def load(server: FakeServer) -> None:
        server.busy = 1
        await asyncio.sleep(0.4)
        server.busy = 0
        server._counters |= {"prompt": 1000, "hits": 250.0, "preemptions": 3}

    seen = await _watch(load)
    assert (seen.kv_cache_usage_fraction, seen.preemptions, seen.prefix_cache_hit_fraction) == (0.25, 3, 0.25)


async def test_a_load_point_too_short_to_look_into_the_cache_does_not_claim_that_it_was_empty():
    async def short(_: FakeServer) -> None:
        await asyncio.sleep(0.01)

    seen = await _watch(short)
    assert (seen.kv_cache_usage_fraction, seen.preemptions) == (None, 0)


async def test_without_metrics_nothing_is_known_of_the_server():
    seen = await _watch(_idle, behaviour=Behaviour(metrics=False))
    assert (
        seen.kv_cache_usage_fraction,
        seen.preemptions,
        seen.prefix_cache_hit_fraction,
        seen.power_watts,
    ) == (None, None, None, None)


async def test_a_watch_that_never_began_has_seen_nothing_and_never_starts_the_meter():
    meter = _Meter()
    async with FakeServer() as server:
        endpoint = Endpoint(base_url=server.url, served_model_name=MODEL)
        async with open_session(endpoint) as session, Watch(session, server.url, meter) as watch:
            pass
    seen = watch.surroundings("interrupted")
    assert (seen.stopped, seen.client_cpu_fraction, meter.calls) == ("interrupted", None, [])
