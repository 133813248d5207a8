from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from tco.cli import app

EXAMPLE = str(Path(__file__).parents[3] / "scenarios" / "support-chat-eu.yaml")
LARGE = ["--set", "workload.requests_per_day=3000000"]


def test_the_mix_and_each_tier_alone_are_printed() -> None:
    found = CliRunner().invoke(app, ["commitments", EXAMPLE, *LARGE])

    assert found.exit_code == 0
    said = " ".join(found.stderr.split())
    assert "The cheapest mix has a present value of" in said
    assert all(way in said for way in ("all on demand", "all reserved-3y", "all reserved-1y"))
    assert "H100-SXM" in said


def test_json_has_the_mix_by_month() -> None:
    found = CliRunner().invoke(app, ["commitments", EXAMPLE, *LARGE, "--json", "--price", "reserved-1y=1.5"])
    data = json.loads(found.stdout)

    assert data["option"] == "rented-h100"
    assert len(data["mix"]["standing_reserved_1y"]) == 36
    assert {price["tier"]: price["usd_per_hour"] for price in data["prices"]}["reserved-1y"] == 1.5
    assert data["mix"]["cost_npv_usd"] <= min(way["cost_npv_usd"] for way in data["others"])


def test_a_slip_is_told_in_a_sentence() -> None:
    for arguments, says in (
        (["--price", "reserved-1y"], "is no price of an hour"),
        (["--price", "reserved-1y=cheap"], "write TIER=USD"),
        (["--option", "own-server"], "no rented option has that name"),
    ):
        found = CliRunner().invoke(app, ["commitments", EXAMPLE, *arguments])

        assert found.exit_code == 2
        assert says in " ".join(found.stderr.split())
