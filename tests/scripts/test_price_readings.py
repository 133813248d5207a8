from __future__ import annotations

from datetime import date

import pytest

from scripts.price_readings import MOVING, NOT_CHAT, Reading, is_slip, without_corrections, without_twins

BEGAN = date(2023, 10, 31)


def reading(day, fresh, out):
    return Reading(date.fromisoformat(day), fresh, out, "a release")


def changes(*readings):
    return [(point.day.isoformat(), point.input, point.output) for point in without_corrections(list(readings), BEGAN)]


def test_readings_of_one_price_are_one_point():
    assert changes(reading("2025-01-01", 1, 4), reading("2025-02-01", 1.005, 4)) == [("2025-01-01", 1, 4)]


def test_a_change_is_a_point():
    # OpenAI's o3 after two months: a fall to a fifth.
    found = changes(reading("2025-04-01", 10, 40), reading("2025-06-28", 2, 8))
    assert found == [("2025-04-01", 10, 40), ("2025-06-28", 2, 8)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ((0.15, 0.0375), (0.0375, 0.15)),  # swapped, command-r7b
        ((0.35, 1.05), (3.5, 10.5)),  # ten times, gemini-1.5-pro
        ((2.5, 178.57), (2.5, 17.857)),  # ten times in one of the two
        ((15, 15), (0.3, 0.6)),  # further apart than a cut, command-light
    ],
)
def test_typing_errors_are_put_right_from_the_start(old, new):
    assert is_slip(reading("2025-01-01", *old), reading("2025-06-01", *new))
    assert changes(reading("2025-01-01", *old), reading("2025-06-01", *new)) == [("2025-01-01", *new)]


def test_equal_prices_for_input_and_output_are_not_swapped():
    assert not is_slip(reading("2025-01-01", 1, 1), reading("2025-06-01", 1, 1.5))


def test_a_first_price_that_stood_for_a_month_was_preliminary():
    assert changes(reading("2024-05-22", 2, 6), reading("2024-06-21", 0.7, 0.7)) == [("2024-05-22", 0.7, 0.7)]


def test_a_model_of_the_first_release_was_not_new_then():
    # Claude 2 fell from 11.02 / 32.68 to 8 / 24 within the first two months of the record.
    found = changes(reading("2023-10-31", 11.02, 32.68), reading("2023-12-14", 8, 24))
    assert found == [("2023-10-31", 11.02, 32.68), ("2023-12-14", 8, 24)]


def test_a_price_that_comes_back_within_four_months_had_not_gone():
    found = changes(reading("2025-01-01", 1, 4), reading("2025-03-01", 2, 8), reading("2025-05-01", 1, 4))
    assert found == [("2025-01-01", 1, 4)]


def test_a_price_that_comes_back_later_had_gone():
    found = changes(reading("2025-01-01", 1, 4), reading("2025-03-01", 2, 8), reading("2025-09-01", 1, 4))
    assert [price for _, price, _ in found] == [1, 2, 1]


def test_dated_names_whose_price_moved_alike_are_one_model():
    prices = [reading("2025-04-01", 10, 40), reading("2025-06-28", 2, 8)]
    assert [("openai", "o3")] == list(without_twins({("openai", "o3-2025-04-16"): prices, ("openai", "o3"): prices}))


def test_two_prices_of_one_family_are_two_models():
    cheap, dear = [reading("2025-04-01", 1, 4)], [reading("2025-04-01", 10, 40)]
    assert 2 == len(without_twins({("s", "m-2025-04-16"): cheap, ("s", "m"): dear}))


@pytest.mark.parametrize("name", ["mistral-large-latest", "mistral-small", "gemini-flash-latest"])
def test_names_that_move_to_the_newest_model_are_known(name):
    assert MOVING.search(name)


@pytest.mark.parametrize("name", ["mistral-large-2407", "gpt-4o", "gemini-2.5-flash"])
def test_fixed_names_are_kept(name):
    assert not MOVING.search(name)
    assert not NOT_CHAT.search(name)
