from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from typer.testing import CliRunner

from pricing.book import SHIPPED_ON, shipped_book
from pricing.upkeep.health import Health
from pricing.upkeep.snapshots import snapshots, write_snapshot
from tco.cli.prices import app
from tests.price_lists import small_tables


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TCO_PRICES_FOLDER", str(tmp_path))
    return tmp_path


def run(*words):
    return CliRunner().invoke(app, ["check", *words])


def test_a_book_with_problems_ends_with_4_and_names_them():
    result = run("--on", "2026-11-23")
    assert result.exit_code == 4
    row = next(line for line in result.stdout.splitlines() if "GPU rents" in line)
    assert [cell.strip() for cell in row.strip("│").split("│")][:2] == ["problem", "GPU rents"]
    assert "were read more than 180 days before 2026-11-23, the oldest on " in row
    assert f"Book {shipped_book().id} for 2026-11-23: " in result.stderr


def test_without_a_problem_it_ends_with_0_though_there_are_cautions():
    # The limit is so wide that nothing is old, and the small book has nothing in another unit.
    write_small_book()
    result = run("--on", "2026-11-23", "--stale-days", "5000", "--json")
    report = json.loads(result.stdout)
    problems = [finding for finding in report["findings"] if finding["level"] == "problem"]
    assert (result.exit_code, problems) == (0, [])
    assert report["findings"]


def test_json_is_the_record_and_the_number_of_problems():
    result = run("--on", "2026-11-23", "--json")
    report = json.loads(result.stdout)
    problems = report.pop("problems")
    assert Health.model_validate(report).problems == problems > 0
    assert (report["book"], report["stale_days"]) == (shipped_book().id, 180)
    assert result.stderr == ""


def test_the_limit_is_an_option():
    kept = json.loads(run("--on", "2026-11-23", "--stale-days", "183", "--json").stdout)
    older = [f for f in kept["findings"] if f["rule"] == "stale" and f["topic"] == "GPU rents"]
    wide = json.loads(run("--on", "2026-11-23", "--stale-days", "182", "--json").stdout)
    more = [f for f in wide["findings"] if f["rule"] == "stale" and f["topic"] == "GPU rents"]
    # 2026-05-24 is 183 days before 2026-11-23.
    assert sum(f["count"] for f in more) > sum(f["count"] for f in older)


def test_any_limit_and_any_day_are_answered():
    for words in (("--stale-days", "99999999999999"), ("--on", "0001-01-01"), ("--on", "9999-12-31")):
        assert run(*words, "--json").exit_code in (0, 4)


def test_the_snapshot_in_use_is_checked():
    info = write_small_book()
    assert json.loads(run("--on", "2026-11-23", "--json").stdout)["book"] == info.id


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--on", "tomorrow"], "--on 'tomorrow' is not a day. Write YYYY-MM-DD"),
        (["--own", "nowhere.yaml"], "nowhere.yaml"),
        (["--stale-days", "-1"], "greater than or equal to 0"),
    ],
)
def test_a_wrong_option_ends_with_2(words, message):
    result = run(*words)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_damaged_snapshot_ends_with_2(folder):
    info = write_small_book()
    (folder / info.id / "tokens.json").write_text("{}")
    result = run()
    assert result.exit_code == 2
    assert "has another tokens.json than its record says" in result.stderr


def test_own_prices_that_match_nothing_are_told(tmp_path):
    own = tmp_path / "prices.yaml"
    own.write_text(
        "schema: 1\ndiscounts:\n  - {provider: opnai, discount_fraction: 0.1, source: contract, as_of: 2026-11-01}\n"
    )
    report = json.loads(run("--on", "2026-11-23", "--own", str(own), "--json").stdout)
    (sentence,) = [f["sentence"] for f in report["findings"] if f["rule"] == "overrides" and f["level"] == "problem"]
    assert "matches no price of the book" in sentence


def write_small_book(as_of: date = SHIPPED_ON):
    info = write_snapshot(
        small_tables(),
        as_of=as_of,
        created_at=datetime(2026, 11, 23, tzinfo=UTC),
        tool="test",
        parent=shipped_book(),
    )
    assert [known.id for known in snapshots()] == [info.id]
    return info
