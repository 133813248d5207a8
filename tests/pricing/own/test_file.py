from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.book import shipped_book
from pricing.own.exchange import Rate
from pricing.own.file import parse_overrides, read_overrides
from pricing.own.rows import Discount, OwnGpu, OwnPrice, PricesFile
from pricing.price import Evidence, Price, Tier, Unit
from pricing.rental import rental_prices
from pricing.tokens.prices import token_prices
from pricing.yaml_file import FileError, parse_yaml

TODAY = date(2026, 11, 23)
PAGE = Path(__file__).parents[3] / "docs" / "prices-file.md"
SCHEMA = Path(__file__).parents[3] / "docs" / "schema" / "prices.schema.json"


def page_example():
    return re.search(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL).group(1)


def refused(text):
    with pytest.raises(FileError) as error:
        parse_overrides(text, today=TODAY)
    return str(error.value)


def complaint(text):
    """What a text is refused with, or an empty text where it is read."""
    try:
        parse_overrides(text, today=TODAY).own_prices(TODAY)
    except FileError as error:
        return str(error)
    return ""


def price_row(**changes):
    fields = {"item": "openai/gpt-5", "per": "mtok_input", "amount": 1, "as_of": "2026-09-01", "source": "contract"}
    return json.dumps({"prices": [fields | changes]}, default=str)


def test_the_example_of_the_page_is_read_from_a_file(tmp_path):
    path = tmp_path / "acme-prices.yaml"
    path.write_text(page_example(), encoding="utf-8")
    own = read_overrides(path, TODAY)
    assert own.name == "acme-prices.yaml"
    parts = (own.content.fx, own.content.discounts, own.content.prices, own.content.gpus)
    assert [len(part) for part in parts] == [1, 2, 4, 2]
    assert own.id == parse_overrides(page_example(), name="x", today=TODAY).id


def test_the_example_of_the_page_satisfies_the_published_schema():
    jsonschema.validate(parse_yaml(page_example()), json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_the_numbers_of_the_page_are_what_the_example_comes_to():
    own = parse_overrides(page_example(), today=TODAY)
    sol = token_prices("openai/gpt-6.1-sol", TODAY)
    (aws,) = (
        price
        for price in rental_prices(TODAY, shipped_book())
        if (price.item, price.provider, price.region, price.tier) == ("H100-SXM", "aws", "us-east-1", "on-demand")
    )
    germany = Price(
        item="electricity", amount=0.2, per="kwh", provider="industrial average", region="DE", tier="standard",
        as_of=TODAY, source="s",
    )  # fmt: skip
    listed = [sol.input, sol.output, sol.batch_output, aws, germany]
    assert [price.amount for price in listed] == [2, 10, 5, 6.88, 0.2]
    paid = [own.apply(price, TODAY).amount for price in listed]
    assert paid == pytest.approx([1.856, 8.5, 5, 4.9536, 0.1682], rel=1e-12)
    page = PAGE.read_text(encoding="utf-8")
    assert [number for number in ("1.856", "8.50", "4.9536", "0.1682") if f"{number} USD/" not in page] == []


@pytest.mark.parametrize(
    ("part", "record"), [("fx", Rate), ("discounts", Discount), ("prices", OwnPrice), ("gpus", OwnGpu)]
)
def test_the_page_lists_every_key(part, record):
    section = PAGE.read_text(encoding="utf-8").partition("## All keys")[2]
    keys = set(re.findall(r"`(\w+)`", re.search(rf"^`{part}`: (.*?)\n\n", section, re.DOTALL | re.MULTILINE).group(1)))
    assert keys - {"contract", "expert"} == set(record.model_fields)


@pytest.mark.parametrize("kind", [Unit, Tier, Evidence])
def test_the_page_lists_every_choice(kind):
    section = PAGE.read_text(encoding="utf-8").partition("## All keys")[2]
    assert [name for name in kind.__args__ if f"`{name}`" not in section] == []


def test_every_key_says_what_is_allowed():
    records = (PricesFile, Rate, Discount, OwnPrice, OwnGpu)
    assert [name for record in records for name, field in record.model_fields.items() if not field.description] == []


def test_a_list_that_is_left_blank_is_empty():
    assert parse_overrides("schema: 1\nfx:\ndiscounts:\nprices:\ngpus:\n").content == PricesFile()


def test_spelling_of_the_file_does_not_change_its_id():
    one = parse_overrides("# mine\ndiscounts:\n  - source: EDP\n    provider: aws\n    discount_fraction: 0.280\n")
    same = parse_overrides('{"discounts": [{"provider": "aws", "discount_fraction": 0.28, "source": "EDP"}]}')
    assert one.id == same.id


def test_norway_needs_no_quotes():
    row = "prices: [{item: electricity, region: NO, per: kwh, amount: 0.07, as_of: 2026-09-01, source: s}]"
    assert parse_overrides(row, today=TODAY).content.prices[0].region == "NO"


AMOUNT = "allowed: a number from 0 to 1e12, not in quotes, with a point for decimals"


@pytest.mark.parametrize(
    ("amount", "given"),
    [
        ("-1", "-1"),
        (".nan", "nan"),
        (".inf", "inf"),
        ("1e400", "inf"),
        ('"1.6"', "'1.6'"),
        ("true", "true"),
        ("", "nothing"),
        ("[1]", "[1]"),
        ("1e13", "10000000000000.0"),
        ("010", "'010'"),
    ],
)
def test_an_amount_that_is_no_amount_is_refused(amount, given):
    text = f"prices: [{{item: a/b, per: mtok_input, amount: {amount}, as_of: 2026-09-01, source: s}}]"
    assert refused(text) == f"`prices[0].amount`: {given} is given; {AMOUNT}"


def test_a_decimal_comma_is_explained():
    text = "prices: [{item: a/b, per: mtok_input, amount: 1,6, as_of: 2026-09-01, source: s}]"
    assert refused(text) == "`prices[0]` has the key 6; keys are names, and decimals have a point (1.6, not 1,6)"


SHARE = "allowed: a number above -1 and below 1: 0.15 is 15 % off, -0.05 is 5 % on top"


@pytest.mark.parametrize("share", ["15", "1", "-1", "1.0", "'0.1'", "15%"])
def test_a_discount_is_a_fraction(share):
    message = refused(f"discounts: [{{item: x, source: s, discount_fraction: {share}}}]")
    assert message.startswith("`discounts[0].discount_fraction`: ")
    assert message.endswith(f" is given; {SHARE}")


@pytest.mark.parametrize("day", ["2026-02-31", "20260228", "2026-2-3", "2026-02-28 10:00:00", "yesterday", "2026"])
def test_a_day_is_a_day(day):
    message = refused(f"prices: [{{item: a/b, per: kwh, amount: 1, as_of: {day}, source: s}}]")
    assert message.startswith("`prices[0].as_of`: ")
    assert message.endswith(" is given; allowed: the day on which somebody read it, YYYY-MM-DD, not in the future")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; a prices file begins with `schema: 1` and has fx, discounts, prices, gpus"),
        ("- a", "is not a list of `key: value` lines; a prices file has the keys schema, fx, discounts, prices, gpus"),
        ("schema: 2", "`schema`: 2 is newer than 1, the newest that this version reads; upgrade the tool"),
        ("schema: true", "`schema`: true is given; allowed: 1, the number of the file's format"),
        ("schema: 0", "`schema`: 0 is given; allowed: 1, the number of the file's format"),
        ("price: []", "`price` is not a known key; did you mean `prices`?"),
        ("rebates: []", "`rebates` is not a known key; known here: schema, fx, discounts, prices, gpus"),
        ("prices: 3", "`prices`: 3 is given; allowed: a list of prices, each after a dash"),
        (
            "fx: [EUR]",
            "`fx[0]`: 'EUR' is given; allowed: lines of `key: value` after a dash: currency, usd, as_of, source",
        ),
        ("discounts: [{source: s, discount_fraction: 0.1}]",
         ("`discounts[0]`: says not on what; add item, provider, provider_class, region, tier or per "
         '(item: "*" is everything)')),
        ("fx: [{currency: USD, usd: 1, as_of: 2026-01-01, source: s}]",
         "`fx[0]`: USD needs no rate, since the book is in USD; leave this line out"),
        (("fx: [{currency: EUR, usd: 1.1, as_of: 2026-01-01, source: s}, "
         "{currency: EUR, usd: 1.2, as_of: 2026-01-01, source: s}]"),
         "`fx[1]`: EUR of 2026-01-01 is there already, at fx[0]; keep one"),
        ("gpus: [{gpu: h100 sxm, as_of: 2026-01-01, source: s}, {gpu: H100-SXM, as_of: 2026-01-01, source: s}]",
         "`gpus[1]`: H100-SXM is there already, at gpus[0]; keep one"),
        ("gpus: [{gpu: MYGPU, memory_gb: 96, as_of: 2026-01-01, source: s}]",
         ("`gpus[0]`: the book does not know MYGPU, so it needs vendor, memory_bandwidth_gb_per_s, bf16_dense_tflops too; "
         "add them, or write the name as the book does (`tco prices list`)")),
        ("gpus: [{gpu: L4, purchase_low_usd: 5, as_of: 2026-01-01, source: s}]",
         "`gpus[0]`: has a range of purchase prices but no purchase_usd; add it"),
        ("gpus: [{gpu: L4, purchase_usd: 5, purchase_high_usd: 4, as_of: 2026-01-01, source: s}]",
         "`gpus[0]`: purchase_usd 5 is outside its range; mend purchase_low_usd or purchase_high_usd"),
        ("gpus: [{gpu: L4, driver_names: NVIDIA L4, as_of: 2026-01-01, source: s}]",
         "`gpus[0].driver_names`: 'NVIDIA L4' is given; allowed: a list of texts: what nvidia-smi (or the driver) calls it"),
    ],
)  # fmt: skip
def test_a_file_is_refused_with_place_what_is_given_and_what_is_allowed(text, message):
    assert refused(text) == message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"curency": "EUR"}, "`prices[0].curency` is not a known key; did you mean `currency`?"),
        ({"currency": "eur"},
         "`prices[0].currency`: 'eur' is given; allowed: three capital letters, the ISO 4217 code, such as EUR"),
        ({"currency": "CHF"},
         ("`prices[0].currency`: no rate for CHF; add under `fx:` - {currency: CHF, usd: <US dollars for one CHF>, "
         'as_of: 2026-09-01, source: "<who says so>"}')),
        ({"low": 2}, "`prices[0]`: amount 1 is outside its range, 2 to 1; mend one of them"),
        ({"valid_from": "2026-02-01", "valid_to": "2026-01-31"},
         "`prices[0]`: valid_to 2026-01-31 is before valid_from 2026-02-01; exchange or mend them"),
        ({"as_of": "2026-11-24"},
         ("`prices[0].as_of`: 2026-11-24 is in the future, today is 2026-11-23; as_of is the day on which somebody read "
         "the number, valid_from its first day")),
        ({"per": "gpu_hour"},
         "`prices[0]`: provider is missing; a GPU hour has a landlord, so add who lets it, such as provider: aws"),
        ({"region": "us-*"},
         "`prices[0].region`: 'us-*' is given; allowed: where, as the book writes it, such as DE or us-east-1; no wildcards"),
        ({"provider_class": "cloud"},
         ("`prices[0].provider_class`: 'cloud' is given; allowed: one of hyperscaler, neocloud, marketplace, managed. "
         "Near names: neocloud.")),
        ({"above_input_tokens": 1.5},
         "`prices[0].above_input_tokens`: 1.5 is given; allowed: a whole number of tokens above 0, such as 272000"),
        ({"source": 4711},
         ("`prices[0].source`: 4711 is given; allowed: the contract, invoice or offer that says so, as text of 1 to 500 "
         "characters")),
        ({"source": " "},
         ("`prices[0].source`: ' ' is given; allowed: the contract, invoice or offer that says so, as text of 1 to 500 "
         "characters")),
    ],
)  # fmt: skip
def test_a_price_is_refused_with_place_what_is_given_and_what_is_allowed(changes, message):
    assert refused(price_row(**changes)) == message


def test_a_key_that_is_missing_is_named_with_what_belongs_there():
    assert refused("prices: [{item: a/b, per: kwh, amount: 1, source: s}]") == (
        "`prices[0].as_of` is missing; add it: the day on which somebody read it, YYYY-MM-DD, not in the future"
    )


def test_a_misspelt_key_goes_before_the_key_that_it_left_out():
    message = refused("prices: [{item: a/b, per: kwh, amout: 1, as_of: 2026-01-01, source: s}]")
    assert message == "`prices[0].amout` is not a known key; did you mean `amount`? (and 1 more)"


def test_the_second_of_two_prices_is_named_by_its_number():
    good = "{item: a/b, per: kwh, amount: 1, as_of: 2026-01-01, source: s}"
    bad = good.replace("amount: 1", "amount: -1")
    assert refused(f"prices: [{good}, {bad}]").startswith("`prices[1].amount`: -1 is given")


def test_the_days_of_rates_discounts_and_gpus_are_not_in_the_future_either():
    future = "as_of: 2026-11-24, source: s"
    assert refused(f"fx: [{{currency: EUR, usd: 1, {future}}}]").startswith(
        "`fx[0].as_of`: 2026-11-24 is in the future"
    )
    assert refused(f"discounts: [{{item: x, discount_fraction: 0, {future}}}]").startswith("`discounts[0].as_of`: ")
    assert refused(f"gpus: [{{gpu: L4, {future}}}]").startswith("`gpus[0].as_of`: ")


def test_a_contract_may_begin_in_the_future():
    own = parse_overrides(price_row(valid_from="2027-01-01", as_of="2026-11-23"), today=TODAY)
    assert own.own_prices(TODAY) == []
    assert [price.amount for price in own.own_prices(date(2027, 1, 1))] == [1]


def test_a_message_of_a_file_begins_with_its_path(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text("price: []", encoding="utf-8")
    with pytest.raises(FileError) as error:
        read_overrides(path)
    assert str(error.value) == f"{path}: `price` is not a known key; did you mean `prices`?"
    with pytest.raises(FileError, match="cannot be read"):
        read_overrides(str(tmp_path / "none.yaml"))


def test_a_long_text_is_cut_in_the_message():
    message = refused(price_row(item="x" * 600))
    assert message.startswith(f"`prices[0].item`: '{'x' * 59}... is given; allowed: ")
    assert message.endswith("; at most 500 characters")


def test_an_unknown_key_is_cut_and_cannot_write_to_the_terminal():
    message = refused(json.dumps({"\u007f\u001b[31m" + "x" * 600: 1}))
    assert message.startswith("`??[31m" + "x" * 54 + "...` is not a known key; known here: schema, fx")


@settings(max_examples=80)
@given(
    at=st.integers(0, 2000),
    cut=st.integers(0, 6),
    put=st.text("{}[]:,-*&!|>'\"%#?\n\t 019.eEnaN~\\é\x85\u2028\0", max_size=3),
)
def test_any_slip_of_the_pen_is_read_or_refused_in_one_short_line(at, cut, put):
    example = page_example()
    text = example[:at] + put + example[at + cut :]
    message = complaint(text)
    assert "\n" not in message
    assert len(message) < 700
