from __future__ import annotations

import tco
from tests.factories import API, RENT, run, scenario

RUNS = {"test-run": run()}


def answer(model: str, company: dict[str, object] | None = None, **option: object) -> tco.Result:
    rent = {**RENT, "model": model, "price_usd_per_hour": 0.5, **option}
    return tco.evaluate(scenario(options=[API, rent], company=company), RUNS)


def codes(result: tco.Result) -> dict[str, str]:
    return {caution.code: caution.message for caution in result.warnings if caution.code.startswith("licence")}


def test_a_licence_that_forbids_rules_the_option_out_with_its_clause() -> None:
    """Llama 4 grants nothing to a company in the EU; on cost alone the option would win."""
    result = answer("Llama-4-Scout-17B-16E-Instruct", {"country": "DE"})

    assert "rent" == answer("Llama-4-Scout-17B-16E-Instruct", {"country": "US"}).recommended
    assert (False, "api") == (result.option("rent").feasible, result.recommended)
    assert "the licence forbids it" in result.option("rent").reasons[0]
    assert "Acceptable Use Policy" in result.option("rent").reasons[0]
    assert result.option("rent").total_usd is None
    assert "licence_forbids" in codes(result)


def test_who_does_not_say_who_they_are_is_warned_and_not_ruled_out() -> None:
    result = answer("Mistral-Large-Instruct-2407")

    assert result.option("rent").feasible
    assert "say who you are in `company`" in codes(result)["licence_forbids"]


def test_a_paid_licence_lifts_the_bar() -> None:
    company = {"country": "FR"}

    assert not answer("Mistral-Large-Instruct-2407", company).option("rent").feasible
    assert answer("Mistral-Large-Instruct-2407", company, paid_licence=True).option("rent").feasible


def test_a_fact_that_decides_is_asked_for() -> None:
    """Qwen2.5-72B asks for a licence above 100 million monthly users."""
    asked = codes(answer("Qwen2.5-72B-Instruct", {"country": "US"}))["licence_open"]

    assert "monthly active users" in asked
    assert asked.endswith("say it in `company`")
    few, many = ({"country": "US", "monthly_active_users": users} for users in (1e6, 150e6))
    assert answer("Qwen2.5-72B-Instruct", few).option("rent").feasible
    assert not answer("Qwen2.5-72B-Instruct", many).option("rent").feasible


def test_duties_that_always_apply_are_told_and_a_free_licence_is_silent() -> None:
    assert "Acceptable Use Policy" in codes(answer("Meta-Llama-3.1-8B", {"country": "DE"}))["licence_duties"]
    assert {} == codes(answer("Mixtral-8x7B-v0.1", {"country": "DE"}))


def test_an_unknown_model_is_no_bar_and_said() -> None:
    result = answer("our-own-model", {"country": "DE"})

    assert result.option("rent").feasible
    assert "licence_open" in codes(result)


def test_a_barred_baseline_gives_way_to_what_may_be_used() -> None:
    rent = {**RENT, "model": "Llama-4-Scout-17B-16E-Instruct"}
    result = tco.evaluate(scenario(options=[API, rent], baseline="rent", company={"country": "DE"}), RUNS)

    assert ("api", []) == (result.recommended, result.drivers)
    assert result.option("api").npv_usd is None
