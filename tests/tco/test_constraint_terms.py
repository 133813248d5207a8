from __future__ import annotations

from typing import Any

import pytest
import yaml

from tco import InputError, dump, parse
from tests.factories import API, scenario_data


def refused(**changes: Any) -> str:
    with pytest.raises(InputError) as caught:
        parse(yaml.safe_dump(scenario_data(**changes)))
    return str(caught.value)


@pytest.mark.parametrize(
    ("constraints", "sentence"),
    [
        (
            {"residency": []},
            "`constraints.residency`: an empty list names nothing; name at least one, or leave the field out",
        ),
        ({"residency": ["Mars"]}, "'Mars' is no place that can be checked"),
        ({"residency": ["WORLD"]}, "WORLD rules out nobody"),
        ({"operator_nationality": ["UK"]}, "Did you mean GB?"),
        ({"certifications": []}, "an empty list names nothing"),
        ({"certifications": [""]}, "at least 1 character"),
        ({"max_retention_days": -1}, "greater than or equal to 0"),
        ({"max_lead_time_months": float("nan")}, "finite number"),
        ({"min_quality": {}}, "`constraints.min_quality.min_rating_points` is missing"),
        ({"unknown": "maybe"}, "'refuse' or 'allow'"),
        ({"residence": ["EU"]}, "did you mean `residency`?"),
    ],
)
def test_bad_constraints_are_refused_in_a_sentence(constraints: dict[str, Any], sentence: str) -> None:
    assert sentence in refused(constraints=constraints)


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"regions": []}, "an empty list names nothing"),
        ({"operator_country": "EU"}, "EU is several countries"),
        ({"lead_time_months": 1, "available_from": "2027-01-01"}, "leave one of them out"),
        ({"rating_points": 5}, "a rating without its measure says nothing"),
        ({"latency": {"ttft_p95_s": 1}}, "did you mean `ttft_p95_ms`"),
        ({"retention": 0}, "did you mean `retention_days`?"),
        ({"available_from": "soon"}, "soon is not a day"),
    ],
)
def test_bad_terms_are_refused_in_a_sentence(terms: dict[str, Any], sentence: str) -> None:
    assert sentence in refused(options=[API | {"terms": terms}])


def test_constraints_and_terms_survive_a_round_trip() -> None:
    terms = {"regions": "EU", "retention_days": 30, "certifications": ["SOC 2"], "source": "https://example.com"}
    constraints = {"residency": ["EU", "CH"], "needs_baa": True, "min_quality": {"min_rating_points": 1300}}
    asked = parse(yaml.safe_dump(scenario_data(options=[API | {"terms": terms}], constraints=constraints)))

    assert asked == parse(dump(asked))


def test_a_constraint_can_be_set_for_one_answer() -> None:
    asked = parse(yaml.safe_dump(scenario_data()), ["constraints.residency=[EU]", "options.api.terms.regions=EU"])

    assert asked.constraints is not None
    assert asked.option("api").terms is not None
    assert ["EU"] == asked.constraints.residency
