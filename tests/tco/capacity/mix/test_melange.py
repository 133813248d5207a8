"""The published examples of Mélange (arXiv 2404.14527, github.com/tyler-griggs/melange-release), numbers only."""

from __future__ import annotations

import numpy as np
import pytest

from tco.capacity.mix import Bucket, MachineType, cheapest_mix


def solve(distribution, rate, goodput_small, goodput_large, slices):
    """A10G at 1.01 and A100-80GB at 3.67 USD an hour, as both examples have them."""
    shares, small, large = (np.array(table).ravel() for table in (distribution, goodput_small, goodput_large))
    buckets = [Bucket(name=f"{i}", requests_per_s=rate * share) for i, share in enumerate(shares)]
    machines = [
        MachineType(name="A10G", price_usd_per_hour=1.01),
        MachineType(name="A100-80GB", price_usd_per_hour=3.67),
    ]
    return cheapest_mix(buckets, machines, np.column_stack([small, large]), slices=slices)


def test_the_example_of_the_readme_comes_out_as_published():
    # melange/config/example.json; README: {"A10G": 3, "A100-80GB": 1, "cost": 6.7}
    mix = solve([[0.2, 0.1], [0.5, 0.2]], 30.0, [[2, 1], [5, 2]], [[20, 20], [40, 20]], slices=1)
    assert {"A10G": 3, "A100-80GB": 1} == mix.counts
    assert pytest.approx(6.70) == mix.cost_usd_per_hour


def test_the_first_published_example_comes_out_as_published():
    # The first version of the repository's script; README of then: {"A10G": 10.0, "A100": 0.0, "cost": 10.1}
    mix = solve([[0.25, 0.5], [0.25, 0.25]], 16.0, [[5, 1], [10, 5]], [[20, 2], [50, 20]], slices=1)
    assert {"A10G": 10} == mix.counts
    assert pytest.approx(10.1) == mix.cost_usd_per_hour


def test_requests_that_are_divided_freely_save_a_third_of_the_published_example():
    # One A100 has 0.125 of a replica too much to do; a third of the third bucket keeps one A10G busy instead.
    mix = solve([[0.2, 0.1], [0.5, 0.2]], 30.0, [[2, 1], [5, 2]], [[20, 20], [40, 20]], slices=None)
    assert {"A10G": 1, "A100-80GB": 1} == mix.counts
    assert pytest.approx(4.68) == mix.cost_usd_per_hour
    assert pytest.approx(1 / 3) == mix.assignment[2, 0]


RATIO_PERCENT = np.array(
    [  # Plot 1 of the project's page: T/$ of A10G over A100 for Llama-2-7B where positive, the other way round where negative.
        [72, 52, 20, 17, 13, 11],  # 25 output tokens; 25, 100, 250, 500, 1,000 and 2,000 input tokens
        [52, 25, 15, 1, -1, -4],
        [28, 11, 2, 1, -8, -13],
        [12, 2, 1, -4, -17, -21],
        [-6, -10, -11, -11, -18, -20],
        [-8, -10, -13, -17, -18, -38],
    ]
)


def test_published_efficiencies_bound_what_mixing_two_types_can_save_at_a_high_rate():
    """Where whole machines do not matter, mixing saves at most 1 - 1 / 1.72 against the dearer of two types, and far less against the cheaper one."""
    cheaper = 1 + np.abs(RATIO_PERCENT) / 100
    usd_small = np.where(RATIO_PERCENT >= 0, 1.0, cheaper)  # USD of work of one unit on each type; 1 on the better one
    usd_large = np.where(RATIO_PERCENT >= 0, cheaper, 1.0)
    rate = 20_000.0
    buckets = [Bucket(name=f"{i}", requests_per_s=rate / 36) for i in range(36)]
    machines = [MachineType(name=n, price_usd_per_hour=p) for n, p in (("A10G", 1.01), ("A100", 3.67))]
    goodput = np.column_stack([1.01 / usd_small.ravel(), 3.67 / usd_large.ravel()])
    mix = cheapest_mix(buckets, machines, goodput)
    # Equal work in all 36 sizes: each size on its better type costs 1 a unit.
    assert pytest.approx(rate, rel=1e-3) == mix.cost_usd_per_hour
    means = {"A10G": float(usd_small.mean()), "A100": float(usd_large.mean())}
    alone = {single.name: single.cost_usd_per_hour / rate for single in mix.single_types}
    assert pytest.approx(means, rel=1e-3) == alone
    assert pytest.approx(1 - 1 / min(means.values()), abs=1e-3) == mix.saving_fraction
