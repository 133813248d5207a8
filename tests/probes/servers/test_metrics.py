import asyncio
import math

import pytest

from probes.endpoint import Endpoint
from probes.loadgen.open_transport import send_one
from probes.servers.dialect import Dialect
from probes.servers.histogram import Histogram
from probes.servers.metrics import (
    ServerMetrics,
    fetch_metrics_text,
    increase,
    parse_metrics,
    prefix_hit_fraction,
    server_side,
)
from probes.servers.pages import open_pages
from probes.workload.request import Request
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
    async with FakeServer() as server, open_pages(_endpoint(server)) as session:
        metrics = parse_metrics(await fetch_metrics_text(session, server.url))
    assert (metrics.kv_cache_tokens, metrics.prompt_tokens) == (16_000, 0.0)


async def test_a_server_without_metrics_is_no_error():
    async with FakeServer(Behaviour(metrics=False)) as server, open_pages(_endpoint(server)) as session:
        assert await fetch_metrics_text(session, server.url) is None


async def test_the_servers_side_agrees_with_what_the_server_really_did():
    behaviour = Behaviour(prefill_ms=30.0, tpot_ms=0.0)
    async with FakeServer(behaviour) as server, open_pages(_endpoint(server)) as session:
        before = parse_metrics(await fetch_metrics_text(session, server.url))
        endpoint = _endpoint(server)
        request = Request(prompt=[1, 2], input_tokens=2, output_tokens=3, cache_salt="")
        await asyncio.gather(*(send_one(endpoint, Dialect(), request) for _ in range(10)))
        after = parse_metrics(await fetch_metrics_text(session, server.url))
        true_ms = sorted((one.sent_ns[0] - one.received_ns) / 1e6 for one in server.served)
    side = server_side(before, after)
    bounds = side.ttft_ms.bounds["p50"]
    assert 10 == side.ttft_ms.samples
    assert side.ttft_ms.mean == pytest.approx(sum(true_ms) / 10, rel=1e-9)
    assert bounds.low <= true_ms[4] <= bounds.high


async def test_no_server_is_no_error_here():
    async with FakeServer() as server:
        endpoint = _endpoint(server)
    async with open_pages(endpoint) as session:
        assert await fetch_metrics_text(session, endpoint.base_url) is None


def _endpoint(server: FakeServer) -> Endpoint:
    return Endpoint(base_url=server.url, served_model_name=MODEL)


def _latency(name: str, counts: dict[str, int], *, total_s: float, labels: str = 'engine="0"') -> str:
    lines = [f"# TYPE {name} histogram"]
    lines += [f'{name}_bucket{{{labels},le="{edge}"}} {number}' for edge, number in counts.items()]
    lines += [f"{name}_count{{{labels}}} {list(counts.values())[-1]}", f"{name}_sum{{{labels}}} {total_s}"]
    return "\n".join(lines) + "\n"


def test_a_latency_is_read_with_its_edges_and_its_sum():
    page = _latency("vllm:time_to_first_token_seconds", {"0.1": 3, "0.25": 9, "+Inf": 10}, total_s=2.5)
    expected = Histogram(edges_s=(0.1, 0.25, math.inf), counts=(3.0, 9.0, 10.0), total_s=2.5)
    assert {"ttft": expected} == parse_metrics(page).histograms


def test_engines_of_one_server_are_added_bucket_by_bucket():
    name = "vllm:inter_token_latency_seconds"
    first = _latency(name, {"0.01": 1, "+Inf": 2}, total_s=0.5)
    second = "\n".join(_latency(name, {"0.01": 10, "+Inf": 30}, total_s=1.5, labels='engine="1"').splitlines()[1:])
    expected = Histogram(edges_s=(0.01, math.inf), counts=(11.0, 32.0), total_s=2.0)
    assert expected == parse_metrics(first + second + "\n").histograms["itl"]


SGLANG = """\
# TYPE sglang:prompt_tokens_total counter
sglang:prompt_tokens_total{model_name="m"} 800.0
# TYPE sglang:cached_tokens_total counter
sglang:cached_tokens_total{cache_source="device",model_name="m"} 30.0
sglang:cached_tokens_total{cache_source="host",model_name="m"} 10.0
# TYPE sglang:generation_tokens_total counter
sglang:generation_tokens_total{model_name="m"} 700.0
# TYPE sglang:token_usage gauge
sglang:token_usage{model_name="m"} 0.28
# TYPE sglang:num_running_reqs gauge
sglang:num_running_reqs{model_name="m"} 162.0
# TYPE sglang:num_queue_reqs gauge
sglang:num_queue_reqs{model_name="m"} 2826.0
# TYPE sglang:max_total_num_tokens gauge
sglang:max_total_num_tokens{model_name="m"} 471258.0
"""
TRTLLM = """\
# TYPE trtllm_kv_cache_utilization gauge
trtllm_kv_cache_utilization{model_name="m"} 0.5
# TYPE trtllm_prompt_tokens_total counter
trtllm_prompt_tokens_total{model_name="m"} 100.0
# TYPE trtllm_prompt_cached_tokens_total counter
trtllm_prompt_cached_tokens_total{model_name="m"} 25.0
# TYPE trtllm_kv_cache_max_blocks gauge
trtllm_kv_cache_max_blocks{model_name="m"} 2000.0
# TYPE trtllm_kv_cache_tokens_per_block gauge
trtllm_kv_cache_tokens_per_block{model_name="m"} 32.0
"""
LLAMACPP = """\
# TYPE llamacpp:prompt_tokens_total counter
llamacpp:prompt_tokens_total 300
# TYPE llamacpp:tokens_predicted_total counter
llamacpp:tokens_predicted_total 120
# TYPE llamacpp:requests_processing gauge
llamacpp:requests_processing 2
# TYPE llamacpp:requests_deferred gauge
llamacpp:requests_deferred 1
"""
TGI = """\
# TYPE tgi_queue_size gauge
tgi_queue_size 4
# TYPE tgi_batch_current_size gauge
tgi_batch_current_size 8
# TYPE tgi_request_input_length histogram
tgi_request_input_length_bucket{le="100"} 2
tgi_request_input_length_bucket{le="+Inf"} 3
tgi_request_input_length_sum 600
tgi_request_input_length_count 3
"""


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (
            SGLANG,
            ServerMetrics(
                server="sglang", kv_cache_usage_fraction=0.28, prefix_queries=800.0, prefix_hits=40.0, prompt_tokens=800.0,
                generation_tokens=700.0, requests_running=162.0, requests_waiting=2826.0, kv_cache_tokens=471_258,
            ),
        ),
        (
            TRTLLM,
            ServerMetrics(
                server="tensorrt-llm", kv_cache_usage_fraction=0.5, prefix_queries=100.0, prefix_hits=25.0,
                prompt_tokens=100.0, kv_cache_tokens=64_000,
            ),
        ),
        (
            LLAMACPP,
            ServerMetrics(
                server="llama.cpp", prompt_tokens=300.0, generation_tokens=120.0, requests_running=2.0, requests_waiting=1.0,
            ),
        ),
        (TGI, ServerMetrics(server="tgi", prompt_tokens=600.0, requests_running=8.0, requests_waiting=4.0)),
    ],
)  # fmt: skip
def test_every_servers_page_is_read_by_its_own_names(page, expected):
    assert expected == parse_metrics(page)


def test_a_page_that_was_sent_as_a_json_string_is_read():
    assert 120.0 == parse_metrics('"' + LLAMACPP.replace("\n", "\\n") + '"').generation_tokens


def test_a_time_per_token_that_is_counted_once_a_request_is_tpot_and_not_itl():
    page = TGI + _latency("tgi_request_mean_time_per_token_duration", {"0.01": 1, "+Inf": 1}, total_s=0.005)
    assert ["tpot"] == list(parse_metrics(page).histograms)


@pytest.mark.parametrize("counts", [{"0.1": 5, "+Inf": 3}, {"0.1": 5, "0.2": 6}])
def test_a_histogram_that_breaks_the_format_is_left_out(counts):
    page = VLLM + _latency("vllm:time_to_first_token_seconds", counts, total_s=1.0)
    assert {} == parse_metrics(page).histograms


def _ttft(*counts: float, total_s: float) -> ServerMetrics:
    histogram = Histogram(edges_s=(0.1, 0.25, math.inf), counts=counts, total_s=total_s)
    return ServerMetrics(histograms={"ttft": histogram})


def test_the_servers_side_of_a_load_point_is_what_came_between_two_readings():
    # 20 values came: 8 up to 100 ms, 12 up to 250 ms; the 10th lies 2/12 of the way from 100 to 250 ms, at 125 ms.
    side = server_side(_ttft(5, 5, 5, total_s=1.0), _ttft(13, 25, 25, total_s=4.0))
    bounds = side.ttft_ms.bounds["p50"]
    assert (side.ttft_ms.p50, bounds.low, bounds.high, side.ttft_ms.samples) == (125.0, 100.0, 250.0, 20)
    assert side.ttft_ms.mean == pytest.approx(150.0, rel=1e-12)


def test_a_percentile_beyond_the_last_edge_is_null_and_says_how_far_it_is_at_least():
    side = server_side(_ttft(0, 0, 0, total_s=0.0), _ttft(0, 9, 10, total_s=99.0))
    assert (side.ttft_ms.p95, side.ttft_ms.missing["p95"]) == (
        None,
        "above 250 ms, the last edge of the server's histogram",
    )
    assert side.ttft_ms.p90 == 250.0


def test_a_server_that_was_restarted_has_no_side_to_tell():
    side = server_side(_ttft(5, 5, 5, total_s=1.0), _ttft(1, 2, 3, total_s=1.0))
    assert (side.ttft_ms.p50, "restarted" in side.ttft_ms.missing["p50"]) == (None, True)


def test_a_load_point_without_a_value_says_so_and_is_not_zero():
    side = server_side(_ttft(5, 5, 5, total_s=1.0), _ttft(5, 5, 5, total_s=1.0))
    assert (side.ttft_ms.p50, side.ttft_ms.mean, side.ttft_ms.missing["p50"]) == (
        None,
        None,
        "no value in this load point",
    )


def test_running_requests_are_averaged_and_waiting_ones_taken_at_their_most():
    samples = [ServerMetrics(requests_running=float(i), requests_waiting=float(9 - i)) for i in (2, 4)]
    side = server_side(ServerMetrics(), ServerMetrics(), samples)
    assert (side.requests_running_mean, side.requests_waiting_max) == (3.0, 7.0)


def test_without_readings_there_is_no_servers_side():
    assert server_side(None, ServerMetrics()) is None
