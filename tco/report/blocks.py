"""What a document is made of, whatever its form: sections of text, lists, facts, tables and pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Align = Literal["left", "right"]
MOST_LINES_TOGETHER, _SIGNS_ACROSS = 36, 90
"""Lines of a table that is not parted by the end of a page; signs of a line across the whole page."""
PictureName = Literal["cumulative", "tornado", "paid_back", "line_items"]


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph.

    Attributes:
        text: plain text; nothing in it is markup.
        role: `lead` is the answer, `note` is small print.
    """

    text: str
    role: Literal["lead", "body", "note"] = "body"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list.

    Attributes:
        items: plain texts.
        title: what they are; None: nothing.
    """

    items: tuple[str, ...]
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One number that matters.

    Attributes:
        label: what it is.
        value: the number as people read it.
        note: what else to know.
    """

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Numbers side by side."""

    items: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        title: above it.
        align: of its cells.
        weight: its share of the width, against the other columns.
    """

    title: str
    align: Align = "left"
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        columns: from left to right.
        rows: cells as texts, as many as columns; a line break in a cell starts a second line, in small print.
        title: above it; None: nothing.
        note: below it; None: nothing.
        strong: rows that stand out, such as totals, by number.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str | None = None
    note: str | None = None
    strong: frozenset[int] = frozenset()

    @property
    def is_small(self) -> bool:
        """Whether it stays on one page: as few lines as certainly find room on one, whatever texts stand in it."""
        return sum(map(self._lines, self.rows)) <= MOST_LINES_TOGETHER

    def _lines(self, row: tuple[str, ...]) -> int:
        whole = sum(column.weight for column in self.columns)
        rooms = [_SIGNS_ACROSS * column.weight / whole for column in self.columns]
        return max(math.ceil((len(text) + 1) / room) + text.count("\n") for text, room in zip(row, rooms, strict=True))


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart.

    Attributes:
        name: which one.
        caption: what it shows; who cannot see it hears this.
        share: of the width [fraction].
    """

    name: PictureName
    caption: str
    share: float = 1.0


Block = Text | Bullets | Facts | Table | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document.

    Attributes:
        title: its heading.
        blocks: what it says.
        wide: whether its tables need a page across.
        new_page: whether it begins one.
    """

    title: str
    blocks: tuple[Block, ...]
    wide: bool = False
    new_page: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole report.

    Attributes:
        title: of the scenario.
        subtitle: the question.
        date: the day that it answers for, as text.
        header: above every page.
        footer: below every page: the firm's line and confidentiality.
        ids: below every page: what the numbers rest on.
        sections: in order; the first one is the summary.
    """

    title: str
    subtitle: str
    date: str
    header: str
    footer: str
    ids: str
    sections: tuple[Section, ...]


def columns(*titles: str, left: int = 1, weights: tuple[float, ...] = ()) -> tuple[Column, ...]:
    """Columns whose first ones are texts and all others numbers.

    Args:
        titles: of all.
        left: how many are texts.
        weights: of their widths; null: a text is twice a number.
    """
    shares = weights or tuple(2.0 if number < left else 1.0 for number in range(len(titles)))
    return tuple(
        Column(title, "left" if number < left else "right", shares[number]) for number, title in enumerate(titles)
    )
