"""Draws: seeded, spread as asked, moving together as asked, in groups that share a fleet layout."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tco.quantity import Quantity
from tco.risk.draws import groups, layouts_of
from tco.risk.inputs import Uncertain

WIDE = Quantity(value=3, low=2, high=7)
PRICE = Uncertain(paths=("options.api.output_usd_per_mtok",), quantity=WIDE)
VOLUME = Uncertain(paths=("workload.requests_per_day",), quantity=Quantity(value=5, low=0, high=9))
HEADROOM = Uncertain(paths=("workload.peak_headroom_fraction",), quantity=Quantity(value=0.2, low=0, high=0.5))


def normal(rank: float) -> float:
    return 2 * np.sin(np.pi * rank / 6)


def drawn(inputs, factor, draws=20_000, seed=1):
    """Values of each input, one row each, and the layouts."""
    found = list(groups(inputs, factor, draws, seed))
    rows = [
        np.concatenate([np.broadcast_to(group.values[n], group.count) for group in found]) for n in range(len(inputs))
    ]
    return np.array(rows), np.concatenate([np.full(group.count, group.layout) for group in found])


def test_each_input_has_its_own_distribution():
    rows, _ = drawn((PRICE, VOLUME), np.eye(2))

    for row, each in zip(rows, (PRICE, VOLUME), strict=True):
        low, high = each.quantity.bounds
        ours = stats.triang((each.quantity.value - low) / (high - low), low, high - low)
        assert stats.kstest(row, ours.cdf).pvalue > 0.001


def test_the_same_seed_gives_the_same_draws_and_another_others():
    inputs = (PRICE, HEADROOM)
    first, again, other = (drawn(inputs, np.eye(2), 1000, seed)[0] for seed in (1, 1, 2))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("rank", [-0.8, 0.3, 0.95])
def test_ranks_are_correlated_as_asked(rank):
    factor = np.linalg.cholesky([[1, normal(rank)], [normal(rank), 1]])
    rows, _ = drawn((PRICE, VOLUME), factor)

    assert stats.spearmanr(*rows).statistic == pytest.approx(rank, abs=0.02)


def test_inputs_that_shape_the_fleet_have_one_value_a_layout_spread_evenly():
    rows, layouts = drawn((PRICE, HEADROOM), np.eye(2), 100_000)
    values = [np.unique(rows[1][layouts == layout]) for layout in range(32)]

    assert {1} == {each.size for each in values}
    shares = np.sort(stats.triang(0.4, 0, 0.5).cdf(np.concatenate(values)))
    assert np.array_equal(np.arange(32), np.floor(shares * 32))


def test_what_is_correlated_with_them_is_drawn_given_their_value():
    rank = 0.9
    factor = np.linalg.cholesky([[1, normal(rank)], [normal(rank), 1]])
    rows, _ = drawn((PRICE, HEADROOM), factor, 100_000)

    assert stats.spearmanr(*rows).statistic == pytest.approx(rank, abs=0.03)


@pytest.mark.parametrize("draws", [1, 5, 100, 1000, 65_537])
def test_there_are_as_many_as_asked(draws):
    rows, layouts = drawn((PRICE,), np.eye(1), draws)

    assert (1, draws) == rows.shape
    assert layouts.max() == layouts_of(draws) - 1
