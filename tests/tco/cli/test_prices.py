from __future__ import annotations

import json
from datetime import date

import pytest
from typer.testing import CliRunner

import pricing
from tco.cli.prices import app

ON = ["--on", "2026-11-23"]


def run(*words):
    return CliRunner().invoke(app, [*words])


def answer(*words):
    result = run(*words, "--json")
    assert result.exit_code == 0
    return json.loads(result.stdout)


def test_a_prefix_lists_every_gpu_that_begins_so():
    prices = answer("list", "--gpu", "h100", *ON)["prices"]
    assert {price["item"] for price in prices} == {"H100-SXM", "H100-PCIe", "H100-NVL", "H100-unstated"}


def test_json_prices_are_price_records():
    prices = answer("list", "--gpu", "H100-PCIe", *ON)["prices"]
    records = [pricing.Price.model_validate(price) for price in prices]
    on_demand = [record.amount for record in records if record.tier == "on-demand"]
    assert on_demand == [1.38, 1.9, 1.97, 1.99, 2.39, 3.29, 4.25]
    assert {record.tier for record in records} == {"on-demand", "spot", "reserved-1y", "reserved-3y"}


def test_grouped_by_class_each_kind_of_landlord_has_its_median():
    groups = answer("list", "--gpu", "H100-SXM", "--by", "class", *ON)["groups"]
    medians = {(g["class"], g["count"]): g["median_usd_per_hour"] for g in groups if g["tier"] == "on-demand"}
    assert medians == {
        ("hyperscaler", 12): pytest.approx((80 / 8 + 87.83247 / 8) / 2),
        ("neocloud", 14): 3.39,  # DigitalOcean, sixth of eleven sellers
        ("marketplace", 3): 2.25,
        ("managed", 6): (10 + 12.29) / 2,
    }


def test_a_group_says_how_old_it_is_where_it_was_read_and_how_much_of_it_is_listed():
    groups = answer("list", "--gpu", "A100-80GB-SXM", "--by", "class", *ON)["groups"]
    reserved = next(g for g in groups if (g["tier"], g["class"]) == ("reserved-1y", "hyperscaler"))
    # Listed: AWS in three regions; Google Cloud's three offers and Oracle's less a discount.
    assert (reserved["count"], reserved["listed"], reserved["derived"]) == (7, 3, 4)
    assert (reserved["oldest_as_of"], reserved["newest_as_of"]) == ("2026-01-21", "2026-08-22")
    assert all("https://" in source for source in reserved["sources"])
    assert len(reserved["sources"]) == len(set(reserved["sources"])) == 3


def test_groups_as_text_number_their_sources():
    result = run("list", "--gpu", "GB200", "--by", "class", *ON)
    assert result.exit_code == 0
    row = next(line for line in result.stdout.splitlines() if "on-demand" in line and "neocloud" in line)
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells[:-1] == [
        "GB200-NVL72", "on-demand", "neocloud", "1", "1", "0", "10.5", "10.5", "10.5", "2026-09-20", "2026-09-20",
    ]  # fmt: skip
    assert f"{cells[-1]}  https://www.coreweave.com/pricing" in result.stdout


def test_grouped_by_region_an_offer_without_one_is_anywhere():
    groups = answer("list", "--gpu", "A100-80GB-PCIe", "--by", "region", *ON)["groups"]
    on_demand = {g["region"]: g["count"] for g in groups if g["tier"] == "on-demand"}
    assert on_demand == {"any": 7, "eastus": 3}


def test_grouped_by_provider_each_seller_has_its_range():
    groups = answer("list", "--gpu", "H100-SXM", "--by", "provider", *ON)["groups"]
    aws = next(group for group in groups if (group["provider"], group["tier"]) == ("aws", "on-demand"))
    assert (aws["count"], aws["low_usd_per_hour"], aws["high_usd_per_hour"]) == (5, 55.04 / 8, 71.552 / 8)


def test_an_api_seller_lists_its_tokens():
    prices = answer("list", "--provider", "groq", *ON)["prices"]
    found = {(price["item"], price["per"]): price["amount"] for price in prices}
    assert found["groq/llama-3.3-70b-versatile", "mtok_output"] == 0.79


def test_the_plain_list_is_the_book_without_tokens():
    assert len(answer("list", *ON)["prices"]) == len(pricing.list_prices(on=date(2026, 11, 23)))


def test_the_table_goes_to_stdout_and_the_remark_on_age_to_stderr():
    result = run("list", "--gpu", "H100-PCIe", *ON)
    assert result.exit_code == 0
    row = next(line for line in result.stdout.splitlines() if "thunder-compute" in line and "on-demand" in line)
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells[:9] == [
        "H100-PCIe", "1.38", "USD/gpu_hour", "thunder-compute", "neocloud", "", "on-demand", "2026-05-24", "listed",
    ]  # fmt: skip
    assert cells[9] == "www.thundercompute.com"
    # Seven on-demand offers, one on spot, seven at one year, five at three (two are a marketplace's). Newer are Lambda's offer
    # (three prices) and Hyperstack's spot price.
    assert result.stderr == "16 of 20 prices were read more than 180 days before 2026-11-23.\n"


def test_show_gpu_has_its_specification_its_rents_and_its_street_price():
    shown = answer("show", "h200-sxm", *ON)
    assert shown["gpu"]["memory_bandwidth_gb_per_s"] == 4800
    assert {group["class"] for group in shown["rental"]} == {"hyperscaler", "neocloud", "marketplace", "managed"}
    assert [price["amount"] for price in shown["prices"] if price["per"] == "gpu"] == [35000]
    assert {price["item"] for price in shown["prices"]} == {"H200-SXM"}


def test_show_gpu_as_text_leaves_out_what_is_not_known():
    result = run("show", "L4", *ON)
    assert result.exit_code == 0
    assert "memory_bandwidth_gb_per_s" in result.stdout
    assert "fp4_dense_tflops" not in result.stdout


def test_show_gpu_without_specification_has_its_rents():
    shown = answer("show", "MI350X", *ON)
    assert shown["gpu"] is None
    assert [price["amount"] for price in shown["prices"]] == pytest.approx([4.4 * 0.6, 4.4 * 0.8, 4.4])
    assert [price["derived"] is None for price in shown["prices"]] == [False, False, True]


def test_show_model_is_dated():
    before, after = (
        answer("show", "google/gemini-4-argon", "--on", day)["tokens"] for day in ("2026-11-30", "2026-12-01")
    )
    assert (before["output"]["amount"], after["output"]["amount"]) == (10, 20)


def test_show_model_as_text_tells_long_requests_apart():
    result = run("show", "openai/gpt-6.1-sol", *ON)
    assert result.exit_code == 0
    assert "all tokens of a request with more than 272000 input tokens" in result.stdout


def test_show_electricity_has_every_sector_of_the_place():
    quotes = answer("show", "electricity/us-ny", *ON)["electricity"]
    assert {quote["sector"]: quote["price"]["amount"] for quote in quotes} == {
        "commercial": 0.1914,
        "industrial": 0.0892,
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["list", "--gpu", "H100-SMX"], "Near names: H100-SXM"),
        (["list", "--provider", "opnai"], "Near names: openai"),
        (["list", "--provider", "openai", "--by", "class"], "--by groups GPU hours, and there are none here"),
        (["list", "--on", "tomorrow"], "--on 'tomorrow' is not a day. Write YYYY-MM-DD"),
        (["show", "H200"], "nothing is called 'H200'. Near names: H200-SXM"),
        (["show", "openai/gpt-55"], "openai sells no model 'gpt-55'"),
        (["show", "electricity/ZZ"], "no electricity price for 'ZZ'"),
        (["show", ""], "nothing is called ''"),
    ],
)
def test_a_miss_ends_with_code_2_and_says_what_there_is(words, message):
    result = run(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
