from __future__ import annotations

import pytest

from tco.breakeven import breakeven_requests_per_day


def test_a_straight_line_breaks_even_where_it_crosses() -> None:
    assert breakeven_requests_per_day(lambda v: 0.003 * v - 42) == pytest.approx(14_000)


def test_the_last_crossing_of_a_sawtooth_counts() -> None:
    """Saves 1 a request, a replica for each 1,000 costs 900 from the third on less: loses again just after steps."""

    def saving(volume: float) -> float:
        return volume - 900.0 * -(-volume // 1000) - 250.0

    found = breakeven_requests_per_day(saving)

    assert found is not None
    assert saving(found) == pytest.approx(0, abs=1e-4)
    assert all(saving(found * f) >= -1e-6 for f in (1.0, 10.0, 100.0))


def test_volumes_that_cannot_be_served_are_not_tried() -> None:
    assert breakeven_requests_per_day(lambda v: v - 500 if v < 1e5 else None) == pytest.approx(500)
    assert breakeven_requests_per_day(lambda _: None) is None


def test_always_and_never() -> None:
    assert breakeven_requests_per_day(lambda _: 1.0) == 0.0
    assert breakeven_requests_per_day(lambda _: -1.0) is None
