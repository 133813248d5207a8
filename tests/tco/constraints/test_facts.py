from __future__ import annotations

import pytest

from tests.factories import API, OWN, RENT
from tests.tco.constraints.holding import finding, with_terms

EU, EUROPEANS = {"residency": ["EU"]}, {"operator_nationality": ["EU"]}
OPEN = {key: value for key, value in RENT.items() if key != "price_usd_per_hour"}
"""A rent that the book fills."""


@pytest.mark.parametrize(
    ("price", "verdict", "words"),
    [
        ({"provider": "aws", "region": "us-east-1"}, "not met", "its price is that of us-east-1 (US)"),
        ({"provider": "nebius", "region": "eu-north1"}, "met", "its price is that of eu-north1 (FI)"),
        ({"provider": "lambda"}, "unknown", "nobody says where its data are"),
    ],
)
def test_a_rented_machine_stands_where_its_price_is_from(price: dict[str, str], verdict: str, words: str) -> None:
    rent = RENT | {"price": price}

    assert (verdict, words) == ((found := finding(EU, rent)).verdict, found.says)


def test_a_price_of_the_book_stands_for_all_the_offers_behind_it() -> None:
    """Hyperscalers have H100s in the US only in the book; neoclouds have them in places that nobody names."""
    hyperscaler = finding(EUROPEANS, OPEN | {"price": {"class": "hyperscaler"}})
    neocloud = finding(EUROPEANS, OPEN | {"price": {"class": "neocloud"}})

    assert ("not met", "unknown") == (hyperscaler.verdict, neocloud.verdict)
    assert "of several sellers" in neocloud.says


@pytest.mark.parametrize(
    ("provider", "verdict"), [("nebius", "met"), ("verda", "met"), ("aws", "not met"), ("vast-ai", "unknown")]
)
def test_the_book_knows_who_runs_a_sellers_machines(provider: str, verdict: str) -> None:
    found = finding(EUROPEANS, RENT | {"price": {"provider": provider}})

    assert verdict == found.verdict
    assert verdict == "unknown" or found.evidence in {"literature", "expert"}


@pytest.mark.parametrize(
    ("model", "verdict"), [("openai/gpt-5", "not met"), ("mistral/mistral-large-4", "met"), ("our-model", "unknown")]
)
def test_an_api_is_run_by_its_seller_and_says_nothing_of_places(model: str, verdict: str) -> None:
    api = API | {"model": model}

    assert (verdict, "unknown") == (finding(EUROPEANS, api).verdict, finding(EU, api).verdict)


def test_terms_go_before_what_follows_from_the_price() -> None:
    """A subsidiary, a sovereign cloud: who knows better may say so, and it is told as theirs."""
    aws = with_terms("rent", {"price": {"provider": "aws"}}, operator_country="DE", evidence="contract")

    assert ("met", "contract") == ((found := finding(EUROPEANS, aws)).verdict, found.evidence)


def test_an_own_server_stands_where_its_electricity_is_bought_if_the_scenario_says_so() -> None:
    by_default = {key: value for key, value in OWN.items() if key != "electricity_usd_per_kwh"}
    named = by_default | {"electricity_usd_per_kwh": {"region": "DE"}}
    american = by_default | {"electricity_usd_per_kwh": {"region": "US-OH"}}

    assert ["unknown", "unknown", "met", "not met"] == [
        finding(EU, option).verdict for option in (OWN, by_default, named, american)
    ]
