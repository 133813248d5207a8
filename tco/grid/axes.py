"""Axes of a grid: their choices, the order of the points, and which inputs a point sets."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from tco.errors import InputError
from tco.grid.grid_file import Grid

MAX_POINTS = 1_000_000
"""A larger grid is refused: at a tenth of a second a point it would take more than a day on one core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value of an axis.

    Attributes:
        value: as results show it: the value itself, or the choice's name.
        settings: inputs that it sets, by path.
    """

    value: Any
    settings: Mapping[str, Any]

    @property
    def label(self) -> str:
        """The value as text."""
        return label(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis.

    Attributes:
        name: the path of an input, or a free name.
        choices: its values, in the order of the file.
    """

    name: str
    choices: tuple[Choice, ...]


def label(value: Any) -> str:
    """A value as text: text as it is, everything else as JSON.

    >>> label("H100"), label(120_000), label(None), label({"value": 1, "low": 0})
    ('H100', '120000', 'null', '{"value": 1, "low": 0}')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def axes_of(grid: Grid) -> tuple[Axis, ...]:
    """The axes of a grid, checked.

    Raises:
        InputError: a value that no file of ours holds, a value given twice, two axes that set the same input, or more than
            `MAX_POINTS` points.
    """
    axes = tuple(_axis(name, form) for name, form in grid.axes.items())
    for axis in axes:
        _check_choices(axis)
    for one, other in combinations(axes, 2):
        _check_apart(one, other)
    points = point_count(axes)
    if points > MAX_POINTS:
        sizes = " × ".join(f"{axis.name} {len(axis.choices):,}" for axis in axes)
        raise InputError(
            f"the grid has {points:,} points ({sizes}); at most {MAX_POINTS:,} are evaluated. Leave values or an axis away, "
            "or make several grids of it"
        )
    return axes


def point_count(axes: Sequence[Axis]) -> int:
    """How many points the axes span."""
    return math.prod(len(axis.choices) for axis in axes)


def choices_at(axes: Sequence[Axis], index: int) -> tuple[Choice, ...]:
    """The choice of each axis at a point. The last axis changes fastest.

    Args:
        axes: of the grid.
        index: of the point, from 0.

    Example:
        >>> numbers, letters = (Axis(name="n", choices=tuple(Choice(value=v, settings={}) for v in vs)) for vs in ("01", "abc"))
        >>> [choice.label for choice in choices_at((numbers, letters), 4)]
        ['1', 'b']
    """
    chosen = []
    for axis in reversed(axes):
        index, at = divmod(index, len(axis.choices))
        chosen.append(axis.choices[at])
    return tuple(reversed(chosen))


def _axis(name: str, form: list[Any] | dict[str, dict[str, Any]]) -> Axis:
    if isinstance(form, list):
        return Axis(name=name, choices=tuple(Choice(value=value, settings={name: value}) for value in form))
    return Axis(name=name, choices=tuple(Choice(value=value, settings=settings) for value, settings in form.items()))


def _check_choices(axis: Axis) -> None:
    for path in _paths(axis):
        if not all(key.strip() == key != "" for key in path.split(".")):
            raise InputError(
                f"axis {axis.name!r}: {path!r} is not the path of an input; write it as in workload.requests_per_day"
            )
    for choice in axis.choices:
        try:
            json.dumps(dict(choice.settings), allow_nan=False)
        except ValueError:
            raise InputError(f"axis {axis.name!r}: {choice.label} holds a number that is not finite") from None
    labels = [choice.label for choice in axis.choices]
    twice = next((text for text in labels if labels.count(text) > 1), None) if len(set(labels)) < len(labels) else None
    if twice is not None:
        raise InputError(f"axis {axis.name!r}: the value {twice} is given twice; keep one")


def _check_apart(one: Axis, other: Axis) -> None:
    for path in _paths(one):
        for beside in _paths(other):
            if f"{path}.".startswith(f"{beside}.") or f"{beside}.".startswith(f"{path}."):
                raise InputError(
                    f"the axes {one.name!r} and {other.name!r} both set {min(path, beside, key=len)!r}; "
                    "join them into one axis with named choices, or leave one away"
                )


def _paths(axis: Axis) -> Iterator[str]:
    yield from dict.fromkeys(path for choice in axis.choices for path in choice.settings)
