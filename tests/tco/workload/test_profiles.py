from __future__ import annotations

import pytest

from tco.workload.profiles import HOURS_PER_WEEK, PROFILE_NAMES, Weights


@pytest.mark.parametrize("name", PROFILE_NAMES)
def test_every_profile_is_a_week_of_mean_one(name: str) -> None:
    weights = Weights.from_profile(name)

    assert len(weights.values) == HOURS_PER_WEEK
    assert sum(weights.values) / HOURS_PER_WEEK == pytest.approx(1)
    assert min(weights.values) > 0


def test_office_hours_peak_is_worked_out_by_hand() -> None:
    """A weekday has 10 full hours, 2 halves and 12 tenths: 12.2; a weekend day 2.4; the mean hour is 65.8 / 168."""
    assert Weights.from_profile("office-hours").peak == pytest.approx(168 / (5 * 12.2 + 2 * 2.4))


def test_own_weights_are_scaled() -> None:
    weights = Weights.from_profile([2.0] * 84 + [6.0] * 84)

    assert (0.5, 1.5) == (weights.values[0], weights.peak)


@pytest.mark.parametrize("bad", [[1.0] * 24, [0.0] * 168, [-1.0] + [1.0] * 167, [float("nan")] * 168, "lunch"])
def test_what_is_no_week_is_refused(bad: list[float] | str) -> None:
    with pytest.raises(ValueError, match=r"168|profile"):
        Weights.from_profile(bad)
