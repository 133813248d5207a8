import pytest

from probes.analysis.cell import closed_cell, open_cell
from probes.analysis.rounds import Precision
from probes.analysis.surroundings import Surroundings
from probes.cell import EnergyReading
from probes.findings import ClientFloor
from probes.run import Lengths
from probes.workload.request import Arrival
from tests.probes.analysis.loads import (
    MS,
    closed,
    closed_load,
    failed,
    open_load,
    request,
    result,
    trace,
)  # fmt: skip


def _closed(traces, *, concurrency=1, precision=None, shape=None, **more):
    given = {key: more.pop(key) for key in ("cut_short", "client_cpu_fraction", "client_lag_p99_ms") if key in more}
    return closed_cell(
        closed_load(concurrency, **(shape or {})),
        result(traces, **given),
        precision=precision or Precision(),
        **more,
    )


def test_a_cell_adds_up_its_repeats_by_hand_arithmetic():
    # One stream, one request of warm-up, 3 repeats of 7: 11 tokens each 50 + 10 x 5 = 100 ms.
    cell = _closed(closed(1, 22))
    assert (1, "closed-loop", "curve", 3, 21, 0, 210, 231, "usage", True, None) == (
        cell.concurrency, cell.arrivals, cell.role, cell.repeats, cell.requests_ok, cell.requests_failed,
        cell.input_tokens, cell.output_tokens, cell.token_source, cell.complete, cell.reason,
    )  # fmt: skip
    assert (110.0, 210.0, 10.0) == pytest.approx(
        (cell.output_tokens_per_s.mean, cell.total_tokens_per_s.mean, cell.requests_per_s.mean)
    )
    assert (50.0, 5.0, 5.0, 5.0, 100.0) == pytest.approx(
        (cell.ttft_ms.p95, cell.tpot_ms.p95, cell.itl_ms.p90, cell.icl_ms.p90, cell.e2e_ms.p50)
    )
    assert [] == cell.warnings
    assert pytest.approx(2.1) == cell.duration_s


def test_the_steady_window_and_the_whole_run_stand_beside_each_other():
    # The first request takes 1 s more: the whole run has it, the window does not.
    cell = _closed(closed(1, 22, first_ms=lambda _, number: 1050.0 if number == 0 else 50.0))
    assert (1.1, 1, 2.1, 0.0) == pytest.approx(
        (cell.steady.warmup_s, cell.steady.warmup_requests, cell.steady.window_s, cell.steady.trend_fraction)
    )
    assert (3.2, 22, 22 / 3.2, 242 / 3.2, 462 / 3.2) == pytest.approx(
        (
            cell.whole_run.duration_s, cell.whole_run.requests_ok, cell.whole_run.requests_per_s,
            cell.whole_run.output_tokens_per_s, cell.whole_run.total_tokens_per_s,
        )
    )  # fmt: skip


def test_energy_per_token_is_power_over_throughput():
    reading = EnergyReading(source="nvml", window_s=2.1, power_watts=220.0, energy_joules=462.0)
    cell = _closed(closed(1, 22), around=Surroundings(energy=reading))
    assert (220.0, 462.0, pytest.approx(2.0)) == (
        cell.power_watts, cell.energy_joules, cell.energy.energy_joules_per_output_token
    )  # fmt: skip


def test_no_energy_stays_unknown_with_its_reason():
    cell = _closed(closed(1, 22), around=Surroundings(energy=EnergyReading(reason="no GPU")))
    assert (None, None, "no GPU", None) == (
        cell.power_watts, cell.energy_joules, cell.energy.reason, cell.energy.energy_joules_per_output_token
    )  # fmt: skip


def test_streams_add_up_although_they_start_and_end_at_different_times():
    cell = _closed(closed(4, 10, stagger_ms=30, fillers=3), concurrency=4, precision=Precision(repeats=3))
    assert (440.0, 36, 3) == (pytest.approx(cell.output_tokens_per_s.mean), cell.requests_ok, cell.repeats)


def test_requests_beyond_the_last_whole_repeat_and_those_cut_off_are_left_out():
    cell = _closed(closed(2, 11, fillers=5), concurrency=2, precision=Precision(repeats=3, requests_per_stream=3))
    # 4 rounds a repeat, so that 2 streams make 20 requests: 10 measured rounds are 2 repeats.
    assert (16, 0, {}, 2) == (cell.requests_ok, cell.requests_failed, cell.failures, cell.repeats)


def test_a_load_without_any_answer_is_a_cell_without_requests():
    cell = _closed([failed(0, 500, "cancelled")], around=Surroundings(stopped="interrupted"))
    assert (0, 0, False, "interrupted", None, None) == (
        cell.requests_ok, cell.requests_failed, cell.complete, cell.reason, cell.whole_run, cell.little
    )  # fmt: skip


def test_a_load_that_was_cut_short_shows_the_whole_cycles_it_has():
    cell = _closed(closed(1, 4), around=Surroundings(stopped="budget"))
    assert (3, 1, False, "budget", pytest.approx(110.0)) == (
        cell.requests_ok, cell.repeats, cell.complete, cell.reason, cell.output_tokens_per_s.mean
    )  # fmt: skip


def test_a_load_that_was_cut_short_in_its_first_round_shows_what_had_ended():
    traces = [request(0, stream=0), failed(0, 150, "cancelled", stream=1), failed(100, 150, "cancelled", number=1)]
    cell = _closed(traces, concurrency=2, cut_short=True)
    assert (1, False, "cut short before enough was measured", False) == (
        cell.requests_ok, cell.complete, cell.reason, cell.steady.settled
    )  # fmt: skip


@pytest.mark.parametrize(
    ("extra", "word"),
    [
        ({"prefix_cache_hit_fraction": 0.02}, "prefix cache answered 2.0%"),
        ({"prefix_cache_hit_fraction": 0.5, "prefix_cache_unplanned_fraction": 0.005}, None),
        ({"prefix_cache_hit_fraction": 0.009}, None),
    ],
)
def test_unplanned_hits_of_the_prefix_cache_refuse_a_cell(extra, word):
    cell = _closed(closed(1, 22), around=Surroundings(**extra))
    assert (word is None) is cell.complete
    assert word is None or word in cell.reason


def test_planned_hits_are_no_reason_to_refuse():
    traces = [request(i * 100, number=i, planned_hit_tokens=5, cached_tokens=5) for i in range(22)]
    assert (0.5, True) == (_closed(traces).prefix_cache_hit_fraction, _closed(traces).complete)


def test_answers_that_say_they_came_from_the_cache_refuse_a_cell_without_server_counters():
    traces = [request(i * 100, number=i, cached_tokens=2) for i in range(22)]
    assert (0.2, False) == (_closed(traces).prefix_cache_hit_fraction, _closed(traces).complete)


@pytest.mark.parametrize(("bad", "complete"), [(2, True), (3, False)])
def test_more_than_a_tenth_of_failures_refuses_a_cell(bad, complete):
    traces = [
        failed(i * 100, i * 100 + 100, "http_5xx", number=i) if 1 <= i <= bad else request(i * 100, number=i)
        for i in range(22)
    ]
    cell = _closed(traces, precision=Precision(max_warmup_rounds=1))
    assert (complete, bad, {"http_5xx": bad}) == (cell.complete, cell.requests_failed, cell.failures)


def test_a_clock_that_went_backwards_refuses_a_cell():
    traces = [*closed(1, 21, cut_off=False), trace(2100, [50, 40], number=21)]
    cell = _closed(traces)
    assert "the clock went backwards within 1 requests; their times cannot be used" == cell.reason


@pytest.mark.parametrize(
    ("lie", "complete", "codes"),
    [
        ({"usage_tokens": 22, "output_tokens": 22}, False, ["usage_disagrees", "output_length"]),
        ({"usage_tokens": 11}, True, []),
        ({"usage_tokens": 5, "id_tokens": None, "text_chunks": 11}, False, ["usage_disagrees"]),
        ({"usage_tokens": 11, "id_tokens": None, "text_chunks": 3}, True, []),
    ],
)
def test_an_endpoint_that_lies_about_usage_is_caught(lie, complete, codes):
    cell = _closed([request(i * 100, number=i, **lie) for i in range(22)])
    assert (complete, codes) == (cell.complete, [warn.code for warn in cell.warnings])


def test_chunk_counts_are_warned_about():
    made = {"token_source": "chunks", "input_counted": False, "usage_tokens": None, "id_tokens": None}
    cell = _closed([request(i * 100, number=i, **made) for i in range(22)])
    assert ("chunks", ["tokens_counted_by_chunks", "input_tokens_as_sent"]) == (
        cell.token_source, [warn.code for warn in cell.warnings]
    )  # fmt: skip


def test_other_lengths_than_asked_for_are_warned_about():
    cell = _closed(closed(1, 22), shape={"input_tokens": 12, "output_tokens": 20})
    assert [("input_length", 10.0, 12.0), ("output_length", 11.0, 20.0)] == [
        (warn.code, warn.observed, warn.threshold) for warn in cell.warnings
    ]


@pytest.mark.parametrize(
    ("client", "bound"),
    [
        ({"client_cpu_fraction": 0.91}, True),
        ({"client_cpu_fraction": 0.9}, False),
        ({"client_lag_p99_ms": 12.6}, True),
        ({"client_lag_p99_ms": 12.4}, False),
    ],
)
def test_a_client_that_was_busy_or_late_bounds_a_cell(client, bound):
    # Median TTFT 50 ms: a quarter is 12.5 ms.
    cell = _closed(closed(1, 22), **client)
    assert (bound, not bound) == (cell.client_bound, cell.usable)


def test_a_client_late_for_single_gaps_only_is_a_warning():
    cell = _closed(closed(1, 22), client_lag_p99_ms=6.0)
    assert (False, ["client_late"]) == (cell.client_bound, [warn.code for warn in cell.warnings])


def test_a_lost_request_shows_in_littles_law_and_in_the_numbers():
    whole = closed(1, 22)
    cell = _closed([made for made in whole if made.number not in (3, 4)], precision=Precision(repeats=1))
    assert {"requests_miscounted"} <= {warn.code for warn in cell.warnings}
    assert 1.0 == pytest.approx(_closed(whole).little.in_flight_mean) == _closed(whole).little.rate_times_time


def test_a_load_that_never_settled_says_so():
    growing = closed(1, 30, first_ms=lambda _, number: 50.0 * 1.3**number)
    cell = _closed(growing, precision=Precision(max_warmup_rounds=3))
    assert (False, 3, True) == (
        cell.steady.settled,
        cell.steady.warmup_requests,
        "not_settled" in {w.code for w in cell.warnings},
    )


def test_a_drift_after_the_warm_up_is_warned_about():
    drifting = closed(4, 61, first_ms=lambda _, number: 50.0 + 0.6 * number)
    cell = _closed(drifting, concurrency=4, precision=Precision(repeats=2, requests_per_stream=30))
    assert ["drift"] == [warn.code for warn in cell.warnings]
    # Rounds 1 to 30 take 109.3 ms on average, 31 to 60 127.3 ms.
    assert 109.3 / 127.3 - 1 == pytest.approx(cell.steady.trend_fraction, abs=1e-6)


def test_a_noisy_load_that_does_not_drift_has_settled_after_all():
    noisy = closed(1, 30, first_ms=lambda _, number: 50.0 + 30 * (number % 2))
    cell = _closed(noisy, precision=Precision(max_warmup_rounds=3))
    assert (True, 3) == (cell.steady.settled, cell.steady.warmup_requests)


def test_attainment_counts_failed_requests_as_broken():
    traces = [request(i * 100, number=i) for i in range(21)] + [failed(2100, 2200, "timeout", number=21)]
    cell = _closed(traces, limits_ms={"ttft": 60, "tpot": 5})
    assert (20 / 21, 21) == (cell.attainment.kept_fraction, cell.attainment.requests)


def _open(rate_per_s=20.0, seconds=20, *, wait_ms=lambda _: 0.0, late_ms=0.0, end_s=15.0):
    arrivals = [
        Arrival(offset_s=i / rate_per_s, input_tokens=10, output_tokens=11) for i in range(int(rate_per_s * seconds))
    ]
    traces = [
        request(
            a.offset_s * 1e3 + late_ms, first_ms=50 + wait_ms(i), stream=-1, number=i,
            scheduled_ns=round(a.offset_s * 1e3 * MS),
        )
        for i, a in enumerate(arrivals)
    ]  # fmt: skip
    load = open_load(arrivals, "constant")
    return open_cell(
        load, result(traces, schedule_lag_p99_ms=late_ms), start_s=5.0, end_s=end_s, request_rate_per_s=rate_per_s,
        limits_ms={"ttft": 60.0},
    )  # fmt: skip


def test_an_open_loop_counts_tokens_that_arrived_and_requests_that_were_due_in_the_window():
    cell = _open()
    assert (20.0, "constant", 200, 10.0, 100, True) == (
        cell.request_rate_per_s, cell.arrivals, cell.requests_ok, cell.duration_s, cell.steady.warmup_requests, cell.complete
    )  # fmt: skip
    assert (220.0, 420.0, 20.0, 50.0, 50.0) == pytest.approx(
        (
            cell.output_tokens_per_s.mean, cell.total_tokens_per_s.mean, cell.requests_per_s.mean,
            cell.ttft_ms.p50, cell.ttft_scheduled_ms.p50,
        )
    )  # fmt: skip
    # 20 requests/s of 100 ms each: 2 in flight.
    assert (2.0, 2.0) == pytest.approx((cell.little.in_flight_mean, cell.little.rate_times_time))


def test_a_late_client_shows_in_time_to_first_token_from_schedule_and_bounds_the_cell():
    cell = _open(late_ms=20.0)
    assert (50.0, 70.0, True, 0.0) == (
        pytest.approx(cell.ttft_ms.p50), pytest.approx(cell.ttft_scheduled_ms.p50), cell.client_bound,
        cell.attainment.kept_fraction,
    )  # fmt: skip


def test_a_backlog_that_grows_fails_littles_law():
    cell = _open(wait_ms=lambda i: 15.0 * i)
    assert (True, 0.0) == ("little" in {warn.code for warn in cell.warnings}, cell.attainment.kept_fraction)


def test_a_schedule_that_was_not_sent_whole_shows_within_the_window_only():
    arrivals = [Arrival(offset_s=i / 20, input_tokens=10, output_tokens=11) for i in range(400)]
    traces = [
        request(arrival.offset_s * 1e3, stream=-1, number=number)
        for number, arrival in enumerate(arrivals)
        if number not in {3, 150, 390}
    ]
    cell = open_cell(open_load(arrivals), result(traces), start_s=5.0, end_s=15.0, request_rate_per_s=20.0)
    assert [("requests_miscounted", 1.0)] == [(warn.code, warn.observed) for warn in cell.warnings]


def test_a_deadline_that_came_before_the_window_was_over_is_a_budget_not_a_loss():
    arrivals = [Arrival(offset_s=i / 20, input_tokens=10, output_tokens=11) for i in range(400)]
    traces = [request(a.offset_s * 1e3, stream=-1, number=n) for n, a in enumerate(arrivals[:200])]
    done = result(traces, cut_short=True, end="deadline")
    cell = open_cell(open_load(arrivals), done, start_s=5.0, end_s=15.0, request_rate_per_s=20.0)
    assert ("budget", False, 100) == (cell.reason, cell.complete, cell.requests_ok)
    assert "requests_miscounted" not in {warn.code for warn in cell.warnings}


def test_streams_that_were_asked_to_wait_are_warned_about():
    cell = closed_cell(closed_load(1), result(closed(1, 22), retry_wait_s=1.5), precision=Precision())
    assert [("retry_wait", 1.5)] == [(warn.code, warn.observed) for warn in cell.warnings]


def test_a_client_that_takes_in_what_fills_its_cores_bounds_a_cell():
    floor = ClientFloor(
        streams=64, workers=1, transport="plain", ttft_error_p50_ms=0.3, ttft_error_p99_ms=2.0,
        cpu_s_per_1000_tokens=0.02, max_chunk_rate_per_s=120.0,
    )  # fmt: skip
    # 110 chunks/s are over 0.9 of 120.
    cell = _closed(closed(1, 22), around=Surroundings(floor=floor))
    assert (True, True) == (cell.client_bound, "fill the client's cores" in cell.warnings[0].message)


def test_tokens_that_nobody_gave_to_chunks_are_warned_about():
    made = {"split": "even", "id_tokens": None}
    traces = [trace(i * 100, [50, 75, 100], [4, 4, 3], number=i, **made) for i in range(22)]
    assert ["tokens_spread"] == [warn.code for warn in _closed(traces).warnings]


@pytest.mark.parametrize(("mean", "warned"), [(11, []), (20, ["output_length"])])
def test_lengths_that_vary_are_compared_with_chance_allowed_for(mean, warned):
    lengths = [8, 14, 9, 13, 10, 12] * 4
    traces, at_ms = [], 0.0
    for number, tokens in enumerate(lengths):
        traces.append(request(at_ms, tokens=tokens, number=number))
        at_ms = traces[-1].ended_ns / MS
    varying = {"output_tokens": mean, "lengths": Lengths(kind="uniform", spread_fraction=0.3)}
    cell = _closed(traces, shape=varying)
    assert warned == [warn.code for warn in cell.warnings if warn.code.endswith("_length")]
