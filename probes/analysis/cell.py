"""Traces of one load and what was seen beside them → its `Cell`. Pure: no clock, no socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from probes.analysis import little
from probes.analysis.cautions import warnings
from probes.analysis.evidence import Evidence, client_verdict, hit_fractions, token_source
from probes.analysis.latency import latencies
from probes.analysis.proportion import attainment
from probes.analysis.refusals import refusal
from probes.analysis.rounds import Precision
from probes.analysis.surroundings import Surroundings
from probes.analysis.windows import Window, closed_window, open_window, whole_run
from probes.cell import Cell, CellRole, CellShape, EnergyReading, LittleCheck
from probes.energy.codes import spoiling
from probes.loadgen.contract import Load, LoadResult
from probes.trace import NS_PER_S

_CALM = Surroundings()


def closed_cell(
    load: Load,
    result: LoadResult,
    *,
    precision: Precision,
    around: Surroundings = _CALM,
    role: CellRole = "curve",
    shape: CellShape | None = None,
    limits_ms: Mapping[str, float] | None = None,
    window: Window | None = None,
) -> Cell:
    """Everything that one closed loop has shown.

    Args:
        load: what was asked for; its concurrency is set.
        result: what came back.
        precision: as it was given to `ClosedJudge`.
        around: what was seen beside the requests, its energy between the window's edges.
        role: what the load point is measured for.
        shape: lengths, where they are not those of the run's workload.
        limits_ms: limits of a promise, for the share of requests that kept them.
        window: from `closed_window`; found anew if None.

    Returns:
        The cell; `complete` is False, with a reason, if it must not carry a decision. Without any answer it has no requests.
    """
    concurrency = load.concurrency or 1
    found = window or closed_window(result, concurrency=concurrency, precision=precision)
    law = little.closed_check(result.traces, found.streams, found.start_ns, found.end_ns) if found.measured else None
    evidence = _evidence(load, result, found, around, law, miscounted=little.miscounted(result.traces))
    return Cell(
        concurrency=concurrency,
        role=role,
        arrivals="closed-loop",
        shape=shape,
        little=law,
        attainment=attainment(found.measured, limits_ms or {}),
        **_common(evidence),
    )


def open_cell(
    load: Load,
    result: LoadResult,
    *,
    start_s: float,
    end_s: float,
    request_rate_per_s: float,
    around: Surroundings = _CALM,
    role: CellRole = "curve",
    shape: CellShape | None = None,
    limits_ms: Mapping[str, float] | None = None,
    window: Window | None = None,
) -> Cell:
    """Everything that one open loop has shown.

    Args:
        load: what was asked for, with the schedule.
        result: what came back.
        start_s: the window's beginning on the schedule's clock [s], as it was given to `OpenJudge`.
        end_s: its end.
        request_rate_per_s: the rate that was meant.
        around: what was seen beside the requests, its energy between the window's edges.
        role: what the load point is measured for.
        shape: lengths, where they are not those of the run's workload.
        limits_ms: limits of a promise; TTFT and E2E count from when a request was due.
        window: from `open_window`; found anew if None.

    Returns:
        The cell; see `closed_cell`.
    """
    found = window or open_window(result, load, start_s=start_s, end_s=end_s)
    law = little.open_check(result.traces, found.start_ns, found.end_ns) if found.measured else None
    due = {number for number, arrival in enumerate(load.arrivals) if start_s <= arrival.offset_s < end_s}
    # A load that was cut short has not sent them all, which its reason says.
    miscounted = (0, 0) if result.cut_short else little.miscounted(result.traces, due=due)
    evidence = _evidence(load, result, found, around, law, miscounted=miscounted)
    return Cell(
        request_rate_per_s=request_rate_per_s,
        role=role,
        arrivals=load.kind,
        shape=shape,
        little=law,
        attainment=attainment(found.measured, limits_ms or {}, scheduled=True),
        **_common(evidence),
    )


def _evidence(
    load: Load,
    result: LoadResult,
    window: Window,
    around: Surroundings,
    law: LittleCheck | None,
    *,
    miscounted: tuple[int, int],
) -> Evidence:
    measured = latencies(window.measured, scheduled=load.concurrency is None)
    return Evidence(
        load=load,
        result=result,
        window=window,
        measured=measured,
        around=around,
        client=client_verdict(result, window, measured, around.floor),
        little=law,
        lost=miscounted[0],
        double=miscounted[1],
    )


def _common(evidence: Evidence) -> dict[str, Any]:
    window, measured, good, failures = evidence.window, evidence.measured, evidence.good, evidence.failures
    reason = refusal(evidence)
    return {
        "repeats": max(1, window.repeats),
        "duration_s": max(0.0, (window.end_ns - window.start_ns) / NS_PER_S),
        "requests_ok": len(good),
        "requests_failed": failures.total(),
        "failures": {str(kind): count for kind, count in sorted(failures.items())},
        "input_tokens": sum(trace.input_tokens for trace in good),
        "output_tokens": sum(trace.output_tokens for trace in good),
        "token_source": token_source(good),
        "output_tokens_per_s": window.throughput.output_tokens_per_s,
        "total_tokens_per_s": window.throughput.total_tokens_per_s,
        "requests_per_s": window.throughput.requests_per_s,
        "ttft_ms": measured.ttft_ms,
        "itl_ms": measured.itl_ms,
        "tpot_ms": measured.tpot_ms,
        "e2e_ms": measured.e2e_ms,
        "ttft_scheduled_ms": measured.ttft_scheduled_ms,
        "icl_ms": measured.icl_ms,
        "steady": window.steady,
        "whole_run": whole_run(evidence.result),
        "complete": reason is None,
        "reason": reason,
        "warnings": warnings(evidence),
        **_seen(evidence),
    }


def _seen(evidence: Evidence) -> dict[str, Any]:
    """What was seen beside the requests."""
    around, result = evidence.around, evidence.result
    energy = energy_per_token(around.energy, evidence.window.throughput.output_tokens_per_s.mean)
    hits, _ = hit_fractions(evidence)
    return {
        "server": around.server,
        "power_watts": energy.power_watts if energy else None,
        "energy_joules": energy.energy_joules if energy else None,
        "energy": energy,
        "kv_cache_usage_fraction": around.kv_cache_usage_fraction,
        "preemptions": around.preemptions,
        "prefix_cache_hit_fraction": hits,
        "client_cpu_fraction": result.client_cpu_fraction,
        "client_lag_p99_ms": result.client_lag_p99_ms,
        "schedule_lag_p99_ms": result.schedule_lag_p99_ms,
        "client_workers": result.workers,
        "client_bound": evidence.client.bound,
    }


def energy_per_token(reading: EnergyReading | None, output_tokens_per_s: float) -> EnergyReading | None:
    """Adds joules per output token, watts over tokens a second, to a reading that has power and nothing that forbids it.

    Power over throughput, not joules over tokens counted: at the window's edges stand requests that used energy on one side and are counted on the
    other.
    """
    if reading is None or reading.power_watts is None or output_tokens_per_s <= 0 or spoiling(reading.codes):
        return reading
    return reading.model_copy(update={"energy_joules_per_output_token": reading.power_watts / output_tokens_per_s})
