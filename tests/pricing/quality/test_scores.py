from __future__ import annotations

from datetime import date
from math import sqrt

import pytest
from pydantic import ValidationError

from pricing.licensing.texts import models_named
from pricing.quality.file import MAX_BYTES, Score, ScoresError, read_scores
from pricing.quality.scores import ARENA, ScoreNotFound, comparable, compare, quality_score, quality_scores, win_share
from pricing.tables import name_key

OPEN_MODELS_WITHOUT_A_LICENCE_ROW = {"GLM-4.6"}


@pytest.fixture
def own(tmp_path):
    def write(text, name="mine.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_score_carries_measure_day_bounds_and_source():
    score = quality_score("openai/gpt-oss-120b")
    assert (score.rating, score.low, score.high) == (352.5 + 1000, 348.1 + 1000, 356.9 + 1000)
    assert (score.measure, score.as_of, score.evidence, score.layer) == (
        ARENA,
        date(2025, 12, 17),
        "literature",
        "book",
    )
    assert score.source.startswith("https://github.com/lmarena/arena-catalog/blob/c9558b6")


@pytest.mark.parametrize("name", ["Llama-3.1-8B", "meta-llama/Meta-Llama-3.1-8B-Instruct", "llama 3.1 8b instruct"])
def test_a_model_is_found_by_any_of_its_names(name):
    assert quality_score(name).rating == 1212.4


def test_a_rating_higher_with_its_bounds_is_better():
    # gpt-oss-120b 1352.5 (1348.1 to 1356.9), Llama-3.1-8B 1212.4 (1208.4 to 1216.4).
    comparison = compare("gpt-oss-120b", "Llama-3.1-8B")
    half = sqrt((1352.5 - 1348.1) ** 2 + (1216.4 - 1212.4) ** 2)
    assert comparison.finding == "better"
    assert comparison.difference == pytest.approx(140.1)
    assert (comparison.low, comparison.high) == (pytest.approx(140.1 - half), pytest.approx(140.1 + half))
    assert comparison.expected_win_share == pytest.approx(1 / (1 + 10 ** (-140.1 / 400)))


def test_the_other_way_round_it_is_worse_and_the_shares_add_to_one():
    there, back = compare("gpt-oss-120b", "Llama-3.1-8B"), compare("Llama-3.1-8B", "gpt-oss-120b")
    assert (there.finding, back.finding) == ("better", "worse")
    assert there.expected_win_share + back.expected_win_share == pytest.approx(1)
    assert there.win_share_low + back.win_share_high == pytest.approx(1)
    assert (there.low, there.high) == (pytest.approx(-back.high), pytest.approx(-back.low))


def test_overlapping_bounds_are_not_distinguishable():
    # Llama 3.3 70B 1319.7 (1316.3 to 1323.1), gpt-4o-mini 1317.3 (1313.9 to 1320.6).
    comparison = compare("Llama-3.3-70B-Instruct", "gpt-4o-mini")
    assert (comparison.finding, comparison.why) == ("not distinguishable", "the bounds overlap")
    assert comparison.difference == pytest.approx(2.4)


def test_bounds_that_touch_are_not_distinguishable(own):
    scores = own("model,score,low,high\na,10,9,11\nb,12,11,13\nc,12.1,11.1,13.1\n")
    assert compare("b", "a", own=scores).finding == "not distinguishable"
    assert compare("c", "a", own=scores).finding == "better"


def test_a_model_against_itself_is_even():
    comparison = compare("gpt-oss-20b", "gpt-oss-20b")
    assert (comparison.difference, comparison.expected_win_share) == (0, 0.5)
    assert comparison.finding == "not distinguishable"


def test_400_points_are_odds_of_ten_to_one():
    assert win_share(400) / (1 - win_share(400)) == pytest.approx(10)
    assert win_share(1e9) == 1
    assert win_share(-1e9) == pytest.approx(0)


def test_scores_of_different_measures_are_never_compared(own):
    scores = own("model,score,low,high,measure\nhouse-model,71,70,72,our tickets\n")
    comparison = compare("house-model", "gpt-oss-20b", own=scores)
    assert (comparison.finding, comparison.measure, comparison.difference) == ("unknown", None, None)
    assert comparison.why == f"no common measure: house-model has our tickets, gpt-oss-20b has {ARENA}"


def test_a_common_measure_further_down_is_found(own):
    scores = own("model,score,measure\ngpt-oss-20b,60,our tickets\n")
    assert quality_score("gpt-oss-20b", own=scores).measure == "our tickets"
    assert compare("gpt-oss-20b", "gpt-oss-120b", own=scores).measure == ARENA


def test_own_scores_without_bounds_have_a_difference_and_no_finding(own):
    scores = own("model,score,measure\na,60,exam\nb,50,exam\n")
    comparison = compare("a", "b", own=scores)
    assert (comparison.difference, comparison.finding, comparison.low) == (10, "unknown", None)
    assert comparison.expected_win_share is None


def test_an_own_score_replaces_the_books_of_the_same_measure(own):
    scores = own(f"model,score,low,high,measure\ngpt-4o-mini-2024-07-18,1400,1390,1410,{ARENA}\n")
    score = quality_score("gpt-4o-mini", own=scores)
    assert (score.rating, score.layer, score.source) == (1400, "own", "mine.csv")
    assert len(quality_scores(own=scores)) == len(quality_scores())


def test_an_own_score_of_another_measure_stands_beside_the_books(own):
    scores = own("model,score\ngpt-4o-mini,80\n")
    assert len(quality_scores(own=scores)) == len(quality_scores()) + 1
    assert quality_score("gpt-4o-mini", own=scores).measure == "own"
    assert quality_score("gpt-4o-mini", own=scores, measure=ARENA).rating == 1317.3


def test_a_comparable_filter_says_its_measure_its_day_and_what_it_left_out():
    found = comparable("gpt-4o-mini", 6)
    # 1317.3 +- 6: Scout 1322.5, Llama 3.3 1319.7, gpt-oss-20b 1318.1, Large 2407 1314.9; next are 1326.1 and 1305.2.
    assert [row.model.model for row in found.rows] == [
        "Llama-4-Scout",
        "Llama-3.3-70B-Instruct",
        "gpt-oss-20b",
        "Mistral-Large-Instruct-2407",
    ]
    assert (found.measure, found.oldest, found.reference.rating) == (ARENA, date(2025, 12, 17), 1317.3)
    assert found.beyond == 60 - 1 - 4
    assert {row.finding for row in found.rows} == {"not distinguishable"}


def test_a_comparable_filter_holds_models_further_away_than_chance_apart():
    findings = {row.model.model: row.finding for row in comparable("gpt-4o-mini", 15).rows}
    assert findings["Llama-4-Maverick"] == "better"
    assert findings["Qwen2.5-72B"] == "worse"


def test_a_filter_over_a_score_without_a_day_has_no_day(own):
    scores = own("model,score,as_of\na,60,2026-11-01\nb,61,\n")
    assert comparable("a", 5, own=scores).oldest is None
    assert comparable("a", 0.5, own=scores).oldest == date(2026, 11, 1)


@pytest.mark.parametrize("points", [-1, float("nan"), float("inf")])
def test_a_distance_that_is_none_is_refused(points):
    with pytest.raises(ValueError, match="Give points of the measure"):
        comparable("gpt-4o-mini", points)


def test_an_unknown_model_has_near_names_and_a_way_out():
    with pytest.raises(ScoreNotFound, match="Near names: gpt-oss-120b") as error:
        quality_score("gpt-oss-120")
    assert "--own FILE.csv" in str(error.value)


def test_an_unknown_measure_names_those_that_there_are():
    with pytest.raises(ScoreNotFound, match=f"It has: {ARENA}"):
        quality_score("gpt-oss-20b", measure="exam")


def test_every_shipped_score_has_bounds_a_day_and_a_link():
    scores = quality_scores()
    assert len(scores) == 60
    assert [s.model for s in scores if s.low is None or s.as_of is None or "https://" not in s.source] == []


def test_shipped_scores_are_best_first_and_no_name_is_used_twice():
    scores = quality_scores()
    assert [s.rating for s in scores] == sorted((s.rating for s in scores), reverse=True)
    names = [name_key(name) for s in scores for name in (s.model, *s.aliases)]
    assert sorted(names) == sorted(set(names))


def test_open_models_are_called_as_in_the_licences():
    open_ones = [s.model for s in quality_scores() if "API only" not in (s.note or "")]
    unknown = {name for name in open_ones if not models_named(name.removesuffix(" (thinking)"))}
    assert unknown == OPEN_MODELS_WITHOUT_A_LICENCE_ROW


def test_own_scores_are_read_with_all_columns(own):
    path = own(
        "Model,Score,low,high,measure,as_of,source\n"
        'house-model,71.5,70,73,our tickets,2026-11-01,"wiki, page 3"\n'
        "\n"
        "other,68,,,our tickets,,\n"
    )
    assert read_scores(path) == [
        Score(
            model="house-model",
            measure="our tickets",
            rating=71.5,
            low=70,
            high=73,
            as_of=date(2026, 11, 1),
            source="wiki, page 3",
            evidence="expert",
            layer="own",
        ),
        Score(
            model="other", measure="our tickets", rating=68, source="mine.csv", evidence="expert", layer="own"
        ),
    ]  # fmt: skip


def test_a_file_from_a_spreadsheet_may_begin_with_a_byte_order_mark(own):
    assert read_scores(own("\ufeffmodel,score\na,1\n"))[0].rating == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model,points\na,1\n", "row 1: no column 'score'"),
        ("model,score,hihg\na,1,2\n", r"row 1: no column is called 'hihg'\. Near names: high"),
        ("model,score,score\na,1,2\n", "row 1: the column 'score' is there twice"),
        ("model,score\na,good\n", "row 2: score 'good' is no number"),
        ("model,score\na,nan\n", "row 2: score 'nan' is no number"),
        ("model,score\na,1\nb,\n", "row 3: 'b' has no score"),
        ("model,score\n,1\n", "row 2: no model"),
        ("model,score\na,1,2\n", "row 2: 3 cells for 2 columns"),
        ("model,score,low\na,1,0\n", "row 2: one bound only"),
        ("model,score,low,high\na,5,6,7\n", "row 2: the score 5 is outside its own bounds 6 to 7"),
        ("model,score,as_of\na,5,yesterday\n", "row 2: as_of 'yesterday' is no day. Write YYYY-MM-DD"),
        ("model,score\na,1\nA,2\n", "row 3: 'A' has a score for 'own' in row 2 already"),
        ('model,score\n"a,1\n', "row 2: this is no CSV"),
        ("model,score\n", "has no scores"),
        ("", "row 1: no column 'model'"),
    ],
)
def test_a_bad_file_is_refused_with_its_row_and_what_is_allowed(own, text, message):
    with pytest.raises(ScoresError, match=message):
        read_scores(own(text))


def test_a_file_that_is_missing_too_large_or_no_text_is_refused(tmp_path):
    with pytest.raises(ScoresError, match="cannot be read: No such file"):
        read_scores(tmp_path / "none.csv")
    large = tmp_path / "large.csv"
    large.write_bytes(b"a" * (MAX_BYTES + 1))
    with pytest.raises(ScoresError, match="has 1,000,001 bytes"):
        read_scores(large)
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScoresError, match="is not UTF-8 text"):
        read_scores(binary)


def test_a_score_outside_its_bounds_is_no_score():
    with pytest.raises(ValidationError, match="outside its own bounds"):
        Score(model="a", measure="m", rating=1, low=2, high=3, source="s", evidence="expert")
