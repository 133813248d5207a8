import math

import numpy as np
import pytest
from scipy.optimize import brentq

from probes.analysis.capacity import Search, gain, goodput, next_concurrency, next_rate, requests_to_tell
from probes.analysis.capacity import Tested as Offered
from probes.analysis.proportion import attainment_of, wilson
from probes.cell import Attainment, Cell
from probes.record import Interval, Percentiles


def _cell(concurrency: int, rate: float, half: float | None = 1.0, *, complete=True) -> Cell:
    throughput = (
        Interval(mean=rate) if half is None else Interval(mean=rate, low=max(0.0, rate - half), high=rate + half)
    )
    nothing = Percentiles()
    return Cell(
        concurrency=concurrency, duration_s=1, requests_ok=10, input_tokens=1, output_tokens=1, token_source="usage",
        output_tokens_per_s=throughput, total_tokens_per_s=throughput, requests_per_s=throughput, complete=complete,
        ttft_ms=nothing, itl_ms=nothing, tpot_ms=nothing, e2e_ms=nothing,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "half", "verdict"),
    [
        (100.0, 190.0, 2.0, "grows"),
        (100.0, 101.0, 2.0, "flat"),
        (100.0, 90.0, 2.0, "flat"),
        (100.0, 103.0, 1.0, "flat"),  # a gain that is shown, and shown to be small
        (100.0, 106.0, 1.0, "grows"),
        (100.0, 104.0, 5.0, "unresolved"),
        (100.0, 101.0, None, "unresolved"),
    ],
)
def test_a_gain_is_small_only_where_the_interval_of_the_difference_says_so(before, after, half, verdict):
    assert (
        verdict == gain(_cell(1, before, half).output_tokens_per_s, _cell(2, after, half).output_tokens_per_s).verdict()
    )


def test_the_interval_of_a_gain_by_hand():
    # Half widths 3 and 4 make 5, over 100.
    found = gain(Interval(mean=100, low=97, high=103), Interval(mean=120, low=116, high=124))
    assert (0.2, 0.15, 0.25) == pytest.approx((found.fraction, found.low, found.high))


def _ladder(throughput, *, half=1.0, most=256, around_knee=True):
    cells = []
    while (concurrency := next_concurrency(cells, most=most, around_knee=around_knee)) is not None:
        cells.append(_cell(concurrency, throughput(concurrency), half))
        assert len(cells) < 40
    return [cell.concurrency for cell in cells]


def test_the_ladder_doubles_until_more_is_not_worth_it_then_looks_around_the_knee():
    # 10 tokens/s a stream up to 20 streams.
    assert [1, 2, 4, 8, 16, 32, 64, 23, 19] == _ladder(lambda streams: min(10.0 * streams, 200.0))


def test_the_ladder_ends_at_its_limit():
    assert [1, 2, 4, 8, 12] == _ladder(lambda streams: 10.0 * streams, most=12, around_knee=False)


def test_the_ladder_ends_where_two_steps_cannot_be_told_from_flat():
    assert [1, 2, 4] == _ladder(lambda streams: 100.0 + streams, half=10.0, around_knee=False)


def test_a_point_that_carries_no_decision_ends_the_ladder():
    assert next_concurrency([_cell(1, 10), _cell(2, 20, complete=False)], most=64, around_knee=False) is None


D_S = 0.1


def md1_kept(rate_per_s: float, limit_s: float) -> float:
    """Share of M/D/1 customers whose wait is at most `limit_s` (Erlang 1909)."""
    return (1 - rate_per_s * D_S) * math.fsum(
        (rate_per_s * (k * D_S - limit_s)) ** k / math.factorial(k) * math.exp(-rate_per_s * (k * D_S - limit_s))
        for k in range(int(limit_s / D_S) + 1)
    )


def md1_waits(rate_per_s: float, customers: int, rng: np.random.Generator) -> np.ndarray:
    """Lindley's recursion, as a running minimum; the first 200 customers are warm-up."""
    steps = D_S - rng.exponential(1 / rate_per_s, customers + 199)
    walk = np.concatenate([[0.0], np.cumsum(steps)])
    return (walk - np.minimum.accumulate(walk))[200:]


def _search(true_limit_s: float, target: float, customers: int, seed: int, **changes):
    rng = np.random.default_rng(seed)
    values = {"first_per_s": 7.0, "least_per_s": 0.1, "most_per_s": 12.0}
    search = Search(limits_ms={"ttft": true_limit_s * 1e3}, target_fraction=target, **(values | changes))
    tested = []
    while (rate := next_rate(tested, search)) is not None:
        strains = (md1_waits(rate, customers, rng) + D_S) / (true_limit_s + 1e-12)
        tested.append(Offered(rate_per_s=rate, attainment=attainment_of(strains, search.limits_ms)))
    return goodput(tested, search), tested


def test_the_simulated_queue_follows_its_formula():
    waits = md1_waits(7.0, 400_000, np.random.default_rng(1))
    assert md1_kept(7.0, 0.4) == pytest.approx(float(np.mean(waits <= 0.4)), abs=0.005)


@pytest.mark.parametrize(("limit_s", "target", "customers"), [(0.3, 0.9, 400), (0.3, 0.95, 1500), (0.5, 0.95, 1000)])
def test_the_true_boundary_of_a_queue_is_inside_the_bracket(limit_s, target, customers):
    true = brentq(lambda rate: md1_kept(rate, limit_s - D_S) - target, 0.01, 9.99)
    found = [_search(limit_s, target, customers, seed)[0] for seed in range(100)]
    inside = [one.low <= true <= (math.inf if one.high is None else one.high) for one in found]
    assert sum(inside) >= 95


def test_a_search_ends_and_says_what_would_resolve_it():
    found, tested = _search(0.5, 0.95, 400, seed=0)
    assert (False, True) == (found.resolved, len(tested) <= 12)
    assert "cannot be told from 95%" in found.reason
    assert "requests at this rate would tell" in found.reason


def _told(rate: float, kept: int, requests: int = 1000) -> Offered:
    low, high = wilson(kept, requests)
    share = Attainment(limits_ms={"ttft": 1}, kept_fraction=kept / requests, low=low, high=high, requests=requests)
    return Offered(rate_per_s=rate, attainment=share)


SEARCH = Search(limits_ms={"ttft": 1}, target_fraction=0.95, first_per_s=4.0, least_per_s=0.5, most_per_s=64.0)


def _sharp(boundary: float, search: Search = SEARCH):
    """A server that keeps everything below a rate and nothing above."""
    tested = []
    while (rate := next_rate(tested, search)) is not None:
        tested.append(_told(rate, 1000 if rate <= boundary else 0))
    return goodput(tested, search), [one.rate_per_s for one in tested]


def test_bisection_closes_in_on_a_sharp_boundary():
    found, rates = _sharp(11.0)
    assert [4.0, 8.0, 16.0, math.sqrt(128)] == pytest.approx(rates[:4])
    assert (True, None, True) == (
        found.resolved,
        found.reason,
        found.low <= 11.0 <= found.high <= 1.1 * found.low * (1 + 1e-9),
    )
    assert (found.requests_per_s, 1.0) == (found.low, found.at_rate.kept_fraction)


def test_a_server_that_keeps_every_rate_has_no_upper_end():
    found, rates = _sharp(1000.0)
    assert ([4.0, 8.0, 16.0, 32.0, 64.0], None, 64.0, False) == (rates, found.high, found.low, found.resolved)
    assert "no rate was shown to break the promise; 64 requests/s was the highest offered that kept it" == found.reason


def test_a_server_that_keeps_no_rate_says_so():
    found, rates = _sharp(0.1)
    assert ([4.0, 2.0, 1.0, 0.5], None, 0.0, 0.5, False) == (
        rates,
        found.requests_per_s,
        found.low,
        found.high,
        found.resolved,
    )
    assert "even 0.5 requests/s, the lowest rate offered, broke the promise" == found.reason


def test_a_higher_rate_that_kept_what_a_lower_one_broke_does_not_count():
    tested = [_told(4.0, 1000), _told(8.0, 0), _told(9.0, 1000)]
    assert (4.0, 8.0) == (goodput(tested, SEARCH).low, goodput(tested, SEARCH).high)


def test_too_few_tests_leave_a_wide_bracket_with_its_reason():
    found = goodput([_told(4.0, 1000), _told(8.0, 0)], SEARCH)
    assert "after 2 rates the bracket is 100% wide, not 10%; allow more time" == found.reason


def test_no_test_at_all_has_a_reason_too():
    assert ("no rate was offered", None, 0.0) == (
        goodput([], SEARCH).reason, goodput([], SEARCH).requests_per_s, goodput([], SEARCH).low
    )  # fmt: skip


def test_the_number_of_requests_that_would_tell_is_where_wilsons_interval_leaves_the_target_out():
    needed, z = requests_to_tell(0.97, 0.95), 2.241402727604947
    ends = [wilson(0.97 * count, count, z)[0] > 0.95 for count in (needed - 1, needed)]
    assert [False, True] == ends
