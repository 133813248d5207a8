"""How `tco usage` prints what it found."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from tco import Scenario
from tco.cli._bar import WithBar
from tco.cli._shared import console
from tco.cli._tables import cell
from tco.format import usd
from tco.usage import SOURCES, Derived, ModelBill, Usage, together
from tco.usage.bill import largest_in_book, sentence
from tco.usage.table import COLUMNS
from tco.usage.words import headline, measured_text, span_sentence, verdict
from tco.words import number

USAGE_SCHEMA = 1
"""Number of the format of `--json`."""

_SHOWN_MODELS = 12
_MTOK = 1e6
_SAY_EVERY_S = 10.0


class RowsRead(WithBar):
    """How many rows of a file are read so far, on stderr: moving on a terminal, elsewhere a line every ten seconds."""

    def __init__(self) -> None:
        self._console, self._said = console(), time.monotonic()
        self._bar: Progress | None = None
        if self._console.is_terminal:
            self._bar = Progress(
                SpinnerColumn(), TextColumn("{task.completed:,.0f} rows read"), console=self._console, transient=True
            )
            self._task = self._bar.add_task("", total=None)

    def rows(self, count: int) -> None:
        """Shows that so many are read."""
        now = time.monotonic()
        if self._bar is not None:
            self._bar.update(self._task, completed=count)
        elif now - self._said >= _SAY_EVERY_S:
            self._said = now
            self._console.print(f"{count:,} rows read", markup=False)


def show_usage(
    usage: Usage, derived: Derived, paid: Sequence[ModelBill], notes: Sequence[str], base: Scenario | None
) -> None:
    """What was found, for people."""
    out = console()
    out.print(headline(derived), style="bold", markup=False)
    out.print(span_sentence(derived, usage.grain), style="dim", markup=False)
    for file in usage.files:
        out.print(verdict(file), style="dim", markup=False)
    if derived.quantities:
        out.print()
        out.print(_workload(derived))
    out.print()
    out.print(_models(paid))
    whole = together(paid)
    said = sentence(whole)
    if said is not None:
        out.print(f"{said}.", markup=False)
    if whole.paid_usd_per_mtok is not None:
        out.print(f"A million tokens, input and output together, cost {whole.paid_usd_per_mtok:.3f} USD.", markup=False)
    out.print("\nLeft as it is, for the files do not tell it:", markup=False)
    for name, reason in derived.left_open.items():
        out.print(f"• {name}: {reason}", style="dim", markup=False)
    for note in (*derived.notes, *notes, *_other_baseline(paid, base)):
        out.print(f"• {note}", style="yellow", markup=False)


def _other_baseline(paid: Sequence[ModelBill], base: Scenario | None) -> list[str]:
    """A word where the scenario's baseline is another model than the one that was used most."""
    used = next(largest_in_book(paid), None)
    if base is None or used is None:
        return []
    model = getattr(base.option(base.baseline), "model", None)
    return [] if model in (None, used) else [f"the scenario's baseline is {model}; most of what was used is {used}"]


def _workload(derived: Derived) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("workload", no_wrap=True)
    for title in ("measured", "range"):
        table.add_column(title, justify="right", overflow="fold")
    table.add_column("", overflow="fold")
    for name, quantity in derived.quantities.items():
        shown = [measured_text(name, value) for value in (quantity.value, *(quantity.bounds or ()))]
        table.add_row(name, shown[0], " to ".join(shown[1:]), quantity.note or "")
    if derived.lengths is not None:
        table.add_row(
            "lengths",
            derived.lengths.kind,
            "",
            f"spread {derived.lengths.spread_fraction:g}, correlation {derived.lengths.correlation:g}",
        )
    if derived.profile is not None:
        table.add_row(
            "profile", "168 weights", "", f"busiest hour of the week {max(derived.profile):.2f} times the mean"
        )
    return table


def _models(paid: Sequence[ModelBill]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model", overflow="fold", min_width=16)
    for title in ("requests", "in Mtok", "cached", "out Mtok", "paid", "book", "off by"):
        table.add_column(title, justify="right", overflow="fold")
    rows = [*paid[:_SHOWN_MODELS], *([together(paid)] if len(paid) > 1 else [])]
    for bill in rows:
        table.add_row(
            cell(bill.model),
            f"{bill.requests:,.0f}" if bill.requests else "–",
            number(bill.input_tokens / _MTOK),
            f"{bill.cache_read_tokens / bill.input_tokens:.0%}" if bill.input_tokens else "–",
            number(bill.output_tokens / _MTOK),
            usd(bill.billed_usd),
            usd(bill.reckoned_usd),
            "–" if bill.unexplained_fraction is None else f"{bill.unexplained_fraction:+.1%}",
        )
    return table


def show_sources() -> None:
    """The sources, for people."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("source", "what", "rests on"):
        table.add_column(title, overflow="fold")
    for source in SOURCES.values():
        table.add_row(source.NAME, source.TITLE, source.VERIFIED)
    console().print(table)


def usage_json(usage: Usage, derived: Derived, paid: Sequence[ModelBill], notes: Sequence[str]) -> dict[str, Any]:
    """What was found, for machines."""
    return {
        "schema": USAGE_SCHEMA,
        "complete": derived.is_complete,
        "files": [
            {
                "name": file.name,
                "source": file.source,
                "rows": file.rows,
                "left_out": dict(file.skipped),
                "totals_checked": file.checked,
                "totals_mismatched": file.mismatched,
            }
            for file in usage.files
        ],
        "span": {
            "first_day": derived.first_day,
            "last_day": derived.last_day,
            "whole_days": derived.whole_days,
            "level_days": derived.level_days,
            "grain": usage.grain,
            "timezone": str(usage.clock),
        },
        "totals": {name: value for name, value in usage.totals.items() if name in COLUMNS},
        "models": [_model_json(bill) for bill in paid],
        "bill": _bill_json(together(paid)),
        "workload": derived.block(),
        "left_open": [{"path": f"workload.{name}", "reason": reason} for name, reason in derived.left_open.items()],
        "notes": [*derived.notes, *notes],
    }


def _model_json(bill: ModelBill) -> dict[str, Any]:
    return {
        "model": bill.model,
        "book_model": bill.book_model,
        "requests": bill.requests,
        "failed": bill.failed,
        "input_tokens": bill.input_tokens,
        "cache_read_tokens": bill.cache_read_tokens,
        "output_tokens": bill.output_tokens,
        **_bill_json(bill),
        "list_usd": bill.list_usd,
        "not_reckoned_because": bill.reason,
    }


def _bill_json(bill: ModelBill) -> dict[str, Any]:
    return {
        "billed_usd": bill.billed_usd,
        "price_book_usd": bill.reckoned_usd,
        "unexplained_usd": bill.unexplained_usd,
        "unexplained_fraction": bill.unexplained_fraction,
        "paid_usd_per_mtok": bill.paid_usd_per_mtok,
    }
