from __future__ import annotations

from probes.cell import EnergyReading, LittleCheck, ServerSide, SteadyState, WholeRun
from probes.findings import ClientFloor, Extrapolation
from probes.record import Bounds, Interval, Percentiles
from probes.run import Lengths, Plan, WorkloadShape
from probes.setting import Engine, Environment, Gpu, Manifest
from tco.views._probe_facts import facts
from tco.views._probe_measured import TABLES, table
from tests.factories import cell, run

STEADY = SteadyState(warmup_s=1.5, warmup_requests=3, window_s=20.0, trend_fraction=0.02, settled=True)


def told(title, *cells):
    _, columns = TABLES[title]
    frame = table(cells, columns)
    return None if frame is None else frame.to_dict("records")


def test_of_a_published_run_nothing_is_told():
    assert [None] * len(TABLES) == [told(title, *run().cells) for title in TABLES]


def test_a_window_is_told_with_its_checks():
    little = LittleCheck(in_flight_mean=4.0, rate_times_time=3.9, error_fraction=-0.025)
    expected = {
        "Load": "concurrency 4",
        "Settled": "yes",
        "Warm-up (s)": 1.5,
        "Window (s)": 20.0,
        "Repeats": 3,
        "Requests": 60,
        "Trend (%)": 2.0,
        "Little's law error (%)": -2.5,
        "Tokens counted by": "token ids",
    }

    assert [expected] == told("Windows", cell(4, 1.6, 250.0, steady=STEADY, little=little, token_source="token_ids"))


def test_parts_are_named_where_there_are_several():
    rows = told("Windows", cell(4, 1.6, 9.0, steady=STEADY), cell(8, 2.0, 9.0, steady=STEADY, role="lengths"))

    assert ["Load curve", "Length mixes"] == [row["Part"] for row in rows]


def test_ours_stands_beside_the_whole_run_and_the_servers_own_clock():
    server = ServerSide(ttft_ms=Percentiles(p95=39.0, bounds={"p95": Bounds(low=20.0, high=40.0)}))
    whole = WholeRun(
        duration_s=30.0, requests_ok=70, requests_per_s=2.0, output_tokens_per_s=90.0, total_tokens_per_s=270.0
    )
    expected = {
        "Load": "concurrency 4",
        "Tokens/s, steady": 100.0,
        "Tokens/s, whole run": 90.0,
        "First token p95, here": 45.0,
        "First token p95, server": 39.0,
        "First token p95, server's bucket": "20 to 40",
    }

    here = cell(4, 1.6, 45.0, whole_run=whole, server=server, output_tokens_per_s=Interval(mean=100.0))
    assert [expected] == told("Beside other counts", here)


def test_the_client_is_told_in_percent():
    rows = told("Load client", cell(1, 0.5, 9.0, client_cpu_fraction=0.25, client_lag_p99_ms=3.5, client_workers=2))

    assert [{"Load": "concurrency 1", "Client CPU (%)": 25.0, "Client lag p99 (ms)": 3.5, "Workers": 2}] == rows


def test_power_is_told_with_its_codes_and_not_at_all_without_a_meter():
    read = EnergyReading(
        source="counter", power_watts=600.0, codes=["window_short"], gpu_temperature_max_celsius=[61.0, 70.0]
    )

    assert None is told("Power", cell(1, 0.5, 9.0, energy=EnergyReading(reason="No GPU.")))
    assert [
        {
            "Load": "concurrency 1",
            "Power (W)": 600.0,
            "Hottest GPU (°C)": 70.0,
            "Codes": "window_short",
            "Read from": "counter",
        }
    ] == told("Power", cell(1, 0.5, 9.0, energy=read))


def test_what_is_needed_to_do_the_same_again_is_told():
    told = dict(
        facts(
            run(
                workload=WorkloadShape(
                    input_tokens=100,
                    output_tokens=50,
                    arrivals="gamma",
                    burstiness=0.5,
                    lengths=Lengths(kind="lognormal", spread_fraction=1.0, correlation=0.3),
                    shared_prefix_fraction=0.25,
                    seed=7,
                ),
                plan=Plan(repeats=3, max_repeats=6, precision_fraction=0.05, slo_ms={"ttft": 60.0}, budget_s=600.0),
                engine=Engine(
                    name="vllm", version="0.11", args=["--dtype", "bfloat16"], capabilities={"min_tokens": False}
                ),
                environment=Environment(
                    cpu="EPYC", cpu_cores=2, gpus=[Gpu(name="H100", memory_gib=80.0, driver="580")]
                ),
                client_floor=ClientFloor(
                    streams=16,
                    workers=1,
                    transport="plain",
                    ttft_error_p50_ms=0.31,
                    ttft_error_p99_ms=1.2,
                    cpu_s_per_1000_tokens=0.02,
                ),
                extrapolation=Extrapolation(layers_measured=[4, 8], layers_full=28, method="affine in layers"),
                manifest=Manifest(
                    tool_commit="abc", load_average=3.65, packages={"torch": "2.13"}, gpu_temperature_celsius=[40.0]
                ),
            )
        )
    )

    expected = {
        "Requests": (
            "100 tokens in, 50 out, lognormal lengths, spread 1, correlation 0.3, gamma arrivals in open loops, burstiness 0.5, "
            "25% of each prompt shared (1 beginnings), prompts as token ids, seed 7"
        ),
        "Plan": (
            "curve; 3 to 6 repeats of 3 requests a stream; until throughput is known to 5%; promise TTFT up to 60 ms for 95%; at most 600 s"
        ),
        "Extrapolation": "affine in layers",
        "Model": "test-model, unknown weights",
        "Server": "vllm 0.11; does not do: min tokens; started with --dtype bfloat16",
        "Client": (
            "plain transport, 1 workers; adds 0.31 ms to a first token (p99 1.2 ms) at 16 streams, 0.02 s of processor for 1,000 tokens"
        ),
        "Machine": "EPYC, 2 cores, H100 80 GiB, driver 580",
        "Machine before": "load average 3.65, GPU at 40 °C",
        "Commit": "abc",
        "Packages": "torch 2.13",
        "Made by": "tco-llm 0, run test-run",
    }
    assert expected == told
