"""What would have to be true, in a sentence."""

from __future__ import annotations

import math

from tco.format import months, share, usd
from tco.stretch import Stretch
from tco.what_if.condition import RECOMMENDED, Condition
from tco.what_if.solve import Solved
from tco.words import amount, label


def solved_sentence(solved: Solved) -> str:
    """One sentence: where the condition holds, and how far that is from the scenario's own value.

    Args:
        solved: from `solve_for` or `flips`.
    """
    what, now = label(solved.path).rpartition(" (")[0], amount(solved.now, solved.unit)
    asked = solved.condition.text(solved.option)
    if not solved.stretches:
        return f"{asked} cannot be reached: {what} was tried from {_ends(solved)}{_closest(solved)}."
    if solved.nearest is None:
        return f"{asked} holds whatever {what} is, from {_ends(solved)}."
    if solved.holds_now:
        mine = next(each for each in solved.stretches if each.low <= solved.now <= each.high)
        return f"{asked} holds as long as {what} {_stays(mine, solved)} (now {now}{_apart(solved)})."
    return f"{asked} holds where {what} is {' or '.join(_is(each, solved) for each in solved.stretches)} (now {now}{_apart(solved)})."


def figure_text(condition: Condition, figure: float | None) -> str:
    """A figure that a condition is about, as people read it.

    Args:
        condition: which figure.
        figure: its value.

    >>> figure_text(Condition("payback_months", "<=", 12.0), math.inf), figure_text(Condition("npv_usd", ">=", 0.0), 1234.0)
    ('never', '$1,234')
    """
    if condition.metric == RECOMMENDED or figure is None:
        return "–"
    if condition.metric.endswith("_months"):
        return months(None if math.isinf(figure) else figure)
    if "usd" in condition.metric:
        return usd(figure)
    return share(figure) if condition.metric.endswith(("_fraction", "_per_year")) else f"{figure:,.4g}"


def _stays(mine: Stretch, solved: Solved) -> str:
    low, high = amount(mine.low, solved.unit), amount(mine.high, solved.unit)
    if mine.is_open_high:
        return f"stays at {low} or above"
    return f"stays at {high} or below" if mine.is_open_low else f"stays between {low} and {high}"


def _is(stretch: Stretch, solved: Solved) -> str:
    low, high = amount(stretch.low, solved.unit), amount(stretch.high, solved.unit)
    if stretch.is_open_high:
        return f"{low} or more"
    return f"{high} or less" if stretch.is_open_low else f"between {low} and {high}"


def _apart(solved: Solved) -> str:
    """How far the nearest end is, as a ratio; nothing where one of both is zero or below."""
    nearest, now = solved.nearest, solved.now
    if nearest is None or nearest <= 0 or now <= 0 or solved.unit.startswith("fraction"):
        return ""
    change = nearest / now - 1
    return (
        f"; that is {abs(change):.1%} {'more' if change > 0 else 'less'}"
        if change < 1
        else f"; that is {nearest / now:.3g} times as much"
    )


def _ends(solved: Solved) -> str:
    return f"{amount(solved.searched[0], solved.unit)} to {amount(solved.searched[1], solved.unit)}"


def _closest(solved: Solved) -> str:
    if solved.closest is None:
        return ""
    value, figure = solved.closest
    return f"; it comes closest at {amount(value, solved.unit)} with {figure_text(solved.condition, figure)}"
