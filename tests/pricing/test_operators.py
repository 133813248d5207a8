from __future__ import annotations

import pytest

from pricing import operator_of, region_of, rental_prices
from pricing.book import SHIPPED_ON, shipped_book


@pytest.mark.parametrize(
    ("seller", "country"), [("aws", "US"), ("nebius", "NL"), ("Verda", "FI"), ("mistral", "FR"), ("deepseek", "CN")]
)
def test_a_seller_has_the_country_of_its_group(seller, country):
    assert operator_of(seller).country == country


@pytest.mark.parametrize("seller", ["vast-ai", "akash", "tensordock", "nobody"])
def test_a_marketplace_and_a_stranger_have_none(seller):
    assert operator_of(seller) is None


def test_a_row_that_was_not_read_is_no_literature():
    rows = shipped_book().table("operators.csv")
    assert {"expert"} == {row["evidence"] for row in rows if "not opened" in (row["note"] or "")}
    assert {"nebius", "verda", "hyperstack", "ovhcloud"} == {
        row["seller"] for row in rows if row["evidence"] == "literature"
    }


def test_the_same_code_may_lie_in_two_countries_by_seller():
    """`eu-north1` is Nebius's in Finland, `eu-north-1` is AWS's in Sweden."""
    assert (region_of("eu-north1").country, region_of("eu-north-1").country) == ("FI", "SE")
    assert (region_of("us-central1", "gcp").place, region_of("us-central1", "nebius").place) == (
        "Council Bluffs",
        "Kansas City",
    )
    assert region_of("us-central1").country == "US"


def test_a_region_that_is_not_known_is_none_and_not_a_guess():
    assert region_of("eu-west-99") is None


def test_every_region_of_the_books_hyperscalers_has_its_country():
    regions = {
        (p.provider, p.region) for p in rental_prices(SHIPPED_ON) if p.provider_class == "hyperscaler" and p.region
    }
    assert len(regions) > 10
    assert [] == sorted(pair for pair in regions if region_of(pair[1], pair[0]) is None)


def test_no_seller_and_no_region_is_given_twice():
    sellers = [row["seller"] for row in shipped_book().table("operators.csv")]
    regions = [(row["provider"], row["region"]) for row in shipped_book().table("cloud_regions.csv")]
    assert len(set(sellers)) == len(sellers)
    assert len(set(regions)) == len(regions)
