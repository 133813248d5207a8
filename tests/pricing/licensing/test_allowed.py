from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from pricing.licensing.allowed import NOT_ADVICE, allowed
from pricing.licensing.rules import COUNTRIES, EU_MEMBERS, EU_TERRITORIES, Company, Rule, applies, in_region
from pricing.licensing.texts import UNKNOWN, licence_named, licences, model_licences, models_named

MILLION = 1_000_000


def verdict(name, **facts):
    return allowed(name, Company(**facts)).verdict


def decided_by(name, **facts):
    answer = allowed(name, Company(**facts))
    return answer.verdict, [(reason.licence, reason.rule.section) for reason in answer.reasons]


def test_mistral_large_2_is_not_for_business_without_a_paid_licence():
    answer = allowed("Mistral-Large-Instruct-2407", Company(country="FR"))
    assert answer.verdict == "no"
    [reason] = answer.reasons
    assert reason.rule.section == "3.2"
    assert reason.rule.quote == (
        "You shall only use the Mistral Models, Derivatives (whether or not created by Mistral AI) and Outputs "
        "for Research Purposes."
    )
    assert reason.url == "https://mistral.ai/static/licenses/MRL-0.1.md"


def test_mistral_large_2_is_for_business_with_a_paid_licence_whose_terms_are_not_known():
    answer = allowed("Mistral Large 2", Company(has_paid_licence=True))
    assert answer.verdict == "yes"
    assert answer.reasons[0].says.startswith(
        "You hold a licence from Mistral AI; its contract decides and was not read"
    )


def test_mistral_large_2_may_be_used_for_research():
    assert verdict("Mistral-Large-2407", commercial=False) == "yes"


def test_llama_4_grants_nothing_to_a_company_in_the_eu():
    answer = allowed("Llama 4", Company(country="DE", monthly_active_users=MILLION))
    assert answer.verdict == "no"
    [reason] = answer.reasons
    assert reason.rule.quote.endswith("a company with a principal place of business in, the European Union")
    assert reason.url == "https://github.com/meta-llama/llama-models/blob/main/models/llama4/USE_POLICY.md"


def test_llama_4_in_the_us_is_allowed_with_duties():
    answer = allowed("Llama-4-Maverick", Company(country="US", monthly_active_users=10 * MILLION))
    assert answer.verdict == "yes"
    topics = {(duty.rule.topic, duty.rule.section) for duty in answer.duties}
    assert {("attribution", "1.b.i"), ("naming", "1.b.i"), ("acceptable use", "1.b.iv")} <= topics
    [assumption] = answer.assumptions
    assert assumption == (
        "Takes your number for the monthly active users in March 2025, of the company and its affiliates: "
        "that month counts, no later one."
    )


def test_llama_4_above_700_million_users_needs_a_licence_of_meta():
    assert decided_by("Llama-4-Scout", country="US", monthly_active_users=800 * MILLION) == (
        "no",
        [("llama-4-community", "2")],
    )


def test_exactly_700_million_users_are_not_more_than_700_million():
    assert verdict("Llama-4-Scout", country="US", monthly_active_users=700 * MILLION) == "yes"


def test_users_of_another_month_than_the_licence_asks_about_decide_nothing():
    facts = {"country": "US", "monthly_active_users": 800 * MILLION}
    assert verdict("Llama-4-Scout", **facts, users_on=date(2025, 3, 31)) == "no"
    later = allowed("Llama-4-Scout", Company(**facts, users_on=date(2026, 11, 1)))
    assert later.verdict == "ask a lawyer"
    assert later.facts_to_supply == ("monthly active users in March 2025, of the company and its affiliates",)


def test_who_says_nothing_about_users_is_taken_to_be_below_700_million_and_told_so():
    answer = allowed("Llama-3.1-8B", Company(country="DE"))
    assert answer.verdict == "yes"
    [assumption] = answer.assumptions
    assert assumption == (
        "Takes it that there were at most 700,000,000 monthly active users in June 2024, "
        "of the company and its affiliates."
    )


@pytest.mark.parametrize(
    ("model", "country", "expected"),
    [
        ("Llama-3.1-405B", "DE", "yes"),
        ("Llama-3.3-70B-Instruct", "DE", "yes"),
        ("Llama-3.2-1B", "DE", "yes"),
        ("Llama-3.2-11B-Vision", "DE", "no"),
        ("Llama-3.2-11B-Vision", "RE", "no"),
        ("Llama-3.2-11B-Vision", "CH", "yes"),
        ("Llama-3.2-11B-Vision", "GB", "yes"),
        ("Llama-3.2-11B-Vision", "NO", "yes"),
        ("Llama-3.2-11B-Vision", None, "ask a lawyer"),
        ("Mixtral-8x7B-v0.1", "DE", "yes"),
        ("DeepSeek-R1", "DE", "yes"),
        ("gpt-oss-120b", None, "yes"),
    ],
)
def test_where_the_company_is_decides_only_where_the_licence_says_so(model, country, expected):
    assert verdict(model, country=country) == expected


def test_an_unknown_country_is_named_as_the_fact_to_supply():
    answer = allowed("Llama-4-Scout", Company())
    assert (answer.verdict, answer.facts_to_supply) == (
        "ask a lawyer",
        ("country of the principal place of business",),
    )


@pytest.mark.parametrize(
    ("users", "expected"),
    [(150 * MILLION, "no"), (100 * MILLION, "yes"), (None, "ask a lawyer")],
)
def test_qwen2_5_72b_needs_a_licence_above_100_million_users(users, expected):
    answer = allowed("Qwen/Qwen2.5-72B-Instruct", Company(monthly_active_users=users))
    assert answer.verdict == expected
    assert answer.facts_to_supply == (("monthly active users",) if users is None else ())


def test_sizes_of_one_family_have_licences_of_their_own():
    found = {size: models_named(f"Qwen2.5-{size}")[0].licences for size in ("3B", "7B", "72B")}
    assert found == {"3B": ("qwen-research-2024",), "7B": ("apache-2.0",), "72B": ("qwen-2024",)}
    assert decided_by("Qwen2.5-3B") == ("no", [("qwen-research-2024", "2.b")])


def test_versions_of_one_family_have_licences_of_their_own():
    versions = ("MiniMax-M2", "MiniMax-M2.5", "MiniMax-M2.7", "MiniMax-M3")
    assert len({models_named(name)[0].licences for name in versions}) == 4
    assert [verdict(name, revenue_usd_per_year=1e6) for name in versions] == ["yes", "yes", "no", "yes"]


@pytest.mark.parametrize(
    ("revenue", "expected"),
    [
        ({"revenue_usd_per_month": 20e6}, "yes"),
        ({"revenue_usd_per_month": 20.1e6}, "no"),
        ({"revenue_usd_per_year": 240e6}, "yes"),
        ({"revenue_usd_per_year": 252e6}, "no"),
        ({}, "ask a lawyer"),
    ],
)
def test_mistral_medium_3_5_ends_at_20_million_usd_of_revenue_a_month(revenue, expected):
    # 240 million a year is 20 million a month; 252 is 21.
    assert verdict("Mistral-Medium-3.5", **revenue) == expected


def test_the_month_itself_wins_over_a_twelfth_of_the_year():
    assert verdict("Devstral-2", revenue_usd_per_month=1e6, revenue_usd_per_year=252e6) == "yes"


def test_kimi_k3_asks_sellers_of_model_access_for_an_agreement():
    assert verdict("Kimi-K3", revenue_usd_per_year=50e6) == "yes"
    assert decided_by("Kimi-K3", revenue_usd_per_year=50e6, sells_model_access=True) == ("no", [("kimi-k3", "2")])


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"monthly_active_users": 101 * MILLION}, True),
        ({"revenue_usd_per_month": 21e6}, True),
        ({"monthly_active_users": MILLION, "revenue_usd_per_month": 1e6}, False),
        ({"monthly_active_users": MILLION}, None),
        ({}, None),
    ],
)
def test_one_of_two_limits_is_enough_for_the_duty_to_show_kimi_k2(facts, expected):
    answer = allowed("Kimi-K2", Company(**facts))
    assert answer.verdict == "yes"
    [duty] = [duty for duty in answer.duties if "Kimi K2" in duty.rule.says]
    assert duty.applies is expected
    assert (
        duty.when == "for business, above 100,000,000 monthly active users or above 20,000,000 USD of revenue a month"
    )


def test_outputs_of_llama_3_may_not_train_other_models_and_those_of_llama_3_1_may():
    assert decided_by("Llama-3-70B", trains_other_models=True) == ("no", [("llama-3-community", "1.b.v")])
    answer = allowed("Llama-3.1-70B", Company(trains_other_models=True))
    assert answer.verdict == "yes"
    naming = [duty for duty in answer.duties if duty.rule.topic == "naming" and duty.applies]
    assert [duty.rule.section for duty in naming] == ["1.b.i"]


def test_a_distilled_model_carries_the_licence_of_its_base():
    answer = allowed("DeepSeek-R1-Distill-Llama-70B", Company(country="DE", monthly_active_users=900 * MILLION))
    assert [text.id for text in answer.licences] == ["mit", "llama-3.3-community"]
    assert (answer.verdict, [reason.licence for reason in answer.reasons]) == ("no", ["llama-3.3-community"])


def test_an_unknown_model_is_a_question_for_a_lawyer_with_near_names():
    answer = allowed("Mistral-Large-2408")
    assert (answer.verdict, answer.model) == ("ask a lawyer", None)
    assert "Mistral-Large-Instruct-2407" in answer.near or "Mistral-Large-Instruct-2411" in answer.near


def test_a_model_whose_licence_was_not_read_is_never_guessed():
    unread = [row.model for row in model_licences() if row.licences == (UNKNOWN,)]
    assert "GLM-5.3" in unread
    assert {allowed(name).verdict for name in unread} == {"ask a lawyer"}


def test_a_family_name_whose_members_differ_asks_which():
    answer = allowed("Llama 3.2", Company(country="DE"))
    assert answer.verdict == "ask a lawyer"
    assert set(answer.near) == {"Llama-3.2-1B", "Llama-3.2-3B", "Llama-3.2-11B-Vision", "Llama-3.2-90B-Vision"}


def test_a_licence_can_be_asked_for_itself():
    assert verdict("Apache-2.0") == verdict("MIT") == "yes"
    assert verdict("cc-by-nc-4.0") == "no"
    question = allowed("llama-4-community", Company(country="DE"))
    assert question.facts_to_supply == ("whether the model reads images, sound or video",)


def test_every_answer_says_that_it_is_no_legal_advice():
    answers = [allowed(name) for name in ("DeepSeek-R1", "Llama 4", "no such model", "GLM-5.3", "Qwen2.5-3B", "mit")]
    assert {answer.notice for answer in answers} == {NOT_ADVICE}
    assert NOT_ADVICE.startswith("Not legal advice.")


def test_what_was_not_opened_is_said():
    assert allowed("Mixtral-8x7B").cautions == ()
    [about_model] = allowed("DeepSeek-V3.2").cautions
    assert about_model.startswith("That DeepSeek-V3.2 is under this licence was not read at its maker's")
    assert "The text of MiniMax Community License (M3) was not opened" in " ".join(allowed("MiniMax-M3").cautions)


def test_every_rule_of_an_opened_licence_that_blocks_is_quoted_with_its_section():
    blocking = [
        (text.id, rule)
        for text in licences()
        for rule in text.rules
        if rule.effect in ("forbids", "needs a licence") and text.evidence == "literature"
    ]
    assert [(name, rule.says) for name, rule in blocking if not rule.quote or not rule.section] == []
    assert len(blocking) == 21


def test_every_licence_says_what_it_allows():
    assert [text.id for text in licences() if not any(rule.effect == "allows" for rule in text.rules)] == []


def test_every_model_names_licences_of_the_book():
    known = {text.id for text in licences()} | {UNKNOWN}
    assert {name for row in model_licences() for name in row.licences} - known == set()
    assert [row.model for row in model_licences() if not row.source.strip()] == []


def test_no_two_models_have_one_name():
    names = [row.model for row in model_licences()]
    assert [name for name in names if [row.model for row in models_named(name)] != [name]] == []


@pytest.mark.parametrize("model", ["Llama-3.1-8B", "Meta-Llama-3.1-8B-Instruct", "meta-llama/llama 3.1 8b"])
def test_a_model_is_found_by_any_of_its_names(model):
    assert [row.model for row in models_named(model)] == ["Llama-3.1-8B"]


def test_the_eu_has_27_members_and_neither_the_uk_nor_the_eea_states_are_in_it():
    assert len(EU_MEMBERS) == 27
    assert EU_MEMBERS & {"GB", "NO", "IS", "LI", "CH", "TR", "UA"} == set()
    assert EU_MEMBERS | EU_TERRITORIES < COUNTRIES
    assert len(COUNTRIES) == 249


def test_a_region_may_be_a_country():
    assert in_region("KR", ("EU", "KR"))
    assert not in_region("JP", ("EU", "KR"))


@pytest.mark.parametrize(
    ("given", "hint"), [("UK", "Did you mean GB?"), ("Germany", "two letters of ISO 3166-1"), ("XX", "not a country")]
)
def test_a_country_that_is_none_is_refused_with_what_to_write(given, hint):
    with pytest.raises(ValidationError, match=hint.replace("?", r"\?")):
        Company(country=given)


def test_a_country_is_read_in_any_case():
    assert Company(country=" de ").country == "DE"


@pytest.mark.parametrize("field", ["monthly_active_users", "revenue_usd_per_year", "revenue_usd_per_month"])
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf")])
def test_a_number_of_users_or_usd_is_finite_and_not_negative(field, value):
    with pytest.raises(ValidationError, match=field):
        Company(**{field: value})


def test_no_beats_not_known():
    rule = Rule(effect="forbids", topic="region", says="-", regions=("EU",), when=("trains other models",))
    assert applies(rule, Company()).holds is False
    assert applies(rule, Company(trains_other_models=True)).holds is None


def test_a_quote_is_short():
    with pytest.raises(ValidationError, match="at most 40 words, this one has 41"):
        Rule(effect="duty", topic="-", says="-", quote="word " * 41)


def test_spdx_names_are_those_of_spdx():
    assert {text.spdx for text in licences() if text.spdx} == {"Apache-2.0", "MIT", "CC-BY-NC-4.0"}
    assert licence_named("apache 2.0").id == "apache-2.0"
