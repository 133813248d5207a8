import asyncio
import time

import pytest

from probes.load import ClosedLoop
from probes.trace import RawAnswer

pytestmark = pytest.mark.slow


class _Server:
    """Answers each stream after its own time; notes every request."""

    def __init__(self, *seconds: float, fail: bool = False) -> None:
        self.seconds, self.fail = seconds, fail
        self.asked: list[tuple[int, int]] = []
        self.busy = 0
        self.busy_seen: list[int] = []

    async def send(self, stream: int, number: int) -> RawAnswer:
        self.asked.append((stream, number))
        self.busy += 1
        self.busy_seen.append(self.busy)
        sent_ns = time.perf_counter_ns()
        try:
            await asyncio.sleep(self.seconds[stream])
        finally:
            self.busy -= 1
        now_ns = time.perf_counter_ns()
        return RawAnswer(
            scheduled_ns=sent_ns, sent_ns=sent_ns, ended_ns=now_ns, failure="http_429" if self.fail else None
        )


async def test_every_stream_sends_one_warm_up_and_its_share_of_every_repeat():
    server = _Server(0.001, 0.001, 0.001)
    loop = ClosedLoop(server.send, concurrency=3, repeats=2, requests_per_stream=4)
    await loop.run()
    assert [[len(stream) for stream in repeat] for repeat in loop.answers] == [[4, 4, 4], [4, 4, 4]]
    assert (len(loop.warmup), loop.finished_repeats) == (3, 2)


async def test_one_stream_sends_nothing_beyond_its_share():
    server = _Server(0)
    await ClosedLoop(server.send, concurrency=1, repeats=3, requests_per_stream=2).run()
    assert [(0, number) for number in range(7)] == server.asked


async def test_a_fast_stream_keeps_the_server_busy_until_the_slow_one_is_done():
    server = _Server(0.001, 0.02)
    loop = ClosedLoop(server.send, concurrency=2, repeats=1, requests_per_stream=3)
    await loop.run()
    slow = [number for stream, number in server.asked if stream == 1]
    fast = [number for stream, number in server.asked if stream == 0]
    assert ([0, 1, 2, 3], list(range(len(fast))), True) == (slow, fast, len(fast) > 10)
    assert [len(stream) for stream in loop.answers[0]] == [3, 3]
    assert server.busy == 0


async def test_no_two_requests_of_a_stream_overlap():
    server = _Server(0.001)
    await ClosedLoop(server.send, concurrency=1, repeats=2, requests_per_stream=3).run()
    assert {1} == set(server.busy_seen)


async def test_failing_fillers_stop_instead_of_hammering_the_server():
    server = _Server(0.0, 0.05, fail=True)
    await ClosedLoop(server.send, concurrency=2, repeats=1, requests_per_stream=2).run()
    assert len([stream for stream, _ in server.asked if stream == 0]) == 1 + 2 + 1


async def test_repeats_and_the_start_of_measuring_are_announced_once_each():
    said: list[object] = []
    loop = ClosedLoop(
        _Server(0, 0.001).send,
        concurrency=2,
        repeats=3,
        requests_per_stream=1,
        on_measuring=lambda: said.append("measuring"),
        on_repeat=said.append,
    )
    await loop.run()
    assert said == ["measuring", 1, 2, 3]


async def test_what_was_answered_survives_a_cancellation():
    loop = ClosedLoop(_Server(0.001, 10).send, concurrency=2, repeats=1, requests_per_stream=5)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(loop.run(), 0.1)
    assert ([len(stream) for stream in loop.answers[0]], loop.finished_repeats) == ([5, 0], 0)


async def test_the_mean_request_time_is_known_after_the_first_answer():
    loop = ClosedLoop(_Server(0.02).send, concurrency=1, repeats=1, requests_per_stream=2)
    assert loop.mean_request_s is None
    await loop.run()
    assert True is (0.02 <= loop.mean_request_s < 0.2)
