"""The sheet Inputs: every number that the answer rests on, as one register. Blue cells may be changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from tco.register import register, unit_of
from tco.report.evidence import row_ids
from tco.report.pack import ReportPack
from tco.report.xlsx.cells import Block, Cell, Held, Line
from tco.report.xlsx.expressions import Expr
from tco.report.xlsx.functions import equals, total, when
from tco.report.xlsx.sheet import Sheet, Style
from tco.result import Assumption
from tco.words import label

ID, PATH, NAME, VALUE, UNIT, LOW, HIGH, EVIDENCE, SOURCE, AS_OF, EFFECT, AT_EXPORT, CHANGED, RANK, SHARE, NOTE = range(
    16
)
_HEADERS = (
    "Id", "Input", "What it is", "Value", "Unit", "Low", "High", "Evidence", "Source", "As of", "In this workbook", "Value at export",
    "Changed", "Sensitivity rank", "Share of variance", "Note",
)  # fmt: skip
_NUMBERS = {VALUE, LOW, HIGH, AT_EXPORT, CHANGED, RANK, SHARE}
_HEADER_ROW = 4
_FIRST_ROW = 5
LIVE, MIX_HELD, NEW_EXPORT = "live", "live, mix held", "new export"

_ANY = 0.0, 1e15
_BOUNDS = {
    "retry_fraction": (0.0, 0.95), "_availability_fraction": (0.5, 0.999999), "availability_target_fraction": (0.5, 0.999999), "peak_headroom_fraction": _ANY,
    "pue": (1.0, 10.0), "economic_life_months": (1.0, 240.0), "book_life_months": (1.0, 240.0), "term_months": (1.0, 240.0), "every_months": (1.0, 120.0),
    "hours_per_month": (672.0, 744.0), "agent.steps": (1.0, 1000.0),
}  # fmt: skip


@dataclass(slots=True)
class Inputs:
    """The inputs of a workbook, by path.

    Attributes:
        sheet: on which they stand.
        cells: by path: quantities of the scenario, then settings.
        settings: numbers that are no quantities, such as the hours of a month: path, number, unit, meaning.
        why: of those that are not live, what a change does here, and why; after `tell_effects`.
    """

    sheet: Sheet
    cells: dict[str, Cell] = field(default_factory=dict)
    settings: dict[str, tuple[Cell, str, str]] = field(default_factory=dict)
    _changed: list[Cell] = field(default_factory=list)
    _rows: dict[str, int] = field(default_factory=dict)
    why: dict[str, tuple[str, str]] = field(default_factory=dict)
    _effects: dict[str, Cell] = field(default_factory=dict)

    def __getitem__(self, path: str) -> Cell:
        """The cell of a quantity.

        Raises:
            KeyError: the scenario has none of that path.
        """
        return self.cells[path]

    def setting(self, path: str, number: float, unit: str, meaning: str) -> Cell:
        """The cell of a number that is no quantity; it is added when it is first asked for."""
        if path not in self.settings:
            row = self.sheet.next_row
            cell = self.sheet.cell(VALUE, float(number), "number", row=row)
            self.settings[path] = (cell, unit, meaning)
            self._register(path, cell, number, "number")
            self.sheet.text(ID, f"S{len(self.settings):02d}")
            self.sheet.text(PATH, path)
            self.sheet.text(NAME, meaning)
            self.sheet.text(UNIT, unit, "unit")
            self.sheet.next_row += 1
        return self.settings[path][0]

    def _register(self, path: str, cell: Cell, number: float, style: Style) -> None:
        row = cell.row
        at_export = self.sheet.cell(AT_EXPORT, Held(number, (), "the input when the workbook was made"), style, row=row)
        changed = self.sheet.cell(CHANGED, when(equals(cell, at_export), 0, 1), "count", row=row)
        self._changed.append(changed)
        self._rows[path] = row
        self._effects[path] = self.sheet.cell(EFFECT, LIVE, "unit", row=row)

    @property
    def numbered(self) -> dict[str, Cell]:
        """All cells by path, settings included."""
        return self.cells | {path: cell for path, (cell, _, _) in self.settings.items()}

    @property
    def changed_count(self) -> Expr:
        """How many inputs have another value than at the export."""
        return total(Block(tuple(self._changed)))

    @property
    def numbers(self) -> Block:
        """All values, settings included."""
        return Block(tuple(self.numbered.values()))

    @property
    def changes(self) -> Block:
        """1 for each that has another value than at the export."""
        return Block(tuple(self._changed))

    def tell_effects(self, lines: Iterable[Line | Cell], idle: Collection[str] = ()) -> None:
        """Writes beside each input what a change of it does here; once all formulas are there.

        Args:
            lines: all rows and cells of the workbook.
            idle: inputs that change no answer of this kind of scenario.
        """
        used, held = _used(lines), _held(lines)
        for path, cell in self.numbered.items():
            why = sorted({each.why for each in held if any(path.startswith(start) for start in each.rests_on)})
            leans = sorted({each.why for each in held if any(path.startswith(start) for start in each.leans_on)})
            effect = NEW_EXPORT if why or cell not in used else MIX_HELD if leans else LIVE
            effect = LIVE if path in idle else effect
            self._effects[path].content = effect
            if effect != LIVE:
                told = f"held at export: {'; '.join(why or leans)}" if why or leans else "no formula here uses it"
                self.sheet.text(NOTE + 1, told, "wrapped", row=self._rows[path])
                self.why[path] = effect, told

    def is_live(self, path: str) -> bool:
        """Whether a change of it is answered here in full, a hybrid's best mix left as it is; after `tell_effects`."""
        return self._effects[path].content in {LIVE, MIX_HELD}

    @property
    def effects(self) -> Block:
        """What a change of each does here."""
        return Block(tuple(self._effects.values()))

    @property
    def rows(self) -> tuple[int, int]:
        """First and last row of the register."""
        return min(self._rows.values()), max(self._rows.values())


def inputs_of(pack: ReportPack) -> Inputs:
    """The sheet with all quantities of the filled scenario.

    Args:
        pack: the answer.
    """
    sheet = Sheet(
        name="Inputs",
        title="Inputs and assumptions",
        about="Blue cells on yellow may be changed. Where it says `live`, all results follow; where it says `new export`, the tool must work the answer out anew, and the cell and the last column say why.",
        frozen=(_FIRST_ROW, 4),
        next_row=_FIRST_ROW,
        widths={ID: 6, PATH: 54, NAME: 44, VALUE: 14, UNIT: 16, LOW: 11, HIGH: 11, EVIDENCE: 13, SOURCE: 48, AS_OF: 11, EFFECT: 12, AT_EXPORT: 14, CHANGED: 9, RANK: 10, SHARE: 10, NOTE: 60, NOTE + 1: 100},
    )  # fmt: skip
    for column, header in enumerate((*_HEADERS, "Why it needs a new export")):
        sheet.text(column, header, _header_style(column), row=_HEADER_ROW)
    found = Inputs(sheet)
    ranks = {driver.path: rank for rank, driver in enumerate(pack.result.drivers, 1)}
    shares = {} if pack.risk is None else {share.path: share.share_fraction for share in pack.risk.shares}
    ids = list(row_ids(pack.result).values())
    for name, row in zip(ids, register(pack.prepared.scenario), strict=True):
        _put(found, name, row, ranks.get(row.path), shares.get(row.path))
    return found


def _put(found: Inputs, name: str, row: Assumption, rank: int | None, share: float | None) -> None:
    sheet, style = found.sheet, style_of(row.path)
    found.cells[row.path] = cell = sheet.cell(VALUE, row.value, style)
    found._register(row.path, cell, row.value, style)  # noqa: SLF001 - of this file
    for column, text in ((ID, name), (PATH, row.path), (NAME, label(row.path))):
        sheet.text(column, text)
    for column, text in ((UNIT, row.unit), (EVIDENCE, row.evidence)):
        sheet.text(column, text, "unit")
    for column, end in ((LOW, row.low), (HIGH, row.high)):
        if end is not None:
            sheet.cell(column, Held(end, (), "its range"), style)
    for column, given in ((SOURCE, row.source), (AS_OF, row.as_of), (NOTE, row.note)):
        if given is not None:
            sheet.text(column, str(given), "text" if column == AS_OF else "wrapped")
    if rank is not None:
        sheet.cell(RANK, Held(rank, (), "by the swing of the NPV"), "count")
    if share is not None:
        sheet.cell(SHARE, Held(share, (), "by the simulation"), "fraction")
    sheet.next_row += 1


def _header_style(column: int) -> Style:
    return "column" if column in _NUMBERS else "unit_header" if column in {UNIT, EVIDENCE, EFFECT} else "header"


def style_of(path: str) -> Style:
    """How a quantity is shown, by its unit."""
    unit = unit_of(path)
    if unit.startswith("fraction"):
        return "fraction"
    return "small_usd" if unit.startswith("USD") and unit not in {"USD", "USD/month", "USD/year"} else "number"


def bounds_of(path: str) -> tuple[float, float]:
    """Between which numbers an input may be changed: the bounds of the scenario file, as far as the input's name tells them.

    Args:
        path: of a quantity or a setting.

    >>> bounds_of("options.own.pue"), bounds_of("workload.batchable_fraction"), bounds_of("discount_rate_per_year")
    ((1.0, 10.0), (0.0, 1.0), (-0.99, 1.0))
    """
    for end, bounds in _BOUNDS.items():
        if path.endswith(end):
            return bounds
    try:
        unit = unit_of(path)
    except LookupError:
        return _ANY
    if unit in {"fraction/year", "fraction/month"}:
        return -0.99, 1.0
    return (0.0, 1.0) if unit == "fraction" else _ANY


def _used(lines: Iterable[Line | Cell]) -> set[Expr]:
    """All expressions that a result rests on: what only compares an input with its value at export does not use it."""
    seen: set[Expr] = set()
    waiting = [part for line in lines if line.sheet == "Results" for part in line.parts()]
    while waiting:
        each = waiting.pop()
        if each not in seen:
            seen.add(each)
            waiting.extend(each.parts())
    return seen


def _held(lines: Iterable[Line | Cell]) -> list[Held]:
    """All numbers of the engine that rest on inputs."""
    found: list[Held] = []
    for line in lines:
        content = line.content
        held = [content] if isinstance(content, Held) else content if isinstance(content, tuple) else []
        found.extend(each for each in held if each.rests_on)
    return list({(each.rests_on, each.leans_on, each.why): each for each in found}.values())
