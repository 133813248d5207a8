from __future__ import annotations

import pytest

from tco.capacity.replicas.availability import group_availability, kept_fraction


@pytest.mark.parametrize(("gpus", "expected"), [(0, 0.99), (1, 0.99), (2, 0.9801), (8, 0.99**8)])
def test_a_group_answers_while_all_its_gpus_do(gpus: int, expected: float) -> None:
    assert expected == pytest.approx(group_availability(0.99, gpus))


def test_a_machine_that_goes_every_four_hours_and_is_missed_for_one_is_there_four_fifths_of_the_time() -> None:
    assert kept_fraction(0.25, 60) == pytest.approx(4 / 5)


def test_a_machine_that_is_replaced_at_once_is_never_missed() -> None:
    assert kept_fraction(10.0, 0.0) == 1.0
