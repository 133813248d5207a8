"""Functions of Excel that formulas use, each with what it does in Python. None of them is newer than Excel 2007."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import bdtr

from tco import finance
from tco.report.xlsx.cells import TIME_ZERO_COLUMN, Line
from tco.report.xlsx.expressions import COMPARISON, Binary, Call, Constant, Expr, Joined, Known, Place, as_expr

MONTHS_PER_YEAR = 12


def total(values: Expr) -> Expr:
    """`SUM` of a range."""
    return Call("SUM", lambda found: float(np.sum(found)), (values,))


def added(*values: Expr) -> Expr:
    """Sum of expressions; 0 of none."""
    if not values:
        return Constant(0.0)
    found = values[0]
    for each in values[1:]:
        found = found + each
    return found


def largest(*values: Expr | float) -> Expr:
    """`MAX` of numbers and ranges."""
    return Call("MAX", lambda *found: max(float(np.max(each)) for each in found), tuple(map(as_expr, values)))


def smallest(*values: Expr | float) -> Expr:
    """`MIN` of numbers and ranges."""
    return Call("MIN", lambda *found: min(float(np.min(each)) for each in found), tuple(map(as_expr, values)))


def product_sum(*values: Expr) -> Expr:
    """`SUMPRODUCT`: the sum of an array, or of several multiplied."""
    return Call("SUMPRODUCT", lambda *found: float(np.sum(np.prod(np.broadcast_arrays(*found), axis=0))), values)


def when(test: Expr, then: Expr | float | str, other: Expr | float | str) -> Expr:
    """`IF`; only the branch that holds is worked out."""
    return Call(
        "IF", lambda asked, yes, no: yes() if asked() else no(), (test, as_expr(then), as_expr(other)), is_lazy=True
    )


def equals(left: Expr, right: Expr | float | str) -> Expr:
    """Whether two are the same."""
    return Binary("=", COMPARISON, lambda a, b: a == b, left, as_expr(right))


def both(*tests: Expr) -> Expr:
    """`AND`."""
    return Call("AND", lambda *found: all(found), tests)


def either(*tests: Expr) -> Expr:
    """`OR`."""
    return Call("OR", lambda *found: any(found), tests)


def size(value: Expr) -> Expr:
    """`ABS`."""
    return Call("ABS", np.abs, (value,))


def whole_down(value: Expr) -> Expr:
    """The whole number before it, of what is not negative: `ROUNDDOWN(x,0)`."""
    return Call("ROUNDDOWN", lambda number, _: math.trunc(number), (value, Constant(0)))


def whole_up(value: Expr) -> Expr:
    """The next whole number, never a negative one: `ROUNDUP(x,0)`."""
    return Call("ROUNDUP", lambda number, _: math.copysign(math.ceil(abs(number)), number), (value, Constant(0)))


def remainder(value: Expr, divisor: Expr | float) -> Expr:
    """`MOD`."""
    return Call("MOD", lambda number, by: number % by, (value, as_expr(divisor)))


def at_index(values: Expr, position: Expr | float) -> Expr:
    """`INDEX` of a range, from 1 on."""
    return Call("INDEX", lambda found, place: found[int(place) - 1], (values, as_expr(position)))


def position_of(value: Expr, ascending: Expr) -> Expr:
    """`MATCH`: position of the largest that is not above the value, in a range that ascends."""
    return Call(
        "MATCH",
        lambda number, found, _: float(np.searchsorted(found, number, side="right")),
        (value, ascending, Constant(1)),
    )


def binomial_at_most(successes: Expr, trials: Expr, probability: Expr) -> Expr:
    """`BINOMDIST(…, TRUE)`: chance of at most so many successes; trials may be a range."""
    return Call(
        "BINOMDIST",
        lambda most, count, chance, _: bdtr(most, np.asarray(count, dtype=np.int64), chance),
        (successes, trials, probability, Constant(content=True)),
    )


def window_sum(line: Line, months: Line, length: Expr | float, *, itself: bool = True) -> Expr:
    """What a row holds in the last so many months, its own month included or left out: `SUMIFS` over the row so far.

    Args:
        line: the row.
        months: numbers of the months, in the same columns.
        length: of the window [months].
        itself: whether the own month counts.
    """
    values, numbers = (line.so_far, months.so_far) if itself else (line.earlier, months.earlier)
    since = Joined(">", months - as_expr(length))
    return Call("SUMIFS", lambda found, asked, limit: float(np.sum(found[asked > limit])), (values, numbers, since))


def sum_where(line: Expr, asked: Expr, equal_to: Expr | str) -> Expr:
    """`SUMIFS`: what a range holds where another range has a number or a text."""
    return Call(
        "SUMIFS", lambda found, numbers, one: float(np.sum(found[numbers == one])), (line, asked, as_expr(equal_to))
    )


def count_where(values: Expr, equal_to: str) -> Expr:
    """`COUNTIF`: how many cells of a range say so."""
    return Call("COUNTIF", lambda found, one: float(np.sum(found == one)), (values, Constant(equal_to)))


def share_by_age(ages: Expr, wanted: Expr, shares: Expr) -> Expr:
    """`SUMIF` with an array of criteria: for each wanted number the share beside the age that equals it, 0 where there is none."""

    def found(known: Any, asked: Any, values: Any) -> Any:
        return np.array([float(np.sum(values[known == one])) for one in np.asarray(asked)])

    return Call("SUMIF", found, (ages, wanted, shares))


def payment(rate: Expr, term: Expr | float, residual: Expr | float = 0.0) -> Expr:
    """Equal payment at the end of each month over the amount: `-PMT(rate, term, 1, -residual)`."""

    def found(interest: float, months: float, _: float, left: float) -> float:
        if interest == 0:
            return -(1 + left) / months
        gone = math.pow(1 + interest, -months)
        return -interest * (1 + left * gone) / (1 - gone)

    return -1.0 * Call("PMT", found, (rate, as_expr(term), Constant(1), -1.0 * as_expr(residual)))


def yearly_irr(flows: Expr, guess: Expr) -> Expr:
    """Effective yearly rate of return of monthly flows: `(1 + IRR)^12 − 1`; the guess's own where the search from it fails.

    Args:
        flows: a range from time zero on.
        guess: rate by month from which the search starts.
    """
    rate = Call("IRR", _monthly_irr, (flows, guess))
    return (1 + Call("IFERROR", _or_else, (rate, guess), is_lazy=True)) ** MONTHS_PER_YEAR - 1


def _monthly_irr(flows: Any, guess: float) -> float:
    """The rate that is nearest to the guess."""
    found = [(1 + rate) ** (1 / MONTHS_PER_YEAR) - 1 for rate in finance.irr_roots_per_year(flows)]
    if not found:
        raise ArithmeticError
    return float(min(found, key=lambda rate: abs(rate - guess)))


def _or_else(first: Any, second: Any) -> Any:
    try:
        return first()
    except ArithmeticError:
        return second()


class OwnTime(Expr):
    """The time of the formula's own column: `COLUMN() − 6`."""

    def text(self, at: Place) -> str:  # noqa: ARG002 - the same everywhere
        """Excel's number of the column, less those before month 1."""
        return f"COLUMN()-{TIME_ZERO_COLUMN + 1}"

    def value(self, time: int, known: Known) -> Any:  # noqa: ARG002
        """The time."""
        return float(time)


def is_number(value: Expr) -> Expr:
    """`ISNUMBER`, as 1 or 0."""
    return Call("ISNUMBER", lambda found: not isinstance(found, str), (value,)) * 1


def count_of_numbers(values: Expr) -> Expr:
    """`COUNT`: how many cells of a range hold numbers."""
    return Call("COUNT", lambda found: float(sum(not isinstance(each, str) for each in found)), (values,))
