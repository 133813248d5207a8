"""What stands behind the self-hosted options: capacity, and the runs that it rests on, with what is needed to make them again."""

from __future__ import annotations

from collections.abc import Iterator

from probes.cell import Cell
from probes.run import Run
from tco.format import share, usd
from tco.number_style import local
from tco.report.blocks import Block, Column, Section, Table, Text, columns
from tco.report.pack import ReportPack
from tco.result import OptionResult

_MOST_CELLS, _MOST_PACKAGES = 12, 8
NO_MACHINES = "No option that is left runs on machines of one's own choice."


def capacity_section(pack: ReportPack) -> Section:
    """Capacity of each self-hosted option, and the manifest of each probe.

    Args:
        pack: of the report.
    """
    options = [option for option in pack.result.options if option.capacity is not None]
    if not options:
        return Section("Capacity and probes", (Text(NO_MACHINES),))
    blocks: list[Block] = [Table(columns=_COLUMNS, rows=tuple(_row(option) for option in options), note=_NOTE)]
    runs = {run.run_id: run for run in pack.prepared.runs.values()}
    for run in runs.values():
        blocks += [
            Table(columns=(Column("Probe", weight=1), Column(run.run_id, weight=3.2)), rows=tuple(manifest_rows(run))),
            *_cells(run),
        ]
    return Section("Capacity and probes", tuple(blocks))


_COLUMNS = columns(
    "Option", "Basis", "Run", "Replicas", "GPUs", "Servers", "Requests/s\na replica", "Used", "Idle, paid for",
    left=3, weights=(1.9, 1.5, 2.1, 1.4, 1.0, 1.3, 1.6, 1.1, 1.4),
)  # fmt: skip
_NOTE = (
    "Replicas, GPUs and servers of the busiest hour of the largest month, spares among them. Requests/s at which the latency promise holds. "
    "“Used” is mean demand over what the fleet could carry."
)


def _row(option: OptionResult) -> tuple[str, ...]:
    held = option.capacity
    assert held is not None  # of those that are asked
    missed = "" if held.model_error_fraction is None else f"\n±{share(held.model_error_fraction)} typically"
    return (
        option.name,
        f"{held.basis}{missed}",
        option.run_id or "–",
        f"{local(held.replicas):,}",
        f"{local(held.gpus):,}",
        f"{local(held.servers):,}",
        f"{local(held.goodput_requests_per_s):.3g}",
        share(held.utilisation_fraction),
        usd(held.idle_usd),
    )


def manifest_rows(run: Run) -> Iterator[tuple[str, str]]:
    """What a run measured, on what, and how to do it again.

    Args:
        run: a probe's record.
    """
    yield "Evidence", f"{run.evidence}{f', {run.source}' if run.source else ''}"
    yield "Made", f"{run.created_at}, tool {run.tool_version}; {_complete(run)}"
    yield "Model", _joined(run.model.name, run.model.dtype, run.model.quantization, f"{run.model.weights} weights")
    yield "Engine", _joined(run.engine.name, run.engine.version, " ".join(run.engine.args))
    yield "Machine", _machine(run)
    shape = run.workload
    yield "Requests", _joined(f"{local(shape.input_tokens):,} tokens in", f"{local(shape.output_tokens):,} out", shape.arrivals, f"seed {shape.seed}" if shape.seed is not None else None)  # fmt: skip
    if run.manifest is None:
        yield "To do it again", "no manifest: not a probe of this tool"
        return
    manifest = run.manifest
    if manifest.command:
        yield "Command", " ".join(manifest.command)
    packages = [f"{name} {number}" for name, number in list(manifest.packages.items())[:_MOST_PACKAGES]]
    if packages:
        yield "Packages", ", ".join(packages)
    if manifest.container or manifest.tool_commit:
        yield "Built from", _joined(manifest.container, manifest.tool_commit)


def _complete(run: Run) -> str:
    return "complete" if run.complete else f"incomplete: {run.incomplete_reason or 'no reason given'}"


def _machine(run: Run) -> str:
    gpus = f"{run.gpus_per_replica} × {run.gpu} a replica" if run.gpu else "no GPU"
    held = run.environment
    memory = None if held.memory_gib is None else f"{held.memory_gib:.0f} GiB"
    return _joined(gpus, held.cpu, memory, held.os, held.cuda_driver, held.note)


def _joined(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part) or "–"


def _cells(run: Run) -> Iterator[Table]:
    cells = run.usable_cells[:_MOST_CELLS]
    if not cells:
        return
    rows = [_cell(cell) for cell in cells]
    told = [0, *(place for place in range(1, len(_CELLS)) if any(row[place] != "–" for row in rows))]
    yield Table(
        columns=columns(*(_CELLS[place] for place in told), weights=(1.4, *(1.0 for _ in told[1:]))),
        rows=tuple(tuple(row[place] for place in told) for row in rows),
        title=f"Load curve of {run.run_id}",
        note=_no_percentiles(told),
    )


_CELLS = ("Load", "Requests/s", "Output tokens/s", "TTFT p95 (ms)", "TPOT p95 (ms)")


def _no_percentiles(told: list[int]) -> str | None:
    """Which columns the run says nothing of."""
    lacking = [title.partition(" (")[0] for place, title in enumerate(_CELLS) if place not in told]
    return f"The run does not tell {' and '.join(lacking)}." if lacking else None


def _cell(cell: Cell) -> tuple[str, ...]:
    load = (
        f"{cell.concurrency} at once"
        if cell.concurrency is not None
        else f"{local(cell.request_rate_per_s):g} requests/s"
    )
    return (
        load,
        _mean(cell.requests_per_s.mean if cell.requests_per_s else None),
        _mean(cell.output_tokens_per_s.mean if cell.output_tokens_per_s else None),
        _mean(cell.ttft_ms.p95),
        _mean(cell.tpot_ms.p95),
    )


def _mean(value: float | None) -> str:
    return "–" if value is None else f"{local(value):,.4g}" if value < 10_000 else f"{local(value):,.0f}"  # noqa: PLR2004
