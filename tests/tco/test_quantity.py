from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from tco.quantity import Change, Fraction, Positive, Quantity


def test_a_bare_number_is_an_assumption() -> None:
    quantity = Quantity.model_validate(3)

    assert (3.0, "assumption", None) == (quantity.value, quantity.evidence, quantity.bounds)


@pytest.mark.parametrize(
    "bad", [True, "900 tokens", float("nan"), float("inf"), None, {"value": 1, "unit": "s"}, {"low": 1}]
)
def test_what_is_not_a_number_is_refused(bad: object) -> None:
    with pytest.raises(ValidationError):
        Quantity.model_validate(bad)


def test_the_range_must_hold_the_value() -> None:
    with pytest.raises(ValidationError, match="does not hold the value 5"):
        Quantity(value=5, low=6, high=7)


def test_dust_is_refused() -> None:
    with pytest.raises(ValidationError, match="too small to be meant"):
        Quantity(value=1e-300)


def test_one_sided_range_reaches_to_the_value() -> None:
    assert Quantity(value=5, high=8).bounds == (5, 8)


def test_at_holds_one_value_and_keeps_the_source() -> None:
    held = Quantity(value=5, low=1, high=9, source="bill").at(2)

    assert (2, None, "bill") == (held.value, held.bounds, held.source)


@pytest.mark.parametrize(
    ("kind", "bad", "hint"),
    [
        (Fraction, 10, "0.10 for 10 %"),
        (Change, 5, "fraction"),
        (Positive, 0, "more than 0"),
        (Fraction, {"value": 0.5, "high": 2}, "0 to 1"),
    ],
)
def test_ranges_say_what_is_allowed(kind: object, bad: object, hint: str) -> None:
    with pytest.raises(ValidationError, match=hint):
        TypeAdapter(kind).validate_python(bad)
