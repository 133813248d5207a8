"""A simulation as one JSON object: names with their units, null where a number is not known or has no bound."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tco.capacity.simulator.summary import Estimate, Latency
from tco.capacity.week.records import (
    ClassEstimate,
    PromiseEstimate,
    StratumEstimate,
    UseEstimate,
    WeekEstimate,
)
from tco.simulation import Answer, Asked

SCHEMA = 1
_MS_PER_S = 1e3


def simulate_json(asked: Asked, answer: Answer) -> dict[str, Any]:
    """The answer as plain data; docs/capacity-simulator.md has each name.

    Args:
        asked: the option.
        answer: what users see.
    """
    engine, load, recorded = asked.engine, answer.load, answer.recording
    return {
        "schema": SCHEMA,
        "scenario": asked.scenario.name,
        "as_of": asked.scenario.as_of.isoformat(),
        "option": asked.option.name,
        "run_id": asked.replica.run.run_id,
        "gpus_per_replica": asked.replica.gpus,
        "basis": "modelled",
        "load": {
            "kind": load.kind,
            "requests_per_s": _number(load.requests_per_s),
            "planned": load.is_planned,
            "replicas": load.replicas,
            "spares": load.spares,
            "routing": load.routing,
            "seed": load.seed,
        },
        "trace": None
        if recorded is None
        else {
            "path": recorded.path,
            "format": recorded.format,
            "requests": recorded.traffic.requests,
            "shared_prompt_fraction": recorded.shared_fraction,
        },
        **_found(answer.found, is_week=load.kind == "week"),
        "aggregated": None if answer.beside is None else _found(answer.beside, is_week=False),
        "engine": {
            "origin": engine.origin,
            "error_fraction": engine.error_fraction,
            "band_fraction": engine.band_fraction,
            "error_source": engine.error_source,
        },
        "warnings": [*answer.found.notes, *answer.cautions],
    }


def _found(found: WeekEstimate, *, is_week: bool) -> dict[str, Any]:
    return {
        "requests": found.requests,
        "requests_simulated": found.requests_simulated,
        "requests_counted": found.requests_counted,
        "throughput_requests_per_s": found.throughput_requests_per_s,
        "overloaded_hours": list(found.overloaded_hours) if is_week else None,
        "overloaded": bool(found.overloaded_hours),
        "kept": found.is_kept,
        "classes": [_class(kind, is_week=is_week) for kind in found.classes],
        "use": _use(found.use),
        "hours": [_stratum(one, found) for one in found.strata] if is_week else None,
    }


def _class(kind: ClassEstimate, *, is_week: bool) -> dict[str, Any]:
    return {
        "name": kind.name or None,
        "requests": kind.requests,
        "ttft_ms": _latency(kind.ttft_s),
        "tpot_ms": _latency(kind.tpot_s),
        "e2e_ms": _latency(kind.e2e_s),
        "promises": [_promise(promise, is_week=is_week) for promise in kind.promises],
    }


def _promise(promise: PromiseEstimate, *, is_week: bool) -> dict[str, Any]:
    told = {
        "metric": promise.metric,
        "limit_ms": promise.limit_ms,
        "simulated_ms": _number(promise.found_ms.value),
        "standard_error_ms": promise.found_ms.standard_error,
        "late_fraction": _number(promise.late_fraction.value),
        "late_standard_error_fraction": promise.late_fraction.standard_error,
        "allowed_late_fraction": promise.allowed_late_fraction,
        "kept": promise.is_kept,
    }
    if is_week:
        told |= {
            "worst_hour": promise.worst_hour,
            "worst_hour_ms": _number(promise.worst_hour_ms),
            "broken_hours": list(promise.broken_hours),
            "unsure_hours": list(promise.unsure_hours),
        }
    return told


def _stratum(one: StratumEstimate, found: WeekEstimate) -> dict[str, Any]:
    limits = [(kind.name or None, promise.metric) for kind in found.classes for promise in kind.promises]
    return {
        "hours": list(one.hours),
        "replica_requests_per_s": one.replica_requests_per_s,
        "simulated_replicas": one.pool_replicas,
        "requests": one.requests,
        "requests_counted": one.requests_counted,
        "overloaded": one.overloaded,
        "utilisation_fraction": one.use.utilisation_fraction,
        "promises": [
            {
                "class": name,
                "metric": metric,
                "simulated_ms": _number(found_ms),
                "late_fraction": _number(late.value),
                "late_standard_error_fraction": late.standard_error,
            }
            for (name, metric), found_ms, late in zip(limits, one.found_ms, one.late_fraction, strict=True)
        ],
    }


def _use(use: UseEstimate) -> dict[str, Any]:
    return {
        "utilisation_fraction": use.utilisation_fraction,
        "sequences_mean": use.sequences_mean,
        "kv_usage_mean_fraction": use.kv_usage_mean_fraction,
        "kv_usage_peak_fraction": use.kv_usage_peak_fraction,
        "preemptions_per_request": use.preemptions_per_request,
        "prefix_hit_fraction": use.prefix_hit_fraction,
    }


def _latency(latency: Latency | None) -> dict[str, Any] | None:
    if latency is None:
        return None
    told: Callable[[Estimate], dict[str, Any]] = _estimate
    return {name: told(getattr(latency, name)) for name in ("mean", "p50", "p90", "p95", "p99")}


def _estimate(found: Estimate) -> dict[str, Any]:
    error = found.standard_error
    return {
        "value": _number(found.value * _MS_PER_S),
        "standard_error": None if error is None else error * _MS_PER_S,
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
