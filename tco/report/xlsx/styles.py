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
    "number": "#,##0.####;(#,##0.####);0",
    "fraction": "0.00%",
    "factor": "0.0000",
    "months": "0.0",
    "header": "0",
}
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
        self._made: dict[tuple[Style, Role], Format] = {}

    def of(self, style: Style, role: Role) -> Format:
        """The format of a cell."""
        key = (style, role)
        if key not in self._made:
            self._made[key] = self._book.add_format(self._font | _ROLES[role] | self._of_style(style, role))
        return self._made[key]

    def _of_style(self, style: Style, role: Role) -> dict[str, Any]:
        # Words in place of a number, such as "never", stand where numbers do.
        number = {"num_format": _NUMBERS[style], "align": "right"} if style in _NUMBERS and role != "text" else {}
        look: dict[Style, dict[str, Any]] = {
            "title": {"bold": True, "font_size": 16, "font_color": self._primary},
            "heading": {"bold": True, "font_size": 11, "font_color": self._primary, "bottom": 1},
            "header": {"bold": True, "font_color": "#FFFFFF", "bg_color": self._primary, "italic": False},
            "text": {"valign": "top"},
            "unit": {"font_color": _GREY, "valign": "top"},
            "absent": {"font_color": _GREY, "align": "right"},
            "column": {"bold": True, "font_color": "#FFFFFF", "bg_color": self._primary, "align": "right"},
            "wrapped": {"text_wrap": True, "valign": "top"},
            "check": {"bold": True, "indent": 1},
        }
        return number | look.get(style, {})

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
