"""What would have to be true, in a sentence."""

from __future__ import annotations

import math

from tco.format import months, share, usd
from tco.number_style import local
from tco.stretch import Stretch
from tco.what_if.condition import RECOMMENDED, Condition
from tco.what_if.solve import Solved
from tco.words import amount, label

_NOUNS = {
    "payback_months": "payback",
    "discounted_payback_months": "discounted payback",
    "npv_usd": "NPV",
    "irr_per_year": "IRR",
    "mirr_per_year": "MIRR",
    "roi_fraction": "ROI",
    "saving_fraction": "saving",
    "capex_usd": "investment",
    "total_usd": "whole cost",
    "usd_per_mtok": "cost of a million tokens",
    "usd_per_request": "cost of a request",
    "usd_per_mtok_at_full_load": "cost of a million tokens at full load",
    "residual_usd": "residual value",
    "replicas": "replicas",
    "gpus": "GPUs",
    "servers": "servers",
    "goodput_requests_per_s": "requests a second within the promise",
    "utilisation_fraction": "utilisation",
    "late_fraction": "share that is late",
    "idle_usd": "idle cost",
    "input_usd_per_mtok": "cost of a million input tokens",
    "output_usd_per_mtok": "cost of a million output tokens",
    "usd_per_user_month": "cost of a user and month",
    "usd_per_successful_task": "cost of a solved task",
    "solved_fraction": "share of tasks that are solved",
    "cost_growth_fraction": "cost that twice the volume adds",
    "cost_spread_factor": "spread of the bill, over that of today's",
    "training_hours": "GPU-hours of a training",
    "training_usd": "cost of a training",
}
"""What the figures are that conditions may be on; `docs/what-if.md` has them by name."""

_SIGNS = {"<=": "of at most", "<": "below", ">=": "of at least", ">": "above"}


def solved_sentence(solved: Solved, asked: str | None = None) -> str:
    """One sentence: where the condition holds, and how far that is from the scenario's own value.

    Args:
        solved: from `solve_for` or `flips`.
        asked: what the condition is called, as the begin of a sentence; None: in its own words.
    """
    what, now = label(solved.path).rpartition(" (")[0], amount(solved.now, solved.unit)
    asked = asked or _begun(solved)
    if not solved.stretches:
        return f"{asked} cannot be reached: {what} was tried from {_ends(solved)}{_closest(solved)}."
    if solved.nearest is None:
        return f"{asked} holds whatever {what} is, from {_ends(solved)}."
    if solved.holds_now:
        mine = next(each for each in solved.stretches if each.low <= solved.now <= each.high)
        return f"{asked} holds as long as {what} {_stays(mine, solved)} (now {now}{_apart(solved)})."
    return f"{asked} holds where {what} is {' or '.join(_is(each, solved) for each in solved.stretches)} (now {now}{_apart(solved)})."


def _begun(solved: Solved) -> str:
    """The condition at the begin of a sentence, where the name of an option stays as it is."""
    words = condition_words(solved.condition, solved.option)
    return words if solved.condition.metric == RECOMMENDED else f"{words[:1].upper()}{words[1:]}"


def condition_words(condition: Condition, option: str) -> str:
    """A condition as people say it.

    Args:
        condition: on an option's answer.
        option: that option.

    >>> condition_words(Condition("payback_months", "<=", 12.0), "rented"), condition_words(Condition("npv_usd", ">", 0.0), "rented")
    ('payback within 12.0 months', 'NPV above zero')
    >>> condition_words(Condition("saving_fraction", ">=", 0.7), "rented")
    'saving of at least 70.0%'
    """
    if condition.metric == RECOMMENDED:
        return f"{option} recommended"
    limit = figure_text(condition, condition.limit) if condition.limit else "zero"
    if condition.metric.endswith("payback_months") and condition.sign in ("<=", "<"):
        return f"{_NOUNS[condition.metric]} {'within' if condition.sign == '<=' else 'before'} {limit}"
    return f"{_NOUNS[condition.metric]} {_SIGNS[condition.sign]} {limit}"


def figure_text(condition: Condition, figure: float | None) -> str:
    """A figure that a condition is about, as people read it.

    Args:
        condition: which figure.
        figure: its value.

    >>> figure_text(Condition("payback_months", "<=", 12.0), math.inf), figure_text(Condition("npv_usd", ">=", 0.0), 1234.0)
    ('never', '$1,234')
    >>> figure_text(Condition("saving_fraction", ">=", 0.9), -17.9), figure_text(Condition("saving_fraction", ">=", 0.9), -0.2)
    ('18.9 times the cost', '20.0% more cost')
    """
    if condition.metric == RECOMMENDED or figure is None:
        return "–"
    if condition.metric.endswith("_months"):
        return months(None if math.isinf(figure) else figure)
    if "usd" in condition.metric:
        return usd(figure)
    if condition.metric == "saving_fraction" and figure < 0:
        return f"{local(1 - figure):,.3g} times the cost" if figure <= -1 else f"{share(-figure)} more cost"
    return share(figure) if condition.metric.endswith(("_fraction", "_per_year")) else f"{local(figure):,.4g}"


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
        f"; that is {local(abs(change)):.1%} {'more' if change > 0 else 'less'}"
        if change < 1
        else f"; that is {local(nearest / now):.3g} times as much"
    )


def _ends(solved: Solved) -> str:
    return f"{amount(solved.searched[0], solved.unit)} to {amount(solved.searched[1], solved.unit)}"


def _closest(solved: Solved) -> str:
    if solved.closest is None:
        return ""
    value, figure = solved.closest
    return f"; it comes closest at {amount(value, solved.unit)} with {figure_text(solved.condition, figure)}"
