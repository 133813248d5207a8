import pytest

from probes.client import open_session
from probes.endpoint import Endpoint
from probes.server_metrics import (
    ServerMetrics,
    fetch_metrics_text,
    increase,
    parse_metrics,
    prefix_hit_fraction,
)
from tests.fake_server import MODEL, Behaviour, FakeServer

VLLM = """\
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="m"} 3.0
vllm:num_requests_running{engine="1",model_name="m"} 1.0
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{engine="0",model_name="m"} 2.0
# TYPE vllm:kv_cache_usage_perc gauge
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.5
# TYPE vllm:prefix_cache_queries_total counter
vllm:prefix_cache_queries_total{engine="0",model_name="m"} 1000.0
# TYPE vllm:prefix_cache_queries_created gauge
vllm:prefix_cache_queries_created{engine="0",model_name="m"} 1.7e+09
# TYPE vllm:prefix_cache_hits_total counter
vllm:prefix_cache_hits_total{engine="0",model_name="m"} 16.0
# TYPE vllm:num_preemptions_total counter
vllm:num_preemptions_total{engine="0",model_name="m"} 4.0
# TYPE vllm:prompt_tokens_total counter
vllm:prompt_tokens_total{engine="0",model_name="m"} 1.5e+03
# TYPE vllm:generation_tokens_total counter
vllm:generation_tokens_total{engine="0",model_name="m"} 2500.0
# TYPE vllm:cache_config_info gauge
vllm:cache_config_info{block_size="128",cache_dtype="auto",engine="0",num_gpu_blocks="73",num_gpu_blocks_override="None"} 1.0
"""


def test_vllms_page_is_read_counters_summed_and_the_fullest_cache_taken():
    expected = ServerMetrics(
        kv_cache_usage_fraction=0.5,
        preemptions=4.0,
        prefix_queries=1000.0,
        prefix_hits=16.0,
        prompt_tokens=1500.0,
        generation_tokens=2500.0,
        requests_running=4.0,
        requests_waiting=2.0,
        kv_cache_tokens=128 * 73,
    )
    assert expected == parse_metrics(VLLM)


def test_the_older_name_of_the_cache_use_is_understood():
    page = "# TYPE vllm:gpu_cache_usage_perc gauge\nvllm:gpu_cache_usage_perc 0.125\n"
    assert ServerMetrics(kv_cache_usage_fraction=0.125) == parse_metrics(page)


@pytest.mark.parametrize("blocks", ["None", "", "x"])
def test_a_cache_size_that_is_not_a_number_is_not_known(blocks):
    page = f'vllm:num_requests_running 1\nvllm:cache_config_info{{block_size="16",num_gpu_blocks="{blocks}"}} 1\n'
    assert ServerMetrics(requests_running=1.0) == parse_metrics(page)


@pytest.mark.parametrize(
    "page", ["", "<html><body>no</body></html>", "process_cpu_seconds_total 5\n", "vllm:x{ 1\n", "{}"]
)
def test_a_page_without_vllms_numbers_is_none(page):
    assert parse_metrics(page) is None


def test_hits_are_the_increase_of_hits_over_that_of_queries():
    before, after = ServerMetrics(prefix_queries=100, prefix_hits=50), ServerMetrics(prefix_queries=300, prefix_hits=60)
    assert prefix_hit_fraction(before, after) == 0.05


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, None),
        (ServerMetrics(), ServerMetrics()),
        (ServerMetrics(prefix_queries=5, prefix_hits=1), ServerMetrics(prefix_queries=5, prefix_hits=1)),
        (ServerMetrics(prefix_queries=500, prefix_hits=1), ServerMetrics(prefix_queries=5, prefix_hits=1)),
    ],
)
def test_hits_are_not_known_without_look_ups_or_after_a_restart(before, after):
    assert prefix_hit_fraction(before, after) is None


def test_a_counter_that_fell_has_no_increase():
    assert [
        increase(ServerMetrics(preemptions=1.0), ServerMetrics(preemptions=value), "preemptions")
        for value in (5.0, 0.0)
    ] == [4.0, None]


async def test_the_page_comes_from_the_server():
    async with FakeServer() as server, open_session(_endpoint(server)) as session:
        metrics = parse_metrics(await fetch_metrics_text(session, server.url))
    assert (metrics.kv_cache_tokens, metrics.prompt_tokens) == (16_000, 0.0)


async def test_a_server_without_metrics_is_no_error():
    async with FakeServer(Behaviour(metrics=False)) as server, open_session(_endpoint(server)) as session:
        assert await fetch_metrics_text(session, server.url) is None


async def test_no_server_is_no_error_here():
    async with FakeServer() as server:
        endpoint = _endpoint(server)
    async with open_session(endpoint) as session:
        assert await fetch_metrics_text(session, endpoint.base_url) is None


def _endpoint(server: FakeServer) -> Endpoint:
    return Endpoint(base_url=server.url, served_model_name=MODEL)
