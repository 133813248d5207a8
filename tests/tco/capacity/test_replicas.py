from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from tco.capacity.replicas import replicas_needed, with_spares


@pytest.mark.parametrize(
    ("peak", "goodput", "expected"), [(0, 2, 0), (0.1, 2, 1), (2, 2, 1), (2.1, 2, 2), (0.3, 0.1, 3)]
)
def test_replicas_are_whole(peak: float, goodput: float, expected: int) -> None:
    assert expected == replicas_needed(peak, goodput)


def test_nvidias_workbook_needs_six_whole_instances() -> None:
    """100 requests/s at 18.916473384 an instance: the workbook says 5.28640 instances, which nobody can buy."""
    assert 100 / 18.916473384 == pytest.approx(5.28640, abs=5e-6)
    assert replicas_needed(100, 18.916473384) == 6


def test_an_absurd_demand_is_a_sentence() -> None:
    with pytest.raises(OverflowError, match="check the units"):
        replicas_needed(1e9, 0.001)


@given(st.integers(1, 60), st.floats(0.9, 0.999), st.floats(0.9, 0.9999))
def test_spares_are_just_enough(needed: int, available: float, target: float) -> None:
    count = with_spares(needed, available, target)

    assert binom.sf(needed - 1, count, available) >= target - 1e-8
    assert count == needed or binom.sf(needed - 1, count - 1, available) < target


def test_two_nines_need_no_spare_and_three_need_one() -> None:
    assert (1, 2) == (with_spares(1, 0.99, 0.99), with_spares(1, 0.99, 0.999))
    assert with_spares(0, 0.99, 0.999) == 0
