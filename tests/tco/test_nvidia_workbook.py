"""NVIDIA's LLM TCO workbook through a scenario of ours: its load curve as a run, its costs as an owned option.

The workbook buys parts of servers: 100 requests/s over 18.916 a GPU are 5.286 GPUs, 0.6608 servers of 179,333.33 USD a year, 118,503.41 USD. Nobody sells 0.66
servers. Here one whole server stands, 179,333.33 USD a year; the workbook's number is the part of it that serves, `usage_usd`, and the idle cost separates
the two: 60,829.92 USD a year for 2.714 of 8 GPUs. With a thousand times the traffic the rounding is all but gone, and both meet.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

import tco
from probes.record import Interval, Percentiles
from probes.run import Run, WorkloadShape
from tests.factories import API, OWN, cell, run, scenario

FOLDER = Path(__file__).parents[1] / "published"
YEARS, HOURS_PER_YEAR, SECONDS_PER_HOUR = 3, 8760, 3600


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


BOOK = {row["name"]: float(row["value"]) for row in rows("nvidia_llm_tco_workbook.csv")}


def measured() -> Run:
    """The workbook's sweep on one GPU."""
    points = [{name: float(value) for name, value in row.items()} for row in rows("nvidia_llm_tco_sweep.csv")]
    cells = [
        cell(
            int(point["concurrency"]),
            point["requests_per_s"],
            point["ttft_p99_ms"],
            requests_per_s=Interval(mean=point["requests_per_s"]),
            ttft_ms=Percentiles(mean=point["ttft_avg_ms"], p99=point["ttft_p99_ms"]),
            tpot_ms=Percentiles(mean=point["itl_avg_ms"], p99=point["itl_avg_ms"]),
        )
        for point in points
    ]
    return run(cells=cells, workload=WorkloadShape(input_tokens=1000, output_tokens=200))


def answer(times: float = 1.0, **changes: Any) -> tco.Result:
    own = {
        **OWN,
        "gpus_per_server": int(BOOK["gpus_per_server"]),
        "server_price_usd": BOOK["server_price"],
        "economic_life_months": YEARS * 12,
        "residual_fraction": 0.0,
        "maintenance_fraction_per_year": 0.0,
        "electricity_usd_per_kwh": 0.0,
        "colocation_usd_per_kw_month": 0.0,
        "hardware": {
            "hosting_usd_per_server_per_year": BOOK["hosting"],
            "software_usd_per_gpu_per_year": BOOK["software"],
        },
        # The workbook has no spares.
        "replica_availability_fraction": 0.999999,
        "availability_target_fraction": 0.5,
    }
    api = {**API, "input_usd_per_mtok": BOOK["api_input"], "output_usd_per_mtok": BOOK["api_output"]}
    question = scenario(
        options=[api, own],
        horizon_months=YEARS * 12,
        hours_per_month=HOURS_PER_YEAR / 12,
        workload__requests_per_day=BOOK["peak"] * times * 24 * SECONDS_PER_HOUR,
        workload__input_tokens_per_request=1000.0,
        workload__output_tokens_per_request=200.0,
        **{"workload__slo": {"ttft_p99_ms": 10_000.0}, **changes},
    )
    return tco.evaluate(question, {"test-run": measured()}, searches=False)


def test_the_sweep_is_read_to_the_workbooks_requests() -> None:
    capacity = answer().option("own").capacity

    assert capacity.goodput_requests_per_s == pytest.approx(BOOK["requests_per_instance"])
    assert capacity.basis == "measured"
    assert (capacity.replicas, capacity.gpus, capacity.servers) == (6, 6, 1)


def test_whole_servers_cost_the_workbooks_server_year() -> None:
    own = answer().option("own")

    assert own.total_usd / YEARS == pytest.approx(BOOK["server_year"], abs=0.005)
    assert own.cost_by_use.allocated_usd == pytest.approx(own.total_usd)
    assert own.cost_by_use.overhead_usd == pytest.approx(0, abs=1e-6)


def test_what_serves_costs_the_workbooks_year_and_idle_gpus_are_the_difference() -> None:
    used = answer().option("own").cost_by_use

    assert used.usage_usd / YEARS == pytest.approx(BOOK["year"], abs=0.005)
    assert used.idle_usd / YEARS == pytest.approx(BOOK["server_year"] - BOOK["year"], abs=0.01)
    assert used.usage_usd / used.allocated_usd == pytest.approx(BOOK["servers"], abs=5e-7)
    assert used.usage_usd / used.allocated_usd * 8 == pytest.approx(BOOK["instances"], abs=5e-6)


def test_a_thousand_prompts_cost_what_the_workbook_says() -> None:
    result = answer()

    assert 1000 * result.option("own").cost_by_use.usage_usd_per_request == pytest.approx(
        BOOK["thousand_prompts"], abs=5e-7
    )
    # All of the server, as it is paid for.
    assert 1000 * result.option("own").usd_per_request == pytest.approx(179_333.33 / 3_153_600_000 * 1000, rel=1e-6)
    assert 1000 * result.option("api").usd_per_request == pytest.approx(BOOK["api_thousand_prompts"])


def test_the_rounding_goes_away_with_volume() -> None:
    """661 whole servers for 660.8: a part in three thousand."""
    own = answer(times=1000).option("own")

    assert own.capacity.servers == 661
    assert own.total_usd / YEARS / 1000 == pytest.approx(BOOK["year"] * 661 / (1000 * BOOK["servers"]), rel=1e-6)
    assert own.total_usd / YEARS / 1000 == pytest.approx(BOOK["year"], rel=4e-4)


def test_a_tighter_promise_costs_more_than_the_workbooks_best_row() -> None:
    """At 100 requests in flight a GPU answers 17.705 a second with a TTFT of 3,372 ms; the sweep says nothing of how bursts would queue."""
    tight = answer(workload__slo={"ttft_p99_ms": 3372.0}).option("own")

    assert tight.capacity.goodput_requests_per_s == pytest.approx(17.705)
    assert tight.cost_by_use.usage_usd / YEARS == pytest.approx(BOOK["server_year"] * 100 / 17.705 / 8, rel=1e-6)
