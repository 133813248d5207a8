"""How cells look: colours by where a number comes from, formats by what it is."""

from __future__ import annotations

from typing import Any, Literal

import xlsxwriter
from xlsxwriter.format import Format

from tco.report.brand import Brand
from tco.report.xlsx.sheet import Style

Role = Literal["text", "input", "formula", "link", "held"]

_NUMBERS: dict[Style, str] = {
    "usd": '#,##0;(#,##0);"-"',
    "small_usd": '#,##0.0000;(#,##0.0000);"-"',
    "count": "#,##0;(#,##0);0",
    "fraction": "0.00%",
    "rate": "#,##0.00%",
    "factor": "0.0000",
    "months": "0.0",
    "header": "0",
}
_LARGE, _MIDDLE = 10_000, 100
_BLUE, _YELLOW, _GREEN, _GREY, _LIGHT = "#0000FF", "#FFFFCC", "#006100", "#595959", "#F2F2F2"
_ROLES: dict[Role, dict[str, Any]] = {
    "text": {},
    "input": {"font_color": _BLUE, "bg_color": _YELLOW, "border": 1, "border_color": "#D9D9D9", "locked": False},
    "formula": {"font_color": "#000000"},
    "link": {"font_color": _GREEN},
    "held": {"font_color": _GREY, "italic": True, "bg_color": _LIGHT},
}
_BAD, _GOOD = {"bg_color": "#FFC7CE", "font_color": "#9C0006"}, {"bg_color": "#C6EFCE", "font_color": "#006100"}


class Styles:
    """Formats of one workbook, each made once."""

    def __init__(self, book: xlsxwriter.Workbook, brand: Brand) -> None:
        self._book = book
        self._font = {"font_name": brand.terms.fonts.body, "font_size": 10}
        self._primary = brand.terms.colours.primary
        self._made: dict[tuple[Style, Role, str | None], Format] = {}

    def of(self, style: Style, role: Role, *shown: float) -> Format:
        """The format of a cell, or of a row of cells.

        Args:
            style: what it is.
            role: where it comes from.
            shown: numbers of a `number` or a `count`, which tell how many decimals are worth showing.
        """
        is_open = style == "number" or (style == "count" and not all(number.is_integer() for number in shown))
        code = _by_size(role, shown) if is_open else _NUMBERS.get(style)
        key = (style, role, code)
        if key not in self._made:
            number = {} if code is None or role == "text" else {"num_format": code, "align": "right"}
            self._made[key] = self._book.add_format(
                self._font | {"valign": "vcenter"} | _ROLES[role] | number | self._of_style(style)
            )
        return self._made[key]

    def _of_style(self, style: Style) -> dict[str, Any]:
        # Words in place of a number, such as "never", stand where numbers do.
        band = {"bold": True, "font_color": "#FFFFFF", "bg_color": self._primary, "text_wrap": True}
        look: dict[Style, dict[str, Any]] = {
            "title": {"bold": True, "font_size": 16, "font_color": self._primary},
            "heading": {"bold": True, "font_size": 11, "font_color": self._primary, "bottom": 1},
            "header": band | {"italic": False},
            "unit_header": band | {"indent": 1},
            "unit": {"font_color": _GREY, "indent": 1},
            "about": {"font_color": _GREY},
            "absent": {"font_color": _GREY, "align": "right"},
            "column": band | {"align": "right"},
            "wrapped": {"text_wrap": True},
            "standing": {"text_wrap": True, "align": "right", "font_color": _GREY},
            "check": {"bold": True, "indent": 1},
        }
        return look.get(style, {})

    @property
    def huge(self) -> Format:
        """Of a rate of which people say no more than that it is over 1,000%; as a condition, for a format of several parts may lose a minus."""
        return self._book.add_format({"num_format": '"over 1,000%"'})

    @property
    def bad(self) -> Format:
        """Of what failed."""
        return self._colour(_BAD)

    @property
    def good(self) -> Format:
        """Of what holds."""
        return self._colour(_GOOD)

    def _colour(self, colours: dict[str, Any]) -> Format:
        return self._book.add_format(colours)


def _by_size(role: Role, shown: tuple[float, ...]) -> str:
    """Decimals by how large numbers are. Not `#,##0.####`, which writes `900.` for nine hundred."""
    largest = max((abs(number) for number in shown), default=0.0)
    is_whole = all(number.is_integer() for number in shown)
    if role == "input" and not (is_whole and largest >= 1_000):  # noqa: PLR2004 - where thousands are set apart
        # What is typed into an input is shown as it is typed.
        return "General"
    if largest >= _LARGE or (is_whole and role in {"input", "held"}):
        return _NUMBERS["count"]
    return "#,##0.0;(#,##0.0);0" if largest >= _MIDDLE else "#,##0.0000;(#,##0.0000);0"
