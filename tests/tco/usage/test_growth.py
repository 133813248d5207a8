"""Growth beside an independent regression."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tco.usage.growth import growth_per_month


def test_growth_is_the_slope_of_an_independent_regression():
    levels = [100.0, 130.0, 118.0, 150.0, 171.0]
    line = stats.linregress(range(5), np.log(levels))
    value, low, high = growth_per_month([(f"2026-0{n}", level) for n, level in enumerate(levels, start=1)])
    half = stats.t.ppf(0.975, 3) * line.stderr

    assert value == pytest.approx(np.exp(line.slope) - 1)
    # The interval reaches below the largest fall, 118 after 130, and above the largest rise, 130 after 100.
    assert low == pytest.approx(max(np.exp(line.slope - half), 118 / 130) - 1)
    assert high == pytest.approx(min(np.exp(line.slope + half), 1.3) - 1)


def test_too_few_months_and_months_without_traffic_have_none():
    assert growth_per_month([("2026-01", 1.0), ("2026-02", 2.0)]) is None
    assert growth_per_month([("2026-01", 1.0), ("2026-02", 0.0), ("2026-03", 2.0)]) is None


def test_growth_stays_within_what_a_scenario_takes():
    value, low, high = growth_per_month([("2026-01", 1.0), ("2026-02", 100.0), ("2026-03", 10_000.0)])

    assert (1.0, 1.0, 1.0) == (value, low, high)
