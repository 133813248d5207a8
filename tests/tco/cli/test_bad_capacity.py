"""Inputs from which no capacity follows: each is a sentence, a code and a path, as scripts and people meet them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from probes import save_run
from probes.run import Run
from probes.setting import Engine, Model
from tco.cli import app
from tests.factories import API, CURVE, RENT, run, scenario_data

ENGINE = Engine(name="vllm", version="0.32.0", kv_cache_tokens=400_000)
LLAMA = {"model": "Meta-Llama-3.1-8B"}
LOOSE = {"ttft_p95_ms": 10_000.0}


def probed(**changes: Any) -> Run:
    return run(engine=ENGINE, model=Model(name="meta-llama/Llama-3.1-8B-Instruct", dtype="bfloat16"), **changes)


def tco(folder: Path, held: Run, option: dict[str, Any], *arguments: object, **changes: Any) -> tuple[int, Any, str]:
    """Runs `tco plan`, or with arguments another command, on a scenario with that run; returns exit code, JSON and text."""
    save_run(held, folder / "held.json")
    rent = {name: value for name, value in RENT.items() if name != "throughput_factor"} | {"run": "held.json"} | LLAMA
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump(scenario_data(options=[dict(API), rent | option], **changes)), encoding="utf-8")
    words = [str(word) for word in (arguments or ("plan",))]
    done = CliRunner().invoke(app, [words[0], str(path), *words[1:], "--json"])
    return done.exit_code, json.loads(done.stdout), " ".join(done.stderr.split())


CASES = {
    "a load above the last measured point": (
        {},
        {},
        {"workload__requests_per_day": 8.64e6, "workload__slo": LOOSE},
        "beyond_last_load",
        "still holds at the highest load that was probed",
    ),
    "a promise below a single request": (
        {},
        {},
        {"workload__slo": {"ttft_p95_ms": 20.0}},
        "slo_not_met_at_lightest_load",
        "at the lightest, concurrency 1, TTFT P95 is 100 ms and the limit is 20 ms",
    ),
    "a context beyond the model": (
        {},
        {"gpu": "B200-SXM"},
        {"workload__input_tokens_per_request": 200_000.0, "workload__slo": LOOSE},
        "context_beyond_model",
        "200,050 tokens is longer than the context of Meta-Llama-3.1-8B",
    ),
    "a model that fits on no GPU of the kind": (
        {},
        {"model": "DeepSeek-V3", "gpu": "L4"},
        {},
        "does_not_fit",
        "the smallest layout that holds it is 40 x L4",
    ),
    "a run with two cells": (
        {"curve": CURVE[:2]},
        {},
        {"workload__input_tokens_per_request": 250.0, "workload__slo": LOOSE},
        "too_few_cells",
        "tco probe run",
    ),
    "cells that contradict each other": (
        {"curve": ((1, 0.5, 100.0), (2, 0.9, 150.0), (4, 4.0, 90.0))},
        {},
        {"workload__slo": LOOSE},
        "cells_contradict",
        "more load is never faster",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_plan_says_why_with_a_code_and_a_path(tmp_path, case):
    held, option, changes, code, words = CASES[case]
    exit_code, found, _ = tco(tmp_path, probed(**held), option, **changes)

    assert 0 == exit_code
    (warning,) = [warning for warning in found["warnings"] if warning["code"] == code]
    assert words in warning["message"]
    assert warning["path"] in ("options.rent", "options.rent.run")


@pytest.mark.parametrize(
    "case",
    ["a promise below a single request", "a context beyond the model", "a model that fits on no GPU of the kind"],
)
def test_what_cannot_be_kept_is_ruled_out_and_costs_nothing_silently(tmp_path, case):
    held, option, changes, _, words = CASES[case]
    _, found, _ = tco(tmp_path, probed(**held), option, **changes)

    rent = next(option for option in found["options"] if option["name"] == "rent")
    assert not rent["feasible"]
    assert any(words in reason for reason in rent["reasons"])
    assert rent["payback_months"] is None


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (("47,5,5", "46,5,5"), "line 3"),
        (("46,5,5", "47,5,0"), "line 3"),
        (("46,0,5", "47,5,5"), "line 2"),
    ],
)
def test_a_trace_out_of_order_or_with_nothing_to_do_is_refused_with_its_line(tmp_path, rows, words):
    trace = tmp_path / "trace.csv"
    lines = "".join(f"2023-11-16 18:15:{row}\n" for row in rows)
    trace.write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n" + lines, encoding="utf-8")
    exit_code, found, text = _simulated(tmp_path, trace)

    assert 2 == exit_code
    assert {"code": "trace_refused", "path": str(trace)} == {name: found["error"][name] for name in ("code", "path")}
    assert words in found["error"]["message"]
    assert text.startswith("error: trace: ")


def test_a_negative_time_is_refused_with_its_line(tmp_path):
    trace = tmp_path / "trace.csv"
    trace.write_text("arrival_s,input_tokens,output_tokens\n-1,5,5\n2,5,5\n", encoding="utf-8")
    exit_code, found, _ = _simulated(tmp_path, trace)

    assert (2, "trace_refused") == (exit_code, found["error"]["code"])
    assert "line 2" in found["error"]["message"]


def test_answers_of_no_tokens_are_refused_with_the_place(tmp_path):
    exit_code, found, _ = tco(tmp_path, probed(), {}, workload__output_tokens_per_request=0.0)

    assert 2 == exit_code
    error = found["error"]
    assert ("scenario_invalid", "workload.output_tokens_per_request") == (error["code"], error["path"])
    assert "0 is outside more than 0" in error["message"]


def _simulated(folder: Path, trace: Path) -> tuple[int, Any, str]:
    return tco(folder, Run.model_validate(_demo()), {"model": "from-run"}, "simulate", "--trace", trace)


def _demo() -> Any:
    import probes  # noqa: PLC0415

    return json.loads((Path(probes.__file__).parent / "runs" / "demo.json").read_text(encoding="utf-8"))
