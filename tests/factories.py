"""Small records for tests: a run whose curve is known, a scenario that can be worked out by hand."""

from __future__ import annotations

from typing import Any

import pricing
from probes.cell import Cell
from probes.record import Interval, Percentiles
from probes.run import Run, WorkloadShape
from probes.setting import Engine, Environment, Model
from tco.capacity.replica import Replica
from tco.replicas_of import replicas_of
from tco.scenario import Scenario

CURVE = ((1, 0.5, 100.0), (2, 0.9, 150.0), (4, 1.6, 250.0), (8, 2.0, 800.0))
"""Concurrency, requests/s, TTFT p95 [ms]."""


def cell(concurrency: int, rate: float, ttft_p95_ms: float, **changes: Any) -> Cell:
    values: dict[str, Any] = {
        "concurrency": concurrency,
        "repeats": 3,
        "duration_s": 60.0,
        "requests_ok": 60,
        "input_tokens": 6000,
        "output_tokens": 3000,
        "token_source": "usage",
        "output_tokens_per_s": Interval(mean=50 * rate),
        "total_tokens_per_s": Interval(mean=150 * rate),
        "requests_per_s": Interval(mean=rate, low=0.9 * rate, high=1.1 * rate),
        "ttft_ms": Percentiles(p50=ttft_p95_ms / 2, p95=ttft_p95_ms),
        "itl_ms": Percentiles(),
        "tpot_ms": Percentiles(p50=10.0, p95=20.0),
        "e2e_ms": Percentiles(p50=600.0, p95=1000.0),
    }
    return Cell(**(values | changes))


def run(curve: tuple[tuple[int, float, float], ...] = CURVE, **changes: Any) -> Run:
    values: dict[str, Any] = {
        "run_id": "test-run",
        "created_at": "2026-11-23T12:00:00Z",
        "tool_version": "0",
        "complete": True,
        "environment": Environment(),
        "engine": Engine(name="vllm"),
        "model": Model(name="test-model"),
        "workload": WorkloadShape(input_tokens=100, output_tokens=50),
        "gpu": "H100-SXM",
        "gpus_per_replica": 1,
        "cells": [cell(*point) for point in curve],
    }
    return Run(**(values | changes))


API = {
    "name": "api",
    "kind": "api",
    "model": "Qwen3-0.6B",
    "input_usd_per_mtok": 1.0,
    "output_usd_per_mtok": 3.0,
    "price_change_per_year_fraction": 0.0,
}
RENT = {
    "name": "rent",
    "kind": "rent",
    "model": "Qwen3-0.6B",
    "run": "test-run",
    "price_usd_per_hour": 2.0,
    "price_change_per_year_fraction": 0.0,
    "people": {"run_fte": 0.0},
    "throughput_factor": 1.0,
}
OWN = {
    "name": "own",
    "kind": "own",
    "model": "Qwen3-0.6B",
    "run": "test-run",
    "server_price_usd": 100_000.0,
    "gpus_per_server": 8,
    "server_watts": 5_000.0,
    "electricity_usd_per_kwh": 0.10,
    "colocation_usd_per_kw_month": 184.06,
    "people": {"run_fte": 0.0},
    "throughput_factor": 1.0,
}


def scenario_data(**changes: Any) -> dict[str, Any]:
    """86,400 requests a day (one a second) of 100 tokens in and 50 out, flat over the week, no growth."""
    data: dict[str, Any] = {
        "name": "test",
        "as_of": "2026-11-23",
        "horizon_months": 12,
        "discount_rate_per_year": 0.0,
        "baseline": "api",
        "workload": {
            "requests_per_day": 86_400.0,
            "input_tokens_per_request": 100.0,
            "output_tokens_per_request": 50.0,
            "peak_headroom_fraction": 0.0,
            "profile": "flat",
            "slo": {"ttft_p95_ms": 250.0},
        },
        "options": [dict(API), dict(RENT)],
    }
    for path, value in changes.items():
        node = data
        *keys, last = path.split("__")
        for key in keys:
            node = node[key]
        node[last] = value
    return data


def scenario(**changes: Any) -> Scenario:
    return Scenario.model_validate(scenario_data(**changes))


def replica(question: Scenario, name: str, held: Run | None = None) -> Replica:
    """One replica of an option, as `tco.evaluate` would make it."""
    runs = {option.name: held or run() for option in question.options}
    return replicas_of(question, runs, pricing.shipped_book())[name]
