"""What a grid says as a whole: its best points, which value of an axis wins, and where the recommendation flips."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tco.grid.axes import Axis, point_count
from tco.grid.point import GridPoint

Measure = Literal["npv", "total", "mtok", "payback"]
"""By what points are compared, each of the recommended option: NPV of the saving against the baseline [USD], more is better;
total cost [USD], cost of a million tokens [USD], payback [months], less is better."""

MEASURES: tuple[Measure, ...] = get_args(Measure)

_NOT_DONE, _ERROR, _NOBODY = -3, -2, -1
_SHOWN_ERRORS = 5
# Of two values that differ by less neither wins.
_SAME = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """Two neighbouring values of an axis between which the recommendation changes.

    Attributes:
        before: the first value, as text.
        after: the next one.
        times: in so many of the lines along this axis.
        from_option: the change that is most frequent here: recommended at the first value.
        to_option: recommended at the next one.
    """

    before: str
    after: str
    times: int
    from_option: str
    to_option: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisSummary:
    """One axis, seen over all lines along it: the points that differ in nothing but this axis.

    Attributes:
        name: of the axis.
        lines: how many lines have at least two points that can be compared.
        wins: by value as text: in how many lines it is the best one, ties counted for each.
        flips: neighbours between which the recommendation changes, most frequent first.
        flip_lines: how many lines could be looked at for that.
    """

    name: str
    lines: int
    wins: Mapping[str, int]
    flips: tuple[Flip, ...]
    flip_lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a grid says.

    Attributes:
        measure: by what points were compared.
        points: of the grid.
        done: answered so far, errors included.
        errors: points whose input is not valid.
        error_sentences: the most frequent ones, with their counts.
        nobody: points at which no option can serve.
        recommended: how often each option is, most frequent first.
        best: indices of the best points, best first; of equals the first in the grid.
        axes: one by one.
    """

    measure: Measure
    points: int
    done: int
    errors: int
    error_sentences: Mapping[str, int]
    nobody: int
    recommended: Mapping[str, int]
    best: tuple[int, ...]
    axes: tuple[AxisSummary, ...]


def summarise(
    axes: tuple[Axis, ...], points: Iterable[GridPoint], *, measure: Measure = "npv", best: int = 10
) -> Summary:
    """Looks over the points of a grid, complete or not.

    Args:
        axes: of the grid.
        points: those that are answered, in any order.
        measure: by what points are compared.
        best: how many of the best points to name.
    """
    table = _table(axes, points, measure)
    sentences = Counter(table.sentences)
    ranked = np.argsort(table.worth, kind="stable")[:best]
    codes, counts = np.unique(table.codes[table.codes >= 0], return_counts=True)
    by_count = sorted(zip(codes, counts, strict=True), key=lambda pair: -pair[1])
    return Summary(
        measure=measure,
        points=len(table.codes),
        done=int(np.count_nonzero(table.codes != _NOT_DONE)),
        errors=int(np.count_nonzero(table.codes == _ERROR)),
        error_sentences=dict(sentences.most_common(_SHOWN_ERRORS)),
        nobody=int(np.count_nonzero(table.codes == _NOBODY)),
        recommended={table.names[code]: int(count) for code, count in by_count},
        best=tuple(int(index) for index in ranked if math.isfinite(table.worth[index])),
        axes=tuple(_axis(axes, at, table) for at in range(len(axes))),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """One entry a point: `worth` is smaller where it is better, infinite where there is nothing to compare."""

    worth: NDArray[np.float64]
    codes: NDArray[np.int64]
    names: list[str]
    sentences: list[str]


def _table(axes: tuple[Axis, ...], points: Iterable[GridPoint], measure: Measure) -> _Table:
    count = point_count(axes)
    worth, codes = np.full(count, np.inf), np.full(count, _NOT_DONE, dtype=np.int64)
    names: dict[str, int] = {}
    sentences = []
    for point in points:
        if point.error is not None:
            codes[point.index] = _ERROR
            sentences.append(point.error)
        elif point.recommended is None:
            codes[point.index] = _NOBODY
        else:
            codes[point.index] = names.setdefault(point.recommended, len(names))
            worth[point.index] = _worth(point, measure)
    return _Table(worth=worth, codes=codes, names=list(names), sentences=sentences)


def _worth(point: GridPoint, measure: Measure) -> float:
    answer = point.answer()
    assert answer is not None
    figure = {
        "npv": None if answer.npv_usd is None else -answer.npv_usd,
        "total": answer.total_usd,
        "mtok": answer.usd_per_mtok,
        "payback": answer.payback_months,
    }[measure]
    return math.inf if figure is None else figure


def _axis(axes: tuple[Axis, ...], at: int, table: _Table) -> AxisSummary:
    shape = tuple(len(axis.choices) for axis in axes)
    labels = [choice.label for choice in axes[at].choices]
    worth = np.moveaxis(table.worth.reshape(shape), at, -1).reshape(-1, shape[at])
    codes = np.moveaxis(table.codes.reshape(shape), at, -1).reshape(-1, shape[at])
    lines, wins = _wins(worth)
    flips = _flips(codes, labels, table.names)
    return AxisSummary(
        name=axes[at].name,
        lines=lines,
        wins=dict(zip(labels, wins, strict=True)),
        flips=tuple(sorted(flips, key=lambda flip: -flip.times)),
        flip_lines=int(np.count_nonzero(np.count_nonzero(codes >= _NOBODY, axis=1) > 1)),
    )


def _wins(worth: NDArray[np.float64]) -> tuple[int, list[int]]:
    comparable = worth[np.count_nonzero(np.isfinite(worth), axis=1) > 1]
    if not len(comparable):
        return 0, [0] * worth.shape[1]
    least = comparable.min(axis=1, keepdims=True)
    won = comparable <= least + _SAME * np.maximum(1.0, np.abs(least))
    # A line in which every point is equally good says nothing about the axis.
    won[np.all(won | ~np.isfinite(comparable), axis=1)] = False
    return len(comparable), [int(count) for count in won.sum(axis=0)]


def _flips(codes: NDArray[np.int64], labels: list[str], names: list[str]) -> list[Flip]:
    found = []
    for at, (before, after) in enumerate(pairwise(labels)):
        left, right = codes[:, at], codes[:, at + 1]
        changed = (left >= _NOBODY) & (right >= _NOBODY) & (left != right)
        if not np.any(changed):
            continue
        pairs = Counter(zip(left[changed].tolist(), right[changed].tolist(), strict=True))
        (from_code, to_code), _ = pairs.most_common(1)[0]
        found.append(
            Flip(
                before=before,
                after=after,
                times=int(np.count_nonzero(changed)),
                from_option=names[from_code] if from_code >= 0 else "nothing",
                to_option=names[to_code] if to_code >= 0 else "nothing",
            )
        )
    return found
