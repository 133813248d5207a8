from __future__ import annotations

import pytest

from probes import Interval, Percentiles, Warn
from probes.quick import Promise, level_of, next_concurrency, quick_answer
from tests.factories import cell as made

PROMISE = Promise(ttft_ms=2000.0, tpot_ms=100.0)


def cell(concurrency, rate, *, ttft=50.0, tpot=5.0, **more):
    """64 tokens an answer, so that tokens/s are 64 times requests/s."""
    values = {
        "requests_ok": 40,
        "output_tokens": 40 * 64,
        "output_tokens_per_s": Interval(mean=64 * rate),
        "ttft_ms": Percentiles(mean=ttft, p50=ttft, p95=ttft),
        "tpot_ms": Percentiles(mean=tpot, p50=tpot, p95=tpot),
    }
    return made(concurrency, rate, ttft, **(values | more))


def test_the_ladder_climbs_by_four():
    assert 1 == next_concurrency([], PROMISE)
    assert 4 == next_concurrency([cell(1, 1.0)], PROMISE)
    assert 16 == next_concurrency([cell(1, 1.0), cell(4, 3.0)], PROMISE)


@pytest.mark.parametrize(
    "last",
    [
        cell(16, 3.1),  # no more than at 4
        cell(256, 9.0),  # the end
        cell(16, 9.0, ttft=8001.0),  # four times the promise
        cell(16, 9.0, requests_failed=41),
    ],
)
def test_it_ends_where_more_load_tells_nothing_more(last):
    assert next_concurrency([cell(4, 3.0), last], PROMISE) is None


def test_a_level_says_what_one_user_sees():
    level = level_of(cell(4, 2.0, ttft=120.0, tpot=8.0), PROMISE)

    # 8 ms a token are 125 tokens a second.
    assert (125.0, 120.0, "p95", True) == (
        level.tokens_per_s_each,
        level.ttft_ms,
        level.percentile,
        level.keeps_promise,
    )


@pytest.mark.parametrize(("ttft", "tpot", "kept"), [(2000.0, 100.0, True), (2001.0, 1.0, False), (1.0, 101.0, False)])
def test_a_promise_has_two_parts(ttft, tpot, kept):
    assert kept is level_of(cell(1, 1.0, ttft=ttft, tpot=tpot), PROMISE).keeps_promise


def test_with_few_answers_the_highest_percentile_that_there_is_counts():
    few = Percentiles(mean=90.0, p50=80.0, p90=100.0)

    assert ("p90", 100.0) == (level_of(cell(1, 1.0, ttft_ms=few), PROMISE).percentile, 100.0)
    assert "mean" == level_of(cell(1, 1.0, ttft_ms=Percentiles(mean=90.0)), PROMISE).percentile


def test_requests_that_stand_in_line_are_told_from_a_machine_that_is_busy():
    """Four places, each busy for 50 + 63 · 5 = 365 ms: 4 / 0.365 = 10.96 requests/s, whatever waits behind them."""
    answer = quick_answer([cell(1, 1 / 0.365), cell(4, 10.9), cell(16, 10.96, ttft=1150.0)], PROMISE)

    assert "queue" == answer.limit
    assert 4.0 == pytest.approx(answer.served_at_once, rel=0.01)
    # 16 at once get no more answers than 4, only later.
    assert (4, 1) == (answer.best.concurrency, answer.one_user.concurrency)


def test_tokens_that_come_slower_mean_that_the_machine_computes_as_fast_as_it_can():
    # At 16 every token takes four times as long: all 16 are in work, 10.9 · (0.06 + 63 · 0.0225) = 16.1.
    answer = quick_answer([cell(1, 2.7), cell(4, 10.8), cell(16, 10.9, ttft=60.0, tpot=22.5)], PROMISE)

    assert ("compute", None) == (answer.limit, answer.served_at_once)


@pytest.mark.parametrize(
    ("cells", "limit"),
    [
        ([cell(1, 1.0)], "unknown"),
        ([cell(1, 1.0), cell(4, 3.5)], "not_found"),
        ([cell(1, 1.0), cell(4, 1.0, kv_cache_usage_fraction=0.99)], "memory"),
        ([cell(1, 1.0), cell(4, 1.0, preemptions=3)], "memory"),
        ([cell(1, 1.0), cell(4, 1.0, client_bound=True)], "client"),
        ([cell(1, 1.0), cell(4, 1.0, requests_failed=50)], "failures"),
        ([cell(1, 1.0), cell(4, 0.0, requests_ok=0, requests_failed=9)], "failures"),
    ],
)
def test_what_kept_throughput_from_growing(cells, limit):
    assert limit == quick_answer(cells, PROMISE).limit


def test_the_load_that_keeps_the_promise_may_not_be_the_one_of_highest_throughput():
    answer = quick_answer([cell(1, 1.0), cell(4, 3.0), cell(16, 6.0, ttft=2500.0)], PROMISE)

    assert (4, 16) == (answer.best.concurrency, answer.most.concurrency)


def test_where_no_load_keeps_the_promise_none_is_named():
    assert quick_answer([cell(1, 1.0, ttft=9000.0)], PROMISE).best is None


def test_a_load_at_which_requests_fail_keeps_no_promise():
    assert 1 == quick_answer([cell(1, 1.0), cell(4, 3.0, requests_failed=10)], PROMISE).best.concurrency


def test_nothing_is_said_where_nothing_was_answered():
    answer = quick_answer([cell(1, 0.0, requests_ok=0, requests_failed=5)], PROMISE)

    assert (None, None, "failures") == (answer.one_user, answer.best, answer.limit)


def test_what_makes_the_answer_weaker_is_listed():
    weak = cell(
        1,
        1.0,
        requests_ok=5,
        complete=False,
        token_source="chunks",
        prefix_cache_hit_fraction=0.5,
        warnings=[Warn(code="output_length", message="")],
    )

    assert ("few_samples", "cut_short", "chunks_counted", "early_end", "cache_hits") == quick_answer(
        [weak], PROMISE
    ).caveats
    assert () == quick_answer([cell(1, 1.0)], PROMISE).caveats
