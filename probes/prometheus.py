"""A run as Prometheus text, for the textfile collector of node_exporter.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format. A run is a finished measurement, so everything is a gauge; the
collector forbids timestamps, so the run's own time is a value (`tco_probe_created_timestamp_seconds`). Units are Prometheus' base units: seconds,
joules, watts, fractions. What a run does not know has no line, never a zero.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from probes.cell import Cell
from probes.run import Run
from probes.run_file import RunError

_PREFIX = "tco_probe"
# Not `quantile`, which is a summary's own label.
_PERCENTILES = ("p50", "p90", "p95", "p99")
_LATENCIES = {
    "ttft": "Time to first token",
    "tpot": "Time per output token after the first",
    "itl": "Gap between two tokens",
    "e2e": "Time to last token",
}

_Value = float | int | None
_CELL_GAUGES: dict[str, tuple[str, Callable[[Cell], _Value]]] = {
    "output_tokens_per_second": ("Output tokens per second", lambda cell: cell.output_tokens_per_s.mean),
    "output_tokens_per_second_low": ("Lower 95 % bound of output tokens per second", lambda c: c.output_tokens_per_s.low),
    "output_tokens_per_second_high": ("Upper 95 % bound of output tokens per second", lambda c: c.output_tokens_per_s.high),
    "total_tokens_per_second": ("Input and output tokens per second", lambda cell: cell.total_tokens_per_s.mean),
    "requests_per_second": ("Good requests per second", lambda cell: cell.requests_per_s.mean),
    "requests_ok": ("Good requests", lambda cell: cell.requests_ok),
    "requests_failed": ("Failed requests", lambda cell: cell.requests_failed),
    "power_watts": ("Mean power", lambda cell: cell.power_watts),
    "energy_joules": ("Energy", lambda cell: cell.energy_joules),
    "energy_joules_per_output_token": (
        "Energy of one output token",
        lambda cell: None if cell.energy is None else cell.energy.energy_joules_per_output_token,
    ),
    "kv_cache_usage_ratio": ("Highest share of the KV cache in use", lambda cell: cell.kv_cache_usage_fraction),
    "preemptions": ("Requests that were put back", lambda cell: cell.preemptions),
    "usable": ("1 where the load point may carry a decision", lambda cell: int(cell.usable)),
}  # fmt: skip


def prometheus_text(run: Run) -> str:
    """The run's load points, goodput and idle power, one sample a line.

    Load points carry the labels `model`, `engine`, `gpu`, `role` and `concurrency` or `requests_per_second`; lengths of their own add `input_tokens`
    and `output_tokens`. Of load points that were measured twice the last one stands: a series may have one sample.

    Args:
        run: any run.
    """
    base = {"model": run.model.name, "engine": run.engine.name, "gpu": run.gpu or "none"}
    cells = list({_key(cell): cell for cell in run.cells}.values())
    lines = _family(
        "run_info",
        "What was measured, and with which version",
        [
            (
                base
                | {
                    "run_id": run.run_id,
                    "evidence": run.evidence,
                    "engine_version": run.engine.version or "",
                    "weights": run.model.weights,
                    "tool_version": run.tool_version,
                },
                1,
            )
        ],
    )
    lines += _family("run_complete", "1 where the run was finished", [(base, int(run.complete))])
    lines += _family("created_timestamp_seconds", "When the run began", [(base, _seconds(run.created_at))])
    for name, (text, read) in _CELL_GAUGES.items():
        lines += _family(name, text, [(base | _labels(cell), read(cell)) for cell in cells])
    for name, text in _LATENCIES.items():
        lines += _family(f"{name}_seconds", text, _latencies(cells, name, base))
    promises = [(base | {"limits": _limits(found.limits_ms)}, found.requests_per_s) for found in run.goodput]
    lines += _family("goodput_requests_per_second", "Highest open-loop load that keeps the promise", promises)
    if run.idle is not None:
        idle = [
            (base | {"state": "driver"}, run.idle.driver_idle_watts),
            (base | {"state": "loaded"}, run.idle.loaded_idle_watts),
        ]
        lines += _family("idle_power_watts", "Power with nothing to do", idle)
    return "\n".join(lines) + "\n"


def write_prometheus(run: Run, path: str | Path) -> None:
    """Writes the text so that a collector never reads half a file.

    Args:
        run: any run.
        path: a file that ends in `.prom` where a textfile collector is to read it: it takes no other.

    Raises:
        RunError: the folder cannot be written or the disk is full; the file is as it was.
    """
    path = Path(path)
    # The collector reads *.prom only.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as file:
            file.write(prometheus_text(run))
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise RunError(f"{path}: cannot be written ({error.strerror}). Name another file with --prometheus.") from None


def _key(cell: Cell) -> tuple[object, ...]:
    return cell.role, cell.concurrency, cell.request_rate_per_s, cell.shape


def _labels(cell: Cell) -> dict[str, str]:
    labels: dict[str, str] = {"role": cell.role}
    if cell.concurrency is not None:
        labels["concurrency"] = str(cell.concurrency)
    else:
        labels["requests_per_second_offered"] = f"{cell.request_rate_per_s:g}"
    if cell.shape is not None:
        labels |= {"input_tokens": f"{cell.shape.input_tokens:g}", "output_tokens": f"{cell.shape.output_tokens:g}"}
    return labels


def _latencies(cells: Iterable[Cell], name: str, base: Mapping[str, str]) -> list[tuple[dict[str, str], _Value]]:
    samples: list[tuple[dict[str, str], _Value]] = []
    for cell in cells:
        found = getattr(cell, f"{name}_ms")
        for percentile in _PERCENTILES:
            value = getattr(found, percentile)
            labels = {**base, **_labels(cell), "percentile": percentile}
            samples.append((labels, None if value is None else value / 1e3))
    return samples


def _family(name: str, text: str, samples: Iterable[tuple[Mapping[str, str], _Value]]) -> list[str]:
    """One metric with all its samples together, as the format demands; nothing where none has a value."""
    full = f"{_PREFIX}_{name}"
    lines = [f"{full}{{{_pairs(labels)}}} {value!r}" for labels, value in samples if value is not None]
    return [f"# HELP {full} {text}.", f"# TYPE {full} gauge", *lines] if lines else []


def _pairs(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _limits(limits_ms: Mapping[str, float]) -> str:
    return ",".join(f"{name}<={limit / 1e3:g}s" for name, limit in limits_ms.items())


def _seconds(moment: str) -> float | None:
    try:
        found = dt.datetime.fromisoformat(moment)
    except ValueError:
        return None
    # A published run may have a day only, and no zone.
    return (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).timestamp()
