"""A row of a table of options side by side: a figure as text and as numbers, and which of them is best."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from tco.format import months, share, usd
from tco.result import OptionResult, Result

NOTHING = "–"
"""Where a figure does not exist or nobody knows it."""

Better = Literal["low", "high"]
Group = Literal["Answer", "Unit costs", "Capacity", "Quality and constraints", "Terms"]


class Row(NamedTuple):
    """One figure of all options.

    Attributes:
        group: that it stands in.
        title: what it is, with the unit where the cells do not say it.
        cells: as text, by option.
        numbers: behind the text, by option; None where there is none.
        better: which end of the numbers is the better one; None: neither.
        words: of `tco.glossary.TERMS`, which say what it means.
        unit: of the numbers, as `tco.register` has units; empty: a plain number.
        barred: positions of options that are ruled out, which are best of nothing.
    """

    group: Group
    title: str
    cells: tuple[str, ...]
    numbers: tuple[float | None, ...] = ()
    better: Better | None = None
    words: tuple[str, ...] = ()
    unit: str = ""
    barred: frozenset[int] = frozenset()

    @property
    def best(self) -> frozenset[int]:
        """Positions of the options that are best by it, as far as the text tells them apart; none where nobody is better than another.

        >>> Row("Answer", "Cost", ("1", "2", "–"), (1.0, 2.0, None), "low").best
        frozenset({0})
        """
        known = {
            place: number
            for place, number in enumerate(self.numbers)
            if number is not None and place not in self.barred
        }
        if self.better is None or not known:
            return frozenset()
        target = (min if self.better == "low" else max)(known, key=known.__getitem__)
        best = frozenset(place for place in known if self.cells[place] == self.cells[target])
        return best if len(best) < len(known) else frozenset()


def payback_words(option: OptionResult, result: Result) -> str:
    """An option's payback in a word or two.

    Args:
        option: of the answer.
        result: the answer.
    """
    if not option.feasible:
        return "ruled out"
    if option.name == result.baseline:
        return "paid today"
    return NOTHING if option.npv_usd is None else months(option.payback_months)


def verdict(option: OptionResult, result: Result) -> str:
    """What becomes of an option: recommended, paid today, possible, ruled out.

    Args:
        option: of the answer.
        result: the answer.
    """
    today = "paid today" if option.name == result.baseline else ""
    state = "recommended" if option.name == result.recommended else "" if option.feasible else "ruled out"
    return ", ".join(part for part in (state, today) if part) or "can serve"


Figure = Callable[[OptionResult], float | None]
"""Number of an option; None: it has none."""


def numbers_row(
    result: Result,
    group: Group,
    title: str,
    figure: Figure,
    text: Callable[[float], str],
    better: Better | None = None,
    *words: str,
) -> Row:
    """A row of numbers.

    Args:
        result: the answer.
        group: that it stands in.
        title: what it is.
        figure: number of an option.
        text: how a number is written.
        better: which end is the better one.
        words: of the glossary.
    """
    numbers = tuple(figure(option) for option in result.options)
    cells = tuple(NOTHING if number is None else text(number) for number in numbers)
    return Row(
        group, title, cells, numbers, better, words, unit="USD" if text is usd else "fraction" if text is share else ""
    )


def words_row(result: Result, group: Group, title: str, text: Callable[[OptionResult], str | None], *words: str) -> Row:
    """A row of words, in which nobody is best.

    Args:
        result: the answer.
        group: that it stands in.
        title: what it is.
        text: of an option; None: nobody knows.
        words: of the glossary.
    """
    return Row(group, title, tuple(text(option) or NOTHING for option in result.options), words=words)


def compared(result: Result, figure: Figure) -> Figure:
    """A figure that only options have that are held against what is paid today.

    Args:
        result: the answer.
        figure: of an option.
    """
    return lambda option: figure(option) if option.npv_usd is not None and option.name != result.baseline else None
