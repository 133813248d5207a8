from __future__ import annotations

from typing import Any

import pytest

from tco import InputError
from tests.factories import API, OWN, RENT
from tests.tco.constraints.holding import answer, with_terms

EU = {"residency": ["EU"]}


def ruled_out(result: Any) -> dict[str, bool]:
    return {option.name: not option.feasible for option in result.options}


def test_who_is_ruled_out_has_a_reason_and_no_costs() -> None:
    result = answer(EU, with_terms("api", regions="US"), with_terms("rent", regions="FI"))

    assert {"api": True, "rent": False} == ruled_out(result)
    assert ["data residency (EU) is not met, its data may be in US"] == result.option("api").reasons
    assert (None, "rent") == (result.option("api").total_usd, result.recommended)


def test_ruling_out_comes_before_ranking() -> None:
    """At 0.50 USD an hour the rent is cheaper; ruled out, it is neither recommended nor the contender."""
    cheap = with_terms("rent", {"price_usd_per_hour": 0.5}, regions="US")

    assert "rent" == answer(None, API, cheap).recommended
    barred = answer(EU, with_terms("api", regions="EU"), cheap)
    assert ("api", None) == (barred.recommended, barred.contender)


@pytest.mark.parametrize(("unknown", "is_out"), [(None, True), ("refuse", True), ("allow", False)])
def test_what_the_law_asks_and_nobody_knows_is_refused_unless_it_is_allowed(unknown: str | None, is_out: bool) -> None:
    result = answer(EU | {"unknown": unknown}, API)
    cautions = [caution for caution in result.warnings if caution.code == "constraint_unknown"]

    assert is_out == ruled_out(result)["api"]
    assert is_out == (cautions == [])
    if not is_out:
        assert "options.api.terms.regions" == cautions[0].path


@pytest.mark.parametrize(("unknown", "is_out"), [(None, False), ("refuse", True), ("allow", False)])
def test_what_is_only_wished_and_nobody_knows_is_allowed_unless_it_is_refused(
    unknown: str | None, is_out: bool
) -> None:
    assert is_out == ruled_out(answer({"max_lead_time_months": 1, "unknown": unknown}, API, RENT))["rent"]


def test_all_options_ruled_out_is_an_answer() -> None:
    result = answer(EU, API, RENT, OWN)

    assert (None, None, []) == (result.recommended, result.contender, result.drivers)
    assert not any(option.feasible for option in result.options)


def test_every_reason_is_told() -> None:
    result = answer({"residency": ["EU"], "needs_baa": True}, with_terms("api", regions="US", baa=False))

    assert [
        "data residency (EU) is not met, its data may be in US",
        "business associate agreement (HIPAA) is not met, no agreement is had",
    ] == (result.option("api").reasons)


def test_licences_are_a_constraint_where_the_company_is_known_or_business_use_is_asked_for() -> None:
    research = RENT | {"model": "Mistral-Large-Instruct-2407"}
    unread = RENT | {"model": "our-own-model"}

    assert answer(None, API, research).constraints is None
    for constraints, company in ((None, {"country": "FR"}), ({"licence_commercial": True}, None)):
        assert {"api": False, "rent": True} == ruled_out(answer(constraints, API, research, company=company))
    assert not ruled_out(answer(None, API, unread, company={"country": "FR"}))["rent"]
    assert ruled_out(answer({"licence_commercial": True}, API, unread))["rent"]


def test_who_serves_some_of_the_requests_must_keep_a_constraint_too() -> None:
    """Rent first and buy later, the baseline until it starts, hard tasks to an API: the data go there."""
    american, finnish, german = (
        with_terms("api", regions="US"),
        with_terms("rent", regions="FI"),
        with_terms("own", regions="DE"),
    )
    handing_on = {"success": {"success_fraction": 0.8, "escalation_fraction": 0.2, "escalates_to": "api"}}

    late = answer(EU, american, finnish | {"starts_after_months": 3}, german)
    followed = answer(
        EU, american, finnish | {"then": {"option": "own", "after_months": 6}}, german | {"terms": {"regions": "US"}}
    )
    escalating = answer(EU, american, finnish | handing_on, german)

    assert ["data residency (EU) is not met, until it starts there is api: its data may be in US"] == late.option(
        "rent"
    ).reasons
    assert "it is followed by own" in followed.option("rent").reasons[0]
    assert "tasks are handed on to api" in escalating.option("rent").reasons[0]
    assert not ruled_out(late)["own"]


def test_an_option_that_cannot_serve_yet_is_told() -> None:
    """The plan counts from month 0 on what is delivered after five."""
    own = with_terms("own", lead_time_months=5)
    codes = [
        [c.path for c in answer(None, API, option).warnings if c.code == "starts_before_it_can"]
        for option in (own, own | {"starts_after_months": 5})
    ]

    assert [["options.own.starts_after_months"], []] == codes


def test_a_rent_of_sellers_everywhere_beside_terms_of_one_place_is_told() -> None:
    rent = {key: value for key, value in with_terms("rent", regions="FI").items() if key != "price_usd_per_hour"}
    named = rent | {"price": {"provider": "verda"}}
    codes = [[c.code for c in answer(EU, with_terms("api", regions="EU"), option).warnings] for option in (rent, named)]

    assert [True, False] == ["price_of_other_sellers" in found for found in codes]


@pytest.mark.parametrize(
    ("constraints", "changes", "path", "sentence"),
    [
        ({"holds_slo": True}, {"workload__slo": {}}, "constraints.holds_slo", "promises nothing"),
        (
            {"licence_commercial": True},
            {"company": {"commercial": False}},
            "constraints.licence_commercial",
            "drop one of them",
        ),
        (
            {"min_quality": {"min_rating_points": 1, "measure": "arenna"}},
            {},
            "constraints.min_quality.measure",
            "there is: arena-text-style-control",
        ),
    ],
)
def test_contradictions_are_refused_in_a_sentence(
    constraints: dict[str, Any], changes: dict[str, Any], path: str, sentence: str
) -> None:
    with pytest.raises(InputError) as caught:
        answer(constraints, **changes)

    assert ("constraints_contradict", path) == (caught.value.code, caught.value.path)
    assert sentence in str(caught.value)


def test_a_price_of_one_country_beside_data_in_another_is_refused() -> None:
    rent = with_terms("rent", {"price": {"provider": "aws", "region": "us-east-1"}}, regions=["EU"])

    with pytest.raises(InputError, match="priced in us-east-1, which lies in US; make them agree"):
        answer(None, API, rent)


HYBRID = {"name": "hybrid", "kind": "hybrid", "base": "rent", "overflow": "api", "replicas": 1}


@pytest.mark.parametrize(
    ("covers", "sensitive_fraction", "is_out"),
    [("all", 0.3, True), ("sensitive", 0.3, False), ("sensitive", 0.0, True)],
)
def test_a_hybrid_may_send_on_what_no_constraint_covers(covers: str, sensitive_fraction: float, is_out: bool) -> None:
    """The base stands in Finland, the overflow goes to the US; only a hybrid that holds sensitive requests back may do so."""
    hybrid = HYBRID | {"sensitive_fraction": sensitive_fraction}
    american, finnish = with_terms("api", regions="US"), with_terms("rent", regions="FI")
    result = answer(EU | {"covers": covers}, american, finnish, hybrid)

    assert {"api": True, "rent": False, "hybrid": is_out} == ruled_out(result)
    if is_out:
        assert "it is made of api: its data may be in US" in result.option("hybrid").reasons[0]


def test_a_hybrid_whose_base_breaks_a_constraint_is_out_and_its_licence_is_asked_of_all_parts() -> None:
    american = with_terms("rent", regions="US")
    research = RENT | {"model": "Mistral-Large-Instruct-2407"}
    hybrid = HYBRID | {"sensitive_fraction": 0.3}

    assert ruled_out(answer(EU | {"covers": "sensitive"}, with_terms("api", regions="EU"), american, hybrid))["hybrid"]
    assert ruled_out(answer(None, API, research, hybrid, company={"country": "FR"}))["hybrid"]


def test_lead_times_of_a_hybrid_are_those_of_its_parts() -> None:
    late = with_terms("rent", lead_time_months=4)

    assert ruled_out(answer({"max_lead_time_months": 3}, API, late, HYBRID))["hybrid"]


def test_terms_that_name_no_source_are_told_where_something_rests_on_them() -> None:
    bare, sourced = with_terms("api", regions="EU"), with_terms("api", regions="EU", source="contract of May")
    told = [
        [c.message for c in answer(EU, api).warnings if c.code == "terms_without_source"] for api in (bare, sourced)
    ]

    assert [1, 0] == [len(messages) for messages in told]
    assert "api: that it meets data residency (EU) is stated without a source" in told[0][0]


def test_what_rules_an_option_out_is_not_mixed_with_notes_on_its_capacity() -> None:
    """Requests of other lengths than the run's have notes on how their capacity was had; of a barred option nobody needs them."""
    longer = {"workload__input_tokens_per_request": 150.0}
    free, barred = (
        answer(EU, with_terms("api", regions="EU"), with_terms("rent", regions=[place]), **longer)
        for place in ("DE", "US")
    )

    assert free.option("rent").reasons != []
    assert ["data residency (EU) is not met, its data may be in US"] == barred.option("rent").reasons


QUALITY = {"min_quality": {"min_rating_points": 0.8, "measure": "ours"}}
CASCADE = {"name": "cascade", "kind": "cascade", "small": "rent", "large": "api", "escalation_fraction": 0.2}


def rated(kind: str, points: float, **changes: Any) -> dict[str, Any]:
    return with_terms(kind, changes, rating_points=points, rating_measure="ours")


def of(result: Any, name: str) -> str:
    return next(finding.verdict for finding in result.constraints.findings if finding.option == name)


@pytest.mark.parametrize(
    ("small", "large", "whole", "verdict"),
    [
        (0.9, 0.9, None, "met"),
        (0.7, 0.9, None, "unknown"),
        (0.9, 0.7, None, "not met"),
        (0.7, 0.9, 0.85, "met"),
        (0.7, 0.9, 0.75, "not met"),
    ],
)
def test_a_cascade_is_as_good_as_was_measured_of_the_whole(
    small: float, large: float, whole: float | None, verdict: str
) -> None:
    own = {} if whole is None else {"terms": {"rating_points": whole, "rating_measure": "ours"}}

    assert verdict == of(answer(QUALITY, rated("api", large), rated("rent", small), CASCADE | own), "cascade")


def test_a_model_that_hands_tasks_on_is_not_judged_by_its_own_rating_alone() -> None:
    handing_on = {"success": {"success_fraction": 0.8, "escalation_fraction": 0.2, "escalates_to": "api"}}
    bare = RENT | handing_on | {"model": "Llama-3.1-8B-Instruct"}
    least = {"min_quality": {"min_rating_points": 1300}}

    assert "not met" == of(answer(least, API, RENT | {"model": "Llama-3.1-8B-Instruct"}), "rent")
    assert "unknown" == of(answer(least, API, bare), "rent")


def test_terms_of_what_is_made_of_others_are_those_of_its_parts() -> None:
    with pytest.raises(InputError, match="state it of these, it follows for the whole"):
        answer(EU, API, RENT, HYBRID | {"terms": {"regions": ["EU"]}})
