"""Timers, the ticker, and requests that are made ahead."""

import asyncio
import sys
import time
from array import array

import pytest

from probes.loadgen.bodies import BodiesAhead, Made, made
from probes.loadgen.generate import pause_after
from probes.loadgen.lag import Lag, nearest_rank_ms
from probes.loadgen.reading import read_kept
from probes.loadgen.timer import Timer
from probes.servers.dialect import Dialect
from probes.trace import RawAnswer
from probes.workload.request import Request
from tests.probes.loadgen.scripted import CHUNK


async def test_a_timer_never_rings_early_and_does_not_wait_for_the_past():
    timer = Timer()
    due_ns = time.perf_counter_ns() + 3_000_000
    for _ in range(3):
        await timer.until(due_ns)
        assert time.perf_counter_ns() >= due_ns
        due_ns += 1_500_000
    await timer.until(time.perf_counter_ns() - 1)
    await timer.until(0)
    assert timer.exact is (sys.platform == "linux")
    timer.close()
    timer.close()


async def test_where_there_is_no_kernel_timer_the_event_loop_stands_in(monkeypatch):
    monkeypatch.setattr("probes.loadgen.timer.sys.platform", "win32")
    timer = Timer()
    due_ns = time.perf_counter_ns() + 2_000_000
    await timer.until(due_ns)
    # The event loop may be early by its clock's resolution, which is a millisecond with uvloop.
    assert (False, True) == (timer.exact, time.perf_counter_ns() >= due_ns - 1_000_000)
    timer.close()


async def test_a_stall_is_as_many_late_ticks_as_were_missed():
    lag = Lag()
    await asyncio.sleep(0.015)
    time.sleep(0.1)  # noqa: ASYNC251 -- the stall itself
    await asyncio.sleep(0.015)
    await lag.stop()
    # Ten ticks of 10 ms fell into the 100 ms; the first of them was at least 80 ms late.
    assert sum(late_ns > 5_000_000 for late_ns in lag._late_ns) >= 8
    assert lag.p99_ms >= 80
    assert 0 <= lag.cpu_fraction <= 1.5


@pytest.mark.parametrize(
    ("values_ms", "quantile", "expected"),
    [([], 0.99, None), ([7], 0.99, 7.0), (range(1, 101), 0.99, 99.0), (range(1, 102), 0.99, 100.0), ([1, 2], 0.5, 1.0)],
)
def test_a_percentile_is_a_value_that_was_seen(values_ms, quantile, expected):
    assert expected == nearest_rank_ms(array("q", (value * 1_000_000 for value in values_ms)), quantile)


def _maker(asked: list[tuple[int, int]]):
    def make(line: int, number: int) -> Made:
        asked.append((line, number))
        request = Request(prompt=[line, number], input_tokens=2, output_tokens=1, cache_salt="")
        return made(request, b"%d-%d" % (line, number))

    return make


def test_requests_are_made_ahead_line_by_line_and_given_in_order():
    asked = []
    bodies = BodiesAhead(_maker(asked), [0, 1], ahead=2)
    bodies.fill()
    assert [(0, 0), (1, 0), (0, 1), (1, 1)] == asked
    assert [b"0-0", b"0-1"] == [bodies.take(0).outgoing.body for _ in range(2)]
    assert 0 == bodies.late
    # The third was not waiting: made on the spot, and counted.
    assert (b"0-2", 1) == (bodies.take(0).outgoing.body, bodies.late)
    bodies.fill()
    assert [b"0-3", b"0-4"] == [bodies.take(0).outgoing.body for _ in range(2)]
    assert b"1-0" == bodies.take(1).outgoing.body


def test_a_schedule_is_made_to_its_end_and_no_further():
    asked = []
    bodies = BodiesAhead(_maker(asked), [0], ahead=3, last=3)
    bodies.fill()
    bodies.take(0)
    bodies.fill()
    assert [(0, 0), (0, 1), (0, 2)] == asked


def test_what_waits_is_bounded_in_bytes(monkeypatch):
    monkeypatch.setattr("probes.loadgen.bodies.AHEAD_BYTES", 7)
    asked = []
    BodiesAhead(_maker(asked), [0], ahead=100).fill()
    # Bodies of 3 bytes: a third one begins at 6 and none at 9.
    assert 3 == len(asked)


async def test_what_was_taken_is_made_again_during_the_load():
    asked = []
    bodies = BodiesAhead(_maker(asked), [0], ahead=1)
    bodies.fill()
    task = asyncio.create_task(bodies.keep_filling())
    for number in range(3):
        bodies.take(0)
        for _ in range(4):
            await asyncio.sleep(0)
        assert number + 2 == len(asked)
    task.cancel()
    assert 0 == bodies.late


def _failed(**more) -> RawAnswer:
    return RawAnswer(scheduled_ns=0, sent_ns=0, ended_ns=0, failure="http_5xx", **more)


def test_pauses_double_after_each_failure_and_stop_at_two_seconds():
    assert [0.05, 0.1, 0.2, 1.6, 2.0, 2.0] == [pause_after(_failed(), failures) for failures in (1, 2, 3, 6, 7, 500)]


def test_a_server_that_says_how_long_is_believed_for_a_minute_at_most():
    assert [0.0, 3.5, 60.0] == [pause_after(_failed(retry_after_s=asked), 9) for asked in (0.0, 3.5, 86_400.0)]


@pytest.mark.parametrize("cut", [0, 1, 40, 87])
def test_an_answer_that_was_cut_off_counts_its_whole_events(cut):
    reads = ((10, CHUNK), (20, CHUNK), (30, CHUNK[:cut]))
    trace = read_kept(RawAnswer(scheduled_ns=0, sent_ns=0, ended_ns=99, reads=reads, failure="cancelled"), Dialect())
    assert ("cancelled", (10, 20), 2) == (trace.failure, trace.arrivals_ns, trace.output_tokens)


def test_an_answer_that_was_cut_off_before_its_first_event_has_no_tokens():
    trace = read_kept(
        RawAnswer(scheduled_ns=0, sent_ns=0, ended_ns=9, reads=((1, b"dat"),), failure="cancelled"), Dialect()
    )
    assert ("cancelled", 0) == (trace.failure, trace.output_tokens)
