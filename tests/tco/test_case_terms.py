from __future__ import annotations

import json

import jsonschema
import pytest
import yaml

from scripts.write_schemas import schema_text
from tco.case_terms import probabilities
from tco.errors import InputError
from tco.register import quantities
from tco.scenario_file import dump, parse
from tests.factories import scenario_data

CASES = {
    "low": {"workload.requests_per_day": 43_200, "probability_fraction": 0.3},
    "high": {
        "workload.requests_per_day": {"value": 172_800, "low": 100_000, "high": 300_000},
        "options.rent.price_usd_per_hour": 0.1,
        "probability_fraction": 0.2,
    },
}


def text(cases: object = CASES, **changes: object) -> str:
    return yaml.safe_dump(scenario_data(**changes) | {"cases": cases})


def test_a_case_puts_its_inputs_in_and_leaves_the_others():
    low, high, base = (parse(text(), case=name) for name in ("low", "high", "base"))

    assert (43_200, 172_800, 86_400) == tuple(each.workload.requests_per_day.value for each in (low, high, base))
    assert (2.0, 0.1, 2.0) == tuple(each.option("rent").price_usd_per_hour.value for each in (low, high, base))
    assert (100_000, 300_000) == high.workload.requests_per_day.bounds
    assert ("test (low)", "test") == (low.name, base.name)
    assert {} == low.cases


def test_the_file_as_it_stands_is_not_changed_by_its_cases():
    with_cases, without = parse(text()), parse(yaml.safe_dump(scenario_data()))

    assert dict(quantities(without)) == dict(quantities(with_cases))


def test_settings_come_after_the_case():
    low = parse(text(), ["workload.requests_per_day=7"], "low")

    assert 7 == low.workload.requests_per_day.value


def test_cases_survive_a_round_trip_in_their_flat_form():
    scenario = parse(text())

    assert scenario == parse(dump(scenario))
    assert "workload.requests_per_day: 43200" in dump(scenario)


def test_the_published_schema_takes_cases():
    schema = json.loads(schema_text("scenario"))

    jsonschema.validate(scenario_data() | {"cases": CASES}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(
            scenario_data() | {"cases": {"low": {"probability_fraction": 2, "horizon_months": 3}}}, schema
        )


def test_the_file_as_it_stands_has_the_probability_that_is_left():
    assert {"base": 0.5, "low": 0.3, "high": 0.2} == pytest.approx(probabilities(parse(text()).cases | {}))
    assert {"base": None, "low": None} == probabilities(parse(text({"low": {"horizon_months": 3}})).cases)


@pytest.mark.parametrize(
    ("cases", "sentence"),
    [
        ({"low": {"workload.request_per_day": 5}}, "near names: workload.requests_per_day"),
        ({"low": {"options.rnt.price_usd_per_hour": 5}}, "near names: options.rent.price_usd_per_hour"),
        ({"low": {"options.rent.one_off_usd.migratoin": 5}}, "no input `options.rent.one_off_usd.migratoin`"),
        ({"low": {"company.countri": "DE"}}, "did you mean `country`"),
        ({"low": {"baseline": "rent"}}, "says what is compared"),
        ({"low": {"options.rent.name": "x"}}, "says what is compared"),
        ({"low": {"workload.requests_per_day": -5}}, "case 'low': `workload.requests_per_day`: -5 is outside 0 or more"),
        ({"low": {}}, "is the file as it stands"),
        ({"low": 3}, "`path: value` lines"),
        ({"base": {"horizon_months": 3}}, "another name"),
        ({"a": {"horizon_months": 3, "probability_fraction": 0.6}, "b": {"horizon_months": 4, "probability_fraction": 0.6}}, "add up to 1.2"),
        ({"a": {"horizon_months": 3, "probability_fraction": 0.6}, "b": {"horizon_months": 4}}, "not for: b"),
    ],
)  # fmt: skip
def test_bad_cases_are_one_sentence(cases, sentence):
    with pytest.raises(InputError, match=sentence.replace("(", r"\(")):
        parse(text(cases))


def test_an_unknown_case_is_told_with_those_there_are():
    with pytest.raises(InputError, match="there are: base, high, low"):
        parse(text(), case="lo")
