"""Hybrids in what is asked around an answer: drivers, solve, differences, deployments, the chart, constraints, licences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import pricing
import tco
from probes import save_run
from tco.cli import app
from tco.compare import prepare
from tco.handover.build import handovers
from tco.handover.records import NothingToDeploy
from tco.scenario import Scenario
from tco.what_if.condition import parse_condition
from tco.what_if.solve import solve_for
from tco.what_if.waterfall import difference
from tests.factories import run, scenario
from tests.tco.hybrid.mixes import question

RUNS = {"test-run": run()}


def asked(**changes: Any) -> Scenario:
    price = {"value": 0.75, "low": 0.4, "high": 1.2}
    return question(
        base={"price_usd_per_hour": price},
        workload__profile=[0.5, 1.5] * 84,
        workload__requests_per_day=4 * 86_400.0,
        **changes,
    )


def test_ranges_of_the_parts_are_among_what_moves_it() -> None:
    result = tco.evaluate(asked(), RUNS)

    assert result.contender == "mixed"
    assert "options.rent.price_usd_per_hour" in [driver.path for driver in result.drivers]


def test_what_would_have_to_be_true_of_a_part() -> None:
    """The hybrid saves as long as its first replica does: up to 1.6 requests/s · 3600 · 0.00025 USD."""
    ready = prepare(asked(), RUNS)
    condition, _ = parse_condition("npv_usd>0.01", [option.name for option in ready.scenario.options])
    found = solve_for(ready, "options.rent.price_usd_per_hour", condition, "mixed", least=0.1, most=3.0)

    assert found.holds_now
    assert found.nearest == pytest.approx(1.6 * 3600 * 0.00025, rel=1e-4)


def test_a_difference_in_the_number_of_replicas_has_its_npv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tco.what_if.waterfall.find_run", lambda *_: RUNS["test-run"])
    found = difference(asked(hybrid={"replicas": 1}), asked(hybrid={"replicas": 2}), "mixed")

    # The second replica saves 0.9 - 0.75 USD an hour.
    assert [step.paths for step in found.steps] == [("options.mixed.replicas",)]
    assert found.steps[0].change_usd == pytest.approx(12 * 730.5 * 0.15)


def test_its_parts_are_deployed_and_not_itself() -> None:
    ready = prepare(asked(), RUNS, pricing.shipped_book())
    made = handovers(ready.scenario, ready.runs, tco.evaluate(asked(), RUNS, searches=False))

    told = [one.reason for one in made if isinstance(one, NothingToDeploy)]
    assert any("'mixed' is made of 'rent' and 'api': deploy these" in reason for reason in told)
    assert [one.slug for one in made if not isinstance(one, NothingToDeploy)] == ["rent"]


def test_a_licence_that_forbids_the_base_rules_the_hybrid_out() -> None:
    forbidden = asked().model_dump(by_alias=True)
    forbidden["company"] = {"country": "DE"}
    forbidden["options"][1]["model"] = "Llama-4-Scout-17B-16E-Instruct"
    found = tco.evaluate(Scenario.model_validate(forbidden), RUNS, searches=False).option("mixed")

    assert not found.feasible
    assert "rent: " in found.reasons[0]
    assert "licence" in found.reasons[0]


def test_the_chart_over_the_replicas_is_written_or_refused(tmp_path: Path) -> None:
    save_run(run(), tmp_path / "test-run")
    mixed, plain = tmp_path / "mixed.yaml", tmp_path / "plain.yaml"
    mixed.write_text(tco.dump(question(horizon_months=2, hybrid={"replicas": 1})), encoding="utf-8")
    plain.write_text(tco.dump(scenario(horizon_months=2)), encoding="utf-8")
    drawn = CliRunner().invoke(app, ["plan", str(mixed), "--replicas-chart", str(tmp_path / "curve.json")])
    refused = CliRunner().invoke(app, ["plan", str(plain), "--replicas-chart", str(tmp_path / "none.json")])

    assert drawn.exit_code == 0
    assert "lowest at" in json.dumps(json.loads((tmp_path / "curve.json").read_text(encoding="utf-8")))
    assert refused.exit_code == 2
    assert "no hybrid of the scenario can serve" in " ".join(refused.stderr.split())
