"""Results of a grid as a CSV table: a row for each option at each point, for a spreadsheet or pandas."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tco.errors import InputError
from tco.grid.axes import Axis, label
from tco.grid.point import GridPoint, OptionAnswer

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_FIGURES = (
    "feasible", "reasons", "total_usd", "npv_usd", "payback_months", "usd_per_mtok", "replicas", "gpus",
    "utilisation_fraction", "basis",
)  # fmt: skip


def write_table(path: str | Path, axes: Sequence[Axis], points: Iterable[GridPoint]) -> None:
    """Writes the table, so that a reader never sees half a file.

    Columns: `point`, each axis by its name, `error`, `option`, `recommended`, then the option's figures. A point that could not
    be answered has one row with its sentence. Texts come from outside: one that a spreadsheet would take for a formula gets an
    apostrophe before it.

    Args:
        path: the file; one that is there is replaced.
        axes: of the grid.
        points: in the order of the rows.

    Raises:
        InputError: it cannot be written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(
                [
                    cell(name)
                    for name in ("point", *(axis.name for axis in axes), "error", "option", "recommended", *_FIGURES)
                ]
            )
            for point in points:
                writer.writerows(_rows(point, axes))
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise InputError(f"{path}: cannot be written ({error.strerror}); name another file with --csv") from None


def cell(value: Any) -> Any:
    """A value as a cell: a number as it is, text such that no spreadsheet computes it.

    See https://owasp.org/www-community/attacks/CSV_Injection.

    >>> cell(-5.0), cell("H100"), cell('=HYPERLINK(x)'), cell(None), cell(True)
    (-5.0, 'H100', "'=HYPERLINK(x)", '', 'true')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return value
    text = label(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _rows(point: GridPoint, axes: Sequence[Axis]) -> Iterator[list[Any]]:
    first = [point.index, *(cell(point.values[axis.name]) for axis in axes), cell(point.error)]
    for option in point.options:
        yield [*first, cell(option.name), cell(option.name == point.recommended), *_figures(option)]
    if not point.options:
        yield [*first, *[""] * (2 + len(_FIGURES))]


def _figures(option: OptionAnswer) -> list[Any]:
    values = {**dict(option), "reasons": "; ".join(option.reasons)}
    return [cell(values[name]) for name in _FIGURES]
