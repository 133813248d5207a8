"""In whose notation numbers are written for people: `1,234.5` in English, `1.234,5` in German, `12,34,567` in India.

Numbers of files, ids, links and commands never pass here. A number of a sentence, a table or a chart does: `f"{local(cost):,.2f}"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tco.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Notation:
    """How a language writes numbers, in Latin digits.

    Attributes:
        tag: of the locale, as `de-DE`.
        decimal: mark before the fraction.
        group: mark between groups of digits.
        sizes: digits of the group before the decimal mark, and of every group before that one.
    """

    tag: str
    decimal: str
    group: str
    sizes: tuple[int, int] = (3, 3)


ENGLISH = Notation(tag="en", decimal=".", group=",")
_LIKE_ENGLISH = frozenset({"en", "en-us", "en-gb", "en-au", "en-ca", "en-ie", "en-nz"})
"""Told apart here so that nobody who reads English waits for the tables of all languages."""
_TAG = re.compile(r"[a-z]{2,3}(?:[-_][a-z0-9]{2,8}){0,3}", re.IGNORECASE)
_EXTENSION = re.compile(r"[-_][a-z0-9][-_].*$", re.IGNORECASE | re.DOTALL)
_LONGEST_TAG = 60
_WRITTEN = re.compile(r"(\d+(?:,\d{3})*)(?:\.(\d+))?")

_BLANKS = re.compile(r"[^\S\u00a0\u202f]+")
"""All but those that hold the groups of a number together."""

_current: ContextVar[Notation] = ContextVar("notation", default=ENGLISH)


def notation() -> Notation:
    """The one that numbers are written in now; English where nobody said otherwise."""
    return _current.get()


@contextmanager
def numbers_in(style: Notation) -> Iterator[None]:
    """Numbers are written so while this holds, in this thread alone.

    Args:
        style: of `notation_of` or `notation_for`.

    >>> with numbers_in(notation_for("de-DE")):
    ...     f"{local(1234.5):,.2f}"
    '1.234,50'
    """
    before = _current.set(style)
    try:
        yield
    finally:
        _current.reset(before)


def notation_of(tag: str | None) -> Notation | None:
    """The notation of a locale; None where there is no such locale.

    What is more exact than any table, as `de-XX`, is the language's.

    Args:
        tag: as browsers name locales (BCP 47), such as `fr-CH`.

    >>> notation_of("fr-FR").decimal, notation_of("en-IN").sizes, notation_of("no such")
    (',', (3, 2), None)
    """
    known = _EXTENSION.sub("", (tag or "").strip()[:_LONGEST_TAG]).replace("_", "-").lower()
    return _notation_of(known) if _TAG.fullmatch(known) else None


def notation_for(tag: str, path: str | None = None) -> Notation:
    """The notation of a locale that somebody asked for by name.

    Args:
        tag: such as `de-DE`.
        path: where it was asked for.

    Raises:
        InputError: there is no such locale.
    """
    found = notation_of(tag)
    if found is None:
        raise InputError(
            f"locale {tag[:_LONGEST_TAG]!r} is not known; write a language and, where it matters, a country, such as de-DE, fr-CH or en-IN",
            code="locale_unknown",
            path=path,
        )
    return found


@lru_cache(maxsize=64)
def _notation_of(tag: str) -> Notation | None:
    if tag in _LIKE_ENGLISH:
        return ENGLISH
    # Only who reads another language than English waits for it.
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415

    parts = tag.split("-")
    for most in range(len(parts), 0, -1):
        try:
            found = Locale.parse("-".join(parts[:most]), sep="-")
        except (UnknownLocaleError, ValueError):
            continue
        return _told_by(found, tag)
    return None


def _told_by(locale: Any, tag: str) -> Notation:
    from babel.numbers import get_decimal_symbol, get_group_symbol  # noqa: PLC0415

    # Latin digits and their marks, whatever digits a language has of its own: they stand in English sentences.
    decimal = get_decimal_symbol(locale, numbering_system="latn")
    group = get_group_symbol(locale, numbering_system="latn")
    first, second = locale.decimal_formats[None].grouping
    language, *more = tag.split("-")
    name = "-".join([language, *(part.upper() if len(part) == 2 else part for part in more)])  # noqa: PLR2004 - a country
    return Notation(tag=name, decimal=decimal, group=group, sizes=(first, second))


class local:  # noqa: N801 - reads as a word of a sentence: f"{local(cost):,.2f}"
    """A number in a sentence for people: Python's format, in the notation of who reads it.

    Args:
        value: the number.

    >>> f"{local(1234567):,} tokens, {local(0.125):.1%}"
    '1,234,567 tokens, 12.5%'
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __format__(self, spec: str) -> str:
        return respelled(format(self.value, spec))


def respelled(text: str) -> str:
    """A number that is written in English, in the notation of who reads it; a sentence with several numbers is nothing for this.

    Args:
        text: of one number, with whatever stands before and behind it.

    >>> with numbers_in(notation_for("en-IN")):
    ...     respelled("$1,234,567.80")
    '$12,34,567.80'
    """
    style = _current.get()
    if style is ENGLISH:
        return text
    return _WRITTEN.sub(lambda found: _spelled(found[1], found[2], style), text, count=1)


def prose(text: str) -> str:
    """A constant sentence of this tool with all its numbers in the notation of who reads it.

    For nothing else: of a name such as Llama 3.1 it would make another one.

    Args:
        text: written in the code, no data in it.

    >>> with numbers_in(notation_for("de-DE")):
    ...     prose("0.25 is a quarter; up to 1,000 of them.")
    '0,25 is a quarter; up to 1.000 of them.'
    """
    style = _current.get()
    return text if style is ENGLISH else _WRITTEN.sub(lambda found: _spelled(found[1], found[2], style), text)


def one_line(text: str) -> str:
    r"""A text on one line, its blanks single ones; those within a number stay.

    >>> one_line("  from 1\u202f234\n to  5 ") == "from 1\u202f234 to 5"
    True
    """
    return _BLANKS.sub(" ", text).strip()


def _spelled(whole: str, fraction: str | None, style: Notation) -> str:
    if "," in whole:
        whole = _grouped(whole.replace(",", ""), style)
    return whole if fraction is None else f"{whole}{style.decimal}{fraction}"


def _grouped(digits: str, style: Notation) -> str:
    first, others = style.sizes
    parts = [digits[-first:]]
    rest = digits[:-first]
    while rest:
        parts.insert(0, rest[-others:])
        rest = rest[:-others]
    return style.group.join(parts)
