"""Questions that no appraisal can answer, or only with "never" and "none": a sentence from every command, never a traceback, never NaN."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from probes import save_run
from tco.cli import app
from tests.factories import API, RENT, run, scenario_data

RANGED = {"value": 3.0, "low": 1.0, "high": 9.0}
HOURS = {"price_usd_per_hour": {"value": 2.0, "low": 1.0, "high": 4.0}}
OUTPUT, HOUR, DEMAND = (
    "options.api.output_usd_per_mtok",
    "options.rent.price_usd_per_hour",
    "workload.requests_per_day",
)
WRITTEN = "options.0.api.output_usd_per_mtok"


def options(api: dict[str, Any] | None = None, rent: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return [API | {"output_usd_per_mtok": RANGED} | (api or {}), RENT | HOURS | (rent or {})]


def output(**quantity: Any) -> dict[str, Any]:
    return {"options": options(api={"output_usd_per_mtok": quantity})}


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a range upside down": (output(value=3.0, low=9.0, high=1.0), WRITTEN, "does not hold the value 3"),
    "a value outside its range": (output(value=3.0, low=4.0, high=5.0), WRITTEN, "does not hold the value 3"),
    "a distribution nobody knows": (output(value=3.0, low=1, high=9, distribution="cauchy"), WRITTEN, "triangular"),
    "a distribution without a range": (output(value=3.0, distribution="pert"), WRITTEN, "needs a range"),
    "a distribution over a point": (output(value=3.0, low=3.0, high=3.0, distribution="uniform"), WRITTEN, "needs a range"),
    "a lognormal that reaches zero": (output(value=3.0, low=0.0, high=9.0, distribution="lognormal"), WRITTEN, "above 0"),
    "samples of nothing": (output(value=3.0, distribution="empirical"), WRITTEN, "`samples` go with"),
    "samples that are all alike": (
        output(value=3.0, distribution="empirical", samples=[3.0, 3.0]), WRITTEN, "at least two different values",
    ),
    "samples of a triangle": (
        output(value=3.0, low=1.0, high=9.0, distribution="triangular", samples=[1.0, 2.0]), WRITTEN, "`samples` go with",
    ),
    "a price that is no number": (output(value=float("nan")), WRITTEN, "finite number"),
    "a price without end": (output(value=3.0, low=1.0, high=float("inf")), WRITTEN, "finite number"),
    "a discount rate of -1": ({"discount_rate_per_year": -1.0}, "discount_rate_per_year", "-1 is outside -0.99 to 1"),
    "a discount rate of -3": ({"discount_rate_per_year": -3.0}, "discount_rate_per_year", "-3 is outside -0.99 to 1"),
    "a discount rate that may be -1": (
        {"discount_rate_per_year": {"value": 0.1, "low": -1.0, "high": 0.2}}, "discount_rate_per_year", "-1 is outside",
    ),
    "no horizon": ({"horizon_months": 0}, "horizon_months", "greater than or equal to 1"),
    "a horizon of 1000 years": ({"horizon_months": 12_000}, "horizon_months", "less than or equal to 120"),
    "a share above all": ({"workload__batchable_fraction": 1.5}, "workload.batchable_fraction", "1.5 is outside 0 to 1"),
    "a correlation above 1": (
        {"correlations": [{"between": [OUTPUT, HOUR], "correlation": 1.5}]}, "correlations.0.correlation", "less than or equal to 1",
    ),
    "a correlation with itself": (
        {"correlations": [{"between": [OUTPUT, OUTPUT], "correlation": 0.5}]}, "correlations.0", "itself",
    ),
    "a tax above all that is earned": ({"finance": {"tax_fraction": 1.5}}, "finance.tax_fraction", "1.5 is outside 0 to 1"),
    "an inflation of -1": (
        {"finance": {"inflation_per_year_fraction": -1.0}}, "finance.inflation_per_year_fraction", "-1 is outside",
    ),
    "no options": ({"options": []}, "options", "at least 1"),
}  # fmt: skip
"""Changes to a scenario, where the mistake is, and what is said of it."""


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(changes: dict[str, Any], name: str = "question") -> Path:
        save_run(run(), tmp_path / "test-run")
        path = tmp_path / f"{name}.yaml"
        data = scenario_data(**({"options": options()} | changes))
        data.setdefault("cases", {"low": {DEMAND: 43_200.0}})
        path.write_text(yaml.safe_dump(data), encoding="utf-8")
        return path

    return write


def commands(path: Path) -> dict[str, list[str]]:
    """Every command that appraises, on one scenario file."""
    folder = path.parent
    (folder / "actuals.csv").write_text(f"month,path,value\n1,{DEMAND},43200\n", encoding="utf-8")
    members = [{"scenario": path.name, "name": name, "load_factor": 0.5} for name in ("a", "b")]
    (folder / "portfolio.yaml").write_text(json.dumps({"name": "two", "option": "rent", "members": members}))
    other = folder / "other.yaml"
    if not other.exists():
        other.write_text(yaml.safe_dump(scenario_data(options=options())), encoding="utf-8")
    return {
        "plan": ["plan", str(path), "--json"],
        "lock": ["lock", str(path), "--out", str(folder / "lock"), "--json"],
        "risk": ["risk", str(path), "--draws", "200", "--json"],
        "map": ["risk", str(path), "--map", OUTPUT, HOUR, "--json"],
        "solve": ["solve", str(path), "--for", HOUR, "--json"],
        "solve all": ["solve", str(path), "--json"],
        "diff": ["diff", str(other), str(path), "--json"],
        "diff back": ["diff", str(path), str(other), "--json"],
        "cases": ["cases", str(path), "--json"],
        "curve": ["curve", str(path), "--json"],
        "portfolio": ["portfolio", str(folder / "portfolio.yaml"), "--json"],
        "check": ["check", str(path), "--actuals", str(folder / "actuals.csv"), "--json"],
        "commitments": ["commitments", str(path), "--option", "rent", "--json"],
        "report": ["report", str(path), "--out", str(folder / "out"), "--format", "html", "--draws", "200", "--quick"],
    }


COMMANDS = (
    "plan", "lock", "risk", "map", "solve", "solve all", "diff", "diff back", "cases", "curve", "portfolio", "check", "commitments", "report",
)  # fmt: skip


def ran(path: Path, command: str) -> tuple[Result, str]:
    """What a command gave, and what it said in one line."""
    done = CliRunner().invoke(app, commands(path)[command])
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    said = " ".join(done.stderr.split())
    assert "Traceback" not in said
    return done, said


def finite(text: str) -> Any:
    """What JSON holds; refuses NaN and infinities, which are none."""

    def refuse(name: str) -> float:
        raise AssertionError(f"{name} in the answer")

    return json.loads(text, parse_constant=refuse)


def refused(written: Any, case: str, command: str) -> None:
    changes, place, words = REFUSED[case]
    done, said = ran(written(changes), command)

    assert 2 == done.exit_code, said
    assert "error: " in said
    assert words in said
    assert place in said
    if command != "report":
        assert words in finite(done.stdout)["error"]["message"]


@pytest.mark.parametrize(
    ("case", "command"), [(case, COMMANDS[number % len(COMMANDS)]) for number, case in enumerate(REFUSED)]
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(written, case, command):
    refused(written, case, command)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_all_of_it(written, command):
    for case in REFUSED:
        refused(written, case, command)


CONTRADICTION = [
    {"between": [OUTPUT, HOUR], "correlation": 0.9},
    {"between": [HOUR, "workload.requests_per_day"], "correlation": 0.9},
    {"between": [OUTPUT, "workload.requests_per_day"], "correlation": -0.9},
]
"""Three numbers of which the first two move together, the last two too, and the outer ones against each other."""


@pytest.mark.parametrize("command", ["risk", "report"])
def test_correlations_that_contradict_each_other_are_refused_where_they_count(written, command):
    demand = {"value": 86_400.0, "low": 40_000.0, "high": 120_000.0}
    path = written({"workload__requests_per_day": demand, "correlations": CONTRADICTION})
    done, said = ran(path, command)

    assert 2 == done.exit_code
    assert "`correlations` contradict each other" in said
    assert "bring them closer to 0" in said
    if command == "risk":
        assert "correlations_impossible" == finite(done.stdout)["error"]["code"]


def test_a_correlation_of_what_does_not_move_is_refused(written):
    path = written({"correlations": [{"between": [OUTPUT, DEMAND], "correlation": 0.5}]})
    done, said = ran(path, "risk")

    assert 2 == done.exit_code
    assert f"{DEMAND} has no range, so it does not move" in said


HARD: dict[str, dict[str, Any]] = {
    "costs that only rise": {"options": options(rent={"one_off_usd": {"set_up": 1e6}, "people": {"run_fte": 50.0}})},
    "costs that only fall": {"options": options(api={"output_usd_per_mtok": {"value": 1e5, "low": 9e4, "high": 2e5}})},
    "two options alike": {"options": options(api={"input_usd_per_mtok": 0.0, "output_usd_per_mtok": RANGED | {"low": 0.0}}, rent={"price_usd_per_hour": {"value": 0.0, "high": 1.0}})},
    "nothing that can serve": {"constraints": {"certifications": ["a seal that nobody has"]}},
    "a promise that nothing keeps": {"workload__slo": {"ttft_p95_ms": 1e-3}},
    "a promise that nothing keeps, paid today": {"baseline": "rent", "workload__slo": {"ttft_p95_ms": 1e-3}},
    "no request at all": {"workload__requests_per_day": 0.0},
    "a million millions of requests": {"workload__requests_per_day": 1e12},
    "one month": {"horizon_months": 1},
    "ten years that double every month": {"horizon_months": 120, "workload__growth_per_month_fraction": 1.0},
    "money that loses nearly all of its worth": {"discount_rate_per_year": -0.99},
    "every share at its end": {"workload__cacheable_input_fraction": 1.0, "workload__batchable_fraction": 1.0},
    "only the baseline": {"options": options()[:1]},
}  # fmt: skip
"""Questions that may be asked and have no ordinary answer."""


ANSWERS = (0, 2, 4)
"""Answered; refused in a sentence; answered, and the decision is another one."""


@pytest.mark.parametrize("case", HARD)
def test_what_has_no_ordinary_answer_is_answered_without_numbers_that_are_none(written, case):
    found = finite(ran(written(HARD[case]), "plan")[0].stdout)

    assert [check for check in found["checks"] if not check["passed"]] == []


def answered(written: Any, case: str, command: str) -> None:
    done, said = ran(written(HARD[case]), command)

    assert done.exit_code in ANSWERS, said
    assert (2 == done.exit_code) == ("error: " in said), said
    words = said.lower().replace("(", " ").replace(",", " ").split()
    assert not {"nan", "inf", "-inf", "none", "$nan", "$inf", "nan%"} & set(words), said
    if command != "report":
        finite(done.stdout)


@pytest.mark.parametrize(
    ("case", "command"), [(case, COMMANDS[number % len(COMMANDS)]) for number, case in enumerate(HARD)]
)
def test_no_command_ends_in_a_traceback_or_says_nan(written, case, command):
    answered(written, case, command)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_stumbles_over_any_of_it(written, command):
    for case in HARD:
        answered(written, case, command)


@pytest.mark.parametrize("case", ["costs that only rise", "costs that only fall"])
def test_flows_of_one_sign_have_no_rate_of_return_and_say_so(written, case):
    found = finite(ran(written(HARD[case]), "plan")[0].stdout)
    rent = next(option for option in found["options"] if option["name"] == "rent")

    assert 1 == len({saving > 0 for saving in rent["saving_by_time_usd"] if saving})
    assert (None, "none") == (rent["irr_per_year"], rent["irr_status"])


def test_where_nothing_can_serve_nothing_is_recommended_and_the_reason_told(written):
    done, _ = ran(written(HARD["nothing that can serve"]), "plan")
    found = finite(done.stdout)

    assert found["recommended"] is None
    assert all(not option["feasible"] and option["reasons"] for option in found["options"])
    assert all(option["npv_usd"] is None and option["payback_months"] is None for option in found["options"])
