"""GuideLLM's JSON report of layout 2 (GuideLLM 0.4 and later), as `guidellm run --output kind=json` writes it.

Fields: https://github.com/vllm-project/guidellm (`benchmark/schemas`), checked on files of 0.8.1. What it calls time per output token has the first token in it
(E2E / n); our TPOT is its `inter_token_latency_ms`, one number a request weighted by its tokens. Its bounds of percentiles are order statistics, as ours are.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from probes.cell import Arrivals
from probes.imports.distribution import published
from probes.imports.point import Point, Report
from probes.imports.reading import Fields
from probes.imports.vllm_bench import model_name
from probes.record import Bounds, Percentiles, Warn

TOOL = "guidellm"
LAYOUT = 2

_MS = 1000.0
_LAST_MOMENT_S = 4e9  # the year 2096
_RATES: dict[str, Arrivals] = {"constant": "constant", "poisson": "poisson"}


def matches(data: dict[str, Any]) -> bool:
    """Whether an object looks like a report of this tool, of whatever layout."""
    if not isinstance(data.get("benchmarks"), list):
        return False
    metadata = data.get("metadata")
    return (isinstance(metadata, dict) and "guidellm_version" in metadata) or "args" in data or not metadata


def read(fields: Fields) -> Report:
    """Reads one report.

    Args:
        fields: the object.

    Raises:
        RunError: another layout, a field that is missing or of the wrong kind, or no benchmark.
    """
    metadata = fields.optional_sub("metadata")
    layout = metadata.data.get("version") if metadata else None
    if layout != LAYOUT:
        made_by = (metadata.optional_text("guidellm_version") if metadata else None) or "an older version"
        raise fields.error(
            "metadata.version",
            f"a GuideLLM report of layout {LAYOUT} is needed, this is {_layout(layout)} (by {made_by}); measure again with GuideLLM 0.8 or later",
        )
    assert metadata is not None
    benchmarks = fields.subs("benchmarks")
    if not benchmarks:
        raise fields.error("benchmarks", "the report has no benchmark")
    first = benchmarks[0].sub("config")
    backend = first.optional_sub("backend")
    started = benchmarks[0].optional_number("start_time")
    return Report(
        tool=TOOL,
        version=metadata.optional_text("guidellm_version"),
        created_at=_moment(started),
        model=model_name((backend.optional_text("model") if backend else None) or "unknown"),
        points=tuple(_point(benchmark) for benchmark in benchmarks),
        seed=first.sub("strategy").optional_whole("random_seed"),
        warnings=(
            Warn(
                code="tpot_weighted_by_tokens",
                message="TPOT is GuideLLM's inter-token latency: one number a request, counted once for each of its tokens, so long answers weigh more.",
            ),
        ),
    )


def _moment(epoch_s: float | None) -> str:
    """Seconds since 1970 as ISO 8601; empty where they are not there or no date."""
    if not epoch_s or epoch_s > _LAST_MOMENT_S:
        return ""
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="seconds")


def _layout(layout: Any) -> str:
    return f"layout {layout}" if isinstance(layout, int) else "one without a layout number"


def _point(benchmark: Fields) -> Point:
    config, metrics = benchmark.sub("config"), benchmark.sub("metrics")
    load, refused = _load(config.sub("strategy"))
    totals = metrics.sub("request_totals")
    ok, failed = totals.whole("successful"), totals.whole("errored")
    counted = config.data.get("prefer_response_metrics") is True
    times: dict[str, Any] = dict(_times(metrics)) if ok else {}
    return Point(
        where=f"{benchmark.where}: {benchmark.inside}",
        **load,
        duration_s=benchmark.number("duration"),
        requests_ok=ok,
        requests_failed=failed,
        input_tokens=round(_good(metrics, "prompt_token_count").number("total_sum")),
        output_tokens=round(_good(metrics, "output_token_count").number("total_sum")),
        token_source="usage" if counted else "published",
        requests_per_s=_good(metrics, "requests_per_second").number("mean"),
        output_tokens_per_s=_good(metrics, "output_tokens_per_second").number("mean"),
        total_tokens_per_s=_good(metrics, "tokens_per_second").number("mean"),
        in_flight_mean=_good(metrics, "request_concurrency").number("mean"),
        **times,
        refused=refused,
        warnings=(*_cut_off(totals), *_said(benchmark)),
    )


def _load(strategy: Fields) -> tuple[dict[str, Any], str | None]:
    kind = strategy.text("type_")
    if kind == "synchronous":
        return {"concurrency": 1, "arrivals": "closed-loop"}, None
    if kind == "concurrent":
        streams = strategy.optional_whole("streams") or strategy.whole("max_concurrency")
        return {"concurrency": max(1, streams), "arrivals": "closed-loop"}, None
    if kind in _RATES:
        rate = strategy.number("rate")
        if rate == 0:
            raise strategy.error("rate", "a rate above 0 is needed")
        return {"request_rate_per_s": rate, "arrivals": _RATES[kind]}, None
    most = max(1, strategy.optional_whole("max_concurrency") or 1)
    words = {
        "throughput": "burst: requests were sent as fast as they could be",
        "trace": "a recorded trace was replayed",
    }
    reason = words.get(kind, f"strategy {kind[:40]!r} is not known here")
    return {
        "concurrency": most,
        "arrivals": None,
    }, f"{reason}; that is no single load point. Measure with `concurrent`, `constant` or `poisson`"


def _times(metrics: Fields) -> dict[str, Percentiles]:
    return {
        "ttft_ms": _distribution(_good(metrics, "time_to_first_token_ms"), 1.0),
        "tpot_ms": _distribution(_good(metrics, "inter_token_latency_ms"), 1.0, weighted=True),
        "e2e_ms": _distribution(_good(metrics, "request_latency"), _MS),
    }


def _distribution(fields: Fields, factor: float, *, weighted: bool = False) -> Percentiles:
    """One summary; of numbers weighted by tokens, how many requests are behind them is not said."""
    given = fields.sub("percentiles")
    values = {
        name: None if value is None else value * factor
        for name in ("p50", "p90", "p95", "p99")
        for value in (given.optional_number(name),)
    }
    samples = None if weighted else fields.whole("count")
    return published(values, samples=samples, bounds=_bounds(fields, factor), mean_ms=fields.number("mean") * factor)


def _bounds(fields: Fields, factor: float) -> dict[str, Bounds]:
    intervals = fields.optional_sub("percentile_cis")
    found = {}
    for name in ("p50", "p90", "p95", "p99") if intervals else ():
        ends = intervals.optional_sub(name) if intervals else None
        if ends:
            found[name] = Bounds(low=ends.number("lower") * factor, high=ends.number("upper") * factor)
    return found


def _good(metrics: Fields, name: str) -> Fields:
    """What a metric says of requests that succeeded."""
    return metrics.sub(name).sub("successful")


def _cut_off(totals: Fields) -> list[Warn]:
    incomplete = totals.optional_whole("incomplete") or 0
    if not incomplete:
        return []
    return [
        Warn(
            code="cut_off",
            message=f"{incomplete} requests were cut off at the end; they are counted nowhere.",
            observed=float(incomplete),
        )
    ]


def _said(benchmark: Fields) -> list[Warn]:
    """GuideLLM's own cautions, in its words."""
    found = []
    for warning in benchmark.subs("warnings"):
        code, message = warning.optional_text("code"), warning.optional_text("message")
        if code and message:
            found.append(
                Warn(
                    code=f"guidellm_{code}"[:80],
                    message=message,
                    observed=warning.optional_number("observed"),
                    threshold=warning.optional_number("threshold"),
                )
            )
    return found
