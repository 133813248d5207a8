"""Tables of a Word document: fixed widths, a head that repeats, rows that do not break."""

from __future__ import annotations

from typing import Any

from docx.document import Document as Word
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Emu, Length, Pt
from docx.table import Table as WordTable
from docx.table import _Cell

from tco.report.blocks import Align, Facts, Table
from tco.report.docx.dress import Dress

_LINE = "D7D7D7"
_LONG_VALUE = 11
_PAD = "50"
"""Between a cell's edge and its text, in twentieths of a point."""


def add_table(word: Word, table: Table, look: Dress, width: Emu, *, size: Length) -> None:
    """Adds a table.

    Args:
        word: the document.
        table: what it holds.
        look: colours and fonts.
        width: of the page between its margins.
        size: of the letters.
    """
    made = word.add_table(rows=len(table.rows) + 1, cols=len(table.columns))
    _fix(made, width, [column.weight for column in table.columns])
    _whole_rows(made)
    _keep_together(made, last=len(table.rows) if table.is_small else 1)
    grid = _grid(made)
    for cell, column in zip(grid[0], table.columns, strict=True):
        _fill(cell, column.title, column.align, look, size, bold=True)
        _edge(cell, f"{look.primary}", 12)
    for number, row in enumerate(table.rows):
        for cell, column, text in zip(grid[number + 1], table.columns, row, strict=True):
            _fill(cell, text, column.align, look, size, bold=number in table.strong)
            _edge(cell, _LINE, 4)


def add_facts(word: Word, facts: Facts, look: Dress, width: Emu) -> None:
    """Adds numbers side by side.

    Args:
        word: the document.
        facts: the numbers.
        look: colours and fonts.
        width: of the page between its margins.
    """
    made = word.add_table(rows=1, cols=len(facts.items))
    _fix(made, width, [1.0 for _ in facts.items])
    for cell, fact in zip(_grid(made)[0], facts.items, strict=True):
        _edge(cell, f"{look.primary}", 18, side="left")
        first = cell.paragraphs[0]
        look.small(first, fact.label)
        run = cell.add_paragraph().add_run(fact.value)
        run.font.bold, run.font.name = True, look.heading
        run.font.size = Pt(11) if len(fact.value) > _LONG_VALUE else Pt(15)
        look.small(cell.add_paragraph(), fact.note, Pt(7))
        for paragraph in cell.paragraphs:
            paragraph.paragraph_format.space_after = Pt(1)
    word.add_paragraph().paragraph_format.space_after = Pt(0)


def _grid(made: WordTable) -> list[list[_Cell]]:
    """Cells by row: `table.cell` walks the whole table each time."""
    return [[_Cell(tc, made) for tc in row._tr.tc_lst] for row in made.rows]  # noqa: SLF001


def _fix(made: WordTable, width: Emu, weights: list[float]) -> None:
    made.alignment, made.autofit = WD_TABLE_ALIGNMENT.LEFT, False
    _flush(made)
    for column, weight in zip(made.columns, weights, strict=True):
        held = Emu(int(width * weight / sum(weights)))
        column.width = held
    for row in _grid(made):
        for cell, column in zip(row, made.columns, strict=True):
            cell.width = column.width or Emu(0)


def _flush(made: WordTable) -> None:
    """Text of the first column stands where the page's text does."""
    properties: Any = made._tbl.tblPr  # noqa: SLF001 - python-docx has no call for these
    indent, margins = OxmlElement("w:tblInd"), OxmlElement("w:tblCellMar")
    indent.set(qn("w:w"), _PAD)
    indent.set(qn("w:type"), "dxa")
    for side in ("left", "right"):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), _PAD)
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    # The schema of a table's properties is a sequence: indent, layout, margins, look.
    layout = properties.find(qn("w:tblLayout"))
    layout.addprevious(indent)
    layout.addnext(margins)


def _whole_rows(made: WordTable) -> None:
    for number, row in enumerate(made.rows):
        properties: Any = row._tr.get_or_add_trPr()  # noqa: SLF001 - python-docx has no call for these
        properties.append(OxmlElement("w:cantSplit"))
        if number == 0:
            properties.append(OxmlElement("w:tblHeader"))


def _keep_together(made: WordTable, last: int) -> None:
    """Rows up to one stay on the page of the next: all of a small table, the head of any."""
    for row in _grid(made)[:last]:
        for cell in row:
            cell.paragraphs[0].paragraph_format.keep_with_next = True


_SIDES: dict[Align, WD_ALIGN_PARAGRAPH] = {"left": WD_ALIGN_PARAGRAPH.LEFT, "right": WD_ALIGN_PARAGRAPH.RIGHT}


def _fill(cell: _Cell, text: str, align: Align, look: Dress, size: Length, *, bold: bool) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.alignment = _SIDES[align]
    paragraph.paragraph_format.space_after = paragraph.paragraph_format.space_before = Pt(1)
    first, _, rest = text.partition("\n")
    run = paragraph.add_run(first)
    run.font.size, run.font.bold = size, bold
    if rest:
        paragraph.add_run().add_break()
        look.small(paragraph, " ".join(rest.split("\n")), Pt(size.pt * 0.85))


def _edge(cell: _Cell, colour: str, eighths: int, side: str = "bottom") -> None:
    """A line along one side of a cell, in eighths of a point."""
    properties: Any = cell._tc.get_or_add_tcPr()  # noqa: SLF001 - python-docx has no call for borders
    borders = OxmlElement("w:tcBorders")
    edge = OxmlElement(f"w:{side}")
    for name, value in (("val", "single"), ("sz", str(eighths)), ("space", "0"), ("color", colour)):
        edge.set(qn(f"w:{name}"), value)
    borders.append(edge)
    properties.append(borders)
