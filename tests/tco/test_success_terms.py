from __future__ import annotations

import pytest

from tco.success_terms import Success
from tests.factories import API, RENT, scenario


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"success_fraction": 0.9, "escalation_fraction": 0.2, "escalates_to": "rent"}, "add up to 1.1"),
        ({"success_fraction": 0.9, "escalation_fraction": 0.1}, "not where to"),
        ({"success_fraction": 0.9, "escalation_fraction": 0.1, "escalates_to": "human"}, "human_usd_per_task"),
        ({"success_fraction": 0.9, "human_usd_per_task": 3.0}, "nothing goes to a person"),
        ({"success_fraction": 1.2}, "outside 0 to 1"),
        ({"success_fraction": 0.9, "escalation_fraction": 0.1, "escalates_to": "nobody"}, "no option"),
        ({"success_fraction": 0.9, "escalation_fraction": 0.1, "escalates_to": "api"}, "in a circle: api, api"),
    ],
)
def test_terms_that_do_not_fit_are_refused_in_a_sentence(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        scenario(options=[{**API, "success": given}, RENT])


def test_a_longer_circle_is_told_with_its_way() -> None:
    there = {"success_fraction": 0.5, "escalation_fraction": 0.5, "escalates_to": "rent"}
    back = {**there, "escalates_to": "api"}

    with pytest.raises(ValueError, match="in a circle: api, rent, api"):
        scenario(options=[{**API, "success": there}, {**RENT, "success": back}])


def test_an_option_may_not_be_called_like_a_person() -> None:
    given = {"success_fraction": 0.9, "escalation_fraction": 0.1, "escalates_to": "human", "human_usd_per_task": 1.0}

    with pytest.raises(ValueError, match="means a person"):
        scenario(options=[{**API, "success": given}, {**RENT, "name": "human"}])


def test_all_solved_and_nothing_handed_on_is_allowed() -> None:
    assert Success.model_validate({"success_fraction": 1.0}).escalation_fraction.value == 0
