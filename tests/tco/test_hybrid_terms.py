from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tco.scenario import CascadeOption, HybridOption, Scenario
from tests.factories import API, OWN, RENT, scenario

MIXED: dict[str, Any] = {"name": "mixed", "kind": "hybrid", "base": "rent", "overflow": "api"}
BOTH: dict[str, Any] = {"name": "both", "kind": "cascade", "small": "rent", "large": "api", "escalation_fraction": 0.1}


def asked(*options: dict[str, Any]) -> Scenario:
    return scenario(options=[dict(API), dict(RENT), dict(OWN), *options])


def test_both_kinds_are_read_with_their_defaults() -> None:
    found = asked(MIXED, BOTH)
    mixed, both = found.option("mixed"), found.option("both")

    assert isinstance(mixed, HybridOption)
    assert (mixed.replicas, mixed.sensitive_fraction.value, mixed.parts) == ("optimal", 0.0, ("rent", "api"))
    assert isinstance(both, CascadeOption)
    assert (both.judge_usd_per_request.value, both.parts) == (0.0, ("rent", "api"))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([MIXED | {"base": "mixed"}], "`base` is the option itself"),
        ([MIXED | {"base": "nobody"}], "`base` is 'nobody', which is no option; choose one of: rent, own"),
        ([MIXED | {"base": "api"}], "`base` is 'api' of kind api; it needs machines that carry the base load"),
        ([MIXED | {"overflow": "own"}], "`overflow` is 'own' of kind own; it needs a seller"),
        ([MIXED, MIXED | {"name": "more", "base": "mixed"}], "made of other options itself"),
        ([MIXED, BOTH | {"large": "mixed"}], "made of other options itself"),
        ([BOTH | {"large": "rent"}], "`small` and `large` are both 'rent'"),
        ([BOTH | {"escalation_fraction": 1.5}], "outside 0 to 1"),
        ([MIXED | {"sensitive_fraction": -0.1}], "outside 0 to 1"),
        ([BOTH | {"judge_usd_per_request": -1}], "outside 0 or more"),
        ([MIXED | {"replicas": "most"}], "'most' is no number of replicas; write `optimal`, a whole number"),
        ([MIXED | {"replicas": -1}], "-1 is no number of replicas"),
        ([MIXED | {"replicas": []}], "[] is no number of replicas"),
        ([MIXED | {"replicas": [2, 0.5]}], "[2, 0.5] is no number of replicas"),
        ([MIXED | {"replicas": 200_000}], "less than or equal to 100000"),
        ([MIXED | {"run": "test-run"}], "Extra inputs"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(options: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        asked(*options)

    assert says in str(refused.value)


def test_a_part_has_no_sequence_of_its_own() -> None:
    with pytest.raises(ValidationError, match="give these to the option that is made of it"):
        scenario(options=[dict(API), {**RENT, "starts_after_months": 3}, MIXED])


def test_where_nothing_can_take_the_part_it_says_what_to_add() -> None:
    with pytest.raises(ValidationError, match="add an option of kind rent or own"):
        scenario(options=[dict(API), MIXED | {"base": "nobody"}])
