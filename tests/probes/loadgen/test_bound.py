import pytest

from probes.loadgen.bound import ClientVerdict, judge_client

QUIET = {
    "cpu_fraction": 0.5,
    "lag_p99_ms": 1.0,
    "schedule_lag_p99_ms": 0.2,
    "ttft_p50_ms": 40.0,
    "itl_p50_ms": 8.0,
    "chunk_rate_per_s": 10_000.0,
    "floor_ttft_error_p50_ms": 0.4,
    "max_chunk_rate_per_s": 60_000.0,
}


def test_a_client_with_time_to_spare_is_not_the_bottleneck():
    assert ClientVerdict(bound=False, late=False) == judge_client(**QUIET)


def test_what_nobody_knows_speaks_neither_way():
    assert ClientVerdict(bound=False, late=False) == judge_client()


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"cpu_fraction": 0.91}, "91 % of a core"),
        ({"chunk_rate_per_s": 54_001.0}, "54,001 chunks/s"),
        ({"lag_p99_ms": 10.1}, "late by 10.1 ms"),
        ({"schedule_lag_p99_ms": 10.1}, "after they were due"),
        ({"floor_ttft_error_p50_ms": 10.1}, "known time to first token"),
    ],
)
def test_each_sign_alone_makes_it_the_bottleneck(changed, word):
    verdict = judge_client(**{**QUIET, **changed})
    assert (True, 1, True) == (verdict.bound, len(verdict.reasons), word in verdict.reasons[0])


@pytest.mark.parametrize(
    "changed",
    [
        {"cpu_fraction": 0.9},
        {"chunk_rate_per_s": 54_000.0},
        {"schedule_lag_p99_ms": 10.0},
        {"floor_ttft_error_p50_ms": 10.0},
        # 5 ms is what any process suffers, however short the answers.
        {"lag_p99_ms": 5.0, "ttft_p50_ms": 1.0, "itl_p50_ms": 1.0},
    ],
)
def test_the_limits_themselves_are_allowed(changed):
    assert ClientVerdict(bound=False, late=False) == judge_client(**{**QUIET, **changed})


def test_lateness_that_blurs_single_gaps_only_is_said_and_no_more():
    verdict = judge_client(**{**QUIET, "lag_p99_ms": 6.0})
    assert (False, True, True) == (verdict.bound, verdict.late, "ITL" in verdict.reasons[0])
