from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.capacity.replicas.needed import Counts
from tco.capacity.replicas.policies import Load, Policy, standing
from tco.capacity.replicas.spares import with_spares_each
from tco.workload.profiles import PROFILE_NAMES, Weights

GOODPUT = 2.0


def load(profile: str = "office-hours", months: int = 3, mean: float = 10.0, growth: float = 0.1) -> Load:
    rates = mean * (1 + growth) ** np.arange(months)
    hours = rates[:, None] * np.array(Weights.from_profile(profile).values)
    return Load(requests_per_s=hours, covered_requests_per_s=hours, peak_requests_per_s=hours.max(axis=1))


def no_spares(needed: Counts) -> Counts:
    return needed


def two_nines(needed: Counts) -> Counts:
    return with_spares_each(needed, 0.99, 0.999)


def test_fixed_stands_for_the_peak_of_each_month() -> None:
    asked = load()
    found = standing(asked, GOODPUT, Policy(), no_spares)

    assert np.ceil(asked.peak_requests_per_s / GOODPUT).tolist() == found.most.tolist()
    assert found.most.tolist() == found.least.tolist() == found.paid.tolist()


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_scheduled_without_start_and_spares_is_the_sum_of_its_hours(profile: str) -> None:
    asked = load(profile)
    found = standing(asked, GOODPUT, Policy(kind="scheduled"), no_spares)

    assert np.ceil(asked.requests_per_s / GOODPUT - 1e-9).sum(axis=1).tolist() == pytest.approx(
        (found.paid * 168).tolist()
    )


@given(
    st.sampled_from(PROFILE_NAMES),
    st.floats(0.2, 200),
    st.floats(0, 300),
    st.floats(0, 60),
    st.sampled_from([no_spares, two_nines]),
)
def test_what_follows_the_load_costs_no_more_than_the_peak_and_no_less_than_the_work(
    profile: str, mean: float, start_up: float, cool_down: float, spares: object
) -> None:
    asked = load(profile, mean=mean)
    fixed = standing(asked, GOODPUT, Policy(), spares)
    for kind in ("scheduled", "reactive"):
        policy = Policy(kind=kind, start_up_hours=start_up / 60, cool_down_hours=cool_down / 60)
        found = standing(asked, GOODPUT, policy, spares)

        assert (found.paid <= fixed.paid + 1e-9).all()
        assert (found.paid >= asked.requests_per_s.mean(axis=1) / GOODPUT - 1e-9).all()
        assert fixed.most.tolist() == found.most.tolist()
        assert (found.least <= found.paid + 1e-9).all()
        assert ((found.late_fraction >= 0) & (found.late_fraction <= 1)).all()


@pytest.mark.parametrize("kind", ["fixed", "scheduled", "reactive"])
def test_a_flat_profile_is_the_same_under_every_policy(kind: str) -> None:
    policy = Policy(kind=kind, start_up_hours=0.3, cool_down_hours=0.5)
    found = standing(load("flat"), GOODPUT, policy, two_nines)
    fixed = standing(load("flat"), GOODPUT, Policy(), two_nines)

    assert [fixed.paid.tolist(), [0.0] * 3] == [pytest.approx(found.paid.tolist()), found.late_fraction.tolist()]


def test_reactive_without_a_start_is_never_late_and_pays_for_the_hours_only() -> None:
    reactive = standing(load(), GOODPUT, Policy(kind="reactive"), two_nines)
    scheduled = standing(load(), GOODPUT, Policy(kind="scheduled"), two_nines)

    assert [0.0] * 3 == reactive.late_fraction.tolist()
    assert scheduled.paid.tolist() == reactive.paid.tolist()


def test_a_longer_start_makes_more_late() -> None:
    late = [
        standing(load(), GOODPUT, Policy(kind="reactive", start_up_hours=hours), no_spares).late_fraction[0]
        for hours in (0.05, 0.1, 0.4)
    ]

    assert late == sorted(set(late))


def test_office_hours_by_hand() -> None:
    """Ten hours of 7 requests/s on five days, else 1: of 2 a replica, 4 and 1. A start of 6 minutes is paid for 3 replicas once a day."""
    hours = np.array([[7.0 if hour // 24 < 5 and 8 <= hour % 24 < 18 else 1.0 for hour in range(168)]])
    asked = Load(requests_per_s=hours, covered_requests_per_s=hours, peak_requests_per_s=np.array([7.0]))
    scheduled = standing(asked, 2.0, Policy(kind="scheduled", start_up_hours=0.1), no_spares)
    reactive = standing(asked, 2.0, Policy(kind="reactive", start_up_hours=0.1, cool_down_hours=0.2), no_spares)

    assert (50 * 4 + 118 + 5 * 3 * 0.1) / 168 == pytest.approx(scheduled.paid[0])
    assert (50 * 4 + 118 + 5 * 3 * 0.2) / 168 == pytest.approx(reactive.paid[0])
    # Each morning (7 − 2) · 0.1 h wait, worked off at 8 − 7: 0.5 h later. So 0.6 h · 7 of the week's 50 · 7 + 118 are late.
    assert 5 * 0.6 * 7 / (50 * 7 + 118) == pytest.approx(reactive.late_fraction[0])


def test_the_floor_stands_in_quiet_hours_and_makes_ramps_gentler() -> None:
    floor = standing(load(), GOODPUT, Policy(kind="reactive", start_up_hours=0.2, min_replicas=8), no_spares)
    bare = standing(load(), GOODPUT, Policy(kind="reactive", start_up_hours=0.2), no_spares)

    assert [8.0] * 3 == floor.least.tolist()
    assert (floor.late_fraction < bare.late_fraction).all()
    assert (floor.paid > bare.paid).all()


def test_the_last_replica_may_go_at_night_and_its_start_is_late() -> None:
    """A request every two hours all week long; half an hour to start, a quarter of quiet: λL = 1/4, λC = 1/8."""
    asked = load("flat", months=1, mean=0.5 / 3600, growth=0.0)
    policy = Policy(kind="reactive", min_replicas=0, start_up_hours=0.5, cool_down_hours=0.25)
    found = standing(asked, GOODPUT, policy, no_spares)
    cycle = 0.25 + np.exp(0.125)

    assert (1 - 1 / cycle, 1.25 / cycle, 1 / cycle) == pytest.approx(
        (found.paid[0], found.late_fraction[0], found.asleep_fraction[0])
    )
    assert found.least.tolist() == [0.0]


def test_a_schedule_lets_the_last_one_go_in_hours_without_requests() -> None:
    hours = np.array([[1.0] * 12 + [0.0] * 156])
    asked = Load(requests_per_s=hours, covered_requests_per_s=hours, peak_requests_per_s=np.array([1.0]))
    gone = standing(asked, 2.0, Policy(kind="scheduled", min_replicas=0), no_spares)
    kept = standing(asked, 2.0, Policy(kind="scheduled"), no_spares)

    assert (12 / 168, 1.0, 156 / 168) == pytest.approx((gone.paid[0], kept.paid[0], gone.asleep_fraction[0]))


@pytest.mark.parametrize("kind", ["fixed", "scheduled", "reactive"])
def test_a_month_without_requests_has_no_fleet(kind: str) -> None:
    asked = load(mean=0.0)
    found = standing(asked, GOODPUT, Policy(kind=kind, min_replicas=3), two_nines)

    assert [[0.0] * 3] * 3 == [found.most.tolist(), found.paid.tolist(), found.late_fraction.tolist()]
