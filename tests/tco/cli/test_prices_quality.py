from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from tco.cli.prices import app


def run(*words):
    return CliRunner().invoke(app, ["quality", *words])


def answer(*words):
    result = run(*words, "--json")
    assert result.exit_code == 0
    return json.loads(result.stdout)


def test_the_list_has_every_score_best_first():
    scores = answer()["scores"]
    assert len(scores) == 60
    assert (scores[0]["model"], scores[0]["rating"]) == ("gemini-3-pro", 1492.0)


def test_one_model_has_its_bounds_its_measure_and_its_day():
    [score] = answer("gpt-oss-20b")["scores"]
    assert (score["rating"], score["low"], score["high"]) == (1318.1, 1311.7, 1324.4)
    assert (score["measure"], score["as_of"]) == ("arena-text-style-control", "2025-12-17")


def test_two_models_are_held_against_each_other():
    found = answer("Llama-3.1-8B", "--like", "gpt-4o-mini")
    assert (found["finding"], round(found["difference"], 1)) == ("worse", -104.9)


def test_models_within_a_distance_say_measure_day_and_who_is_left_out():
    found = answer("--like", "gpt-4o-mini", "--within", "6")
    assert (len(found["rows"]), found["beyond"], found["oldest"]) == (4, 55, "2025-12-17")


def test_own_scores_come_first(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("model,score,low,high,measure\nhouse,71,70,72,exam\nother,69,66,71,exam\n", encoding="utf-8")
    scores = answer("--own", str(path))["scores"]
    assert [score["model"] for score in scores[:2]] == ["house", "other"]
    assert answer("house", "--like", "other", "--own", str(path))["finding"] == "not distinguishable"
    unknown = answer("house", "--like", "gpt-oss-20b", "--own", str(path))
    assert (unknown["finding"], unknown["difference"]) == ("unknown", None)


def test_tables_go_to_stdout_and_the_remark_to_stderr():
    result = run("--like", "gpt-4o-mini", "--within", "6")
    assert result.exit_code == 0
    row = next(line for line in result.stdout.splitlines() if "Llama-3.3-70B-Instruct" in line)
    cells = [part.strip() for part in row.strip("│").split("│")]
    assert cells == [
        "Llama-3.3-70B-Instruct",
        "1319.7 (1316.3 to 1323.1)",
        "gpt-4o-mini",
        "1317.3 (1313.9 to 1320.6)",
        "+2.4 (-2.3 to +7.2)",
        "not distinguishable",
        "50.3% (49.7% to 51.0%)",
        "arena-text-style-control",
        "2025-12-17",
        "the bounds overlap",
    ]
    assert "55 further away; models without such a score are not in the list." in result.stderr


def test_a_score_as_text_names_its_layer_and_its_source(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("model,score\nhouse\x1b[31m,71\n", encoding="utf-8")
    line = next(line for line in run("--own", str(path)).stdout.splitlines() if "house" in line)
    assert [part.strip() for part in line.strip("│").split("│")] == [
        "house?[31m", "71", "own", "not stated", "expert", "own", "mine.csv", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["gpt-oss-200b"], "Near names: gpt-oss-20b"),
        (["--within", "6"], "--within needs --like MODEL"),
        (["--like", "gpt-4o-mini"], "--like needs either a MODEL to compare or --within POINTS"),
        (["gpt-oss-20b", "--like", "gpt-4o-mini", "--within", "5"], "--like needs either a MODEL"),
        (["--like", "gpt-4o-mini", "--within", "nan"], "Give points of the measure"),
        (["--own", "no-such-file.csv"], "no-such-file.csv cannot be read"),
    ],
)
def test_what_cannot_be_answered_ends_with_2_and_a_way_out(words, message):
    result = run(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
