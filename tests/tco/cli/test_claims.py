from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from tco.claims import CLAIMS
from tco.cli import app


def claims(*arguments: object) -> object:
    return CliRunner().invoke(app, ["claims", *map(str, arguments)])


@pytest.fixture
def quick(monkeypatch):
    """Claims 4 and 6 only: they need no simulation of an engine."""
    monkeypatch.setattr("tco.cli.claims.CLAIMS", tuple(claim for claim in CLAIMS if claim.number in {4, 6}))


def test_all_verdicts_are_a_table(quick):
    done = claims("--draws", 200)
    text = " ".join(done.stderr.split())

    assert (0, "") == (done.exit_code, done.stdout)
    # Cells are folded, so only words that stand together are looked for.
    assert "4 Mixtral 8x22B" in text
    assert "does not hold" in text
    assert "6 Hosted open" in text


def test_one_claim_says_why_and_what_would_have_to_be_true():
    done = claims(4, "--draws", 0)
    text = " ".join(done.stderr.split())

    assert 0 == done.exit_code
    assert "Claim 4, Mixtral 8x22B at 60 to 70 % less: does not hold." in text
    assert "Saving of at least 60.0% holds where Traffic is" in text
    assert "cannot be reached" in text
    assert "of the runs" not in text


def test_json_has_the_documented_names():
    done = claims(6, "--draws", 200, "--json")
    data = json.loads(done.stdout)
    (claim,) = data["claims"]

    assert (0, 1) == (done.exit_code, data["schema"])
    assert {
        "number", "title", "quote", "scenario", "verdict", "draws", "statements", "left_open", "corrections",
    } == set(claim)  # fmt: skip
    assert "holds" == claim["verdict"]
    first = claim["statements"][0]
    assert ["saving_fraction>=0.3"] == [each["condition"] for each in first["conditions"]]
    assert 0 < first["probability"]["fraction"] <= 1
    assert {"statement", "path", "nearest", "sentence"} == set(data["turning_points"][0])


def test_a_number_of_draws_that_makes_no_sense_is_refused():
    for draws in (5, 10**9):
        done = claims(4, "--draws", draws)

        assert 2 == done.exit_code
        assert "100 to 10,000,000 runs can be made, or 0 for none" in " ".join(done.stderr.split())


def test_another_number_is_refused():
    done = claims(11)

    assert 2 == done.exit_code
    assert "claim 11: there are claims 1 to 10" in " ".join(done.stderr.split())
