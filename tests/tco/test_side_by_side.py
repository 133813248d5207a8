"""All options side by side: the figures are those of the answer, and of hand arithmetic."""

from __future__ import annotations

import pytest

from tco import evaluate
from tco.compare import prepare
from tco.glossary import TERMS
from tco.offers import offers_of
from tco.option_rows import NOTHING, Row
from tco.risk.simulate import simulate
from tco.side_by_side import price_row, rows_of, side_by_side_sentence
from tests.factories import API, OWN, RENT, run, scenario

# One request a second of 100 tokens in at 1 USD and 50 out at 3 USD a million, 730.5 hours a month:
# 2,629,800 requests, 657.45 USD a month, 7,889.40 USD in a year. One H100 at 2 USD an hour: 1,461 a month, 17,532 in a year.
API_USD, RENT_USD = 7_889.4, 17_532.0


def answered(**changes):
    asked = scenario(**changes)
    prepared = prepare(asked, {"test-run": run()})
    result = evaluate(asked, {"test-run": run()}, searches=False)
    offers = offers_of(asked, prepared, {option.name: option for option in result.options})
    return result, offers, prepared


@pytest.fixture(scope="module")
def plain_answer():
    return answered()


def by_title(result, offers=None, risk=None):
    return {row.title: row for row in rows_of(result, offers, risk)}


def test_the_figures_are_those_of_hand_arithmetic(plain_answer):
    result, offers, _ = plain_answer
    rows = by_title(result, offers)

    assert (API_USD, RENT_USD) == pytest.approx(rows["Cost in 12 months"].numbers)
    assert ("$7,889", "$17.5k") == rows["Cost in 12 months"].cells
    # 12 months without discounting: what is saved is the difference.
    assert (None, pytest.approx(API_USD - RENT_USD)) == rows["NPV saved"].numbers
    assert (API_USD / (12 * 2_629_800), RENT_USD / (12 * 2_629_800)) == pytest.approx(rows["A request"].numbers)
    assert ("paid today", "never") == rows["Payback"].cells
    assert ("recommended, paid today", "can serve") == rows["Verdict"].cells
    assert (NOTHING, "1") == rows["GPUs"].cells


def test_the_best_of_a_row_is_marked_where_there_is_one(plain_answer):
    result, offers, _ = plain_answer
    rows = by_title(result, offers)

    assert {0} == rows["Cost in 12 months"].best
    # Nothing is laid out by either, so neither is better.
    assert set() == rows["Investment"].best
    # One option alone has a utilisation.
    assert set() == rows["Utilisation"].best
    assert set() == rows["Kind"].best


def test_what_reads_alike_is_not_told_apart():
    row = Row("Answer", "IRR a year", ("over 1,000%", "over 1,000%", "5.0%"), (20.0, 30.0, 0.05), "high")

    assert {0, 1} == row.best
    assert set() == Row("Answer", "x", ("1.0", "1.0"), (1.01, 1.02), "low").best


def test_an_option_that_is_ruled_out_is_best_of_nothing_and_says_by_what():
    own_terms = {"rating_points": 900.0, "rating_measure": "ours"}
    result, offers, _ = answered(
        options=[API | {"terms": own_terms | {"rating_points": 1_300.0, "retention_days": 30}}, RENT | {"terms": own_terms}],
        constraints={"max_retention_days": 0, "min_quality": {"min_rating_points": 500, "measure": "ours"}},
    )  # fmt: skip
    rows = by_title(result, offers)

    assert ("data retention", NOTHING) == rows["Ruled out by"].cells
    assert ("not met, ruled out", "met") == rows["Data retention at most 0 days"].cells
    assert ("1,300", "900") == rows["Rating (ours)"].cells
    assert set() == rows["Rating (ours)"].best
    assert (NOTHING, "$17.5k") == rows["Cost in 12 months"].cells
    assert ("30 days", NOTHING) == rows["Requests are kept"].cells


def test_one_that_cannot_carry_the_load_says_so():
    result, offers, _ = answered(workload__slo={"ttft_p95_ms": 1.0})

    assert (NOTHING, "what it can carry") == by_title(result, offers)["Ruled out by"].cells
    assert side_by_side_sentence(result).endswith("; 1 of them is ruled out.")


def test_rows_that_nobody_has_are_left_out(plain_answer):
    result, _, _ = plain_answer
    titles = by_title(result).keys()

    assert "A solved task" not in titles
    assert "Chance that it saves" not in titles
    assert "Rating" not in titles
    assert all(set(row.cells) != {NOTHING} for row in rows_of(result))


def test_chances_are_those_of_the_simulation():
    # Without a range of its availability, one replica always does.
    ranged = RENT | {
        "price_usd_per_hour": {"value": 2.0, "low": 0.1, "high": 2.5},
        "replica_availability_fraction": 0.99,
    }
    result, offers, prepared = answered(options=[dict(API), ranged])
    risk = {each.name: each for each in simulate(prepared, draws=2_000).options}
    chance = by_title(result, offers, risk)["Chance that it saves"].numbers

    # It saves below 657.45 / 730.5 = 0.9 USD an hour; of a triangle from 0.1 to 2.5 with its top at 2: 0.8² / (2.4 · 1.9) of the runs.
    assert chance[0] is None
    assert 0.8**2 / (2.4 * 1.9) == pytest.approx(chance[1], abs=3 * (0.14 * 0.86 / 2_000) ** 0.5)


def test_the_price_that_carries_an_option_has_its_evidence(plain_answer):
    result, _, _ = answered(options=[dict(API), dict(RENT), dict(OWN)])
    rows = by_title(result)

    assert ("3 USD/Mtok", "2 USD/hour", "100,000 USD") == rows["Price that carries it"].cells
    assert {"assumption"} == set(rows["Evidence of the price"].cells)
    assert "options.own.server_price_usd" == price_row(result.option("own"), result).path


def test_every_row_has_as_many_cells_as_there_are_options_and_known_words(plain_answer):
    result, offers, _ = plain_answer
    for row in rows_of(result, offers):
        assert 2 == len(row.cells)
        assert len(row.numbers) in (0, 2)
        assert set(row.words) <= TERMS.keys()


def test_one_option_is_not_the_best_of_several():
    assert side_by_side_sentence(answered(options=[dict(API)])[0]) == "One option, api, at $1.67 per million tokens."
