"""Buckets keep requests and tokens; log-normal ones agree with their closed forms and with draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import lognorm

from tco.capacity.mix import buckets_from_lengths, buckets_lognormal
from tco.errors import InputError

EDGES = (0.0, 100.0, 1000.0, math.inf)


def totals(buckets):
    """Requests/s, prompt tokens/s, answer tokens/s."""
    return (
        sum(b.requests_per_s for b in buckets),
        sum(b.requests_per_s * b.input_tokens for b in buckets),
        sum(b.requests_per_s * b.output_tokens for b in buckets),
    )


def test_recorded_requests_and_their_tokens_are_all_kept():
    rng = np.random.default_rng(3)
    ins, outs = rng.integers(1, 5000, 2000), rng.integers(1, 900, 2000)
    buckets = buckets_from_lengths(ins, outs, 12.0)
    assert pytest.approx((12.0, 12.0 * ins.mean(), 12.0 * outs.mean()), rel=1e-12) == totals(buckets)


def test_a_length_on_an_edge_belongs_to_the_bucket_that_it_ends():
    names = [b.name for b in buckets_from_lengths([100, 101], [1, 1], 1.0, input_edges_tokens=EDGES)]
    assert ["0-100 in, 0-64 out", "100-1000 in, 0-64 out"] == names


def test_the_longest_stands_for_a_bucket_on_request_and_never_below_the_mean():
    ins, outs = [10, 90, 500], [5, 20, 30]
    mean = buckets_from_lengths(ins, outs, 3.0, input_edges_tokens=EDGES, workload="chat")
    upper = buckets_from_lengths(ins, outs, 3.0, input_edges_tokens=EDGES, workload="chat", representative="upper")
    assert [(50.0, 12.5), (500.0, 30.0)] == [(b.input_tokens, b.output_tokens) for b in mean]
    assert [(90.0, 20.0), (500.0, 30.0)] == [(b.input_tokens, b.output_tokens) for b in upper]
    assert ["chat: 0-100 in, 0-64 out", "chat: 100-1000 in, 0-64 out"] == [b.name for b in mean]


@pytest.mark.parametrize("correlation", [-0.6, 0.0, 0.5])
@pytest.mark.parametrize("spread", [0.3, 0.8, 2.0])
def test_log_normal_buckets_keep_requests_and_tokens(spread, correlation):
    buckets = buckets_lognormal(
        800.0, 200.0, 5.0, spread_fraction=spread, correlation=correlation, least_share_fraction=0.0
    )
    assert pytest.approx((5.0, 5.0 * 800.0, 5.0 * 200.0), rel=1e-9) == totals(buckets)


def test_log_normal_shares_are_those_of_scipys_distribution():
    sigma = math.sqrt(math.log(1 + 0.8**2))
    lengths = lognorm(sigma, scale=800 * math.exp(-(sigma**2) / 2))
    buckets = buckets_lognormal(
        800.0, 200.0, 1.0, spread_fraction=0.8, input_edges_tokens=EDGES, output_edges_tokens=(0.0, math.inf)
    )
    assert pytest.approx(np.diff(lengths.cdf(EDGES)).tolist(), abs=1e-10) == [b.requests_per_s for b in buckets]
    means = [lengths.expect(lb=low, ub=high, conditional=True) for low, high in ((0, 100), (100, 1000))]
    assert pytest.approx(means, rel=1e-6) == [b.input_tokens for b in buckets[:2]]


def test_correlated_lengths_agree_with_a_million_draws():
    rng = np.random.default_rng(7)
    r = 2 * math.sin(math.pi * 0.5 / 6)
    sigma = math.sqrt(math.log(1 + 0.8**2))
    z = rng.multivariate_normal([0, 0], [[1, r], [r, 1]], 1_000_000)
    ins, outs = (mean * np.exp(sigma * z[:, k] - sigma**2 / 2) for k, mean in enumerate((800.0, 200.0)))
    buckets = buckets_lognormal(
        800.0, 200.0, 1.0, spread_fraction=0.8, correlation=0.5, input_edges_tokens=EDGES, output_edges_tokens=EDGES
    )
    drawn = buckets_from_lengths(ins, outs, 1.0, input_edges_tokens=EDGES, output_edges_tokens=EDGES)
    rates = {b.name: b.requests_per_s for b in drawn}
    # A share p of a million draws is known within sqrt(p / 1e6): 4 of these are at most 0.0021.
    assert {b.name: pytest.approx(rates.get(b.name, 0.0), abs=0.0021) for b in buckets} == {
        b.name: b.requests_per_s for b in buckets
    }


def test_lengths_without_spread_are_one_bucket():
    buckets = buckets_lognormal(800.0, 200.0, 5.0, spread_fraction=0.0)
    assert [(5.0, 800.0, 200.0)] == [(b.requests_per_s, b.input_tokens, b.output_tokens) for b in buckets]


def test_rare_buckets_can_be_left_out_and_no_request_is_lost():
    all_of_them = buckets_lognormal(800.0, 200.0, 5.0, spread_fraction=0.8, least_share_fraction=0.0)
    common = buckets_lognormal(800.0, 200.0, 5.0, spread_fraction=0.8, least_share_fraction=0.01)
    assert len(common) < len(all_of_them)
    assert pytest.approx(5.0) == totals(common)[0]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: buckets_from_lengths([], [], 1.0), "0 prompt lengths"),
        (lambda: buckets_from_lengths([1, 2], [1], 1.0), "one of each"),
        (lambda: buckets_from_lengths([0], [1], 1.0), "request 1 has a prompt of 0 tokens"),
        (lambda: buckets_from_lengths([5], [math.nan], 1.0), "request 1 has a answer|request 1 has an answer"),
        (lambda: buckets_from_lengths([5], [5], 1.0, input_edges_tokens=(0.0,)), "at least two"),
        (lambda: buckets_from_lengths([5], [5], 1.0, input_edges_tokens=(5.0, 2.0)), "ascend"),
        (lambda: buckets_lognormal(0.0, 1.0, 1.0, spread_fraction=0.5), "above 0"),
        (lambda: buckets_lognormal(1.0, 1.0, 1.0, spread_fraction=-0.5), "at least 0"),
        (lambda: buckets_lognormal(1.0, 1.0, 1.0, spread_fraction=0.5, correlation=1.0), "-0.95"),
        (lambda: buckets_lognormal(1.0, 1.0, 1.0, spread_fraction=0.5, input_edges_tokens=(0.0, 9.0)), "infinity"),
    ],
)
def test_what_is_no_histogram_is_said(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call()
