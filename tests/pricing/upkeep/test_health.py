from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest

from pricing.book import Book
from pricing.own.file import parse_overrides
from pricing.sources import genai
from pricing.tokens.cards import merge
from pricing.upkeep.health import health
from pricing.upkeep.memory_file import MemoryFile
from tests.price_lists import HEADER, READ_ON, genai_json, small_tables, with_price

ON = date(2026, 11, 23)


def book(*, rents=None, sellers=None, later=()):
    """The small book, with rents (rows as in `RENTS`, then as_of, source) or sellers of tokens in place of its own."""
    tables = small_tables()
    if rents is not None:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows([*row, None] for row in rents)
        tables["gpu_rental.csv"] = text.getvalue().encode()
    if sellers is not None:
        tables["tokens.json"] = merge(None, genai.read(genai_json(sellers), READ_ON))
    for day, sold in later:
        tables["tokens.json"] = merge(tables["tokens.json"], genai.read(genai_json(sold), day))
    return Book(newer={name: MemoryFile(name, data) for name, data in tables.items()})


def found(report, rule, topic=None):
    return [
        (finding.level, finding.sentence)
        for finding in report.findings
        if finding.rule == rule and topic in (None, finding.topic)
    ]


def rent(usd, *, spot=None, region="us-east-1", as_of=ON, source="https://example.org", gpu="L4", provider="aws"):
    return gpu, provider, "hyperscaler", "g6.xlarge", 1, region, usd, spot, as_of, source


def test_prices_of_fast_markets_beyond_the_limit_are_a_problem():
    report = health(book(), on=READ_ON + timedelta(days=31), stale_days=30)
    # Eight amounts: two for each of the four models.
    assert found(report, "stale", "API tokens") == [
        ("problem", "8 of 8 were read more than 30 days before 2026-11-01, the oldest on 2026-10-01")
    ]


def test_a_price_exactly_as_old_as_the_limit_passes():
    report = health(book(), on=READ_ON + timedelta(days=30), stale_days=30)
    assert found(report, "stale", "API tokens") == []


def test_yearly_statistics_are_a_caution_until_four_limits():
    text = "region,sector,usd_per_kwh,low_usd_per_kwh,high_usd_per_kwh,as_of,source,evidence,note\n" + "\n".join(
        f"{region},industrial,0.1,,,{day},https://example.org,listed,"
        for region, day in (("DE", "2026-01-01"), ("FR", "2024-01-01"))
    )
    table = {"electricity.csv": MemoryFile("electricity.csv", text.encode())}
    report = health(Book(newer=table), on=ON, stale_days=180)
    # 2026-01-01 is 326 days back, 2024-01-01 is 1,057; the limits are 180 and 720 days.
    assert found(report, "stale", "electricity") == [
        ("problem", "1 of 2 were read more than 720 days before 2026-11-23, the oldest on 2024-01-01"),
        ("caution", "1 of 2 were read more than 180 days before 2026-11-23, the oldest on 2026-01-01"),
    ]


def test_a_listed_price_without_link_or_document_is_a_problem():
    rents = [
        rent(0.8, source="somebody said so"),
        rent(0.82, region="b", source="price list of May.pdf"),
        rent(0.81, region="c"),
    ]
    report = health(book(rents=rents), on=ON)
    (sentence,) = [text for level, text in found(report, "source", "GPU rents") if level == "problem"]
    assert sentence.startswith("1 of ")
    assert sentence.endswith(" say that they are listed, and name no link and no document")


def test_a_guess_without_a_link_that_says_so_is_a_caution():
    text = (
        "region,sector,usd_per_kwh,low_usd_per_kwh,high_usd_per_kwh,as_of,source,evidence,note\n"
        "DE,industrial,0.19,0.1,0.3,2026-11-23,not looked up,expert,\n"
    )
    report = health(Book(newer={"electricity.csv": MemoryFile("electricity.csv", text.encode())}), on=ON)
    assert found(report, "source", "electricity") == [("caution", "1 of 1 are guesses without a link, and say so")]
    assert found(report, "guess", "electricity")[0][0] == "caution"


def test_a_price_per_thousand_tokens_is_a_problem_with_its_ratio():
    report = health(book(sellers=with_price("openai", "gpt-a", (1250.0, 10.0))), on=ON)
    # Inputs are 0.1, 0.25, 2 and 1250: the median is (0.25 + 2) / 2 = 1.125.
    assert found(report, "unit") == [
        (
            "problem",
            "openai/gpt-a mtok_input: 1250 is 1.11e+03 times 1.125, the median of all mtok_input: another unit?",
        )
    ]


def test_a_jump_between_two_readings_of_a_rent_is_a_caution():
    rents = [
        rent(1.0, as_of=date(2026, 10, 1)),
        rent(2.5, as_of=ON),
        rent(1.0, region="b", as_of=ON),
        rent(2.0, region="b"),
    ]
    report = health(book(rents=rents[:2]), on=ON)
    (jump,) = [finding for finding in report.findings if finding.rule == "jump"]
    assert (jump.level, jump.topic, jump.count) == ("caution", "GPU rents", 1)
    assert jump.examples == ("aws L4 g6.xlarge us-east-1 on-demand from 2026-11-23: 1 -> 2.5",)


def test_a_doubling_is_no_jump_and_more_is():
    doubled = book(later=[(date(2026, 11, 1), with_price("openai", "gpt-a", (2.5, 20.0)))])
    more = book(later=[(date(2026, 11, 1), with_price("openai", "gpt-a", (2.5, 20.1)))])
    assert found(health(doubled, on=ON), "jump") == []
    (jump,) = [finding for finding in health(more, on=ON).findings if finding.rule == "jump"]
    assert jump.examples == ("openai/gpt-a standard output from 2026-11-01: 10 -> 20.1",)


def test_output_cheaper_than_input_is_a_caution():
    report = health(book(sellers=with_price("openai", "gpt-a", (2.0, 1.0))), on=ON)
    assert found(report, "output") == [("caution", "output cheaper than input: 1; unusual, look at the seller's page")]
    assert found(health(book(sellers=with_price("openai", "gpt-a", (2.0, 2.0))), on=ON), "output") == []


def test_spot_above_on_demand_is_turned_away_and_told():
    report = health(book(rents=[rent(0.8, spot=0.9), rent(0.8, region="b")]), on=ON)
    (finding,) = [finding for finding in report.findings if finding.rule == "turned-away"]
    assert (finding.level, finding.sentence) == ("caution", "rows of gpu_rental.csv that are not used: 1")
    assert finding.examples == ("spot 0.9 USD/h is above on-demand 0.8 USD/h: one of them is not a list price",)


def test_evidence_is_counted():
    report = health(book(rents=[rent(0.8)]), on=ON)
    assert sum(report.evidence.values()) == sum(report.prices.values())
    assert report.prices["API tokens"] == 8


OWN = """
schema: 1
prices:
  - item: openai/gpt-a
    per: mtok_input
    amount: 0.9
    currency: USD
    source: contract 12
    as_of: 2026-11-01
    evidence: contract
discounts:
  - provider: opnai
    discount_fraction: 0.1
    source: contract 12
    as_of: 2026-11-01
    evidence: contract
"""


def test_an_entry_of_the_users_that_changes_nothing_is_a_problem():
    own = parse_overrides(OWN, today=ON)
    problems = [
        sentence
        for level, sentence in found(health(book().with_overrides(own), on=ON), "overrides")
        if level == "problem"
    ]
    assert len(problems) == 1
    assert "matches no price of the book on 2026-11-23" in problems[0]
    assert "openai" in problems[0]


def test_a_price_for_something_that_the_book_does_not_know_is_no_problem():
    own = parse_overrides(OWN.replace("openai/gpt-a", "inhouse/model").partition("discounts:")[0], today=ON)
    assert [level for level, _ in found(health(book().with_overrides(own), on=ON), "overrides")] == ["caution"]


def test_problems_come_first_and_are_counted():
    report = health(book(sellers=with_price("openai", "gpt-a", (1250.0, 10.0))), on=ON, stale_days=10)
    levels = [finding.level for finding in report.findings]
    assert levels == sorted(levels, reverse=True)
    assert report.problems == levels.count("problem") > 0


@pytest.mark.parametrize("on", [date(2020, 1, 1), date(2026, 11, 23), date(2040, 1, 1)])
def test_the_shipped_book_is_checked_on_any_day(on):
    report = health(on=on)
    assert report.on == on
    assert report.prices["API tokens"] > 5000


def test_the_shipped_book_on_its_own_day_has_stale_rents_and_says_so():
    # Rents read on 2026-05-24 are 183 days old on 2026-11-23; half a year is the limit.
    stale = [finding for finding in health(on=ON).findings if finding.rule == "stale" and finding.topic == "GPU rents"]
    assert [finding.level for finding in stale] == ["problem"]
