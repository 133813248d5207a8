"""Text from outside as text that does nothing: no control characters, no signs that turn the reading direction around, no endless lines."""

from __future__ import annotations

import unicodedata
from typing import TypeVar

from tco.number_style import one_line
from tco.report.redact import mapped

MOST_SIGNS = 2_000
"""Of a text in a report; what is longer is cut, and ends with "…"."""

_TURNING = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF}
_FORBIDDEN = {"Cc", "Cs", "Co", "Cn"}
_STARTERS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_MOST_MARKS = 4
_BACK = "\u200e"
"""Has no width and reads from left to right."""
_FROM_RIGHT, _FROM_LEFT = {"R", "AL", "AN"}, {"L", "EN"}

_Node = TypeVar("_Node")


def inert(text: str, most: int = MOST_SIGNS) -> str:
    r"""A text that any form may hold: control characters become blanks, signs that turn or stack text go, the rest stays letter by letter.

    After words that read from the right stands a mark without width, so that numbers behind them stay where they are.

    Args:
        text: any text.
        most: signs that are kept.

    >>> inert("a\x00b\x1b[31m\u202ecba"), inert("line\nline")
    ('a b [31mcba', 'line\nline')
    """
    kept: list[str] = []
    marks = 0
    for sign in text[: most + 1]:
        kind = unicodedata.category(sign)
        marks = marks + 1 if kind == "Mn" else 0
        if sign == "\n":
            kept.append(sign)
        elif ord(sign) in _TURNING or marks > _MOST_MARKS or ord(sign) & 0xFFFE == 0xFFFE:  # noqa: PLR2004 - no characters
            continue
        elif kind in _FORBIDDEN:
            kept.append(" ")
        else:
            kept.append(sign)
    return _settled(kept if len(text) <= most else [*kept[: most - 1], "…"])


def _settled(signs: list[str]) -> str:
    found: list[str] = []
    after: int | None = None
    for sign in signs:
        kind = unicodedata.bidirectional(sign)
        if kind in _FROM_LEFT and after is not None:
            found.insert(after, _BACK)
            after = None
        found.append(sign)
        if kind in _FROM_RIGHT:
            after = len(found)
    if after is not None:
        found.insert(after, _BACK)
    return "".join(found)


def inert_record(node: _Node, most: int = MOST_SIGNS) -> _Node:
    """A record whose texts are all inert.

    Args:
        node: of texts, tuples and dataclasses.
        most: signs that are kept of each text.
    """
    return mapped(node, lambda text: inert(text, most))


def no_formula(text: str) -> str:
    """A cell of a CSV file that no spreadsheet takes for a formula (OWASP ASVS 1.2.10): a quote before what starts one.

    Args:
        text: of the cell.

    >>> no_formula("=1+1"), no_formula("plain")
    ("'=1+1", 'plain')
    """
    clean = inert(text).replace("\n", " ")
    return f"'{clean}" if clean.lstrip(" ").startswith(_STARTERS) else clean


def short(text: str, most: int) -> str:
    """A text for a place with little room, on one line.

    Args:
        text: any text.
        most: signs.

    >>> short("a long name", 8)
    'a long…'
    """
    line = one_line(text)
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
