from __future__ import annotations

from datetime import date

from pricing.own.check import not_in_force, odd_rates, override_warnings, ties, unmatched
from pricing.own.overrides import Overrides
from pricing.own.rows import PricesFile
from pricing.price import Price

ON = date(2026, 11, 23)


def overrides(**parts):
    filled = {
        key: [{"source": "s", **({} if key == "discounts" else {"as_of": "2026-09-01"}), **row} for row in rows]
        for key, rows in parts.items()
    }
    return Overrides(content=PricesFile.model_validate(filled))


def price(item, per, provider, tier="standard", region=None):
    return Price(
        item=item, amount=2, per=per, provider=provider, tier=tier, region=region, as_of=date(2026, 8, 22), source="s"
    )


BOOK = [
    price("openai/gpt-5", "mtok_input", "openai"),
    price("openai/gpt-5", "mtok_output", "openai"),
    price("H100-SXM", "gpu_hour", "aws", "on-demand", "us-east-1"),
    price("electricity", "kwh", "industrial average", region="DE"),
]


def test_a_file_that_fits_has_no_warning():
    own = overrides(
        discounts=[{"item": "openai/*", "discount_fraction": 0.1}],
        prices=[{"item": "electricity", "region": "DE", "per": "kwh", "amount": 0.2}],
    )
    assert override_warnings(own, iter(BOOK), ON) == []


def test_a_discount_that_matches_nothing_is_named_with_near_names():
    own = overrides(
        discounts=[
            {"item": "openai/gtp-5", "discount_fraction": 0.1},
            {"provider": "aws-eu", "discount_fraction": 0.28},
            {"item": "anthropic/*", "discount_fraction": 0.2},
        ]
    )
    assert unmatched(own, BOOK, ON) == [
        "prices.yaml: discounts[0] (10 % off openai/gtp-5) matches no price of the book on 2026-11-23. Near names: openai/gpt-5.",
        "prices.yaml: discounts[1] (28 % off aws-eu) matches no price of the book on 2026-11-23. Near names: aws.",
        "prices.yaml: discounts[2] (20 % off anthropic/*) matches no price of the book on 2026-11-23.",
    ]


def test_an_entry_that_another_one_beats_is_not_one_that_matches_nothing():
    beaten = {"item": "*", "discount_fraction": 0.1}
    better = [{"item": name, "discount_fraction": 0.2} for name in ("openai/gpt-5", "H100-SXM", "electricity")]
    assert unmatched(overrides(discounts=[beaten, *better]), BOOK, ON) == []


def test_a_price_for_what_the_book_does_not_know_is_a_new_price_and_said():
    own = overrides(prices=[{"item": "H100-SMX", "per": "gpu_hour", "amount": 1.85, "provider": "my-cloud"}])
    assert unmatched(own, BOOK, ON) == [
        (
            "prices.yaml: prices[0] (H100-SMX): the book has no 'H100-SMX', so this is a new price, for who asks for that name. "
            "Near names: H100-SXM."
        )
    ]


def test_a_landlord_or_a_unit_that_the_book_does_not_have_is_no_slip():
    own = overrides(
        prices=[
            {"item": "H100-SXM", "per": "gpu_hour", "amount": 1.85, "provider": "my-cloud"},
            {"item": "H100-SXM", "per": "gpu", "amount": 27000},
        ]
    )
    assert unmatched(own, BOOK, ON) == []


def test_a_price_of_a_gpu_that_the_file_itself_brings_is_no_slip():
    figures = {"vendor": "acme", "memory_gb": 96, "memory_bandwidth_gb_per_s": 2000, "bf16_dense_tflops": 300}
    own = overrides(
        gpus=[{"gpu": "MYGPU-96GB", **figures}], prices=[{"item": "mygpu 96gb", "per": "gpu", "amount": 9000}]
    )
    assert unmatched(own, BOOK, ON) == []


def test_a_token_or_kilowatt_hour_that_is_sold_otherwise_is_named_with_what_there_is():
    own = overrides(
        prices=[
            {"item": "openai/gpt-5", "per": "mtok_input", "amount": 1, "provider": "azure"},
            {"item": "electricity", "region": "FR", "per": "kwh", "amount": 0.1},
        ]
    )
    assert unmatched(own, BOOK, ON) == [
        (
            "prices.yaml: prices[0] (openai/gpt-5) takes the place of no price of the book; there is: "
            "mtok_input openai standard."
        ),
        (
            "prices.yaml: prices[1] (electricity) takes the place of no price of the book; there is: "
            "kwh industrial average DE standard."
        ),
    ]


def test_a_tie_names_both_entries_and_the_one_that_is_used():
    own = overrides(
        discounts=[{"item": "openai/*", "discount_fraction": 0.1}, {"item": "*/gpt-5", "discount_fraction": 0.2}]
    )
    assert ties(own, BOOK, ON) == [
        (
            "prices.yaml: discounts[0] (10 % off openai/*) and discounts[1] (20 % off */gpt-5) are equally specific for 2 prices, "
            "such as openai/gpt-5 mtok_input at openai: the later one, discounts[1], is used; keep one, or say more in the one "
            "that is meant"
        )
    ]


def test_there_is_no_tie_where_one_says_more_or_is_out_of_force():
    row = {"item": "openai/*", "discount_fraction": 0.1}
    assert ties(overrides(discounts=[row, {**row, "per": "mtok_input"}]), BOOK, ON) == []
    assert ties(overrides(discounts=[row, {**row, "valid_to": "2026-11-22"}]), BOOK, ON) == []


def test_what_is_not_in_force_is_named_with_its_day_and_not_called_unmatched():
    own = overrides(
        discounts=[
            {"item": "nobody", "discount_fraction": 0.1, "valid_to": "2026-11-22"},
            {"item": "nobody", "discount_fraction": 0.2, "valid_from": "2026-11-24"},
        ]
    )
    assert (
        override_warnings(own, BOOK, ON)
        == not_in_force(own, ON)
        == [
            "prices.yaml: discounts[0] (10 % off nobody) is not used on 2026-11-23: it ended on 2026-11-22",
            "prices.yaml: discounts[1] (20 % off nobody) is not used on 2026-11-23: it begins on 2026-11-24",
        ]
    )


def test_a_rate_is_old_after_90_days_and_odd_before_its_day():
    def said(as_of, currency="EUR"):
        power = {"item": "electricity", "region": "DE", "per": "kwh", "amount": 0.2, "currency": currency}
        return odd_rates(overrides(fx=[{"currency": "EUR", "usd": 1.2, "as_of": as_of}], prices=[power]), ON)

    assert said("2026-08-25") == []
    assert said("2026-08-24") == ["prices.yaml: the rate of EUR is of 2026-08-24, 91 days before 2026-11-23"]
    assert said("2026-11-24") == ["prices.yaml: the oldest rate of EUR is of 2026-11-24, later than 2026-11-23; used"]
    assert said("2025-01-01", currency="USD") == []


def test_prices_that_the_user_changed_already_are_judged_alike():
    own = overrides(discounts=[{"item": "openai/*", "discount_fraction": 0.1}])
    assert override_warnings(own, [own.apply(price, ON) for price in BOOK], ON) == []
