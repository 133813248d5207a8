from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from tco.breakeven import BreakEvenVolumes, breakeven_hours, breakeven_hours_per_day
from tco.breakeven import breakeven_volumes as breakeven_of_many


def breakeven_volumes(saving: Callable[[float], float | None], steps: Iterable[float] = ()) -> BreakEvenVolumes:
    return breakeven_of_many(lambda volumes: [saving(volume) for volume in volumes], steps)


def breakeven_requests_per_day(saving: Callable[[float], float | None]) -> float | None:
    return breakeven_volumes(saving).requests_per_day


def test_a_straight_line_breaks_even_where_it_crosses() -> None:
    assert breakeven_requests_per_day(lambda v: 0.003 * v - 42) == pytest.approx(14_000)


def test_the_last_crossing_of_a_sawtooth_counts() -> None:
    """Saves 1 a request, a replica for each 1,000 costs 900 from the third on less: loses again just after steps."""

    def saving(volume: float) -> float:
        return volume - 900.0 * -(-volume // 1000) - 250.0

    found = breakeven_requests_per_day(saving)

    assert found is not None
    assert saving(found) == pytest.approx(0, abs=2e-3)
    assert all(saving(found * f) >= 0 for f in (1.0, 10.0, 100.0))


def test_volumes_that_cannot_be_served_are_not_tried() -> None:
    assert breakeven_requests_per_day(lambda v: v - 500 if v < 1e5 else None) == pytest.approx(500)
    assert breakeven_requests_per_day(lambda _: None) is None


def test_always_and_never() -> None:
    assert breakeven_requests_per_day(lambda _: 1.0) == 0.0
    assert breakeven_requests_per_day(lambda _: -1.0) is None


def test_steps_that_are_told_are_seen() -> None:
    """A request saves 1, a replica for each 1,000 costs 900, and 250 are paid in any case: worked out by hand."""

    def saving(volume: float) -> float:
        return volume - 900.0 * -(-volume // 1000) - 250.0

    found = breakeven_volumes(saving, range(1_000, 40_000, 1_000))

    assert found.requests_per_day == pytest.approx(11_050)
    assert [(each.low, each.high) for each in found.stretches[:-1]] == [
        (pytest.approx(900 * n + 250, rel=1e-4), pytest.approx(1_000 * n, rel=1e-5)) for n in range(3, 12)
    ]
    assert found.stretches[-1].low == pytest.approx(11_050, rel=1e-4)
    assert found.stretches[-1].is_open_high


@pytest.mark.parametrize(("rented", "hours"), [(98.32, 2720), (62.92, 4423), (43.16, 6800), (39.32, 7591)])
def test_break_even_hours_meet_lenovo_lp2368(rented: float, hours: int) -> None:
    """Lenovo Press LP2368 (February 2026), case 1: a system against four hourly prices.

    Within an hour: 2,720.4 and 4,423.4 are printed rounded, 6,799.2 is printed as 6,800 and 7,591.6 as 7,591.
    """
    found = breakeven_hours(250_141.80, 6.37, rented)

    assert found == pytest.approx(hours, rel=0, abs=0.9)


def test_what_rents_for_less_than_it_costs_to_run_never_breaks_even() -> None:
    assert breakeven_hours(1_000.0, 5.0, 5.0) is None
    assert breakeven_hours_per_day(100.0, 50.0, 40.0) is None
    assert breakeven_hours_per_day(30.0, 50.0, 40.0) == 0
    assert breakeven_hours_per_day(90.0, 50.0, 40.0) == 24
