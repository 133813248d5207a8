import itertools
import random

import pytest

from probes.analysis.cell import closed_cell
from probes.analysis.judge import ClosedJudge, OpenJudge
from probes.analysis.rounds import Precision
from probes.errors import ProbeError
from probes.loadgen.contract import Completion, LoadProgress
from probes.workload.request import Arrival
from tests.probes.analysis.loads import MS, closed, closed_load, failed, progress, result


def _told(judge, traces, every_ms=500.0):
    """Progress until the judge has had enough; the moment at which it had [s]."""
    return next((one.elapsed_s for one in progress(traces, every_ms) if judge(one) == "enough"), None)


def test_warm_up_and_every_repeat_are_waited_for():
    # 1 request of warm-up and 3 x 7 measured, 100 ms each: 2.2 s.
    judge = ClosedJudge(1, Precision())
    assert 2.2 == pytest.approx(_told(judge, closed(1, 40), every_ms=100))
    assert (3, "enough", 0.0, 1.0) == (judge.finished_repeats, judge.phase, judge.remaining_s, judge.done_fraction)


def test_it_is_enough_only_when_the_slowest_stream_has_finished_the_repeat():
    # Stream 1 takes 200 ms a request, stream 0 takes 100 ms.
    traces = closed(2, 60, first_ms=lambda stream, _: 50.0 + 100 * stream)
    judge = ClosedJudge(2, Precision(repeats=2, requests_per_stream=6))
    assert 0.2 * (1 + 2 * 6) == pytest.approx(_told(judge, traces, every_ms=100))


def test_the_warm_up_lasts_until_two_rounds_agree():
    slow_start = closed(1, 60, first_ms=lambda _, number: 50.0 + max(0, 3 - number) * 400)
    judge = ClosedJudge(1, Precision())
    _told(judge, slow_start, every_ms=100)
    assert (3, True) == (judge.warm_up.rounds, judge.warm_up.settled)


def test_the_warm_up_ends_at_its_limit_and_says_that_it_did_not_settle():
    never = closed(1, 60, first_ms=lambda _, number: 50.0 * 1.2**number)
    judge = ClosedJudge(1, Precision(max_warmup_rounds=4))
    _told(judge, never)
    assert (4, False) == (judge.warm_up.rounds, judge.warm_up.settled)


def test_the_warm_up_ends_at_its_limit_in_seconds():
    never = closed(1, 8, first_ms=lambda _, number: 50.0 * 2**number)
    judge = ClosedJudge(1, Precision(max_warmup_s=0.3))
    _told(judge, never)
    # Requests of 100, 150 and 250 ms: the third ends after 0.5 s, the second after 0.25 s.
    assert (3, False) == (judge.warm_up.rounds, judge.warm_up.settled)


def _noisy(seed, rounds=200, spread=20.0):
    draw = random.Random(seed)
    waits = {(s, n): draw.uniform(50 - spread, 50 + spread) for s, n in itertools.product(range(4), range(rounds))}
    return closed(4, rounds, first_ms=lambda stream, number: waits[stream, number])


def test_repeats_go_on_until_the_interval_is_narrow():
    judge = ClosedJudge(4, Precision(repeats=2, max_repeats=50, precision_fraction=0.03, requests_per_stream=3))
    assert _told(judge, _noisy(1)) is not None
    assert judge.interval.high - judge.interval.mean <= 0.03 * judge.interval.mean
    assert 2 < judge.finished_repeats < 50


def test_repeats_end_at_their_limit():
    judge = ClosedJudge(4, Precision(repeats=2, max_repeats=4, precision_fraction=0.0001))
    _told(judge, _noisy(2))
    assert 4 == judge.finished_repeats


def test_a_time_limit_makes_the_repeats_that_must_be_enough():
    precision = Precision(repeats=2, max_repeats=50, precision_fraction=0.0001, requests_per_stream=3)
    hurried = ClosedJudge(4, precision, time_limit_s=0.5)
    assert (True, 2) == (_told(hurried, _noisy(3)) is not None, hurried.finished_repeats)


def test_hurry_ends_a_load_at_the_next_word():
    precision = Precision(repeats=2, max_repeats=50, precision_fraction=0.0001, requests_per_stream=3)
    judge, told = ClosedJudge(4, precision), progress(_noisy(4))
    verdicts = [judge(next(told)) for _ in range(4)]
    judge.hurry()
    assert (["go_on"] * 4, "enough") == (verdicts, judge(next(told)))


def test_what_the_judge_found_is_found_again_in_the_traces():
    traces = _noisy(5)
    precision = Precision(repeats=3, max_repeats=30, precision_fraction=0.05, requests_per_stream=3)
    judge = ClosedJudge(4, precision)
    stopped_s = _told(judge, traces)
    seen = [made for made in traces if made.ended_ns <= stopped_s * 1e9]
    cell = closed_cell(closed_load(4), result(seen), precision=precision)
    assert (judge.finished_repeats, judge.warm_up.rounds * 4, judge.interval) == (
        cell.repeats, cell.steady.warmup_requests, cell.output_tokens_per_s
    )  # fmt: skip


def test_a_server_that_refuses_everything_is_left_alone():
    refused = [failed(i * 10, i * 10 + 10, "http_429", number=i) for i in range(500)]
    judge = ClosedJudge(1, Precision())
    assert 0.2 == pytest.approx(_told(judge, refused, every_ms=10))
    assert judge.hopeless


def test_what_is_left_is_told_from_the_rounds_so_far():
    judge = ClosedJudge(1, Precision())
    assert judge.remaining_s is None
    for one in itertools.islice(progress(closed(1, 40), every_ms=100), 11):
        judge(one)
    # 11 of 22 rounds of 100 ms are done after 1.1 s.
    assert (1.1, 0.5, "measuring", 1) == (
        pytest.approx(judge.remaining_s), pytest.approx(judge.done_fraction), judge.phase, judge.finished_repeats
    )  # fmt: skip


def test_more_repeats_are_expected_where_the_interval_is_wide():
    judge = ClosedJudge(4, Precision(repeats=2, max_repeats=50, precision_fraction=0.005, requests_per_stream=3))
    for one in itertools.islice(progress(_noisy(6)), 3):
        judge(one)
    assert (True, True) == (judge.finished_repeats >= 2, judge.expected_repeats > judge.finished_repeats)


def _ended(number, at_s, took_s=0.2):
    end_ns = round(at_s * 1e9)
    return Completion(
        stream=-1, number=number, sent_ns=end_ns - round(took_s * 1e9), ended_ns=end_ns, output_tokens=1, failed=False
    )


def test_an_open_loop_is_enough_when_all_that_was_due_in_the_window_has_ended():
    arrivals = [Arrival(offset_s=float(second), input_tokens=1, output_tokens=1) for second in range(10)]
    judge = OpenJudge(arrivals, start_s=2.0, end_s=5.0)  # numbers 2, 3, 4
    assert "go_on" == judge(LoadProgress(elapsed_s=1.5, sent=2, in_flight=0, new=(_ended(0, 0.2), _ended(1, 1.2))))
    assert ("warmup", 0, 0.15) == (judge.phase, judge.finished_repeats, pytest.approx(judge.done_fraction * 0.5))
    assert "go_on" == judge(LoadProgress(elapsed_s=5.5, sent=6, in_flight=1, new=(_ended(2, 2.2), _ended(4, 4.2))))
    assert "measuring" == judge.phase
    assert "enough" == judge(LoadProgress(elapsed_s=6.0, sent=7, in_flight=1, new=(_ended(3, 5.9),)))
    assert (1, 0.0, 1.0) == (judge.finished_repeats, judge.remaining_s, judge.done_fraction)


def test_a_window_without_requests_is_refused():
    with pytest.raises(ProbeError, match="no request is due from 5 to 6 s"):
        OpenJudge([Arrival(offset_s=1.0, input_tokens=1, output_tokens=1)], start_s=5, end_s=6)


def test_a_second_of_progress_of_many_streams_is_judged_once_a_round():
    judge, calls = ClosedJudge(256, Precision()), 0
    traces = closed(256, 12)
    for one in progress(traces, every_ms=50):
        calls += 1
        if judge(one) == "enough":
            break
    assert (10 * 100 / 50, 3) == (calls, judge.finished_repeats)
    assert MS == 1_000_000
