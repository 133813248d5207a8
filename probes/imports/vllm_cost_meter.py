"""Turns a load curve published by vllm-cost-meter into a `Run`, evidence `literature`.

Usage: `python -m probes.imports.vllm_cost_meter SRC.csv --config C2 --out FILE`

The columns are described at https://github.com/pChitral/vllm-cost-meter/blob/3f308c0/data/README.md; the rows that are shipped, and what is
wrong with them, in `probes/imports/data/SOURCES.md`.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from probes.cell import Cell
from probes.record import Interval, Percentiles, Warn
from probes.run import Run, WorkloadShape
from probes.run_file import RunError, save_run
from probes.setting import Engine, Environment, Model

if TYPE_CHECKING:
    from collections.abc import Sequence

INPUT_TOKENS = 512
OUTPUT_TOKENS = 256

REQUESTS = 500
"""Requests behind each row. Not published, but it follows: a row of N requests lasts `N / request_throughput`, which is no less than the
slowest request and no more than the arrivals and the slowest request, `N / rps + e2el_p99`. All rows together leave 481 to 500."""

SOURCE = (
    "https://github.com/pChitral/vllm-cost-meter data/master_results.csv @3f308c0 (2026-06-10), configuration {config}; "
    "MIT licence, Copyright (c) 2026 Chitral Patil; https://arxiv.org/abs/2606.11690"
)

_ENGINE_VERSIONS = {"vllm": "0.19.0", "sglang": "0.5.10"}
_GPUS = {"H100": "H100-SXM", "A100_80GB_PCIe": "A100-80GB-PCIe"}
_CONTAMINATED_RATE_PER_S = 5.0


class _Row(BaseModel):
    """The columns that a run needs, by the names of the file."""

    model_config = ConfigDict(allow_inf_nan=False)

    engine: str
    model: str
    precision: str
    hardware: str
    gpus: int = Field(ge=1)
    rps: float = Field(gt=0)
    request_throughput: float = Field(gt=0)
    tps_output: float = Field(gt=0)
    ttft_mean_ms: float
    ttft_p50_ms: float
    ttft_p90_ms: float
    ttft_p99_ms: float
    e2el_p50_ms: float
    e2el_p90_ms: float
    e2el_p99_ms: float
    tpot_p50_ms: float
    tpot_p90_ms: float
    gpu_power_w: float | None = None


def import_curve(source: str | Path, config: str) -> Run:
    """Reads one configuration's load curve.

    Args:
        source: `master_results.csv`, or rows of it with its heading.
        config: the configuration, for example `C2`.

    Returns:
        A run with one open-loop cell for each arrival rate, lightest first. Loads past saturation are kept: they show the knee.

    Raises:
        RunError: no such file, no such configuration, a missing column, a figure that is none, or an unknown GPU.
    """
    rows = _read(Path(source), config)
    first = rows[0]
    gpu = _GPUS.get(first.hardware)
    if gpu is None:
        raise RunError(f"{source}: hardware {first.hardware!r} is not known; {', '.join(_GPUS)} are.")
    fp8 = first.precision == "fp8"
    return Run(
        run_id=f"vllm-cost-meter-{config}",
        created_at="2026-06-10T21:30:54-05:00",
        tool_version="import vllm_cost_meter 1",
        evidence="literature",
        source=SOURCE.format(config=config),
        complete=True,
        environment=Environment(note=f"{first.gpus} x {first.hardware}, as published; the machine is not described"),
        engine=Engine(name=first.engine, version=_ENGINE_VERSIONS.get(first.engine), tensor_parallel_size=first.gpus),
        model=Model(
            name=first.model,
            weights="real",
            dtype=None if fp8 else first.precision,
            quantization=first.precision if fp8 else None,
        ),
        workload=WorkloadShape(
            input_tokens=INPUT_TOKENS, output_tokens=OUTPUT_TOKENS, arrivals="poisson", prompt="published"
        ),
        gpu=gpu,
        gpus_per_replica=first.gpus,
        warnings=_run_warnings(first.hardware),
        cells=[_cell(row, peak_per_s=max(row.request_throughput for row in rows)) for row in rows],
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: reads, writes the run file, returns the exit code (0 done, 2 invalid input)."""
    parser = argparse.ArgumentParser(
        prog="python -m probes.imports.vllm_cost_meter", description=__doc__.splitlines()[0]
    )
    parser.add_argument("source", metavar="SRC.csv", help="master_results.csv of vllm-cost-meter, or rows of it")
    parser.add_argument("--config", required=True, help="which configuration, for example C2")
    parser.add_argument("--out", required=True, metavar="FILE", help="the run file to write")
    options = parser.parse_args(arguments)
    try:
        save_run(import_curve(options.source, options.config), options.out)
    except RunError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


def _read(source: Path, config: str) -> list[_Row]:
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{source}: cannot be read ({error}). Name a CSV file of vllm-cost-meter.") from None
    table = list(csv.DictReader(text.splitlines()))
    mine = [row for row in table if row.get("config") == config]
    if not mine:
        configs = sorted({row["config"] for row in table if row.get("config")})
        raise RunError(f"{source}: no configuration {config!r}; the file has: {', '.join(configs) or 'none'}.")
    try:
        rows = [_Row.model_validate({key: value or None for key, value in row.items() if key}) for row in mine]
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        column = ".".join(str(part) for part in problem["loc"])
        raise RunError(f"{source}: configuration {config}, column `{column}`: {problem['msg']}.") from None
    return sorted(rows, key=lambda row: row.rps)


def _cell(row: _Row, peak_per_s: float) -> Cell:
    contaminated = row.rps == _CONTAMINATED_RATE_PER_S
    return Cell(
        request_rate_per_s=row.rps,
        duration_s=REQUESTS / row.request_throughput,
        requests_ok=REQUESTS,
        input_tokens=REQUESTS * INPUT_TOKENS,
        output_tokens=REQUESTS * OUTPUT_TOKENS,
        token_source="published",  # noqa: S106 - a count's origin, no secret
        output_tokens_per_s=Interval(mean=row.tps_output),
        total_tokens_per_s=Interval(mean=row.request_throughput * (INPUT_TOKENS + OUTPUT_TOKENS)),
        requests_per_s=Interval(mean=row.request_throughput),
        ttft_ms=Percentiles(
            mean=None if contaminated else row.ttft_mean_ms,
            p50=row.ttft_p50_ms,
            p90=row.ttft_p90_ms,
            p99=None if contaminated else row.ttft_p99_ms,
        ),
        itl_ms=Percentiles(),
        tpot_ms=Percentiles(p50=row.tpot_p50_ms, p90=row.tpot_p90_ms),
        e2e_ms=Percentiles(p50=row.e2el_p50_ms, p90=row.e2el_p90_ms, p99=None if contaminated else row.e2el_p99_ms),
        power_watts=None if row.gpu_power_w is None else row.gpu_power_w * row.gpus,
        warnings=_cell_warnings(row, peak_per_s, contaminated=contaminated),
    )


def _cell_warnings(row: _Row, peak_per_s: float, *, contaminated: bool) -> list[Warn]:
    warnings = []
    if contaminated:
        warnings.append(
            Warn(
                code="warm_up_in_tail",
                message="The engine's warm-up is in this row's tail: its p99 of time to first token and of the whole request, "
                "and its mean time to first token, are left out.",
                observed=row.ttft_p99_ms,
            )
        )
    if row.rps > peak_per_s:
        warnings.append(
            Warn(
                code="past_saturation",
                message=f"{row.rps:g} requests/s were offered, more than the {peak_per_s:.1f} that were answered at best: the queue "
                f"grew, and these latencies are those of about {REQUESTS} requests; a longer run has worse.",
                observed=row.rps,
                threshold=peak_per_s,
            )
        )
    return warnings


def _run_warnings(hardware: str) -> list[Warn]:
    warnings = [
        Warn(
            code="counts_derived",
            message=f"How many requests a row rests on, and for how long, is not published. {REQUESTS} is derived from rates and "
            "latencies (the rows allow 481 to 500), and duration and token counts from it. Rates and latencies are as published.",
        ),
        Warn(
            code="power_diluted",
            message="Power is the published mean of samples per GPU times the GPUs. GPU use at saturation is given as about half, so "
            "idle time is in the samples and the draw under load was higher.",
        ),
    ]
    if hardware == "H100":
        warnings.append(
            Warn(
                code="gpu_form_unstated",
                message="The source says H100 80 GB without the form; read as SXM. Its speed rules out the PCIe card, not the NVL.",
            )
        )
    return warnings


if __name__ == "__main__":
    raise SystemExit(main())
