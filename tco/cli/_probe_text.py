"""Runs, cells and machines as lines of text."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.table import Table

from tco.run_words import ROLE_TITLES, by_role, findings, lengths_text, load_text, run_cautions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from probes import Cell, Environment, Finding, Interval, Run
    from probes.cell import Attainment, CellRole

WIDTH = 159
"""Longest line where nobody says how wide the screen is."""

_MARKS = {"ok": "ok     ", "warn": "warning", "blocker": "BLOCKER"}


def interval_text(value: Interval) -> str:
    """A mean and half the width of its 95 % confidence interval; the mean alone where there were too few repeats.

    >>> from probes import Interval
    >>> interval_text(Interval(mean=100.0, low=97.0, high=103.0))
    '100.0 ± 3.0'
    """
    if value.low is None or value.high is None:
        return f"{value.mean:.1f}"
    return f"{value.mean:.1f} ± {(value.high - value.low) / 2:.1f}"


def number_text(value: float | None, digits: int = 1) -> str:
    """A number, or a dash where it is not known."""
    return "-" if value is None else f"{value:.{digits}f}"


def cell_line(cell: Cell) -> str:
    """One finished load point on one line.

    Args:
        cell: the load point.
    """
    line = (
        f"{cell.label:<16} {interval_text(cell.output_tokens_per_s):>16} tok/s"
        f"   TTFT p50 {number_text(cell.ttft_ms.p50)} p95 {number_text(cell.ttft_ms.p95)} ms"
        f"   TPOT p50 {number_text(cell.tpot_ms.p50)} p95 {number_text(cell.tpot_ms.p95)} ms"
    )
    if cell.attainment is not None:
        line += f"   kept {attainment_text(cell.attainment)}"
    return line if cell.complete else f"{line}   not usable: {cell.reason}"


def attainment_text(kept: Attainment) -> str:
    """The share of requests that kept the promise, with its 95 % interval.

    >>> from probes.cell import Attainment
    >>> attainment_text(Attainment(limits_ms={}, kept_fraction=0.95, low=0.888, high=0.978, requests=100))
    '95.0% (88.8 to 97.8)'
    """
    return f"{kept.kept_fraction:.1%} ({kept.low * 100:.1f} to {kept.high * 100:.1f})"


def duration_text(seconds: float) -> str:
    """A duration as people say it.

    >>> duration_text(200)
    '3 min 20 s'
    """
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004 -- seconds of a minute
        return f"{whole} s"
    if whole < 3600:  # noqa: PLR2004 -- seconds of an hour
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def run_heading(run: Run) -> list[str]:
    """What was measured, where and how, as lines above the table."""
    environment = run.environment
    machine = run.gpu or ", ".join(gpu.name for gpu in environment.gpus) or environment.cpu or "machine not known"
    engine = f"{run.engine.name} {run.engine.version or ''}".strip()
    state = "complete" if run.complete else f"incomplete: {run.incomplete_reason}"
    held = [run.model.dtype, run.model.quantization, f"{run.model.weights} weights"]
    lengths = f"{run.workload.input_tokens} tokens in, {run.workload.output_tokens} out"
    return [
        f"{run.model.name} ({', '.join(word for word in held if word)}) on {machine}, {engine}",
        f"{lengths}; {run.evidence} {run.created_at}; {state}",
        *_wrapped(f"warning: {message}" for message in run_cautions(run)),
    ]


def finding_lines(run: Run) -> list[str]:
    """What a run found, in sentences that fit a screen.

    Args:
        run: any run.
    """
    return _wrapped(findings(run))


def _wrapped(sentences: Iterable[str]) -> list[str]:
    return [
        line
        for sentence in sentences
        for line in textwrap.wrap(sentence, WIDTH, subsequent_indent="  ", break_long_words=False)
    ]


def run_table(run: Run) -> Group:
    """The cells of a run, one a row, in a table for each thing that was measured; latencies in ms.

    The load curve comes first and needs no heading.

    Args:
        run: any run.
    """
    parts: list[Table | str] = []
    for role, cells in by_role(run).items():
        if role != "curve":
            parts.append(f"\n{ROLE_TITLES[role]}")
        parts.append(_cells_table(run, role, cells))
    return Group(*parts)


def _cells_table(run: Run, role: CellRole, cells: Sequence[Cell]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("load", no_wrap=True)
    own_lengths, promised = role != "curve", any(cell.attainment is not None for cell in cells)
    headings = ["in / out"] * own_lengths + ["kept"] * promised
    headings += ["tok/s", "requests/s", "TTFT p50", "p95", "TPOT p50", "p95", "E2E p95", "failed", "watts"]
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    for cell in cells:
        kept = "-" if cell.attainment is None else attainment_text(cell.attainment)
        table.add_row(
            load_text(cell),
            *([lengths_text(cell, run)] * own_lengths),
            *([kept] * promised),
            interval_text(cell.output_tokens_per_s),
            f"{cell.requests_per_s.mean:.2f}",
            *(number_text(value) for value in (cell.ttft_ms.p50, cell.ttft_ms.p95)),
            *(number_text(value) for value in (cell.tpot_ms.p50, cell.tpot_ms.p95)),
            number_text(cell.e2e_ms.p95),
            str(cell.requests_failed),
            number_text(cell.power_watts, 0),
            escape(_remark(cell)),
        )
    return table


def _remark(cell: Cell) -> str:
    remarks = [] if cell.complete else [cell.reason or "incomplete"]
    if cell.client_bound:
        remarks.append("limited by the measuring client")
    return ", ".join([*remarks, *(warning.code for warning in cell.warnings)])


def environment_lines(environment: Environment, engines: dict[str, str], findings: Sequence[Finding]) -> list[str]:
    """The machine and whether a probe can start here.

    Args:
        environment: the machine.
        engines: installed engines by name.
        findings: from `check_machine`.
    """
    installed = ", ".join(f"{name} {version}" for name, version in engines.items()) or "none"
    lines = [
        f"processor   {environment.cpu}, {environment.cpu_cores} cores, {environment.memory_gib} GiB",
        f"system      {environment.os}, Python {environment.python}",
        f"engine      {installed}",
        *(f"GPU         {gpu.name}, {gpu.memory_gib} GiB" for gpu in environment.gpus),
        "",
    ]
    for finding in findings:
        lines.append(f"{_MARKS[finding.level]}  {finding.sentence}")
        if finding.remedy:
            lines.append(f"         {finding.remedy}")
    return lines
