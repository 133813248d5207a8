"""Expressions: each gives an Excel formula and, by the same tree, the number that is cached with it.

What a workbook shows before anybody recalculates it can so never be another number than what the formula gives.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tco.report.xlsx.cells import Cell

_ATOM, _POWER, _PRODUCT, _SUM, _TEXT, COMPARISON = 6, 5, 4, 3, 2, 1
"""How tightly an expression binds, as in Excel; a looser one inside a tighter one needs brackets."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a formula stands.

    Attributes:
        sheet: its name.
        time: of its column: 0 is time zero, m the end of month m; of no matter outside sheets by month.
    """

    sheet: str
    time: int


@dataclass(slots=True, repr=False)
class Known:
    """Values while a workbook is worked out.

    Attributes:
        changed: inputs that have another value than at the export.
        found: what was worked out already, by cell and time.
    """

    changed: dict[Cell, float] = field(default_factory=dict)
    found: dict[tuple[int, int], Any] = field(default_factory=dict)


class Expr:
    """A part of a formula. Arithmetic on expressions makes formulas."""

    def __repr__(self) -> str:
        # Expressions share parts: written out in full, one could fill the memory.
        return f"<{type(self).__name__}>"

    @property
    def rank(self) -> int:
        """How tightly it binds."""
        return _ATOM

    def text(self, at: Place) -> str:
        """The formula without its equals sign.

        Args:
            at: where it stands.
        """
        raise NotImplementedError

    def value(self, time: int, known: Known) -> Any:
        """What it comes to: a number, a text, or an array of numbers where it is a range.

        Args:
            time: of the column.
            known: changed inputs, and what was found already.
        """
        raise NotImplementedError

    def parts(self) -> Iterator[Expr]:
        """What it is made of."""
        yield from ()

    def __add__(self, other: Expr | float) -> Expr:
        return Binary("+", _SUM, operator.add, self, as_expr(other))

    def __radd__(self, other: float) -> Expr:
        return as_expr(other) + self

    def __sub__(self, other: Expr | float) -> Expr:
        return Binary("-", _SUM, operator.sub, self, as_expr(other))

    def __rsub__(self, other: float) -> Expr:
        return as_expr(other) - self

    def __mul__(self, other: Expr | float) -> Expr:
        return Binary("*", _PRODUCT, operator.mul, self, as_expr(other))

    def __rmul__(self, other: float) -> Expr:
        return as_expr(other) * self

    def __truediv__(self, other: Expr | float) -> Expr:
        return Binary("/", _PRODUCT, operator.truediv, self, as_expr(other))

    def __rtruediv__(self, other: float) -> Expr:
        return as_expr(other) / self

    def __pow__(self, other: Expr | float) -> Expr:
        return Binary("^", _POWER, operator.pow, self, as_expr(other))

    def __rpow__(self, other: float) -> Expr:
        return as_expr(other) ** self

    def __lt__(self, other: Expr | float) -> Expr:
        return Binary("<", COMPARISON, operator.lt, self, as_expr(other))

    def __le__(self, other: Expr | float) -> Expr:
        return Binary("<=", COMPARISON, operator.le, self, as_expr(other))

    def __gt__(self, other: Expr | float) -> Expr:
        return Binary(">", COMPARISON, operator.gt, self, as_expr(other))

    def __ge__(self, other: Expr | float) -> Expr:
        return Binary(">=", COMPARISON, operator.ge, self, as_expr(other))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Constant(Expr):
    """A number or a text that is written into a formula: months of a year, not an assumption."""

    content: float | str | bool

    def text(self, at: Place) -> str:  # noqa: ARG002 - the same everywhere
        """The constant as Excel writes it."""
        if isinstance(self.content, bool):
            return "TRUE" if self.content else "FALSE"
        if isinstance(self.content, str):
            return '"' + self.content.replace('"', '""') + '"'
        whole = float(self.content).is_integer() and abs(self.content) < 1e15  # noqa: PLR2004 - beyond it digits are lost
        return str(int(self.content)) if whole else repr(float(self.content)).upper()

    def value(self, time: int, known: Known) -> Any:  # noqa: ARG002
        """The constant."""
        return self.content


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Binary(Expr):
    """Two expressions and the sign between them."""

    sign: str
    binding: int
    apply: Callable[[Any, Any], Any]
    left: Expr
    right: Expr

    @property
    def rank(self) -> int:
        """That of its sign."""
        return self.binding

    def text(self, at: Place) -> str:
        """Both sides, in brackets where they bind less tightly."""
        left, right = self.left.text(at), self.right.text(at)
        if self.left.rank < self.rank or (self.sign == "^" and self.left.rank == self.rank):
            left = f"({left})"
        associative = self.sign in "+*" and isinstance(self.right, Binary) and self.right.sign == self.sign
        if self.right.rank < self.rank or (self.right.rank == self.rank and not associative):
            right = f"({right})"
        return f"{left}{self.sign}{right}"

    def value(self, time: int, known: Known) -> Any:
        """Both sides' values put together."""
        return self.apply(self.left.value(time, known), self.right.value(time, known))

    def parts(self) -> Iterator[Expr]:
        """Both sides."""
        yield from (self.left, self.right)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Call(Expr):
    """A function of Excel, and what it does in Python."""

    name: str
    apply: Callable[..., Any]
    arguments: tuple[Expr, ...]
    is_lazy: bool = False

    def text(self, at: Place) -> str:
        """`NAME(argument,…)`."""
        return f"{self.name}({','.join(argument.text(at) for argument in self.arguments)})"

    def value(self, time: int, known: Known) -> Any:
        """The function of its arguments' values; a lazy one asks for those that it needs."""
        if self.is_lazy:
            return self.apply(*(_later(argument, time, known) for argument in self.arguments))
        return self.apply(*(argument.value(time, known) for argument in self.arguments))

    def parts(self) -> Iterator[Expr]:
        """The arguments."""
        yield from self.arguments


def _later(argument: Expr, time: int, known: Known) -> Callable[[], Any]:
    return lambda: argument.value(time, known)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Joined(Expr):
    """A criterion of `SUMIFS`: a comparison sign and a number."""

    sign: str
    number: Expr

    @property
    def rank(self) -> int:
        """That of joined texts."""
        return _TEXT

    def text(self, at: Place) -> str:
        """The sign, joined with the number."""
        number = self.number.text(at)
        return f'"{self.sign}"&{number}' if self.number.rank > _TEXT else f'"{self.sign}"&({number})'

    def value(self, time: int, known: Known) -> Any:
        """The number alone; the function that takes the criterion knows the sign."""
        return self.number.value(time, known)

    def parts(self) -> Iterator[Expr]:
        """The number."""
        yield self.number


def as_expr(value: Expr | float | str) -> Expr:
    """An expression of a number or a text; expressions are passed on."""
    return value if isinstance(value, Expr) else Constant(value)
