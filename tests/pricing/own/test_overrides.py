from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.book import Book
from pricing.gpus import gpu_spec
from pricing.own.overrides import Overrides
from pricing.own.rows import PricesFile
from pricing.price import Price

ON = date(2026, 11, 23)
CONTRACT = {"as_of": "2026-09-01", "source": "contract 4711"}


def overrides(*, discounts=(), prices=(), fx=(), gpus=(), name="prices.yaml"):
    rows = {
        "discounts": [{"source": "agreement", **row} for row in discounts],
        "prices": [CONTRACT | row for row in prices],
        "fx": [{"source": "ECB reference rate", **row} for row in fx],
        "gpus": [{"source": "data sheet", "as_of": "2026-10-01", **row} for row in gpus],
    }
    return Overrides(content=PricesFile.model_validate(rows), name=name)


def token(amount=2.0, **changes):
    fields = {
        "item": "openai/gpt-6.1-sol",
        "amount": amount,
        "per": "mtok_input",
        "provider": "openai",
        "tier": "standard",
        "as_of": date(2026, 11, 10),
        "source": "a price page",
    }
    return Price.model_validate(fields | changes)


def hour(amount=6.88, **changes):
    fields = {
        "item": "H100-SXM",
        "per": "gpu_hour",
        "provider": "aws",
        "provider_class": "hyperscaler",
        "region": "us-east-1",
        "tier": "on-demand",
        "as_of": date(2026, 8, 22),
    }
    return token(amount, **(fields | changes))


SOL = {"item": "openai/gpt-6.1-sol", "per": "mtok_input", "amount": 1.6}
ALL_OPENAI = {"item": "openai/*", "discount_fraction": 0.15}


def test_a_price_that_nothing_is_meant_for_comes_back_as_it_is():
    price = token(item="anthropic/claude", provider="anthropic")
    assert overrides(discounts=[ALL_OPENAI], prices=[SOL]).apply(price, ON) is price
    assert Overrides().apply(price, ON) is price


def test_a_contract_price_takes_the_place_of_the_list_price_with_its_source_day_and_evidence():
    paid = overrides(prices=[SOL]).apply(token(), ON)
    assert paid.amount == 1.6
    assert (paid.evidence, paid.source, paid.as_of) == ("contract", "contract 4711", date(2026, 9, 1))
    assert paid.layer == "prices.yaml: prices[0] (openai/gpt-6.1-sol)"
    assert paid.note == "in place of list 2 USD from a price page"
    assert (paid.item, paid.provider, paid.tier, paid.per) == ("openai/gpt-6.1-sol", "openai", "standard", "mtok_input")


def test_a_discount_takes_its_share_off_and_keeps_the_list_price_in_the_note():
    own = overrides(discounts=[{**ALL_OPENAI, "as_of": "2026-09-01"}])
    paid = own.apply(token(note="cached reads cost less"), ON)
    assert paid.amount == pytest.approx(1.7, rel=1e-15)
    assert (paid.evidence, paid.source) == ("contract", "agreement")
    assert paid.layer == "prices.yaml: discounts[0] (15 % off openai/*)"
    assert paid.note == "list 2 USD from a price page, 15 % off; cached reads cost less"


def test_a_negative_discount_is_a_surcharge():
    paid = overrides(discounts=[{"item": "openai/*", "discount_fraction": -0.05}]).apply(token(), ON)
    assert paid.amount == pytest.approx(2.1, rel=1e-15)
    assert paid.layer == "prices.yaml: discounts[0] (5 % on top of openai/*)"
    assert paid.note == "list 2 USD from a price page, 5 % on top"


def test_a_discount_is_taken_off_a_range_too():
    paid = overrides(discounts=[ALL_OPENAI]).apply(token(2, low=1, high=4), ON)
    assert (paid.low, paid.high) == (pytest.approx(0.85), pytest.approx(3.4))


def test_a_discount_is_taken_off_a_derived_price_and_says_so():
    derived = hour(4.0, tier="reserved-1y", derived="on-demand x 0.58")
    paid = overrides(discounts=[{"provider": "aws", "per": "gpu_hour", "discount_fraction": 0.25}]).apply(derived, ON)
    assert (paid.amount, paid.derived) == (3.0, "on-demand x 0.58")
    assert paid.layer == "prices.yaml: discounts[0] (25 % off aws gpu_hour)"
    assert paid.note == "derived 4 USD from a price page, 25 % off"


def test_a_contract_price_is_no_longer_derived():
    derived = hour(4.0, tier="reserved-1y", derived="on-demand x 0.58")
    row = {"item": "H100-SXM", "per": "gpu_hour", "amount": 2.5, "provider": "aws", "tier": "reserved-1y"}
    assert overrides(prices=[row]).apply(derived, ON).derived is None


def test_a_discounted_price_is_as_old_as_the_older_of_list_and_agreement():
    def day(as_of):
        return overrides(discounts=[{**ALL_OPENAI, "as_of": as_of}]).apply(token(), ON).as_of

    assert day("2026-09-01") == date(2026, 9, 1)
    assert day("2026-11-20") == date(2026, 11, 10)
    assert overrides(discounts=[ALL_OPENAI]).apply(token(), ON).as_of == date(2026, 11, 10)


@pytest.mark.parametrize(
    ("listed", "agreed", "result"),
    [
        ("listed", "contract", "contract"),
        ("listed", "assumption", "assumption"),
        ("expert", "contract", "expert"),
        ("assumption", "invoice", "assumption"),
        ("literature", "expert", "expert"),
    ],
)
def test_a_share_off_a_guess_stays_a_guess(listed, agreed, result):
    own = overrides(discounts=[{**ALL_OPENAI, "evidence": agreed}])
    assert own.apply(token(evidence=listed), ON).evidence == result


def test_a_contract_price_goes_before_a_discount_that_says_more_and_says_so():
    exact = {
        "item": "openai/gpt-6.1-sol", "provider": "openai", "tier": "standard", "per": "mtok_input",
        "discount_fraction": 0.5,
    }  # fmt: skip
    paid = overrides(discounts=[exact], prices=[{**SOL, "item": "openai/*"}]).apply(token(), ON)
    assert paid.amount == 1.6
    assert paid.note == (
        "in place of list 2 USD from a price page; no discount on a contract price: discounts[0] not applied"
    )


def amount(discounts, price=None):
    return overrides(discounts=discounts).apply(price or token(100), ON).amount


def test_the_entry_that_names_more_fields_exactly_goes_first_wherever_it_stands():
    wide = {"provider": "openai", "discount_fraction": 0.1}
    narrow = {"provider": "openai", "tier": "standard", "discount_fraction": 0.2}
    assert amount([narrow, wide]) == amount([wide, narrow]) == 80


def test_an_exact_item_goes_before_a_pattern():
    exact = {"item": "openai/gpt-6.1-sol", "discount_fraction": 0.1}
    assert amount([exact, {"item": "openai/gpt-6*", "discount_fraction": 0.2}]) == 90


def test_a_pattern_goes_before_no_item_where_as_many_fields_are_exact():
    pattern = {"item": "openai/*", "tier": "standard", "discount_fraction": 0.1}
    assert amount([pattern, {"tier": "standard", "discount_fraction": 0.2}]) == 90


def test_more_exact_fields_go_before_a_pattern():
    assert amount([{"provider": "openai", "discount_fraction": 0.1}, {"item": "*", "discount_fraction": 0.2}]) == 90


def test_the_later_entry_wins_a_tie():
    one, two = {"item": "openai/*", "discount_fraction": 0.1}, {"item": "*/gpt-6*", "discount_fraction": 0.2}
    assert amount([one, two]) == 80
    assert amount([two, one]) == 90
    assert overrides(prices=[SOL, {**SOL, "amount": 1.5}]).apply(token(), ON).amount == 1.5


def test_two_discounts_are_not_multiplied():
    assert amount([{"item": "*", "discount_fraction": 0.5}, {"item": "openai/*", "discount_fraction": 0.1}]) == 90


@pytest.mark.parametrize(
    "row",
    [
        {"item": "OpenAI / GPT 6.1 SOL"},
        {"item": "OPENAI/GPT-*"},
        {"item": "openai/gpt_6.[0-9]-sol"},
        {"item": "*sol"},
        {"item": "openai/gpt-6.?-sol"},
        {"provider": "Open AI"},
        {"tier": "standard"},
        {"per": "mtok_input"},
        {"valid_from": "2026-11-23", "item": "*"},
        {"valid_to": "2026-11-23", "item": "*"},
    ],
)
def test_an_entry_is_meant_for(row):
    assert amount([{**row, "discount_fraction": 0.5}]) == 50


@pytest.mark.parametrize(
    "row",
    [
        {"item": "openai/gpt-6.1"},
        {"item": "gpt-6.1-sol"},
        {"item": "openai"},
        {"item": "openai/gpt-6.[2-9]*"},
        {"item": "["},
        {"provider": "azure"},
        {"item": "openai/*", "provider": "azure"},
        {"tier": "batch"},
        {"per": "mtok_output"},
        {"region": "DE"},
        {"provider_class": "neocloud"},
        {"valid_from": "2026-11-24", "item": "*"},
        {"valid_to": "2026-11-22", "item": "*"},
    ],
)
def test_an_entry_is_not_meant_for(row):
    assert amount([{**row, "discount_fraction": 0.5}]) == 100


def test_region_and_kind_of_landlord_are_compared_too():
    row = {"provider_class": "hyperscaler", "region": "US East 1", "discount_fraction": 0.5}
    assert amount([row], hour(8)) == 4
    assert amount([row], hour(8, region="us-east-2")) == 8
    assert amount([row], hour(8, provider_class="neocloud")) == 8


def test_without_a_tier_a_token_contract_price_leaves_the_batch_price_alone():
    own = overrides(prices=[SOL])
    assert own.apply(token(1.0, tier="batch"), ON).amount == 1.0
    assert overrides(prices=[{**SOL, "tier": "batch"}]).apply(token(1.0, tier="batch"), ON).amount == 1.6


def test_without_a_tier_a_gpu_hour_is_an_on_demand_hour_and_leaves_spot_alone():
    own = overrides(prices=[{"item": "H100-SXM", "per": "gpu_hour", "amount": 5, "provider": "aws"}])
    assert own.apply(hour(), ON).amount == 5
    assert own.apply(hour(2.1, tier="spot"), ON).amount == 2.1


def test_without_a_threshold_a_contract_price_leaves_the_price_of_long_requests_alone():
    long = token(4.0, above_input_tokens=272_000)
    assert overrides(prices=[SOL]).apply(long, ON) is long
    own = overrides(prices=[{**SOL, "amount": 3.2, "above_input_tokens": 272_000}])
    assert own.apply(long, ON).amount == 3.2
    assert own.apply(token(), ON).amount == 2.0


def test_a_discount_is_taken_off_the_price_of_long_requests_too():
    assert amount([ALL_OPENAI], token(4, above_input_tokens=272_000)) == pytest.approx(3.4)


def test_a_contract_price_for_some_hours_is_for_these_only():
    own = overrides(prices=[{**SOL, "hours_utc": "00:30-16:30"}])
    assert own.apply(token(hours_utc="00:30-16:30"), ON).amount == 1.6
    assert own.apply(token(), ON).amount == 2.0
    assert overrides(prices=[SOL]).apply(token(hours_utc="00:30-16:30"), ON).amount == 1.6


def test_a_discounted_price_holds_while_both_list_price_and_agreement_do():
    own = overrides(discounts=[{**ALL_OPENAI, "valid_from": "2026-09-01", "valid_to": "2027-08-31"}])
    paid = own.apply(token(valid_from=date(2026, 10, 1), valid_to=date(2027, 12, 31)), ON)
    assert (paid.valid_from, paid.valid_to) == (date(2026, 10, 1), date(2027, 8, 31))
    paid = own.apply(token(), ON)
    assert (paid.valid_from, paid.valid_to) == (date(2026, 9, 1), date(2027, 8, 31))


EUR = [{"currency": "EUR", "usd": 1.16, "as_of": "2026-11-20"}]


def test_a_contract_in_another_currency_is_converted_and_the_note_has_all_of_it():
    own = overrides(prices=[{**SOL, "currency": "EUR", "low": 1.5, "high": 2.0, "note": "net of tax"}], fx=EUR)
    paid = own.apply(token(), ON)
    assert paid.amount == pytest.approx(1.856, rel=1e-15)
    assert (paid.low, paid.high, paid.currency) == (pytest.approx(1.74), pytest.approx(2.32), "USD")
    assert paid.note == (
        "net of tax; 1.6 EUR x 1.16 USD/EUR of 2026-11-20 (ECB reference rate); in place of list 2 USD from a price page"
    )


def test_the_rate_is_the_plans_days():
    rates = [*EUR, {"currency": "EUR", "usd": 1.0, "as_of": "2026-06-01"}]
    own = overrides(prices=[{**SOL, "currency": "EUR"}], fx=rates)
    assert own.apply(token(), date(2026, 11, 19)).amount == 1.6


def test_the_users_own_prices_are_listed_in_dollars():
    own = overrides(
        prices=[
            {**SOL, "currency": "EUR"},
            {"item": "H100-SXM", "per": "gpu_hour", "amount": 1.85, "provider": "my-cloud", "provider_class": "neocloud",
             "tier": "reserved-1y", "region": "eu-north"},
            {"item": "electricity", "region": "DE", "per": "kwh", "amount": 0.15},
            {"item": "H100-SXM", "per": "gpu", "amount": 27000},
        ],
        fx=EUR,
    )  # fmt: skip
    assert [(p.item, p.per, p.provider, p.tier, p.region, round(p.amount, 12)) for p in own.own_prices(ON)] == [
        ("openai/gpt-6.1-sol", "mtok_input", "openai", "standard", None, 1.856),
        ("H100-SXM", "gpu_hour", "my-cloud", "reserved-1y", "eu-north", 1.85),
        ("electricity", "kwh", "own contract", "standard", "DE", 0.15),
        ("H100-SXM", "gpu", "own contract", "purchase", None, 27000),
    ]
    assert {p.currency for p in own.own_prices(ON)} == {"USD"}


def test_own_prices_of_one_item_are_found_by_any_spelling():
    rows = [SOL, {"item": "H100-SXM", "per": "gpu", "amount": 27000}]
    assert [p.amount for p in overrides(prices=rows).own_prices(ON, "h100 sxm")] == [27000]
    assert overrides(prices=rows).own_prices(ON, "H100") == []


def test_own_prices_leave_out_patterns_and_what_is_not_in_force():
    rows = [
        {**SOL, "item": "openai/*"},
        {**SOL, "valid_to": "2026-11-22"},
        {**SOL, "amount": 3, "valid_from": "2026-11-23"},
    ]
    assert [p.amount for p in overrides(prices=rows).own_prices(ON)] == [3]


def test_of_two_own_prices_for_the_same_thing_the_one_that_goes_first_is_listed():
    assert [p.amount for p in overrides(prices=[SOL, {**SOL, "amount": 1.5}]).own_prices(ON)] == [1.5]
    said_more = {**SOL, "amount": 1.4, "provider": "openai"}
    assert [p.amount for p in overrides(prices=[said_more, SOL]).own_prices(ON)] == [1.4]


def test_an_own_price_is_the_price_that_apply_gives_apart_from_the_list_price_in_the_note():
    own = overrides(prices=[{**SOL, "currency": "EUR"}], fx=EUR)
    (listed,), applied = own.own_prices(ON), own.apply(token(), ON)
    assert listed.model_copy(update={"note": applied.note}) == applied


def test_over_adds_only_what_took_the_place_of_nothing():
    own = overrides(
        discounts=[{"provider": "aws", "discount_fraction": 0.5}],
        prices=[
            {"item": "H100-SXM", "per": "gpu_hour", "amount": 2, "provider": "lambda"},
            {"item": "H100-SXM", "per": "gpu_hour", "amount": 1.85, "provider": "my-cloud"},
            SOL,
        ],
    )
    rows = [hour(8), hour(3, provider="lambda", region=None), hour(4, provider="nebius")]
    found = own.over(rows, ON, per="gpu_hour")
    assert [(p.provider, p.amount) for p in found] == [("aws", 4), ("lambda", 2), ("nebius", 4), ("my-cloud", 1.85)]
    assert [p.amount for p in own.over(rows, ON)] == [4, 2, 4, 1.85, 1.6]


def test_the_id_is_of_the_content_and_not_of_the_name():
    one, same = overrides(prices=[SOL]), overrides(prices=[{**SOL, "tier": None}], name="other.yaml")
    assert one.id == same.id
    assert len({one.id, overrides(prices=[{**SOL, "amount": 1.61}]).id, Overrides().id}) == 3
    assert len(one.id) == 12


def test_the_id_of_a_known_content_does_not_change():
    # printf %s of this text, sha256sum: {"discounts": [], "fx": [], "gpus": [], "prices": [], "schema": 1}.
    assert Overrides().id == "f20adf8421b4"


def test_overrides_are_frozen_and_can_be_a_key():
    one, same = overrides(prices=[SOL]), overrides(prices=[SOL])
    one.apply(token(), ON)
    assert one == same
    assert len({one, same}) == 1
    with pytest.raises(ValueError, match="frozen"):
        one.name = "x"


def test_no_discount_is_taken_off_a_gpu_price_of_the_file_but_a_contract_price_goes_before_it():
    def gpu_price(own, gpu):
        price = gpu_spec(gpu, Book(overrides=own)).purchase_price
        return own.apply(price, ON).amount

    mine = [{"gpu": "H100-SXM", "purchase_usd": 27_000}]
    tenth_off = [{"per": "gpu", "discount_fraction": 0.1}]
    contract = [{"item": "H100-SXM", "per": "gpu", "amount": 26_000}]
    assert gpu_price(overrides(gpus=mine, discounts=tenth_off), "H100-SXM") == 27_000
    assert gpu_price(overrides(gpus=mine, prices=contract), "H100-SXM") == 26_000


def test_the_books_price_of_a_gpu_stays_open_to_entries_when_another_figure_is_corrected():
    own = overrides(
        gpus=[{"gpu": "H100-SXM", "tdp_watts": 650}], prices=[{"item": "H100-SXM", "per": "gpu", "amount": 26_000}]
    )
    spec = gpu_spec("H100-SXM", Book(overrides=own))
    assert (spec.tdp_watts, own.apply(spec.purchase_price, ON).amount) == (650, 26_000)


amounts = st.floats(min_value=0, max_value=1e12)
shares = st.floats(min_value=-1, max_value=1, exclude_min=True, exclude_max=True)


@given(amount=amounts, share=shares)
def test_a_discount_d_on_a_price_p_is_p_times_1_minus_d(amount, share):
    paid = overrides(discounts=[{"item": "*", "discount_fraction": share}]).apply(token(amount), ON)
    assert paid.amount == pytest.approx(amount * (1 - share), rel=1e-15, abs=1e-300)
    assert math.isfinite(paid.amount)
    assert 0 <= paid.amount <= 2 * amount
    assert Price.model_validate(paid.model_dump()) == paid


@given(listed=amounts, agreed=amounts, usd=st.floats(min_value=1e-9, max_value=1e9), share=shares)
def test_applying_twice_is_applying_once(listed, agreed, usd, share):
    own = overrides(
        prices=[{**SOL, "amount": agreed, "currency": "CHF"}],
        discounts=[{"item": "*", "discount_fraction": share}],
        fx=[{"currency": "CHF", "usd": usd, "as_of": "2026-11-20"}],
    )
    for price in (token(listed), token(listed, per="mtok_output")):
        once = own.apply(price, ON)
        assert own.apply(once, ON) == once
    paid = own.apply(token(listed), ON)
    assert paid.amount / usd == pytest.approx(agreed, rel=1e-15, abs=1e-300)
    assert Price.model_validate(paid.model_dump()) == paid
