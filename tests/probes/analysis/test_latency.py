import numpy as np
import pytest

from probes.analysis.latency import chunk_gaps_ms, latencies, token_gaps_ms
from tests.probes.analysis.loads import MS, failed, trace


def test_times_of_one_request_follow_their_definitions():
    made = trace(100, [40, 50, 70], [1, 2, 2], scheduled_ns=90 * MS)
    assert (40.0, 50.0, 70.0, (70 - 40) / 4) == (made.ttft_ms, made.ttft_scheduled_ms, made.e2e_ms, made.tpot_ms)


def test_ttft_plus_tpot_times_further_tokens_is_e2e():
    made = trace(3, [17, 29, 31.5, 90], [1, 3, 1, 4])
    assert made.e2e_ms == pytest.approx(made.ttft_ms + made.tpot_ms * (made.output_tokens - 1))


def test_one_token_has_no_tpot_and_no_gap():
    made = trace(0, [40])
    assert (None, [], []) == (made.tpot_ms, token_gaps_ms(made).tolist(), chunk_gaps_ms(made).tolist())


def test_the_gap_before_a_chunk_of_k_tokens_counts_as_k_gaps():
    made = trace(0, [10, 19, 27], [2, 3, 1])
    assert ([3.0, 3.0, 3.0, 8.0], [9.0, 8.0]) == (token_gaps_ms(made).tolist(), chunk_gaps_ms(made).tolist())


def test_itl_is_the_token_time_whatever_the_chunking_while_chunk_gaps_are_not():
    by_one = latencies([trace(0, [10 + 2 * i for i in range(13)])])
    by_four = latencies([trace(0, [10, 18, 26, 34], [1, 4, 4, 4])])
    assert (2.0, 2.0, 2.0, 8.0) == (by_one.itl_ms.mean, by_four.itl_ms.mean, by_one.icl_ms.mean, by_four.icl_ms.mean)


def test_reasoning_that_was_never_streamed_is_no_gap_and_no_time_per_token():
    # 100 hidden tokens stand in the first chunk: 10 ms a token after it, not 40 ms over 104.
    made = trace(0, [500, 510, 520, 530, 540], [101, 1, 1, 1, 1], hidden_tokens=100)
    assert (10.0, [10.0] * 4) == (made.tpot_ms, token_gaps_ms(made).tolist())


def test_latencies_of_failed_requests_are_left_out():
    found = latencies([trace(0, [40, 50]), failed(0, 9000, "timeout")])
    assert (40.0, 50.0, 10.0, 10.0) == (found.ttft_ms.mean, found.e2e_ms.mean, found.tpot_ms.mean, found.itl_ms.mean)


def test_time_from_schedule_is_told_of_open_loops_only():
    made = [trace(100, [40], scheduled_ns=90 * MS)]
    assert (None, 50.0) == (
        latencies(made).ttft_scheduled_ms.mean, latencies(made, scheduled=True).ttft_scheduled_ms.mean
    )  # fmt: skip


def test_gaps_of_several_requests_are_pooled_in_the_order_they_were_seen():
    # Two streams in step; one server step in ten takes ten times as long for both, so that the 200 gaps are 100 pairs.
    steps = np.where(np.arange(100) % 10 == 9, 50.0, 5.0)
    arrivals = [50.0, *(50.0 + np.cumsum(steps))]
    found = latencies([trace(0, arrivals), trace(0.001, arrivals)])
    assert (200, 9.5, 5.0) == (found.itl_ms.samples, pytest.approx(found.itl_ms.mean), pytest.approx(found.itl_ms.p50))


def test_without_requests_nothing_is_known():
    assert (None, 0, "no samples") == (
        latencies([]).itl_ms.p50, latencies([]).itl_ms.samples, latencies([]).itl_ms.missing["p50"]
    )  # fmt: skip
