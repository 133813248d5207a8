from __future__ import annotations

from datetime import date

import pricing
from pricing.catalog import list_prices, stale
from pricing.price import Price

ON = date(2026, 11, 23)


def test_the_whole_book_without_tokens_is_rents_electricity_purchases_and_colocation():
    kinds = {}
    for price in list_prices(on=ON):
        kinds[price.per] = kinds.get(price.per, 0) + 1
    specs = [pricing.gpu_spec(name) for name in pricing.gpu_names()]
    assert kinds == {
        "gpu_hour": len(pricing.rental_prices(ON)),
        "kwh": len(dict.fromkeys((quote.region, quote.sector) for quote in pricing.electricity_quotes())),
        "gpu": sum(spec.purchase_price is not None for spec in specs),
        "server": len(pricing.server_names()),
        "kw_month": len(
            {figure.region for figure in pricing.figures() if figure.name == "colocation_usd_per_kw_month"}
        ),
    }


def test_an_item_is_found_by_how_it_begins():
    assert {price.item for price in list_prices(on=ON, item="h100")} == {
        "H100-SXM",
        "H100-PCIe",
        "H100-NVL",
        "H100-unstated",
    }


def test_one_region_of_electricity_is_found_by_its_path():
    prices = list_prices(on=ON, item="electricity/DE")
    assert [(price.region, price.amount, price.provider) for price in prices] == [
        ("DE", 0.2247, "industrial average"),
        ("DE", 0.2938, "commercial average"),
    ]


def test_a_gpus_street_price_stands_beside_its_rents():
    tiers = {price.tier for price in list_prices(on=ON, item="H100-SXM")}
    assert tiers == {"on-demand", "spot", "reserved-1y", "reserved-3y", "purchase"}


def test_filters_narrow_together():
    prices = list_prices(on=ON, item="H100-SXM", provider="aws", provider_class="hyperscaler", tier="spot")
    assert [price.region for price in prices] == [
        "ap-northeast-1",
        "eu-north-1",
        "eu-west-2",
        "us-east-1",
        "ap-south-1",
    ]


def test_token_prices_come_in_when_their_seller_is_named():
    assert {price.per for price in list_prices(on=ON, provider="groq")} >= {"mtok_input", "mtok_output"}


def test_token_prices_come_in_when_an_item_names_seller_and_model():
    prices = list_prices(on=ON, item="openai/gpt-5-mini", tier="standard")
    assert [(price.per, price.amount) for price in prices if price.item == "openai/gpt-5-mini"] == [
        ("mtok_cached_read", 0.025),
        ("mtok_input", 0.25),
        ("mtok_output", 2.0),
    ]


def test_nothing_matching_is_an_empty_list():
    assert list_prices(on=ON, item="H100-SXM", provider="nobody") == []


def test_a_price_is_stale_one_day_after_the_limit():
    def price(as_of):
        return Price(item="x", amount=1, per="gpu_hour", provider="p", tier="on-demand", as_of=as_of, source="s")

    fresh, old = price(date(2026, 5, 27)), price(date(2026, 5, 26))
    assert (ON - fresh.as_of).days == 180
    assert stale([fresh, old], ON) == [old]
    assert stale([fresh, old], ON, days=181) == []
