import numpy as np
import pytest
from scipy.stats import binomtest

from probes.analysis.proportion import attainment, attainment_of, independent_requests, promise, strain, wilson
from probes.cell import Attainment
from probes.errors import ProbeError
from tests.probes.analysis.loads import MS, failed, trace

LIMITS = {"ttft": 45.0, "tpot": 12.0}


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_wilsons_interval_has_newcombes_published_values(successes, trials, low, high):
    # Newcombe 1998, https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E, table I, method 3
    assert (low, high) == pytest.approx(wilson(successes, trials), abs=5e-5)


@pytest.mark.parametrize("trials", [1, 7, 100, 3000])
def test_wilsons_interval_is_scipys(trials):
    for successes in {0, 1, trials // 3, trials - 1, trials}:
        known = binomtest(successes, trials).proportion_ci(method="wilson")
        assert (known.low, known.high) == pytest.approx(wilson(successes, trials), abs=1e-12)


def test_without_trials_anything_may_be_true():
    assert (0.0, 1.0) == wilson(0, 0)


def test_more_successes_than_trials_are_refused():
    with pytest.raises(ValueError, match="3 successes of 2 trials"):
        wilson(3, 2)


@pytest.mark.parametrize(
    ("limits", "used"),
    [
        ({"ttft": 40.0}, 1.0),
        ({"ttft": 80.0}, 0.5),
        ({"tpot": 7.5}, 1.0),
        ({"itl": 15.0}, 0.5),  # 30 ms over the 4 tokens after the first chunk
        ({"e2e": 35.0}, 2.0),
        ({"ttft": 80.0, "e2e": 35.0}, 2.0),
        ({}, 0.0),
    ],
)
def test_the_limit_that_is_used_up_most_decides(limits, used):
    assert used == pytest.approx(strain(trace(0, [40, 50, 70], [1, 2, 2]), limits))


def test_a_failed_request_keeps_no_limit_and_one_token_any_limit_of_a_gap():
    assert (float("inf"), 0.0) == (
        strain(failed(0, 1, "timeout"), LIMITS),
        strain(trace(0, [40]), {"tpot": 1.0, "itl": 1.0}),
    )


def test_in_an_open_loop_waiting_to_be_sent_counts():
    late = trace(10, [40], scheduled_ns=0)
    assert (40 / 45, 50 / 45) == pytest.approx(
        (strain(late, {"ttft": 45.0}), strain(late, {"ttft": 45.0}, scheduled=True))
    )


def test_the_share_that_kept_every_limit_by_hand():
    good, slow = trace(0, [40, 50]), trace(0, [46, 50])
    found = attainment([good, slow, failed(0, 1, "timeout"), good], LIMITS)
    assert (0.5, 4, LIMITS) == (found.kept_fraction, found.requests, found.limits_ms)
    assert wilson(2, 4) == pytest.approx((found.low, found.high))


def test_without_limits_or_requests_there_is_no_share():
    assert (None, None) == (attainment([trace(0, [1])], {}), attainment([], LIMITS))


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"tokens": 1.0}, "a limit of 'tokens' was given; limits are of ttft, tpot, itl, e2e"),
        ({"ttft": 0.0}, "ttft <= 0.0 ms"),
    ],
)
def test_limits_that_make_no_sense_are_refused(limits, words):
    with pytest.raises(ProbeError, match=words):
        attainment([trace(0, [1])], limits)


def test_requests_that_wait_in_one_queue_count_as_fewer():
    rng = np.random.default_rng(4)
    alone = rng.exponential(0.3, 800)
    together = np.repeat(rng.exponential(0.3, 20), 40)
    assert 800 == pytest.approx(independent_requests(attainment_of(alone, LIMITS)), rel=0.2)
    assert independent_requests(attainment_of(together, LIMITS)) < 60


def test_a_queues_memory_is_seen_before_a_limit_is_broken():
    walk = np.cumsum(np.random.default_rng(2).normal(size=400))
    calm = 0.5 + 0.4 * (walk - walk.min()) / np.ptp(walk)
    found = attainment_of(calm, LIMITS)
    assert (1.0, True) == (found.kept_fraction, found.low < 0.8)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.95, 0.99, "kept"), (0.90, 0.9499, "broken"), (0.90, 0.95, "unresolved"), (0.94, 0.97, "unresolved")],
)
def test_a_promise_is_kept_broken_or_unresolved(low, high, verdict):
    found = Attainment(limits_ms={}, kept_fraction=(low + high) / 2, low=low, high=high, requests=100)
    assert verdict == promise(found, 0.95)


@pytest.mark.parametrize("successes", [0, 1, 40, 79, 80])
def test_the_number_of_requests_is_read_back_from_the_interval(successes):
    low, high = wilson(successes, 80)
    found = Attainment(limits_ms={}, kept_fraction=successes / 80, low=low, high=high, requests=80)
    assert 80 == pytest.approx(independent_requests(found))
    assert MS == 1_000_000
