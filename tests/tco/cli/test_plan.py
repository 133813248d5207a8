from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from probes.run_file import save_run
from tco.cli import app
from tests.factories import run


def plan(*arguments: object) -> object:
    return CliRunner().invoke(app, ["plan", *map(str, arguments)])


def test_text_goes_to_stderr_and_says_the_answer(question: Path) -> None:
    done = plan(question)

    assert (0, "") == (done.exit_code, done.stdout)
    assert "Stay with api" in done.stderr
    assert "payback" in done.stderr


def test_json_on_stdout_is_one_object(question: Path) -> None:
    done = plan(question, "--json")
    data = json.loads(done.stdout)

    assert ("api", "api", ["api", "rent"]) == (
        data["baseline"],
        data["recommended"],
        [o["name"] for o in data["options"]],
    )


def test_a_setting_changes_the_answer(question: Path) -> None:
    done = plan(question, "--json", "--set", "options.rent.price_usd_per_hour=0.1")

    assert json.loads(done.stdout)["recommended"] == "rent"


def test_another_run_changes_the_answer(question: Path) -> None:
    before = json.loads(plan(question, "--json").stdout)
    save_run(run(curve=((1, 5.0, 100.0), (2, 9.0, 150.0))), question.parent / "faster.json")
    after = json.loads(plan(question, "--json", "--set", "options.rent.run=faster.json").stdout)

    assert before["options"][1]["capacity"]["goodput_requests_per_s"] == pytest.approx(1.6)
    assert after["options"][1]["capacity"]["goodput_requests_per_s"] == pytest.approx(9.0)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--set", "workload.nonsense=1"], "not a known key"),
        (["--set", "options.rent.run=missing"], "no such file and no shipped run"),
        (["--chart", "chart.pdf"], "end the name with .svg"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(question: Path, arguments: list[str], sentence: str) -> None:
    done = plan(question, *arguments)

    assert (2, "") == (done.exit_code, done.stdout)
    assert done.stderr.startswith("error: ")
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_missing_file_is_exit_2(tmp_path: Path) -> None:
    assert plan(tmp_path / "none.yaml").exit_code == 2


def test_the_chart_is_written(question: Path) -> None:
    path = question.parent / "chart.svg"

    assert plan(question, "--chart", path).exit_code == 0
    assert path.read_text(encoding="utf-8").startswith("<svg")


REACTIVE = ("--set", "options.rent.scaling.policy=reactive", "--set", "workload.profile=office-hours")


def test_a_scaled_fleet_is_shown_with_its_range_its_idle_cost_and_who_is_late(question: Path) -> None:
    """4.63 requests/s, 2.55 times as many at the busiest and 0.255 at the quietest: 8 of 1.6 and a spare, and 1."""
    done = plan(question, *REACTIVE, "--set", "workload.requests_per_day=400000")
    text = " ".join(done.stderr.split())

    assert done.exit_code == 0
    assert "1 to 9, reactive" in text
    assert "late by start-up" in text
    assert "idle, paid for" in text
    assert "come while the load outruns the replicas" in text


def test_nobody_is_late_where_nothing_is_scaled(question: Path) -> None:
    done = plan(question)

    assert "late by start-up" not in done.stderr
    assert "idle, paid for" in done.stderr


def test_what_was_costed_is_written_to_be_run(question: Path) -> None:
    done = plan(question, "--deploy", question.parent / "out")

    assert done.exit_code == 0
    assert "Deployment of rent: " in done.stderr
    assert "No deployment: 'api' is paid per token" in done.stderr
    assert {"README.md", "deployment.json"} <= {path.name for path in (question.parent / "out" / "rent").iterdir()}


def test_a_scaling_policy_is_deployed_between_the_replicas_that_were_costed(question: Path) -> None:
    settings = (*REACTIVE, "--set", "workload.requests_per_day=400000", "--set", "options.rent.scaling.min_replicas=2")
    answer = json.loads(plan(question, *settings, "--json", "--deploy", question.parent / "out").stdout)
    capacity = answer["options"][1]["capacity"]
    folder = question.parent / "out" / "rent"
    scaling = json.loads((folder / "deployment.json").read_text(encoding="utf-8"))["scaling"]
    autoscaler = next(
        document
        for path in folder.rglob("*.yaml")
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
        if isinstance(document, dict) and document.get("kind") == "HorizontalPodAutoscaler"
    )["spec"]

    assert ("reactive", 2, capacity["replicas"]) == (
        scaling["policy"],
        scaling["min_replicas"],
        scaling["max_replicas"],
    )
    assert (2, capacity["replicas"]) == (autoscaler["minReplicas"], autoscaler["maxReplicas"])
    cool_down = next(row for row in answer["assumptions"] if row["path"].endswith("cool_down_minutes"))["value"]
    assert autoscaler["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == round(60 * cool_down)


def test_an_earlier_deployment_is_kept_unless_forced(question: Path) -> None:
    out = question.parent / "out"
    plan(question, "--deploy", out, "--option", "rent")
    again, forced = plan(question, "--deploy", out), plan(question, "--deploy", out, "--force")

    assert (2, 0) == (again.exit_code, forced.exit_code)
    assert "a deployment is there already" in again.stderr
    assert "add --force" in " ".join(again.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--option", "rent"], "--option goes with --deploy DIR"),
        (["--force"], "--force goes with --deploy DIR"),
        (["--deploy", "out", "--option", "nobody"], "no such option; the scenario has: api, rent"),
        (["--deploy", "out", "--option", "api"], "nothing to deploy. 'api' is paid per token"),
    ],
)
def test_what_cannot_be_deployed_is_one_sentence(question: Path, arguments: list[str], sentence: str) -> None:
    places = [str(question.parent / part) if part == "out" else part for part in arguments]
    done = plan(question, *places)

    assert (2, "") == (done.exit_code, done.stdout)
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_constraints_are_told_with_what_they_cost(question: Path) -> None:
    """The API costs 657.45 a month and the rent at 0.50 USD an hour 365.25: 3,506.40 over twelve months."""
    settings = (
        "--set", "constraints.residency=[EU]", "--set", "options.api.terms.regions=[EU]",
        "--set", "options.rent.terms.regions=[US]", "--set", "options.rent.price_usd_per_hour=0.5",
    )  # fmt: skip
    text = " ".join(plan(question, *settings).stderr.split())
    answer = json.loads(plan(question, *settings, "--json").stdout)

    assert "rent is ruled out: data residency (EU) is not met, its data may be in US" in text
    assert "Data residency (EU) costs $3,506 over 12 months (present value): without it rent would be" in text
    assert answer["constraints"]["prices"][0]["price_usd"] == pytest.approx(3506.40)
    assert ["met", "not met"] == [finding["verdict"] for finding in answer["constraints"]["findings"]]


def test_constraints_that_leave_no_option_are_an_answer_and_exit_0(question: Path) -> None:
    done = plan(question, "--set", "constraints.residency=EU")
    answer = json.loads(plan(question, "--set", "constraints.residency=EU", "--json").stdout)

    assert 0 == done.exit_code
    assert "No option that can serve this workload meets all constraints." in done.stderr
    assert "options.api.terms.regions" in " ".join(done.stderr.split()).replace(" ", "")
    assert (None, [False, False]) == (answer["recommended"], [option["feasible"] for option in answer["options"]])


def test_constraints_that_contradict_the_scenario_are_exit_2(question: Path) -> None:
    done = plan(question, "--set", "constraints.licence_commercial=true", "--set", "company.commercial=false", "--json")

    assert (2, "constraints.licence_commercial") == (done.exit_code, json.loads(done.stdout)["error"]["path"])
