"""Joining rare buckets: nothing is lost, neighbours join, workloads stay apart."""

from __future__ import annotations

import numpy as np
import pytest

from tco.capacity.mix import Bucket, buckets_lognormal, merged
from tco.errors import InputError


def sums(buckets):
    return [
        sum(b.requests_per_s for b in buckets),
        sum(b.requests_per_s * b.input_tokens for b in buckets),
        sum(b.requests_per_s * b.output_tokens for b in buckets),
    ]


@pytest.mark.parametrize("most", [1, 5, 12])
def test_requests_and_tokens_stay_what_they_were(most):
    fine = buckets_lognormal(900, 250, 12.0, spread_fraction=1.0, correlation=0.4)
    coarse = merged(fine, most=most)
    assert most == len(coarse)
    assert sums(fine) == pytest.approx(sums(coarse), rel=1e-12)
    assert pytest.approx([12.0, 12.0 * 900, 12.0 * 250], rel=1e-4) == sums(coarse)


def test_none_is_rarer_than_asked():
    coarse = merged(buckets_lognormal(900, 250, 1.0, spread_fraction=1.0), least_share_fraction=0.02)
    assert min(bucket.requests_per_s for bucket in coarse) >= 0.02


def test_the_nearest_in_ratio_of_lengths_joins():
    far, near, rare = (
        Bucket(name=name, requests_per_s=rate, input_tokens=length, output_tokens=10)
        for name, rate, length in (("far", 5.0, 100.0), ("near", 4.0, 1000.0), ("rare", 1.0, 500.0))
    )
    # 500 is 5 times 100 and half of 1,000.
    assert [("far", 5.0, 100.0), ("near", 5.0, 900.0)] == [
        (b.name, b.requests_per_s, b.input_tokens) for b in merged([far, near, rare], most=2)
    ]


def test_buckets_that_nobody_asks_for_join_without_a_number_that_is_none():
    none = [Bucket(name=n, requests_per_s=0.0, input_tokens=10, output_tokens=10) for n in "ab"]
    only = merged(none, most=1)
    assert [(0.0, 10)] == [(b.requests_per_s, b.input_tokens) for b in only]
    assert np.isfinite(sums(only)).all()


@pytest.mark.parametrize(
    ("buckets", "most", "sentence"),
    [
        ([Bucket(name="a", requests_per_s=1.0)], 0, "at most 0 may remain"),
        ([Bucket(name=w, requests_per_s=1.0, workload=w) for w in "ab"], 1, "several workloads"),
    ],
)
def test_what_cannot_be_joined_is_said(buckets, most, sentence):
    with pytest.raises(InputError, match=sentence):
        merged(buckets, most=most)
