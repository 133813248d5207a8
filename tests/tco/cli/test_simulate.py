from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import probes
from tco.cli import app
from tco.cli._parts_progress import PartsProgress
from tests.factories import API, RENT, scenario_data

RUN = str(Path(probes.__file__).parent / "runs" / "demo.json")
"""A real run of Qwen3-0.6B on two cores, 64 tokens in and 32 out, whose cells identify step times."""
PROMISE = {"ttft_p95_ms": 2000.0, "tpot_p95_ms": 400.0}


@pytest.fixture(autouse=True)
def _few_requests(monkeypatch):
    for room in ("loads", "pools"):
        monkeypatch.setattr(f"tco.simulation.{room}.REQUESTS", 2_000)
    monkeypatch.setattr("tco.simulation.loads.WEEK_REQUESTS", 2_000)
    monkeypatch.setattr("tco.capacity.week.simulate_week.LEAST_REQUESTS", 1_000)


@pytest.fixture
def question(tmp_path: Path) -> Path:
    rent = RENT | {"model": "from-run", "run": RUN, "machine_usd_per_hour": 0.1}
    data = scenario_data(
        workload__input_tokens_per_request=64.0,
        workload__output_tokens_per_request=32.0,
        workload__profile="office-hours",
        workload__slo=PROMISE,
        options=[dict(API), rent],
    )
    path = tmp_path / "question.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


def simulate(*arguments: object) -> object:
    return CliRunner().invoke(app, ["simulate", *map(str, arguments)])


def answer(*arguments: object) -> dict:
    done = simulate(*arguments, "--json")
    assert 0 == done.exit_code, done.stderr
    return json.loads(done.stdout)


def test_text_goes_to_stderr_and_says_what_users_see_and_how_far_to_trust_it(question):
    done = simulate(question, "--replicas", 2, "--requests-per-s", 3)
    text = " ".join(done.stderr.split())

    assert (0, "") == (done.exit_code, done.stdout)
    assert "The promise holds at 3 requests/s on 2 replicas." in text
    assert all(name in text for name in ("TTFT", "TPOT", "E2E", "ttft_p95_ms 2,000", "kept", "sequences in a batch"))
    assert "modelled: step times fitted to 5 load points of run 20261123T211213Z-0508b4" in text
    assert "Such a model missed what was measured by 5% typically and 10% nine times in ten at most" in text
    assert "± is the standard error of the simulation alone" in text


def test_json_has_the_documented_names(question):
    data = answer(question, "--replicas", 2, "--requests-per-s", 3)

    assert {
        "schema", "scenario", "as_of", "option", "run_id", "gpus_per_replica", "basis", "load", "trace", "requests", "requests_simulated",
        "requests_counted", "throughput_requests_per_s", "overloaded_hours", "overloaded", "kept", "classes", "use", "hours", "aggregated", "engine", "warnings",
    } == set(data)  # fmt: skip
    assert (1, "test", "rent", "modelled", True) == tuple(
        data[key] for key in ("schema", "scenario", "option", "basis", "kept")
    )
    assert {
        "kind": "random",
        "requests_per_s": 3.0,
        "planned": False,
        "replicas": 2,
        "spares": None,
        "routing": "least-loaded",
        "seed": 1,
    } == data["load"]
    (kind,) = data["classes"]
    assert {"mean", "p50", "p90", "p95", "p99"} == set(kind["ttft_ms"])
    ttft, tpot, e2e = (kind[name]["mean"]["value"] for name in ("ttft_ms", "tpot_ms", "e2e_ms"))
    # Every answer has 32 tokens, 31 of them after the first.
    assert e2e == pytest.approx(ttft + 31 * tpot)
    assert [("ttft_p95_ms", 2000.0), ("tpot_p95_ms", 400.0)] == [
        (promise["metric"], promise["limit_ms"]) for promise in kind["promises"]
    ]
    assert 0 < data["use"]["utilisation_fraction"] <= 1
    assert (None, None, None) == (data["trace"], data["hours"], data["aggregated"])


def test_without_a_load_it_is_the_plans_peak(question):
    data = answer(question)

    assert ("random", True) == (data["load"]["kind"], data["load"]["planned"])
    assert data["load"]["requests_per_s"] == pytest.approx(2.5532, rel=1e-4)
    assert data["kept"]


def test_the_same_seed_gives_the_same_answer_and_another_one_another(question):
    first, again, other = (
        answer(question, "--replicas", 1, "--requests-per-s", 2, "--seed", seed) for seed in (5, 5, 6)
    )

    assert first == again
    assert first["classes"] != other["classes"]


def test_an_overload_is_flagged_and_has_no_bound(question):
    data = answer(question, "--replicas", 1, "--requests-per-s", 50)

    assert (True, False, None) == (data["overloaded"], data["kept"], data["classes"][0]["ttft_ms"]["p95"]["value"])
    assert data["warnings"][0].startswith("overloaded: the load brings up to 50 requests/s to each replica")
    text = " ".join(simulate(question, "--replicas", 1, "--requests-per-s", 50).stderr.split())
    assert "The promise is broken at 50 requests/s on 1 replica." in text
    assert "no bound" in text


def test_a_week_names_the_worst_hour_and_its_strata(question):
    data = answer(question, "--week")

    assert ("week", True) == (data["load"]["kind"], data["load"]["planned"])
    assert data["requests"] == pytest.approx(604_800)
    assert [108, 10, 50] == [len(one["hours"]) for one in data["hours"]]
    # Monday at eight is the first of the busiest hours.
    assert {8} == {promise["worst_hour"] for promise in data["classes"][0]["promises"]}
    text = " ".join(simulate(question, "--week").stderr.split())
    assert "ttft_p95_ms: worst in Mon 08:00 with" in text
    assert "kept in every hour" in text
    assert "requests that stand for 604,800" in text


def test_recorded_traffic_is_replayed_with_its_common_beginnings(question):
    rows = [
        {"timestamp": 500 * row, "input_length": 80, "output_length": 8, "hash_ids": [row % 2]} for row in range(100)
    ]
    path = question.parent / "trace.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    data = answer(question, "--trace", path, "--trace-limit", 60, "--trace-speed", 2, "--replicas", 1)

    assert {"path": str(path), "format": "mooncake", "requests": 60} == {
        name: data["trace"][name] for name in ("path", "format", "requests")
    }
    # All but the first two began as an earlier one did; the last token of a prompt is always computed.
    assert data["trace"]["shared_prompt_fraction"] == pytest.approx(58 * 79 / (60 * 80))
    assert (4.0, None) == (pytest.approx(data["load"]["requests_per_s"]), data["load"]["seed"])
    assert "of the prompt tokens had come before" in simulate(question, "--trace", path, "--replicas", 1).stderr


def test_pools_stand_beside_as_many_replicas_that_do_both(question):
    arguments = ("--prefill-replicas", 1, "--decode-replicas", 1, "--transfer-gb-per-s", 10, "--requests-per-s", 2)
    data = answer(question, *arguments)
    together = answer(question, "--replicas", 2, "--requests-per-s", 2)

    assert ("split", 2) == (data["load"]["kind"], data["load"]["replicas"])
    assert data["aggregated"]["classes"] == together["classes"]
    assert "For comparison, 2 replicas that do both:" in simulate(question, *arguments).stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--option", "api"), "'api' is paid per token"),
        (("--option", "nobody"), "self-hosted are: rent"),
        (("--prefill-replicas", 1), "--prefill-replicas needs --decode-replicas too"),
        (("--kv-bytes-per-token", 1), "--kv-bytes-per-token goes with pools"),
        (("--trace-limit", 5), "--trace-limit goes with --trace FILE"),
        (("--skip-empty",), "--skip-empty goes with --trace FILE"),
        (("--week", "--trace", "x.csv"), "--week and --trace are different questions"),
        (("--trace", "x.csv", "--requests-per-s", 2), "use --trace-speed"),
        (("--trace", "x.csv", "--replicas", 1), "x.csv"),
        (("--requests-per-s", 0), "a number above 0"),
        (("--requests-per-s", "nan"), "a number above 0"),
        (("--set", "workload.input_tokens_per_request=100"), "context"),
        (
            ("--replicas", 1, "--prefill-replicas", 1, "--decode-replicas", 1, "--transfer-gb-per-s", 1),
            "--replicas is for",
        ),
    ],
)
def test_what_cannot_be_asked_ends_in_a_sentence(question, arguments, sentence):
    done = simulate(question, *arguments)

    assert (2, "") == (done.exit_code, done.stdout)
    assert "Traceback" not in done.stderr
    assert sentence in " ".join(done.stderr.split())


def test_a_run_that_gives_no_step_times_says_why(question):
    done = simulate(
        question, "--set", "options.rent.run=h100-llama-3.1-8b-fp8", "--set", "options.rent.throughput_factor=1"
    )

    assert 2 == done.exit_code
    assert "option 'rent' cannot be simulated (" in done.stderr


def test_ctrl_c_ends_without_a_traceback(question, monkeypatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tco.simulation.simulate_load_of", interrupted)
    done = simulate(question, "--replicas", 1)

    assert (130, "") == (done.exit_code, done.stdout)
    assert "Traceback" not in done.stderr


def test_a_pipe_gets_a_line_after_two_seconds_and_every_ten(monkeypatch, capsys):
    now = [100.0]
    monkeypatch.setattr("tco.cli._parts_progress.time.monotonic", lambda: now[0])
    with PartsProgress() as progress:
        for second in range(1, 31):
            now[0] = 100.0 + second
            progress.done(second, 30)

    assert [
        "2 of 30 parts simulated, about 28 s left",
        "12 of 30 parts simulated, about 18 s left",
        "22 of 30 parts simulated, about 8 s left",
    ] == capsys.readouterr().err.splitlines()


def test_what_came_before_the_first_part_is_not_taken_for_its_time(monkeypatch, capsys):
    """A report answers and simulates for twenty seconds before it asks the first of its inputs, each of which takes half a second."""
    now = [0.0]
    monkeypatch.setattr("tco.cli._parts_progress.time.monotonic", lambda: now[0])
    with PartsProgress() as progress:
        for part in range(1, 51):
            now[0] = 20.0 + 0.5 * part
            progress.done(part, 50)

    assert [
        "1 of 50 parts simulated",
        "21 of 50 parts simulated, about 14 s left",
        "41 of 50 parts simulated, about 4 s left",
    ] == (capsys.readouterr().err.splitlines())
