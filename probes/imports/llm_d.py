"""llm-d-benchmark's report 0.2 and 0.2.1, YAML or JSON: one report is one stage of a load, whichever tool made it.

Fields: https://github.com/llm-d/llm-d-benchmark/blob/8bc9f1d/llmdbenchmark/analysis/benchmark_report/schema_v0_2.py. Every statistic names its unit. TPOT and
ITL mean what the tool behind the report means by them; TPOT of GuideLLM has the first token in it, and is refused by the check that the parts of a request
add up. A stack of several replicas is imported whole: its GPUs are all of them.
"""

from __future__ import annotations

import re
from typing import Any

from probes.imports.distribution import published
from probes.imports.point import Point, Report
from probes.imports.reading import Fields, NotANumber
from probes.imports.vllm_bench import model_name
from probes.record import Percentiles, Warn

TOOL = "llm-d"
LAYOUTS = ("0.2", "0.2.1")

_TO_MS = {"ms": 1.0, "s": 1000.0, "ms/token": 1.0, "s/token": 1000.0}
_DURATION = re.compile(
    r"P(?:(\d{1,6})D)?T(?:(\d{1,6}(?:\.\d+)?)H)?(?:(\d{1,6}(?:\.\d+)?)M)?(?:(\d{1,9}(?:\.\d+)?)S)?", re.ASCII
)
_DAY_S, _HOUR_S, _MINUTE_S = 86_400.0, 3600.0, 60.0


def matches(data: dict[str, Any]) -> bool:
    """Whether an object looks like a report of this tool, of whatever layout."""
    return "scenario" in data and "version" in data and ("results" in data or "metrics" in data)


def read(fields: Fields) -> Report:
    """Reads one report.

    Args:
        fields: the object.

    Raises:
        RunError: another layout, a field that is missing or of the wrong kind, or a unit that is not known.
    """
    layout = fields.data.get("version")
    if str(layout) not in LAYOUTS:
        raise fields.error(
            "version",
            f"a report of layout {' or '.join(LAYOUTS)} is needed, this is {str(layout)[:20]!r}; convert it with llm-d-benchmark's own tool",
        )
    scenario, run = fields.sub("scenario"), fields.sub("run")
    load = scenario.sub("load").sub("standardized")
    hardware, warnings = _stack(scenario)
    model = hardware.pop("model", None)
    time = run.sub("time")
    return Report(
        tool=TOOL,
        version=f"{load.text('tool')} {load.optional_text('tool_version') or ''}".strip(),
        created_at=_moment(time),
        model=model_name(str(model or "unknown")),
        points=(_point(fields, load, time),),
        hardware=hardware,
        warnings=tuple(warnings),
    )


def _moment(time: Fields) -> str:
    start = time.data.get("start")
    return str(start)[:40] if start is not None else ""  # YAML makes a date of it


def _stack(scenario: Fields) -> tuple[dict[str, object], list[Warn]]:
    """Model, GPUs and engine of all engines of the stack together."""
    engines = [
        engine
        for part in scenario.subs("stack")
        for engine in (part.sub("standardized"),)
        if engine.data.get("kind") == "inference_engine"
    ]
    if not engines:
        return {}, []
    parts = [(engine, engine.sub("accelerator"), max(1, engine.optional_whole("replicas") or 1)) for engine in engines]
    gpus = sum(accelerator.whole("count") * replicas for _, accelerator, replicas in parts)
    kinds = {accelerator.text("model") for _, accelerator, _ in parts}
    hardware: dict[str, object] = {
        "model": engines[0].sub("model").text("name"),
        "engine": engines[0].text("tool"),
        "gpus_per_replica": gpus,
    }
    if version := engines[0].optional_text("tool_version"):
        hardware["engine_version"] = version
    warnings = []
    if len(kinds) == 1:
        hardware["gpu"] = kinds.pop()
    else:
        warnings.append(
            Warn(code="mixed_gpus", message=f"The stack has several kinds of accelerator: {', '.join(sorted(kinds))}.")
        )
    copies = sum(replicas for _, _, replicas in parts)
    if copies > 1:
        warnings.append(
            Warn(
                code="stack_of_replicas",
                message=f"{copies} engines answered together; the run counts them, and their {gpus} accelerators, as one replica.",
                observed=float(copies),
            )
        )
    else:
        parallel = parts[0][1].optional_sub("parallelism")
        hardware["tensor_parallel_size"] = max(1, (parallel.optional_whole("tp") if parallel else 1) or 1)
    return hardware, warnings


def _point(fields: Fields, load: Fields, time: Fields) -> Point:
    result = fields.sub("results").sub("request_performance").sub("aggregate")
    requests, rates = result.sub("requests"), result.sub("throughput")
    latency = result.optional_sub("latency") or Fields({}, fields.where, "latency")
    offered, refused, warnings = _load(load)
    failed = requests.optional_whole("failures") or 0
    ok = max(0, requests.whole("total") - failed - (requests.optional_whole("incomplete") or 0))
    lengths = [_mean(requests, name, {"count": 1.0}) for name in ("input_length", "output_length")]
    output_rate, total_rate = (
        _mean(rates, name, {"tokens/s": 1.0}) for name in ("output_token_rate", "total_token_rate")
    )
    if lengths[0] is None or lengths[1] is None:
        raise requests.error("input_length", "lengths of prompts and answers are needed")
    rate = _mean(rates, "request_rate", {"queries/s": 1.0})
    duration_s = _duration_s(time)
    if duration_s is None:
        if not rate:
            raise time.error("duration", "is missing, and does not follow from a rate of requests")
        duration_s = ok / rate
    tpot = _times(latency, "time_per_output_token", ok)
    itl = _times(latency, "inter_token_latency", None)
    return Point(
        where=fields.where,
        **offered,
        duration_s=duration_s,
        requests_ok=ok,
        requests_failed=failed,
        input_tokens=round(lengths[0] * ok),
        output_tokens=round(lengths[1] * ok),
        requests_per_s=rate,
        output_tokens_per_s=output_rate,
        total_tokens_per_s=total_rate,
        ttft_ms=_times(latency, "time_to_first_token", ok),
        tpot_ms=tpot,
        itl_ms=itl,
        e2e_ms=_times(latency, "request_latency", ok),
        refused=refused,
        warnings=tuple(warnings),
    )


def _load(load: Fields) -> tuple[dict[str, Any], str | None, list[Warn]]:
    rate = load.optional_number("rate_qps")
    warnings = []
    turns = load.optional_sub("multi_turn")
    if turns is not None and turns.data.get("enabled") is True:
        warnings.append(
            Warn(
                code="conversations",
                message="Requests were turns of conversations, which a prefix cache answers in part.",
            )
        )
    if load.has("prefix"):
        warnings.append(
            Warn(code="shared_prefixes", message="Prompts shared beginnings, which a prefix cache answers in part.")
        )
    if rate:
        return {"request_rate_per_s": rate, "arrivals": None}, None, warnings
    streams = None if _endless(load.data.get("concurrency")) else load.optional_whole("concurrency")
    if streams:
        return {"concurrency": streams, "arrivals": "closed-loop"}, None, warnings
    return (
        {"concurrency": 1, "arrivals": None},
        "burst: neither a rate nor a concurrency limited it; that is no load that lasts",
        warnings,
    )


def _endless(value: Any) -> bool:
    return isinstance(value, NotANumber) or value in (float("inf"), "inf", "Infinity")


def _mean(holder: Fields, name: str, factors: dict[str, float]) -> float | None:
    statistic = holder.optional_sub(name)
    return statistic.number("mean") * _factor(statistic, factors) if statistic else None


def _times(holder: Fields, name: str, samples: int | None) -> Percentiles:
    statistic = holder.optional_sub(name)
    if statistic is None:
        return Percentiles()
    factor = _factor(statistic, _TO_MS)
    values = {
        label: None if value is None else value * factor
        for label in ("p50", "p90", "p95", "p99")
        for value in (statistic.optional_number(label),)
    }
    return published(values, samples=samples, mean_ms=statistic.number("mean") * factor)


def _factor(statistic: Fields, factors: dict[str, float]) -> float:
    unit = statistic.text("units")
    if unit not in factors:
        raise statistic.error("units", f"{unit[:40]!r} is not known here; {', '.join(factors)} are")
    return factors[unit]


def _duration_s(time: Fields) -> float | None:
    """ISO 8601, `PT49.97S`."""
    text = time.optional_text("duration")
    if text is None:
        return None
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        raise time.error("duration", f"{text[:40]!r} is no ISO 8601 duration such as PT49.97S")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return days * _DAY_S + hours * _HOUR_S + minutes * _MINUTE_S + seconds
