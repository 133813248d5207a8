"""AIPerf's `profile_export_aiperf.json` (layout 1) and genai-perf's `profile_export_genai_perf.json`, which has the same shape.

Fields: https://github.com/ai-dynamo/aiperf/blob/main/docs/reference/json-export-schema.md, checked on files of 0.13.0 (layout 1.4). Its inter-token latency
is `(E2E - TTFT) / (n - 1)` of a request, which is our TPOT; its inter-chunk latency is our ICL. Each metric names its own unit.
"""

from __future__ import annotations

from typing import Any

from probes.cell import Arrivals
from probes.imports.distribution import published
from probes.imports.point import Point, Report
from probes.imports.reading import Fields
from probes.imports.vllm_bench import itl_of_chunks, model_name
from probes.record import Percentiles, Warn

TOOL = "aiperf"
LAYOUT = "1."

_PHASES: dict[str, Arrivals] = {"poisson": "poisson", "gamma": "gamma", "constant": "constant"}
_TO_MS = {"ms": 1.0, "s": 1000.0, "sec": 1000.0, "seconds": 1000.0, "us": 1e-3, "ns": 1e-6}
_TO_S = {unit: factor / 1000 for unit, factor in _TO_MS.items()}


def matches(data: dict[str, Any]) -> bool:
    """Whether an object looks like a result of this tool."""
    return isinstance(data.get("request_throughput"), dict) and isinstance(data.get("request_latency"), dict)


def read(fields: Fields) -> Report:
    """Reads one result.

    Args:
        fields: the object.

    Raises:
        RunError: another layout, a field that is missing or of the wrong kind, or a unit that is not known.
    """
    layout = fields.optional_text("schema_version")
    if layout is not None and not layout.startswith(LAYOUT):
        raise fields.error("schema_version", f"layout {layout[:20]} is not known; {LAYOUT}x is")
    config = fields.optional_sub("input_config") or Fields({}, fields.where, "input_config")
    version = fields.optional_text("aiperf_version")
    info = fields.optional_sub("run_info")
    return Report(
        tool=TOOL if version or layout else "genai-perf",
        version=version,
        created_at=fields.optional_text("start_time") or "",
        model=model_name(_model(config)),
        points=(_point(fields, config),),
        seed=info.optional_whole("random_seed") if info else None,
        incomplete=_incomplete(fields),
    )


def _incomplete(fields: Fields) -> str | None:
    if fields.data.get("was_cancelled") is True:
        return "the benchmark was cancelled"
    if fields.data.get("is_complete") is False:
        return fields.optional_text("incomplete_reason") or "the benchmark did not end as it should"
    return None


def _model(config: Fields) -> str:
    """The first model, wherever this version of the tool has it."""
    models = config.data.get("models")
    if isinstance(models, dict):
        named = [name for item in config.sub("models").subs("items") if (name := item.optional_text("name"))]
        if named:
            return named[0]
    endpoint = config.data.get("endpoint")
    holders = [config, *([config.sub("endpoint")] if isinstance(endpoint, dict) else [])]
    for holder in holders:
        for key in ("model_names", "model"):
            value = holder.data.get(key)
            if isinstance(value, list) and value and isinstance(value[0], str):
                return value[0]
            if isinstance(value, str) and value:
                return value
    return "unknown"


def _point(fields: Fields, config: Fields) -> Point:
    load, refused = _load(config)
    ok = _count(fields, "request_count", "request_throughput")
    rate = _rate(fields, "request_throughput")
    output_rate = _rate(fields, "output_token_throughput")
    duration_s = _duration_s(fields, ok, rate)
    if ok is None:
        ok = round((rate or 0.0) * duration_s)
    tpot = _distribution(fields, "inter_token_latency")
    icl = _distribution(fields, "inter_chunk_latency")
    watts, joules = _energy(fields)
    return Point(
        where=fields.where,
        **load,
        duration_s=duration_s,
        requests_ok=ok,
        requests_failed=_optional_count(fields, "error_request_count") or 0,
        input_tokens=_tokens(fields, "total_isl", "input_sequence_length", ok),
        output_tokens=_tokens(fields, "total_osl", "output_sequence_length", ok),
        token_source="usage" if _server_counts(config) else "published",
        requests_per_s=rate,
        output_tokens_per_s=output_rate,
        total_tokens_per_s=_rate(fields, "total_token_throughput"),
        ttft_ms=_distribution(fields, "time_to_first_token"),
        tpot_ms=tpot,
        icl_ms=icl,
        itl_ms=itl_of_chunks(icl, tpot),
        e2e_ms=_distribution(fields, "request_latency"),
        in_flight_mean=_in_flight(fields),
        power_watts=watts,
        energy_joules=joules,
        refused=refused,
        warnings=tuple(_warnings(fields)),
    )


def _load(config: Fields) -> tuple[dict[str, Any], str | None]:
    """Closed or open loop; the first phase that was profiled, or what older versions and genai-perf say."""
    phases = [phase for phase in config.subs("phases") if phase.optional_text("kind") in ("profiling", None)]
    if phases:
        return _phase(phases[0])
    for holder in _older(config):
        streams = holder.optional_whole("concurrency") if holder.data.get("concurrency") != "" else None
        rate = holder.optional_number("request_rate")
        if rate:
            return {"request_rate_per_s": rate, "arrivals": "poisson"}, None
        if streams:
            return {"concurrency": streams, "arrivals": "closed-loop"}, None
    raise config.error("phases", "neither a concurrency nor a request rate is there, so the load is not known")


def _older(config: Fields) -> list[Fields]:
    holders = [config]
    for path in (("loadgen",), ("perf_analyzer", "stimulus"), ("input", "loadgen")):
        place: Fields | None = config
        for name in path:
            place = place.optional_sub(name) if place and isinstance(place.data.get(name), dict) else None
        if place:
            holders.append(place)
    return holders


def _phase(phase: Fields) -> tuple[dict[str, Any], str | None]:
    kind = phase.text("type")
    if kind == "concurrency":
        refused = "the load rose while it was measured (concurrency_ramp)" if phase.has("concurrency_ramp") else None
        return {"concurrency": max(1, phase.optional_whole("concurrency") or 1), "arrivals": "closed-loop"}, refused
    rate = phase.optional_number("rate")
    if kind in _PHASES and rate:
        rises = phase.has("rate_ramp")
        load: dict[str, Any] = {"request_rate_per_s": rate, "arrivals": _PHASES[kind]}
        if kind == "gamma":
            load["burstiness"] = phase.optional_number("smoothness") or 1.0
        return load, "the load rose while it was measured (rate_ramp)" if rises else None
    reason = f"phase {kind[:40]!r} is no single load point. Measure with --concurrency or --request-rate"
    return {"concurrency": 1, "arrivals": None}, reason


def _server_counts(config: Fields) -> bool:
    endpoint = config.data.get("endpoint")
    return isinstance(endpoint, dict) and endpoint.get("use_server_token_count") is True


def _count(fields: Fields, name: str, fallback: str) -> int | None:
    """Requests that succeeded; the tool leaves out the metric where there is none."""
    found = _optional_count(fields, name)
    return found if found is not None or fields.has(fallback) else 0


def _optional_count(fields: Fields, name: str) -> int | None:
    metric = fields.optional_sub(name)
    return metric.optional_whole("avg") if metric else None


def _rate(fields: Fields, name: str) -> float | None:
    metric = fields.optional_sub(name)
    if metric is None:
        return None
    unit = (metric.optional_text("unit") or "").lower()
    if not unit.endswith(("/sec", "/s", "per_second", "/second")):
        raise metric.error("unit", f"a rate a second is needed, this is {unit[:40]!r}")
    return metric.number("avg")


def _duration_s(fields: Fields, ok: int | None, rate: float | None) -> float:
    metric = fields.optional_sub("benchmark_duration")
    if metric is not None:
        return metric.number("avg") * _factor(metric, _TO_S)
    if ok is not None and rate:
        return ok / rate
    counted = fields.sub("request_latency").optional_whole("count")
    if counted and rate:
        return counted / rate
    raise fields.error("benchmark_duration", "is missing, and does not follow from `request_count`")


def _tokens(fields: Fields, total: str, mean: str, ok: int) -> int:
    metric = fields.optional_sub(total)
    if metric is not None:
        return round(metric.number("avg"))
    lengths = fields.optional_sub(mean)
    return round(lengths.number("avg") * ok) if lengths else 0


def _distribution(fields: Fields, name: str) -> Percentiles:
    metric = fields.optional_sub(name)
    if metric is None:
        return Percentiles()
    factor = _factor(metric, _TO_MS)
    values = {
        label: None if value is None else value * factor
        for label in ("p50", "p90", "p95", "p99")
        for value in (metric.optional_number(label),)
    }
    mean = metric.optional_number("avg")
    return published(values, samples=metric.optional_whole("count"), mean_ms=None if mean is None else mean * factor)


def _factor(metric: Fields, factors: dict[str, float]) -> float:
    unit = metric.optional_text("unit") or "ms"
    if unit not in factors:
        raise metric.error("unit", f"{unit[:40]!r} is not known; {', '.join(factors)} are")
    return factors[unit]


def _in_flight(fields: Fields) -> float | None:
    metric = fields.optional_sub("effective_concurrency")
    return metric.optional_number("avg") if metric else None


def _energy(fields: Fields) -> tuple[float | None, float | None]:
    """Power [W] and energy [J] of all GPUs, NVIDIA's and AMD's together; None where not measured or in another unit."""
    watts, joules = 0.0, 0.0
    seen = False
    for maker in ("nvidia", "amd"):
        power, energy = (
            fields.optional_sub(f"{maker}_average_gpu_power"),
            fields.optional_sub(f"{maker}_total_gpu_energy"),
        )
        if power and energy and power.optional_text("unit") == "W" and energy.optional_text("unit") == "J":
            watts += power.number("avg")
            joules += energy.number("avg")
            seen = True
    return (watts, joules) if seen else (None, None)


def _warnings(fields: Fields) -> list[Warn]:
    found = [
        Warn(
            code="ramp_and_tail_included",
            message="Throughput is counted from the first request to the last answer, ramp and tail included: a lower bound, the lower the fewer "
            "requests each stream had.",
        )
    ]
    errors = fields.subs("error_summary")
    if errors:
        kinds = [kind for item in errors if (kind := _error_kind(item))]
        found.append(
            Warn(code="errors", message=f"Errors: {', '.join(kinds) or 'kind not said'}.", observed=float(len(errors)))
        )
    return found


def _error_kind(item: Fields) -> str | None:
    details = item.data.get("error_details")
    holder = item.sub("error_details") if isinstance(details, dict) else item
    return holder.optional_text("type")
