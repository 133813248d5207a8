import pytest

from probes.analysis.rounds import Precision
from probes.analysis.windows import closed_window, open_window, whole_run
from probes.workload.request import Arrival
from tests.probes.analysis.loads import MS, S, closed, failed, open_load, request, result


def test_the_whole_run_is_what_vllm_bench_counts():
    # vllm/benchmarks/serve.py: completed / duration, sum(output) / duration, (input + output) / duration; failed ones count as time only.
    traces = [request(0), request(50), failed(100, 400, "http_5xx"), failed(150, 900, "cancelled")]
    found = whole_run(result(traces))
    assert (0.4, 2, 5.0, 55.0, 105.0) == pytest.approx(
        (found.duration_s, found.requests_ok, found.requests_per_s, found.output_tokens_per_s, found.total_tokens_per_s)
    )


def test_a_load_without_an_end_has_no_whole_run():
    assert whole_run(result([failed(0, 100, "cancelled")])) is None


def test_a_closed_window_begins_with_the_first_and_ends_with_the_last_measured_request():
    found = closed_window(result(closed(2, 13, stagger_ms=30, fillers=2)), concurrency=2, precision=Precision())
    # 1 round of warm-up, 3 repeats of 4 rounds of 100 ms; the second stream is 30 ms behind.
    assert (100 * MS, 1330 * MS, 3, 24) == (found.start_ns, found.end_ns, found.repeats, len(found.measured))
    assert [list(range(1, 13))] * 2 == [[made.number for made in stream] for stream in found.streams]
    assert (0.1, 2, 1.23, 0.0, True) == pytest.approx(
        (found.steady.warmup_s, found.steady.warmup_requests, found.steady.window_s, found.steady.trend_fraction, found.steady.settled)
    )  # fmt: skip


def test_the_trend_is_the_second_half_over_the_first():
    # Rounds 1 to 6 take 100 ms, 7 to 12 take 125 ms: throughput falls by a fifth.
    slower = closed(2, 13, first_ms=lambda _, number: 50.0 if number < 7 else 75.0)
    found = closed_window(result(slower), concurrency=2, precision=Precision())
    assert -0.2 == pytest.approx(found.steady.trend_fraction)


def _open(count=400, rate_per_s=40.0, took_ms=100.0, first_offset_s=0.0, **changes):
    arrivals = [
        Arrival(offset_s=first_offset_s + i / rate_per_s, input_tokens=10, output_tokens=11) for i in range(count)
    ]
    begun_ms = 1e6
    traces = [
        request(begun_ms + arrival.offset_s * 1e3, first_ms=took_ms - 50, stream=-1, number=number)
        for number, arrival in enumerate(arrivals)
    ]
    return open_load(arrivals), result(traces[::-1], **changes)


def test_an_open_window_is_on_the_clock_of_the_schedule_whatever_its_first_arrival():
    load, done = _open(first_offset_s=0.75)
    found = open_window(done, load, start_s=2.0, end_s=6.0)
    assert (1000 * S + 2 * S, 1000 * S + 6 * S, 160, 50) == (
        found.start_ns, found.end_ns, len(found.measured), found.steady.warmup_requests
    )  # fmt: skip
    rates = found.throughput
    assert (440.0, 840.0, 40.0) == pytest.approx(
        (rates.output_tokens_per_s.mean, rates.total_tokens_per_s.mean, rates.requests_per_s.mean)
    )


def test_tokens_count_when_they_arrive_not_when_their_request_was_due():
    # Answers take 5 s: what arrives from 2 to 6 s was due before, and nothing has arrived until then.
    load, done = _open(took_ms=5050.0)
    found = open_window(done, load, start_s=2.0, end_s=6.0)
    assert (160, True) == (len(found.measured), found.throughput.output_tokens_per_s.mean < 120)
    assert (False, None) == (found.steady.settled, found.steady.trend_fraction)


def test_a_window_that_was_cut_short_ends_with_the_load():
    load, done = _open(count=120)
    found = open_window(done, load, start_s=2.0, end_s=6.0)
    assert (1000 * S + 3075 * MS, 40) == (found.end_ns, len(found.measured))


def test_an_open_load_without_traces_has_an_empty_window():
    found = open_window(
        result([]), open_load([Arrival(offset_s=0, input_tokens=1, output_tokens=1)]), start_s=0, end_s=1
    )
    assert (0, 0.0, "the window is empty") == (
        len(found.measured), found.throughput.requests_per_s.mean, found.throughput.requests_per_s.reason
    )  # fmt: skip
