from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from tco.places import Country, Places, countries_of


def test_the_unions_are_those_of_the_treaties() -> None:
    """27 members and 7 territories with a code of their own; the EEA has Iceland, Liechtenstein and Norway besides."""
    eu, eea = countries_of(["EU"]), countries_of(["EEA"])

    assert (34, {"IS", "LI", "NO"}) == (len(eu), eea - eu)
    assert set() == {"GB", "CH", "US"} & eea


def test_one_name_is_a_list_of_one_and_each_counts_once() -> None:
    places = TypeAdapter(Places)

    assert ["EU"] == places.validate_python("eu")
    assert ["DE", "US"] == places.validate_python(["DE", "us", "DE"])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("UK", "Did you mean GB?"),
        ("Europe", "Did you mean EU?"),
        ("eu-central-1", "not a region of a cloud"),
        ("EMEA", "two letters of ISO 3166-1"),
        ([], "an empty list names nothing"),
        (["EU", ""], "no place that can be checked"),
    ],
)
def test_what_is_no_place_is_refused_in_a_sentence(given: object, sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Places).validate_python(given)

    assert sentence in str(caught.value)


def test_a_seat_is_one_country() -> None:
    with pytest.raises(ValidationError, match="EU is several countries"):
        TypeAdapter(Country).validate_python("EU")
