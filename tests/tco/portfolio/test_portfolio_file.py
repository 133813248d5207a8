from __future__ import annotations

import json

import jsonschema
import pytest

from scripts.write_schemas import schema_text
from tco.errors import InputError
from tco.portfolio import answer_portfolio, read_portfolio
from tests.factories import API, OWN, RENT, scenario_data
from tests.tco.portfolio.conftest import written


def refused(path) -> str:
    with pytest.raises(InputError) as told:
        answer_portfolio(read_portfolio(path))
    return str(told.value)


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"members": []}, "at least 1 item"),
        ({"memebers": []}, "did you mean `members`"),
        ({"members": [{"scenario": "a.yaml"}, {"scenario": "a.yaml"}]}, "two members are called 'a'"),
        ({"members": [{"scenario": "a.yaml", "load_factr": 2}]}, "did you mean `load_factor`"),
        ({"members": [{"scenario": "a.yaml", "load_factor": 0}]}, "greater than 0"),
        ({"members": [{"scenario": "a.yaml", "clock_shift_hours": 30}]}, "less than or equal to 23"),
        ({"members": [{"scenario": "none.yaml"}]}, "member 'none': "),
        ({"members": [{"scenario": "a.yaml", "case": "low"}]}, "no case is called 'low'"),
        ({"members": [{"scenario": "a.yaml", "set": {"workload.nonsense": 1}}]}, "not a known key"),
        ({"option": None}, "name the shared option"),
        ({"option": "nobody"}, "has no option 'nobody'; it has: api, rent"),
        ({"option": "api"}, "is of kind 'api'; machines are shared"),
        ({"schema": 2}, "newer than 1"),
    ],
)
def test_a_bad_portfolio_is_one_sentence(tmp_path, terms, sentence):
    assert sentence in refused(written(tmp_path, {"a": {}}, **terms))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"horizon_months": 6}, "`horizon_months` is 12 of a and 6 of b"),
        ({"discount_rate_per_year": 0.1}, "`discount_rate_per_year` is 0 of a and 0.1 of b"),
        ({"options": [dict(API), RENT | {"gpus_per_replica": 2}]}, "`gpus_per_replica` of the shared option"),
        ({"options": [dict(API), RENT | {"run": "h100-llama-3.1-8b-fp8"}]}, "rest on two runs"),
        ({"options": [dict(API), OWN | {"name": "rent"}]}, "`kind` of the shared option is rent of a and own of b"),
        ({"workload__slo": {"ttft_p95_ms": 1.0}}, "member 'b': rent cannot serve it"),
        ({"finance": {"tax_fraction": 0.3}}, "taxes, loans and leases are not shared out yet"),
        ({"options": [dict(API), RENT | {"starts_after_months": 3}]}, "starts later"),
    ],
)
def test_members_that_do_not_fit_are_one_sentence(tmp_path, data, sentence):
    assert sentence in refused(written(tmp_path, {"a": {}, "b": {"data": data}}))


def test_together_too_many_replicas_are_told(tmp_path):
    small = {"options": [dict(API), RENT | {"scaling": {"max_replicas": 2}}]}

    assert "the shared fleet: the busiest hour needs 3 replicas" in refused(
        written(tmp_path, {"a": {"data": small}, "b": {"data": small}})
    )


def test_terms_that_differ_are_told_and_the_first_ones_count(tmp_path):
    dear = {"options": [dict(API), RENT | {"price_usd_per_hour": 9.0}]}
    found = answer_portfolio(read_portfolio(written(tmp_path, {"a": {}, "b": {"data": dear}})))

    assert any("b has other terms than a (price_usd_per_hour)" in caution for caution in found.cautions)
    assert found.way("shared").total_usd == pytest.approx(3 * 12 * 2.0 * 730.5)


def test_a_case_and_settings_reach_the_member(tmp_path):
    path = written(
        tmp_path, {"a": {"case": "low", "set": {"options.rent.price_usd_per_hour": 1.0}, "load_factor": 0.5}}
    )
    cases = {"low": {"workload.requests_per_day": {"value": 100, "low": 50, "high": 200}}}
    (tmp_path / "a.yaml").write_text(json.dumps(scenario_data() | {"cases": cases}), encoding="utf-8")
    portfolio = read_portfolio(path)
    scenario = portfolio.scenario_of(portfolio.members[0])
    asked = scenario.workload.requests_per_day

    assert (50.0, 25.0, 100.0) == (asked.value, asked.low, asked.high)
    assert 1.0 == scenario.option("rent").price_usd_per_hour.value


@pytest.mark.parametrize("text", ["[1]", "a: &x 1", "{", ""])
def test_a_file_that_is_none_is_one_sentence(tmp_path, text):
    path = tmp_path / "p.yaml"
    path.write_text(text, encoding="utf-8")

    assert "p.yaml" in refused(path)


def test_the_published_schema_takes_the_example(tmp_path):
    path = written(tmp_path, {"a": {}})

    jsonschema.validate(json.loads(path.read_text()), json.loads(schema_text("portfolio")))
