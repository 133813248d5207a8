"""Whatever constraints and terms say, they are answered or refused in a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import tco
from tco import InputError
from tco.answer import explain, headline
from tco.constraint_words import constraint_sentences
from tests.factories import API, OWN, RENT, run, scenario_data

pytestmark = pytest.mark.slow

RUNS = {"test-run": run()}
CONTRADICTIONS = ("both say when it can serve", "by which nothing is rated")
GOOD = {
    "number": st.floats(0.1, 100),
    "places": st.lists(st.sampled_from(["EU", "EEA", "DE", "US"]), min_size=1, max_size=3),
    "names": st.lists(st.sampled_from(["SOC 2", "SOC 2 Type II", "ISO 27001"]), min_size=1, max_size=3),
    "country": st.sampled_from(["DE", "US", None]),
    "day": st.sampled_from(["2027-01-01", None]),
}
BAD = {
    "number": st.one_of(GOOD["number"], st.sampled_from([-1, 1e9, float("nan"), float("inf"), "30", None])),
    "places": st.one_of(
        st.lists(st.sampled_from(["EU", "WORLD", "UK", "", "eu-central-1", 7]), max_size=3),
        st.sampled_from(["EU", None]),
    ),
    "names": st.one_of(st.lists(st.sampled_from(["SOC 2", "", "\u00a7", 7]), max_size=3), st.none()),
    "country": st.sampled_from(["DE", "EU", "XX", 7]),
    "day": st.sampled_from(["2027-01-01", "2026-99-99", 20270101]),
}


def record(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


def constraints(of: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return record(
        licence_commercial=st.booleans(),
        residency=of["places"],
        operator_nationality=of["places"],
        max_retention_days=of["number"],
        needs_baa=st.booleans(),
        certifications=of["names"],
        holds_slo=st.booleans(),
        min_quality=st.fixed_dictionaries(
            {"min_rating_points": of["number"], "measure": st.sampled_from(["ours", "arena-text-style-control"])}
        ),
        max_lead_time_months=of["number"],
        covers=st.sampled_from(["all", "sensitive"]),
        unknown=st.sampled_from(["refuse", "allow", None]),
    )


def terms(of: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    stated = record(
        regions=of["places"],
        operator_country=of["country"],
        retention_days=of["number"],
        baa=st.sampled_from([True, False, None]),
        certifications=of["names"],
        latency=record(ttft_p95_ms=of["number"], e2e_p99_ms=of["number"]),
        lead_time_months=of["number"],
        available_from=of["day"],
    )
    rating = st.fixed_dictionaries({"rating_points": of["number"], "rating_measure": st.just("ours")})
    return st.builds(lambda some, rated: some | rated, stated, st.one_of(st.just({}), rating))


def asked(of: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """A scenario with constraints and with terms of each option."""
    return st.builds(
        lambda wishes, api, rent, own, baseline: scenario_data(
            options=[API | {"terms": api}, RENT | {"terms": rent}, OWN | {"terms": own}],
            constraints=wishes,
            baseline=baseline,
        ),
        constraints(of),
        terms(of),
        terms(of),
        terms(of),
        st.sampled_from(["api", "rent", "own"]),
    )


def answered(data: dict[str, Any]) -> tco.Result | str:
    try:
        return tco.evaluate(tco.parse(yaml.safe_dump(data)), RUNS, searches=False)
    except InputError as error:
        return str(error)


@settings(max_examples=60)
@given(asked(GOOD))
def test_constraints_are_answered_or_contradict_something(data: dict[str, Any]) -> None:
    result = answered(data)
    if isinstance(result, str):
        assert any(words in result for words in CONTRADICTIONS), result
        return

    written = json.dumps(result.model_dump(mode="json", by_alias=True), allow_nan=False)
    assert result == tco.Result.model_validate_json(written)
    assert all([headline(result), *(explain(result, option) for option in result.options)])
    if result.constraints is not None:
        assert all(constraint_sentences(result.constraints, 12))
        assert (result.recommended is None) == (result.constraints.together.chosen is None)
        assert {option.name for option in result.options if not option.feasible} == {
            finding.option for finding in result.constraints.findings if finding.rules_out
        }


@settings(max_examples=60)
@given(asked(BAD))
def test_bad_ones_are_refused_in_one_sentence(data: dict[str, Any]) -> None:
    result = answered(data)

    assert not isinstance(result, str) or (20 < len(result) < 1000 and "\n" not in result)
