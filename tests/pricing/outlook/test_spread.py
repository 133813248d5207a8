from __future__ import annotations

import math
from datetime import date

import pytest
from scipy.stats import norm, t

from pricing.outlook.spread import Spread, jumping, spread, student_factor, trending, wandering
from pricing.outlook.windows import Window

HALVED, DOUBLED = -math.log(2), math.log(2)


def seen(*logs, item=None):
    """One window for each log factor, of as many items, or all of one."""
    return [Window("s", item or f"m{number}", date(2025, 1, 1), log) for number, log in enumerate(logs)]


def test_shares_are_counted_from_the_lowest_case():
    cases = Spread(((HALVED, 0.2), (0.0, 0.7), (DOUBLED, 0.1)))
    assert [0.5, 0.5, 1.0, 1.0, 2.0] == [pytest.approx(cases.factor_at(share)) for share in (0.1, 0.2, 0.5, 0.9, 0.95)]


def test_means_of_a_spread_by_hand():
    # 0.2 · 0.5 + 0.7 · 1 + 0.1 · 2 = 1.0; 2^(0.1 − 0.2) = 0.933; lowest tenth all halved, highest tenth all doubled.
    cases = Spread(((HALVED, 0.2), (0.0, 0.7), (DOUBLED, 0.1)))
    assert (1.0, 2**-0.1) == pytest.approx((cases.mean_factor(), cases.typical_factor()))
    assert (0.5, 2.0) == pytest.approx(cases.tail_means())
    assert (0.2, 0.1) == pytest.approx(cases.moved())


def test_the_mean_of_a_tenth_counts_part_of_a_case():
    # The lowest tenth is 0.04 of cases halved and 0.06 unchanged: (0.02 + 0.06) / 0.1 = 0.8.
    assert pytest.approx(0.8) == Spread(((HALVED, 0.04), (0.0, 0.96))).tail_means()[0]


def test_a_move_within_one_per_cent_is_none():
    assert (0.0, 0.0) == Spread(((math.log(0.995), 0.5), (math.log(1.005), 0.5))).moved()


def test_chances_of_a_jump_get_half_a_case_each():
    # 10 items: 2 fell, 1 rose: (2 + 0.5) / 11.5 and (1 + 0.5) / 11.5.
    cases = jumping(seen(HALVED, HALVED, DOUBLED, *[0.0] * 7), window_months=12, months=12)
    assert (2.5 / 11.5, 1.5 / 11.5) == pytest.approx(cases.moved())


def test_many_windows_of_one_item_are_one_item():
    # 1 item whose price halved in all of its windows: (1 + 0.5) / 2.5 and 0.5 / 2.5.
    cases = jumping(seen(*[HALVED] * 9, item="m"), window_months=12, months=12)
    assert (0.6, 0.2) == pytest.approx(cases.moved())


def test_a_rise_that_was_never_seen_is_as_large_as_the_falls():
    cases = jumping(seen(HALVED, *[0.0] * 9), window_months=12, months=12)
    assert {0.5, 1.0, 2.0} == {round(math.exp(log), 9) for log, _ in cases.cases}
    assert pytest.approx(0.5 / 11.5) == cases.moved()[1]


def test_prices_that_never_moved_do_not_move():
    assert Spread(((0.0, 1.0),)) == jumping(seen(0.0, 0.0, 0.0), window_months=12, months=12)


def test_the_chance_of_a_jump_compounds_and_its_size_stays():
    # Chance of a year (2.5 + 1.5) / 11.5 = 0.348; of two 1 − 0.652² = 0.575; of half a year 1 − √0.652 = 0.193.
    windows = seen(HALVED, HALVED, DOUBLED, *[0.0] * 7)
    for months, chance in ((24, 1 - (7.5 / 11.5) ** 2), (6, 1 - math.sqrt(7.5 / 11.5)), (0, 0.0)):
        cases = jumping(windows, window_months=12, months=months)
        assert pytest.approx(chance) == sum(cases.moved())
        assert {0.5, 1.0, 2.0} == {round(math.exp(log), 9) for log, _ in cases.cases}


def test_a_trend_moves_with_time_and_strays_with_its_root():
    # Three items, median −ln 2: over 48 months the median is −4 ln 2 and the stray twice that of 12 months.
    windows = seen(2 * HALVED, HALVED, 0.0)
    year, four = (trending(windows, window_months=12, months=months).cases for months in (12, 48))
    stray = student_factor(3) * math.log(2)
    assert [HALVED - stray, HALVED, HALVED + stray] == pytest.approx([log for log, _ in year])
    assert [4 * HALVED - 2 * stray, 4 * HALVED, 4 * HALVED + 2 * stray] == pytest.approx([log for log, _ in four])


def test_a_price_that_wanders_goes_as_far_up_as_down():
    cases = wandering(seen(HALVED, 0.0), window_months=12, months=12)
    assert [HALVED, 0.0, 0.0, DOUBLED] == pytest.approx([log for log, _ in cases.cases])
    assert 1.0 == pytest.approx(cases.typical_factor())
    assert (0.25, 0.25) == pytest.approx(cases.moved())


@pytest.mark.parametrize("manner", ["jumps", "trends", "wanders"])
def test_no_time_is_no_change_and_the_weights_add_up_to_one(manner):
    windows = seen(HALVED, DOUBLED, 0.0, -0.3, 0.1)
    now = spread(manner, windows, window_months=12, months=0)
    assert (1.0, 1.0, 1.0) == pytest.approx((now.factor_at(0.1), now.factor_at(0.5), now.factor_at(0.9)))
    for months in (1, 12, 60):
        cases = spread(manner, windows, window_months=12, months=months).cases
        assert 1.0 == pytest.approx(math.fsum(weight for _, weight in cases))
        assert sorted(cases) == list(cases)


@pytest.mark.parametrize("manner", ["jumps", "wanders"])
def test_the_band_only_widens_with_time(manner):
    windows = seen(HALVED, DOUBLED, 0.0, -0.3, 0.1)
    bands = [spread(manner, windows, window_months=12, months=months) for months in (0, 3, 6, 12, 24, 36, 60)]
    lows, highs = [band.factor_at(0.1) for band in bands], [band.factor_at(0.9) for band in bands]
    assert sorted(lows, reverse=True) == lows
    assert sorted(highs) == highs


@pytest.mark.parametrize("cases", range(2, 12))
def test_the_student_factor_is_that_of_the_distribution(cases):
    expected = t.ppf(0.9, cases - 1) / norm.ppf(0.9) * math.sqrt(1 + 1 / cases)
    assert pytest.approx(expected, rel=1e-3) == student_factor(cases)


def test_one_case_counts_as_two():
    assert student_factor(2) == student_factor(1)
