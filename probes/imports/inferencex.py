"""InferenceX (once InferenceMAX) `agg_*.json`: somebody else's measurement, so evidence `literature`.

Fields: https://github.com/SemiAnalysisAI/InferenceX/blob/843c625/utils/process_result.py. Latencies are in seconds with `_ms` taken off their names
(`median_ttft`), `*_intvty` is 1000 / TPOT [ms]; throughput is a GPU's. The file has neither duration nor counts: its scripts send 10 requests a stream
(`benchmarks/single_node/fixed_seq_len`, all of them) with lengths even between 0.8 and 1 times the named ones (`RANDOM_RANGE_RATIO`), so the mean is 0.9
of them; counts and duration are derived from that and say so. Multi-node and disaggregated results are refused: one replica is not defined there.
"""

from __future__ import annotations

from typing import Any

from probes.imports.distribution import published
from probes.imports.point import Point, Report
from probes.imports.reading import Fields
from probes.imports.vllm_bench import itl_of_chunks
from probes.record import Percentiles, Warn

TOOL = "inferencex"
REQUESTS_PER_STREAM = 10
MEAN_LENGTH_FACTOR = 0.9

_MS = 1000.0
_INTERACTIVITY_ERROR = 0.01
_GPUS = {
    "h100": "H100-SXM", "h200": "H200-SXM", "b200": "B200-SXM", "b300": "B300-SXM", "gb200": "GB200-NVL72", "gb300": "GB300-NVL72",
    "mi300x": "MI300X", "mi325x": "MI325X", "mi355x": "MI355X",
}  # fmt: skip
_SIXTEEN_BIT = {"bf16": "bfloat16", "fp16": "float16"}


def matches(data: dict[str, Any]) -> bool:
    """Whether an object looks like a result of this tool."""
    return {"hw", "conc", "framework", "precision", "tput_per_gpu"} <= data.keys()


def read(fields: Fields) -> Report:
    """Reads one result.

    Args:
        fields: the object.

    Raises:
        RunError: a multi-node result, a field that is missing or of the wrong kind, or interactivity that is not 1000 / TPOT.
    """
    if fields.data.get("is_multinode") is True or fields.data.get("disagg") is True:
        raise fields.error(
            "is_multinode", "a multi-node or disaggregated result has no single replica; import single-node ones"
        )
    gpus = fields.whole("tp") * (fields.optional_whole("pp") or 1) * (fields.optional_whole("pcp_size") or 1)
    if gpus == 0:
        raise fields.error("tp", "at least one GPU is needed")
    _check_interactivity(fields)
    precision = fields.text("precision")
    hw = fields.text("hw")
    sixteen = _SIXTEEN_BIT.get(precision.lower())
    hardware: dict[str, object] = {
        "gpu": _GPUS.get(hw.split("-")[0].split("_")[0].lower(), hw),
        "gpus_per_replica": gpus,
        "tensor_parallel_size": fields.whole("tp"),
        "pipeline_parallel_size": max(1, fields.optional_whole("pp") or 1),
        "engine": fields.text("framework"),
        "weights": "real",
        **({"dtype": sixteen} if sixteen else {"quantization": precision}),
    }
    if image := fields.optional_text("image"):
        hardware |= {"container": image, "engine_version": image}
    return Report(
        tool=TOOL,
        model=fields.text("model"),
        points=(_point(fields, gpus),),
        hardware=hardware,
        literature=True,
        warnings=(
            Warn(
                code="counts_derived",
                message=f"How many requests there were, and for how long, is not in the file. {REQUESTS_PER_STREAM} requests a stream and {MEAN_LENGTH_FACTOR:g} of the "
                "named lengths are those of InferenceX's own scripts; duration and counts follow from them. Rates and latencies are as published.",
            ),
            Warn(
                code="provenance",
                message="InferenceX calls results official only where they come from SemiAnalysis's own repository; this file does not say.",
            ),
        ),
    )


def _point(fields: Fields, gpus: int) -> Point:
    streams = fields.whole("conc")
    if streams == 0:
        raise fields.error("conc", "at least one stream is needed")
    output_rate = fields.number("output_tput_per_gpu") * gpus
    total_rate = fields.number("tput_per_gpu") * gpus
    requests = streams * REQUESTS_PER_STREAM
    output_tokens = round(requests * MEAN_LENGTH_FACTOR * fields.whole("osl"))
    input_tokens = round(requests * MEAN_LENGTH_FACTOR * fields.whole("isl"))
    if output_rate == 0 or output_tokens == 0:
        raise fields.error("output_tput_per_gpu", "a throughput above 0 is needed")
    tpot, icl = _seconds(fields, "tpot", requests), _seconds(fields, "itl", None)
    watts, joules, power_warnings = _power(fields)
    return Point(
        where=fields.where,
        concurrency=streams,
        arrivals="closed-loop",
        duration_s=output_tokens / output_rate,
        requests_ok=requests,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        output_tokens_per_s=output_rate,
        total_tokens_per_s=total_rate,
        ttft_ms=_seconds(fields, "ttft", requests),
        tpot_ms=tpot,
        icl_ms=icl,
        itl_ms=itl_of_chunks(icl, tpot),
        e2e_ms=_seconds(fields, "e2el", requests),
        power_watts=watts,
        energy_joules=joules,
        warnings=tuple(power_warnings),
    )


def _seconds(fields: Fields, metric: str, samples: int | None) -> Percentiles:
    """A latency that the file has in seconds."""
    mean = fields.optional_number(f"mean_{metric}")
    if mean is None:
        return Percentiles()
    values = {f"p{q}": fields.optional_number(f"p{q}_{metric}") for q in (50, 90, 95, 99)}
    if values["p50"] is None:
        values["p50"] = fields.optional_number(f"median_{metric}")
    in_ms = {name: None if value is None else value * _MS for name, value in values.items()}
    return published(in_ms, samples=samples, mean_ms=mean * _MS)


def _check_interactivity(fields: Fields) -> None:
    """Interactivity is 1000 / TPOT [ms] = 1 / TPOT [s]: a file in other units than it should be in fails here."""
    for name in ("mean", "median", "p99"):
        tpot, interactivity = fields.optional_number(f"{name}_tpot"), fields.optional_number(f"{name}_intvty")
        if tpot and interactivity and abs(tpot * interactivity - 1) > _INTERACTIVITY_ERROR:
            raise fields.error(
                f"{name}_intvty",
                f"interactivity is 1 / TPOT; {interactivity:g} tokens/s is not 1 / {tpot:g} s, so the file's times are not in seconds",
            )


def _power(fields: Fields) -> tuple[float | None, float | None, list[Warn]]:
    """Power [W] and energy [J] of all GPUs, where the file itself calls them valid."""
    watts, joules = fields.optional_number("avg_total_gpu_power_w"), fields.optional_number("total_gpu_energy_j")
    if fields.data.get("power_valid") in (1, True):
        return watts, joules, []
    if watts is None and not fields.has("power_valid"):
        return None, None, []
    return (
        None,
        None,
        [
            Warn(
                code="power_not_valid",
                message="The file does not call its power valid (`power_valid`); it is left out.",
            )
        ],
    )
