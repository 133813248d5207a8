"""How much room text takes on a slide, about: PowerPoint fits nothing by itself when a file is written. Sizes in inches, letters in points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_NARROW, _CAPITAL, _FULL = 0.53, 0.72, 1.05
"""Widths of a letter, a capital, and a sign that fills its square, over the size; Arial's, on the safe side."""
LETTER_WIDTH = 0.53
LINE, POINTS = 1.2, 72.0
"""Height of a line over the size of its letters; points in an inch."""
_SAFE = 0.96
"""Of a line that is counted on: bold letters are wider."""


class Box(NamedTuple):
    """A place on a slide [inches]."""

    left: float
    top: float
    width: float
    height: float

    def part(self, number: int, of: int, gap: float = 0.3) -> Box:
        """One of several places side by side."""
        width = (self.width - gap * (of - 1)) / of
        return Box(self.left + number * (width + gap), self.top, width, self.height)

    def below(self, height: float) -> Box:
        """What is left under a strip of some height."""
        return Box(self.left, self.top + height, self.width, self.height - height)

    def upper(self, height: float) -> Box:
        """A strip of some height at the top."""
        return Box(self.left, self.top, self.width, height)


def size_that_fits(texts: Sequence[str], box: Box, most: float, least: float) -> float:
    """The largest size of letters at which paragraphs stay in a place; `least` where none does.

    Args:
        texts: paragraphs.
        box: the place.
        most: size to begin with [points].
        least: size to end with [points].
    """
    size = most
    while size > least and _height_in(texts, box.width, size) > box.height:
        size -= 0.5
    return size


def _height_in(texts: Sequence[str], width_in: float, size: float) -> float:
    lines = sum(lines_of(text, width_in, size) for text in texts)
    return (lines * LINE + 0.35 * len(texts)) * size / POINTS


def lines_of(text: str, width_in: float, size: float) -> int:
    """How many lines a text takes in a column of some width, about."""
    room = max(1.0, _SAFE * width_in * POINTS / size)
    return sum(_wrapped(part, room) for part in text.split("\n"))


def _wrapped(text: str, room: float) -> int:
    """Lines that words take; a word that is longer than a line is broken."""
    lines, at = 1, 0.0
    for word in text.split(" "):
        width = _width(word)
        if at and at + width > room:
            lines, at = lines + 1, 0.0
        while width > room:
            lines, width = lines + 1, width - room
        at += width + _NARROW / 2
    return lines


def _width(text: str) -> float:
    return sum(_FULL if ord(sign) >= 0x1100 else _CAPITAL if sign.isupper() else _NARROW for sign in text)  # noqa: PLR2004 - Hangul and beyond


def row_height(row: Sequence[str], widths: Sequence[float], size: float) -> float:
    """Height of a row of a table [inches]."""
    lines = max(lines_of(text, width - 0.1, size) for text, width in zip(row, widths, strict=True))
    return (lines * LINE * size + 0.25 * size) / POINTS + 0.04
