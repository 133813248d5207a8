from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from pricing.book import SHIPPED_ON, shipped_book
from pricing.upkeep.snapshots import write_snapshot
from tco.cli.prices import app
from tests.price_lists import small_tables


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TCO_PRICES_FOLDER", str(tmp_path))
    return tmp_path


def run(*words):
    return CliRunner().invoke(app, [*words])


def snapshot(usd="0.50"):
    tables = small_tables()
    tables["gpu_rental.csv"] = tables["gpu_rental.csv"].replace(
        b"other,neocloud,one,1,,0.5,", f"other,neocloud,one,1,,{usd},".encode()
    )
    return write_snapshot(
        tables,
        as_of=SHIPPED_ON,
        created_at=datetime(2026, 11, 23, tzinfo=UTC),
        tool="test",
        parent=shipped_book(),
        sources=(),
    )


def test_two_days_show_an_announced_change():
    result = run("diff", "2026-10-28", "2026-10-30", "--item", "mistral-large-4", "--json")
    assert result.exit_code == 0
    shown = json.loads(result.stdout)
    standard = {
        change["new"]["per"]: (change["old"]["amount"], change["new"]["amount"])
        for change in shown["changes"]
        if change["new"]["tier"] == "standard"
    }
    assert (standard["mtok_input"], standard["mtok_output"]) == ((1.36, 0.70), (4.18, 2.10))
    assert (shown["a"], shown["b"]) == (
        {"book": shipped_book().id, "on": "2026-10-28"},
        {"book": shipped_book().id, "on": "2026-10-30"},
    )


def test_two_days_as_a_table():
    result = run("diff", "2026-10-28", "2026-10-30", "--item", "mistral/mistral-large-4")
    rows = [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in result.stdout.splitlines()
        if "│ mistral" in line
    ]
    assert [
        "mistral/mistral-large-4",
        "changed",
        "mistral",
        "",
        "standard",
        "USD/mtok_output",
        "4.18",
        "2.1",
        "0.502",
    ] in [row[:9] for row in rows]
    assert "6 prices changed, 0 came, 0 went, from 2026-10-28" in result.stderr


def test_two_books_are_compared_on_today():
    first, second = snapshot(), snapshot("0.60")
    shown = json.loads(run("diff", first.id, second.id, "--item", "L4", "--json").stdout)
    assert [(c["kind"], c["row"], c["old"]["amount"], c["new"]["amount"], c["ratio"]) for c in shown["changes"]][
        :1
    ] == [("changed", "other L4 one", 0.5, 0.6, pytest.approx(1.2))]
    assert (shown["a"]["book"], shown["b"]["book"]) == (first.id, second.id)
    assert shown["a"]["on"] == shown["b"]["on"]


def test_a_snapshot_and_the_shipped_book():
    info = snapshot()
    shown = json.loads(run("diff", "shipped", info.id, "--item", "openai/gpt-", "--json").stdout)
    kinds = {change["kind"] for change in shown["changes"]}
    assert kinds == {"added", "gone"}
    assert shown["counts"]["added"] == 4  # gpt-a and gpt-b, input and output


def test_nothing_between_a_day_and_itself():
    result = run("diff", "2026-11-23", "2026-11-23")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "0 prices changed, 0 came, 0 went" in result.stderr


@pytest.mark.parametrize("side", ["2026-13-01", "nonsense", "2026-11-23-ffffffffffff", ""])
def test_an_unknown_side_ends_with_2_and_lists_what_there_is(side):
    result = run("diff", side, "2026-11-23")
    assert result.exit_code == 2
    assert shipped_book().id in result.stderr.replace("\n", "")


def test_snapshots_are_listed_with_the_one_in_use_marked(folder):
    info = snapshot()
    shown = json.loads(run("snapshots", "--json").stdout)
    assert [(row["id"], row["active"]) for row in shown["snapshots"]] == [(shipped_book().id, False), (info.id, True)]
    assert (shown["active"], shown["folder"]) == (info.id, str(folder))
    table = run("snapshots")
    assert any(line.startswith("│ * │ " + info.id) for line in table.stdout.splitlines())


def test_without_a_snapshot_the_shipped_book_is_in_use():
    shown = json.loads(run("snapshots", "--json").stdout)
    assert [(row["id"], row["kind"], row["active"]) for row in shown["snapshots"]] == [
        (shipped_book().id, "shipped", True)
    ]


def test_a_damaged_snapshot_is_listed_with_the_reason(folder):
    info = snapshot()
    (folder / info.id / "snapshot.json").write_text("{")
    shown = json.loads(run("snapshots", "--json").stdout)
    assert shown["active"] is None
    row = shown["snapshots"][-1]
    assert (row["id"], row["active"]) == (info.id, False)
    assert "has a snapshot.json that is not a record" in row["damage"]
    assert run("snapshots").exit_code == 0
