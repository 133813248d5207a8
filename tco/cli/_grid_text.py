"""The answer of a grid for people: its best points, which values win, where the recommendation flips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from tco.cli._shared import console
from tco.cli._tables import cell
from tco.format import months, usd

if TYPE_CHECKING:
    from tco.grid import Axis, AxisSummary, GridPoint, Job, Summary

_BEST_BY = {
    "npv": "by NPV saved",
    "total": "by total cost",
    "mtok": "by cost of a million tokens",
    "payback": "by payback",
}
_SHOWN_FLIPS = 2


def show_grid(job: Job, summary: Summary, best: Sequence[GridPoint], failures: Sequence[str]) -> None:
    """Prints what a grid says.

    Args:
        job: of the grid.
        summary: of its results.
        best: the points that `summary.best` names.
        failures: what the program itself failed with.
    """
    out = console()
    _counts(out, job, summary)
    if best:
        out.print(f"\nBest {len(best)} {_BEST_BY[summary.measure]}:", markup=False)
        out.print(_table(job.axes, best))
    elif summary.done:
        out.print("\nNo point has a recommended option that can be compared.", markup=False)
    names = short_names([axis.name for axis in job.axes])
    for name, axis in zip(names, summary.axes, strict=True):
        for sentence in axis_sentences(name, axis):
            out.print(cell(f"• {sentence}"), soft_wrap=True)
    for sentence, times in summary.error_sentences.items():
        out.print(cell(f"{times:,} × not valid: {sentence}"), style="yellow", soft_wrap=True)
    for failure in failures:
        out.print(cell(f"failed, please report it: {failure}"), style="bold red", soft_wrap=True)


def short_names(names: Sequence[str]) -> list[str]:
    """Names of axes as headings: the last key of a path, where no other axis ends with it.

    >>> short_names(["workload.requests_per_day", "options.a.gpu", "options.b.gpu", "model"])
    ['requests_per_day', 'options.a.gpu', 'options.b.gpu', 'model']
    """
    last = [name.rpartition(".")[2] for name in names]
    counts = Counter(last)
    return [short if counts[short] == 1 else name for name, short in zip(names, last, strict=True)]


def axis_sentences(name: str, axis: AxisSummary) -> list[str]:
    """What is said of an axis: the value that wins most often, and where the recommendation flips.

    Args:
        name: as it is to be called.
        axis: of the summary.
    """
    sentences = []
    best = max(axis.wins.values(), default=0)
    if best:
        winners = " and ".join(value for value, count in axis.wins.items() if count == best)
        sentences.append(f"{name}: {winners} wins most often, in {best:,} of {axis.lines:,} comparisons")
    elif axis.lines:
        sentences.append(f"{name}: makes no difference to the best option")
    sentences.extend(
        f"{name}: the recommendation flips between {flip.before} and {flip.after} in {flip.times:,} of {axis.flip_lines:,} "
        f"comparisons, mostly from {flip.from_option} to {flip.to_option}"
        for flip in axis.flips[:_SHOWN_FLIPS]
    )
    return sentences


def _counts(out: Console, job: Job, summary: Summary) -> None:
    there = f"{summary.done:,}" if summary.done == summary.points else f"{summary.done:,} of {summary.points:,}"
    parts = [f"{name} in {count:,}" for name, count in summary.recommended.items()]
    parts += [f"nothing can serve in {summary.nobody:,}"] if summary.nobody else []
    parts += [f"{summary.errors:,} are not valid"] if summary.errors else []
    out.print()
    out.print(cell(f"{job.name}: {there} points"), style="dim")
    out.print(cell(f"Recommended: {', '.join(parts) or 'nothing yet'}."), style="bold", soft_wrap=True)


def _table(axes: Sequence[Axis], best: Sequence[GridPoint]) -> Table:
    names = short_names([axis.name for axis in axes])
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("recommended", overflow="fold")
    for heading in ("NPV saved", "total", "per Mtok", "payback", "GPUs"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("at", overflow="fold")
    for point in best:
        answer = point.answer()
        assert answer is not None
        values = (f"{name} {_shown(point.values[axis.name])}" for name, axis in zip(names, axes, strict=True))
        table.add_row(
            cell(answer.name),
            usd(answer.npv_usd),
            usd(answer.total_usd),
            usd(answer.usd_per_mtok),
            "–" if answer.payback_months is None else months(answer.payback_months),
            "–" if answer.gpus is None else str(answer.gpus),
            cell(", ".join(values)),
        )
    return table


def _shown(value: Any) -> str:
    from tco.grid.axes import label  # noqa: PLC0415 - see `tco.cli.grid`

    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else label(value)
