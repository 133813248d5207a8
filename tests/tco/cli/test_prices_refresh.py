from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pricing.book import SHIPPED_ON, shipped_book
from pricing.sources import genai, gpuhunt
from pricing.tokens.prices import token_prices
from pricing.upkeep.fetch import Limits
from pricing.upkeep.refresh import Source
from pricing.upkeep.snapshots import open_book, snapshots, write_snapshot
from tco.cli import _prices_refresh as room
from tco.cli.prices import app
from tests.price_lists import SAME_RENTS, catalogue, genai_json, small_tables, with_price
from tests.web import dripping, proxying, serving

ROOT = Path(__file__).parents[3]
PLAIN_AND_JUMP = {**with_price("openai", "gpt-a", (1.0, 8.0)), "mistral": {"large": (20.0, 6.0), "small": (0.11, 0.3)}}
"""Two usual changes, and one by a factor of ten."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TCO_PRICES_FOLDER", str(tmp_path))
    write_snapshot(
        small_tables(),
        as_of=SHIPPED_ON,
        created_at=datetime(2026, 11, 23, tzinfo=UTC),
        tool="test",
        parent=shipped_book(),
        folder=tmp_path,
    )
    return tmp_path


def run(monkeypatch, *words, tokens=None, gpus=None, answers=None, **changes):
    """The command against a real server on this machine."""
    routes = {"/data.json": tokens, "/aws/latest/catalog.zip": gpus}
    with serving({path: body for path, body in routes.items() if body is not None}) as server:
        everything = [
            Source("genai-prices", "tokens", server.url("/data.json"), "json", genai.read),
            Source("gpuhunt aws", "gpus", server.url("/aws/latest/catalog.zip"), "zip", gpuhunt.read),
        ]
        limits = Limits(hosts=frozenset({server.host}), schemes=frozenset({"http"}), **changes)
        monkeypatch.setattr(room, "sources", lambda group: [s for s in everything if group in (None, s.group)])
        monkeypatch.setattr(room, "run_refresh", partial(RUN, limits=limits))
        return CliRunner().invoke(app, ["refresh", *words], input=answers)


RUN = room.run_refresh


def price(model="openai/gpt-a"):
    prices = token_prices(model, datetime.now(tz=UTC).date(), open_book())
    return prices.input.amount, prices.output.amount


def test_accept_all_takes_usual_changes_leaves_suspicious_ones_and_prints_the_id(folder, monkeypatch):
    result = run(monkeypatch, "--source", "tokens", "--accept", "all", tokens=genai_json(PLAIN_AND_JUMP))
    assert result.exit_code == 0
    assert (price("openai/gpt-a"), price("mistral/small"), price("mistral/large")) == (
        (1.0, 8.0),
        (0.11, 0.3),
        (2.0, 6.0),
    )
    newest = snapshots(folder)[-1]
    assert f"Snapshot {newest.id} is written and in use from now on." in result.stderr
    assert "3 rows differ" in result.stderr
    assert "2 taken, 1 left, 1 of them suspicious" in result.stderr
    assert "mtok_input standard: 2 -> 20, 10 times the old price" in result.stderr
    assert [row.reason for row in newest.sources[0].rejected] == [
        "mtok_input standard: 2 -> 20, 10 times the old price"
    ]


def test_accept_suspicious_takes_them_too(folder, monkeypatch):
    words = ("--source", "tokens", "--accept", "all", "--accept-suspicious")
    assert run(monkeypatch, *words, tokens=genai_json(PLAIN_AND_JUMP)).exit_code == 0
    assert price("mistral/large") == (20.0, 6.0)


@pytest.mark.parametrize("words", [("--accept", "none"), ("--dry-run",), ("--accept", "all", "--dry-run")])
def test_what_is_only_shown_writes_nothing(words, folder, monkeypatch):
    result = run(monkeypatch, "--source", "tokens", *words, tokens=genai_json(PLAIN_AND_JUMP))
    assert result.exit_code == 0
    assert "openai/gpt-a" in result.stdout
    assert "Nothing was written: the price book is as it was." in result.stderr
    assert len(snapshots(folder)) == 1


def test_the_table_shows_old_new_ratio_and_seller(folder, monkeypatch):
    result = run(
        monkeypatch, "--source", "tokens", "--dry-run", tokens=genai_json(with_price("openai", "gpt-a", (1.0, 10.0)))
    )
    row = next(line for line in result.stdout.splitlines() if "openai/gpt-a" in line)
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells[:9] == ["openai/gpt-a", "changed", "openai", "", "standard", "USD/mtok_input", "1.25", "1", "0.8"]
    assert cells[10] == "openai.example"


def test_json_has_every_row_with_doubts_and_what_became_of_it(folder, monkeypatch):
    result = run(
        monkeypatch, "--accept", "all", "--json", tokens=genai_json(PLAIN_AND_JUMP), gpus=catalogue(SAME_RENTS)
    )
    shown = json.loads(result.stdout)
    assert {row["row"]: row["accepted"] for row in shown["rows"]} == {
        "openai/gpt-a": True,
        "mistral/small": True,
        "mistral/large": False,
    }
    assert [source["rows_read"] for source in shown["sources"]] == [4, 3]
    assert shown["snapshot"] == snapshots(folder)[-1].id
    assert shown["rows"][0]["changes"][0]["old"]["amount"] == 2.0


def test_asked_seller_by_seller_and_row_by_row(folder, monkeypatch):
    two = {**PLAIN_AND_JUMP, "openai": {"gpt-a": (1.0, 8.0), "gpt-b": (0.2, 1.6)}}
    # mistral/small: none of this seller; openai: row by row, the first no, the second yes; the suspicious one: yes; write it.
    result = run(
        monkeypatch, "--source", "tokens", "--accept", "ask", tokens=genai_json(two), answers="n\nr\nn\ny\ny\ny\n"
    )
    assert result.exit_code == 0
    assert (price("openai/gpt-a"), price("openai/gpt-b")) == ((1.25, 10.0), (0.2, 1.6))
    assert (price("mistral/small"), price("mistral/large")) == ((0.1, 0.3), (20.0, 6.0))


def test_all_sellers_are_taken_with_one_answer_but_suspicious_rows_are_still_asked_about(folder, monkeypatch):
    result = run(
        monkeypatch,
        "--source",
        "tokens",
        "--accept",
        "ask",
        "--yes",
        tokens=genai_json(PLAIN_AND_JUMP),
        answers="s\nn\n",
    )
    assert result.exit_code == 0
    assert "suspicious:  mistral/large (genai-prices): mtok_input standard: 2 -> 20" in result.stderr
    assert (price("openai/gpt-a"), price("mistral/large")) == ((1.0, 8.0), (2.0, 6.0))


@pytest.mark.parametrize("answers", ["s\ny\nn\n", "q\nn\n", "a\n", ""])
def test_no_yes_at_the_end_or_no_answer_writes_nothing(answers, folder, monkeypatch):
    # The last two end in the middle of the questions: the input is at its end, as after Ctrl-D.
    words = ("--source", "tokens", "--accept", "ask")
    result = run(monkeypatch, *words, tokens=genai_json(PLAIN_AND_JUMP), answers=answers)
    assert result.exit_code == 130
    assert "Interrupted: the price book is as it was." in result.stderr
    assert len(snapshots(folder)) == 1


def test_without_a_terminal_the_answer_must_be_given(folder, monkeypatch):
    result = run(monkeypatch, tokens=genai_json())
    assert result.exit_code == 2
    assert "there is nobody to ask: give --accept all, --accept none or --dry-run." in result.stderr


def test_json_and_questions_do_not_go_together(folder, monkeypatch):
    result = run(monkeypatch, "--accept", "ask", "--json", tokens=genai_json())
    assert result.exit_code == 2
    assert "--json asks nothing" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "it is a web page, not data"),
        (genai_json()[:-9], "it is no whole JSON document"),
        (b"x" * 3000, "it is larger than 0.002 MB"),
        (dripping(genai_json(), 0.05), "it did not come within 0.3 s"),
        (None, "the server answered with status 404"),
    ],
)
def test_no_list_at_all_ends_with_2_and_the_book_is_as_it_was(body, reason, folder, monkeypatch):
    before = open_book().id
    routes = {} if body is None else {"tokens": body}
    result = run(monkeypatch, "--source", "tokens", "--accept", "all", max_bytes=2000, seconds=0.3, **routes)
    assert result.exit_code == 2
    assert "not read: genai-prices: http://127.0.0.1" in result.stderr
    assert reason in result.stderr
    assert f"none of the lists could be read; the price book is as it was ({before})." in result.stderr
    assert open_book().id == before


def test_a_part_of_the_lists_ends_with_5_and_keeps_what_could_be_read(folder, monkeypatch):
    result = run(monkeypatch, "--accept", "all", tokens=genai_json(PLAIN_AND_JUMP), gpus=b"<html>")
    assert result.exit_code == 5
    assert result.stderr.count("not read: ") == 1
    assert price() == (1.0, 8.0)


def test_a_name_that_a_terminal_would_obey_is_shown_as_text(folder, monkeypatch):
    hostile = with_price("openai", "\x1b[31mred\x07", (1.0, 2.0))
    result = run(monkeypatch, "--source", "tokens", "--dry-run", tokens=genai_json(hostile))
    assert "\x1b" not in result.output
    assert "?[31mred?" in result.stdout


def test_a_damaged_snapshot_is_a_sentence_and_nothing_is_fetched(folder, monkeypatch):
    (folder / snapshots(folder)[0].id / "tokens.json").unlink()
    result = run(monkeypatch, "--accept", "all", tokens=genai_json())
    assert result.exit_code == 2
    assert "lacks its file tokens.json" in result.stderr


def test_a_folder_that_cannot_be_written_is_a_sentence(folder, monkeypatch):
    def refuse(*words, **more):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(room, "save", refuse)
    result = run(monkeypatch, "--source", "tokens", "--accept", "all", tokens=genai_json(PLAIN_AND_JUMP))
    assert result.exit_code == 2
    assert f"{folder} cannot be written (Permission denied)" in result.stderr.replace("\n", "")


def test_the_request_passes_through_the_proxy_of_the_environment(folder, monkeypatch):
    with proxying() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url(""))
        monkeypatch.setenv("no_proxy", "")
        result = run(monkeypatch, "--source", "tokens", "--dry-run", tokens=genai_json(PLAIN_AND_JUMP))
        assert result.exit_code == 0
        assert [path.rpartition("/")[2] for path in proxy.asked] == ["data.json"]


@pytest.mark.slow
def test_ctrl_c_while_a_list_comes_ends_with_130_and_leaves_nothing(folder):
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from pricing.upkeep.fetch import Limits
        from pricing.upkeep.refresh import Source
        from pricing.sources import genai
        from tco.cli._prices_refresh import Accept, Wish, run_refresh
        host = sys.argv[1]
        limits = Limits(hosts=frozenset({host}), schemes=frozenset({"http"}))
        wanted = [Source("slow", "tokens", f"http://{host}/data.json", "json", genai.read)]
        sys.exit(run_refresh(Wish(accept=Accept.ALL), wanted, Path(sys.argv[2]), limits))
        """
    )
    before = sorted(path.name for path in folder.rglob("*"))
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.casefold()}
    with serving({"/data.json": dripping(genai_json(), 0.2)}) as server:
        command = [sys.executable, "-c", program, server.host, str(folder)]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not server.asked and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Interrupted: the price book is as it was." in said
    assert "Traceback" not in said
    assert sorted(path.name for path in folder.rglob("*")) == before
