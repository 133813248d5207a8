"""Names carry their units, and the glossary's suffixes are the ones in use."""

from __future__ import annotations

import re
import types
import typing
from pathlib import Path

import pytest
from pydantic import BaseModel

from pricing import Price
from probes.run import Run
from tco.quantity import Quantity
from tco.result import Result
from tco.scenario import Scenario

SUFFIXES = (
    "_usd", "_usd_per_mtok", "_usd_per_hour", "_usd_per_kwh", "_usd_per_month", "_usd_per_kw_month", "_usd_per_year",
    "_usd_per_request", "_tokens_per_s", "_requests_per_s", "_rate_per_s", "_requests_per_day", "_tokens_per_request", "_s",
    "_ms", "_watts", "_joules", "_gib", "_fraction", "_fraction_per_year", "_per_year", "_months", "_tokens", "_factor",
    "_usd_per_task", "_usd_per_user_month", "_usd_per_attempt", "_usd_per_successful_task", "_usd_per_mtok_at_full_load", "_per_month", "_fte", "_mhz",
    "_celsius", "_joules_per_output_token", "_count", "_in_currency", "_usd_per_unit", "_hours", "_minutes", "_per_hour", "_days", "_points",
    "_usd_per_gpu", "_usd_per_server", "_usd_per_gpu_per_year", "_usd_per_server_per_year", "_per_gpu_per_year", "_usd_per_gib_month", "_usd_per_gb",
    "_bytes_per_request", "_bytes_per_token", "_tokens_per_step", "_calls_per_request", "_tflops",
)  # fmt: skip
COUNTS = {
    "schema_", "schema", "cells", "concurrency", "repeats", "requests_ok", "requests_failed", "failures", "preemptions",
    "cpu_cores", "tensor_parallel_size", "layers", "vocab_size", "seed", "requests_per_stream", "gpus_per_replica",
    "gpus_per_server", "replicas", "gpus", "servers", "replicas_by_month", "profile", "pue", "requests_per_day",
    "hours_per_day", "hours_per_month", "monthly_active_users", "burstiness", "client_workers", "workers", "streams", "correlation",
    "effective_samples", "samples", "in_flight_mean", "rate_times_time", "requests_running_mean", "requests_waiting_max",
    "layers_full", "layers_measured", "max_repeats", "mixes", "pipeline_parallel_size", "requests", "seeds", "shared_prefixes",
    "turns", "warmup_requests", "load_average", "least_replicas_by_month", "max_replicas", "max_surge", "max_unavailable", "min_replicas",
    "paid_replicas_by_month", "least_replicas", "users", "steps",
}  # fmt: skip
# A value in the unit that a sibling or the parent names.
INNER = {
    "mean", "low", "high", "p50", "p90", "p95", "p99", "value", "observed", "threshold", "amount", "options", "line_items",
    "investments", "difference",
}  # fmt: skip


def numeric_fields(record: type[BaseModel], seen: set[type[BaseModel]] | None = None) -> set[str]:
    """Names of all fields that hold numbers, in a record and in the records inside it."""
    seen = set() if seen is None else seen
    if record in seen:
        return set()
    seen.add(record)
    found: set[str] = set()
    for name, field in record.model_fields.items():
        for part in parts(field.annotation):
            if part in (int, float) or part is Quantity:
                found.add(name)
            elif isinstance(part, type) and issubclass(part, BaseModel):
                found |= numeric_fields(part, seen)
    return found


def parts(annotation: object) -> list[object]:
    inner = [part for a in typing.get_args(annotation) for part in parts(a)]
    origin = typing.get_origin(annotation)
    return inner if origin is not None and origin is not types.UnionType else [annotation, *inner]


@pytest.mark.parametrize("noun", [Price, Run, Scenario, Result])
def test_every_number_carries_its_unit_in_its_name(noun: type[BaseModel]) -> None:
    fields = numeric_fields(noun)
    unnamed = sorted(name for name in fields - COUNTS - INNER if not f"_{name}".endswith(SUFFIXES))

    assert len(fields) > 0
    assert unnamed == []


def test_the_glossary_lists_the_suffixes() -> None:
    text = (Path(__file__).parents[1] / "docs" / "glossary.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`(_[a-z_]+)`", text))

    assert {
        suffix for suffix in SUFFIXES if suffix in {"_usd", "_usd_per_mtok", "_usd_per_hour", "_ms", "_s", "_fraction"}
    } <= listed
    assert "_mw" not in listed
