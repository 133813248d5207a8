from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tco.cli import app

EXAMPLE = Path(__file__).parents[3] / "scenarios" / "portfolios" / "assistants.yaml"


def portfolio(*arguments: object) -> object:
    return CliRunner().invoke(app, ["portfolio", *map(str, arguments)])


@pytest.fixture
def shared(question: Path) -> Path:
    path = question.parent / "portfolio.yaml"
    member = {"scenario": question.name, "load_factor": 0.5}
    path.write_text(
        json.dumps({"name": "two", "option": "rent", "members": [member | {"name": "a"}, member | {"name": "b"}]})
    )
    return path


def test_text_compares_three_ways(shared):
    done = portfolio(shared)
    lines = [" ".join(line.split()) for line in done.stderr.splitlines()]

    assert (0, "") == (done.exit_code, done.stdout)
    assert "Stay as today over 12 months; against a fleet for each, sharing saves $17.5k." in lines
    assert "→ as today a fleet each one fleet" in lines
    assert "replicas – 2 1" in lines
    assert "a 1.6 0.312 50.0% $3,945 $17.5k $8,766" in lines


def test_json_names_are_stable_and_parts_add_up(shared):
    data = json.loads(portfolio(shared, "--json").stdout)

    assert {
        "schema", "name", "horizon_months", "recommended", "sharing_saves_usd", "peak_replicas", "coincidence_fraction", "shared_range_usd",
        "ways", "members", "cautions",
    } == set(data)  # fmt: skip
    assert ["today", "separate", "shared"] == [way["name"] for way in data["ways"]]
    assert data["ways"][2]["total_usd"] == pytest.approx(sum(member["borne_usd"] for member in data["members"]))


def test_the_example_runs():
    done = portfolio(EXAMPLE)

    assert 0 == done.exit_code
    assert "0.97 to 1.28" in " ".join(done.stderr.split())


def test_bad_input_is_one_sentence_and_exit_2(tmp_path):
    done = portfolio(tmp_path / "none.yaml", "--json")

    assert 2 == done.exit_code
    assert "none.yaml" in json.loads(done.stdout)["error"]["message"]
    assert "Traceback" not in done.stderr
