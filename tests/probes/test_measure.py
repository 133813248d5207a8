import numpy as np
import pytest

from probes.measure import Surroundings, build_cell, is_client_bound, latencies, rates, token_gaps_ms
from probes.trace import RequestTrace

MS = 1_000_000


def _trace(start_ms: float, arrivals_ms: list[float], tokens: list[int] | None = None, **changes) -> RequestTrace:
    """A good request that was sent at `start_ms`; arrivals are counted from there, and it ends with the last."""
    tokens = tokens or [1] * len(arrivals_ms)
    values = {
        "scheduled_ns": round(start_ms * MS),
        "sent_ns": round(start_ms * MS),
        "ended_ns": round((start_ms + arrivals_ms[-1]) * MS),
        "arrivals_ns": tuple(round((start_ms + at) * MS) for at in arrivals_ms),
        "tokens": tuple(tokens),
        "input_tokens": 10,
        "output_tokens": sum(tokens),
        "token_source": "usage",
        "input_counted": True,
        "status": 200,
    }
    return RequestTrace(**(values | changes))


def _failed(start_ms: float, end_ms: float, kind: str) -> RequestTrace:
    return RequestTrace(scheduled_ns=0, sent_ns=round(start_ms * MS), ended_ns=round(end_ms * MS), failure=kind)


def _stream(cycles: int, *, first_ms: float = 50, tokens: int = 11, tpot_ms: float = 5, start_ms: float = 0) -> tuple:
    """Back-to-back requests: `first_ms` to the first token, then one each `tpot_ms`."""
    cycle_ms = first_ms + (tokens - 1) * tpot_ms
    arrivals = [first_ms + i * tpot_ms for i in range(tokens)]
    return tuple(_trace(start_ms + i * cycle_ms, arrivals) for i in range(cycles))


CALM = Surroundings()


def _cell(repeats, *, around=CALM, input_tokens=10, output_tokens=11, **more):
    return build_cell(
        repeats, concurrency=1, input_tokens=input_tokens, output_tokens=output_tokens, around=around, **more
    )


def test_times_of_one_request_follow_their_definitions():
    trace = _trace(100, [40, 50, 70], [1, 2, 2])
    assert (trace.ttft_ms, trace.e2e_ms, trace.tpot_ms) == (40.0, 70.0, (70 - 40) / 4)


def test_ttft_plus_tpot_times_further_tokens_is_e2e():
    trace = _trace(3, [17, 29, 31.5, 90], [1, 3, 1, 4])
    assert trace.e2e_ms == pytest.approx(trace.ttft_ms + trace.tpot_ms * (trace.output_tokens - 1))


def test_one_token_has_no_tpot_and_no_gap():
    trace = _trace(0, [40])
    assert (trace.tpot_ms, token_gaps_ms(trace).tolist()) == (None, [])


def test_the_gap_before_a_chunk_of_k_tokens_counts_as_k_gaps():
    assert token_gaps_ms(_trace(0, [10, 19, 27], [2, 3, 1])).tolist() == [3.0, 3.0, 3.0, 8.0]


def test_itl_is_the_token_time_whatever_the_chunking_while_chunk_gaps_are_not():
    by_one = _trace(0, [10 + 2 * i for i in range(13)])
    by_four = _trace(0, [10, 18, 26, 34], [1, 4, 4, 4])
    assert [2.0] * 12 == token_gaps_ms(by_one).tolist() == token_gaps_ms(by_four).tolist()
    assert (np.diff(by_four.arrivals_ns) / MS).tolist() == [8.0, 8.0, 8.0]


@pytest.mark.parametrize("cycles", [1, 2, 3, 7])
def test_throughput_of_one_stream_is_exact_for_any_number_of_requests(cycles):
    # 11 tokens each 50 + 10 x 5 = 100 ms: 110 tokens/s, 10 requests/s, 210 tokens/s with the prompts.
    found = rates((_stream(cycles),))
    assert (found.output_tokens_per_s, found.total_tokens_per_s, found.requests_per_s) == pytest.approx(
        (110.0, 210.0, 10.0)
    )


def test_a_fixed_window_from_first_to_last_token_would_have_been_16_per_cent_too_high():
    stream = _stream(3)
    window_s = (stream[-1].arrivals_ns[-1] - stream[0].arrivals_ns[0]) / 1e9
    assert 32 / window_s == pytest.approx(128.0)
    assert rates((stream,)).output_tokens_per_s == pytest.approx(110.0)


def test_streams_add_up_although_they_start_and_end_at_different_times():
    repeat = (_stream(3), _stream(3, start_ms=40), _stream(2, first_ms=150, start_ms=70))
    assert rates(repeat).output_tokens_per_s == pytest.approx(110 + 110 + 55)


def test_failed_requests_take_time_and_give_nothing():
    stream = (*_stream(1), _failed(100, 200, "timeout"))
    assert rates((stream,)).output_tokens_per_s == pytest.approx(55.0)


def test_a_stream_that_only_failed_adds_nothing():
    assert rates((_stream(2), (_failed(0, 1, "http_500"),), ())).output_tokens_per_s == pytest.approx(110.0)


def test_latencies_of_failed_requests_are_left_out():
    found = latencies([_trace(0, [40, 50]), _failed(0, 9000, "timeout")])
    assert (found.ttft_ms.mean, found.e2e_ms.mean, found.tpot_ms.mean, found.itl_ms.mean) == (40.0, 50.0, 10.0, 10.0)


def test_a_cell_adds_up_its_repeats_by_hand_arithmetic():
    cell = _cell([(_stream(7),), (_stream(7),), (_stream(7),)])
    assert (
        cell.repeats,
        cell.requests_ok,
        cell.requests_failed,
        cell.input_tokens,
        cell.output_tokens,
        cell.token_source,
        cell.complete,
        cell.reason,
    ) == (3, 21, 0, 210, 231, "usage", True, None)
    assert (cell.ttft_ms.p95, cell.tpot_ms.p95, cell.itl_ms.p99, cell.e2e_ms.p50) == pytest.approx(
        (50.0, 5.0, 5.0, 100.0)
    )
    assert cell.warnings == []


def test_the_interval_is_students_over_repeats():
    # 110, 100 and 90 tokens/s: mean 100, s = 10, t(0.975, 2) = 4.302653 -> half-width 4.302653 * 10 / sqrt(3) = 24.8414.
    repeats = [(_stream(1, first_ms=f),) for f in (50.0, 60.0, 11e3 / 90 - 50)]
    found = _cell(repeats).output_tokens_per_s
    assert (found.mean, found.low, found.high) == pytest.approx((100.0, 100 - 24.8414, 100 + 24.8414), abs=1e-3)


def test_one_repeat_has_no_interval():
    found = _cell([(_stream(7),)]).output_tokens_per_s
    assert (found.low, found.high) == (None, None)


def test_chunk_counts_are_warned_about():
    stream = tuple(_trace(i * 100, [50, 100], token_source="chunks", input_counted=False) for i in range(20))
    cell = _cell([(stream,)], output_tokens=2)
    assert (
        cell.token_source,
        [warn.code for warn in cell.warnings],
    ) == ("chunks", ["tokens_counted_by_chunks", "input_tokens_as_sent"])


def test_one_request_counted_by_chunks_marks_the_whole_cell():
    stream = (*_stream(20), _trace(2000, [50, 100], token_source="chunks"))
    assert _cell([(stream,)]).token_source == "chunks"


def test_up_to_a_tenth_of_failures_is_borne():
    cell = _cell([((*_stream(9), _failed(900, 901, "http_429")),)])
    assert (cell.complete, cell.requests_failed, cell.failures) == (True, 1, {"http_429": 1})


def test_more_than_a_tenth_of_failures_refuses_the_cell_and_says_which():
    cell = _cell([((*_stream(8), _failed(800, 801, "http_429"), _failed(801, 802, "timeout")),)])
    assert (cell.complete, cell.reason) == (False, "2 of 10 requests failed (http_429 1, timeout 1); at most 10% may")


def test_a_cell_without_any_answer_is_zero_and_not_a_crash():
    cell = _cell([((_failed(0, 1, "http_5xx"),),)])
    assert (
        cell.output_tokens_per_s.mean,
        cell.ttft_ms.mean,
        cell.complete,
        cell.reason,
    ) == (0.0, None, False, "no request succeeded (http_5xx 1)")


def test_prefix_cache_hits_refuse_the_cell():
    cell = _cell([(_stream(21),)], around=Surroundings(prefix_cache_hit_fraction=0.2))
    assert (cell.complete, [warn.code for warn in cell.warnings]) == (False, ["prefix_cache_hits"])


def test_one_per_cent_of_prefix_cache_hits_is_borne():
    assert _cell([(_stream(21),)], around=Surroundings(prefix_cache_hit_fraction=0.01)).complete is True


def test_answers_of_another_length_are_warned_about():
    (warn,) = _cell([(_stream(21),)], output_tokens=20).warnings
    assert (warn.code, warn.observed, warn.threshold) == ("output_length", 11.0, 20.0)


def test_a_cell_that_was_cut_short_uses_finished_repeats_only():
    slow = (_stream(2, first_ms=1000),)
    cell = _cell([(_stream(7),)], partial=slow, around=Surroundings(stopped="interrupted"))
    assert (
        cell.complete,
        cell.reason,
        cell.requests_ok,
        pytest.approx(cell.output_tokens_per_s.mean),
    ) == (False, "interrupted", 7, 110.0)


def test_an_unfinished_repeat_is_used_where_there_is_no_other():
    cell = _cell([], partial=(_stream(2), ()), around=Surroundings(stopped="budget"))
    assert (cell.repeats, cell.requests_ok, cell.reason, cell.output_tokens_per_s.low) == (1, 2, "budget", None)


@pytest.mark.parametrize(
    ("cpu", "lag_ms", "bound"),
    [
        (0.5, 1.0, False),
        (0.91, 1.0, True),
        (0.9, 1.0, False),
        (0.1, 124.0, False),
        (0.1, 126.0, True),
        (None, None, False),
    ],
)
def test_the_client_is_to_blame_above_nine_tenths_of_a_core_or_a_quarter_of_a_ttft(cpu, lag_ms, bound):
    measured = latencies([_trace(0, [500, 600, 700])] * 2)  # TTFT of 500 ms: lag may be 125 ms
    around = Surroundings(client_cpu_fraction=cpu, client_lag_p99_ms=lag_ms)
    assert bound is is_client_bound(around, measured)


@pytest.mark.parametrize(("lag_ms", "bound"), [(4.9, False), (5.1, True)])
def test_lag_that_any_busy_machine_has_is_borne_even_with_tiny_gaps(lag_ms, bound):
    measured = latencies([_trace(0, [5, 6, 7])])
    assert bound is is_client_bound(Surroundings(client_lag_p99_ms=lag_ms), measured)


def test_a_late_client_warns_of_its_gaps_but_keeps_the_cell():
    cell = _cell([(_stream(21),)], around=Surroundings(client_lag_p99_ms=12.0))
    assert (cell.client_bound, [warn.code for warn in cell.warnings]) == (False, ["client_late"])


def test_a_client_bound_cell_is_no_longer_usable_and_says_so():
    cell = _cell([(_stream(21),)], around=Surroundings(client_cpu_fraction=0.99))
    assert (cell.client_bound, [warn.code for warn in cell.warnings]) == (True, ["client_bound"])
