"""How tables of prices are printed: where they go, how wide they are, how amounts and sources are written."""

from __future__ import annotations

import sys
import textwrap
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table
from rich.text import Text

_PIPE_WIDTH = 240
"""Columns of a table that goes into a pipe or a file, where rich would assume 80."""

_WHOLE_FROM_USD = 1000
"""From here on cents are noise."""


def print_table(table: Table) -> None:
    """Prints a table on stdout, as wide as the terminal or, into a pipe, as `_PIPE_WIDTH`."""
    Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(table)


def cell(text: str) -> Text:
    r"""A cell's text. Names come from outside: what a terminal would obey is shown as a question mark.

    >>> cell("red \x1b[31m").plain
    'red ?[31m'
    """
    return Text("".join(sign if sign.isprintable() else "?" for sign in text))


def number(amount: float) -> str:
    """An amount with four digits, from 1,000 on without cents.

    >>> number(0.0123456), number(30000.4)
    ('0.01235', '30,000')
    """
    return f"{amount:,.0f}" if amount >= _WHOLE_FROM_USD else f"{amount:.4g}"


def short_source(source: str) -> str:
    """The host of a link, or the beginning of a sentence; the whole text is in `--json`."""
    first = source.split(maxsplit=1)[0] if source.strip() else ""
    return urlsplit(first).hostname or textwrap.shorten(source, 40, placeholder="...")
