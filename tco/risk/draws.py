"""Draws of all uncertain inputs at once, seeded, in groups that share the layout of the fleet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from tco.quantity import Numbers
from tco.risk.distributions import values_at
from tco.risk.inputs import Uncertain

MOST_DRAWS = 10_000_000
_LAYOUTS_LEAST, _LAYOUTS_MOST, _DRAWS_A_LAYOUT = 8, 32, 2048
_ROWS = 4096
"""Draws that are worked on together: what is made of them stays in the processor's cache."""
_JITTER = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Draws that are answered together.

    Attributes:
        count: how many.
        layout: number of the fleet layout that they share; inputs that shape the fleet have one value in it.
        values: of each input, in the inputs' order: shape () where it shapes the fleet, else (draws,) [the input's unit].
    """

    layout: int
    count: int
    values: tuple[Numbers, ...]


def layouts_of(draws: int) -> int:
    """How many fleet layouts are drawn beside so many draws.

    >>> layouts_of(1_000), layouts_of(100_000)
    (8, 32)
    """
    return min(max(_LAYOUTS_LEAST, draws // _DRAWS_A_LAYOUT), _LAYOUTS_MOST, max(draws, 1))


def groups(inputs: tuple[Uncertain, ...], factor: Numbers, draws: int, seed: int) -> Iterator[Group]:
    """Draws of the inputs, in groups.

    Most inputs are drawn anew for each draw. Those that shape the fleet (availability, headroom, start-up times) are drawn once for a group, by a Latin
    hypercube over the groups: laying out a week of replicas costs as much as thousands of draws, and each of them has little weight. Inputs that are
    correlated with them are drawn given their values.

    Args:
        inputs: what is uncertain.
        factor: of `tco.risk.inputs.factor_of`, in the same order.
        draws: how many in all.
        seed: the same seed gives the same draws.

    Special cases: fewer draws than groups give groups of one.
    """
    order = sorted(range(len(inputs)), key=lambda number: not inputs[number].shapes_the_fleet)
    shaping = sum(each.shapes_the_fleet for each in inputs)
    lower = _lower(factor, order)
    generator, layouts = np.random.default_rng(seed), layouts_of(draws)
    strata = (
        generator.permuted(np.tile(np.arange(layouts), (shaping, 1)), axis=1) + generator.random((shaping, layouts))
    ) / layouts
    bounds = np.linspace(0, draws, layouts + 1).round().astype(int)
    for layout in range(layouts):
        for start in range(bounds[layout], bounds[layout + 1], _ROWS):
            count = min(_ROWS, bounds[layout + 1] - start)
            normal = generator.standard_normal((len(inputs), count))
            normal[:shaping] = ndtri(strata[:, layout])[:, None]
            yield Group(
                layout=layout,
                count=int(count),
                values=_values(inputs, order, normal if lower is None else lower @ normal),
            )


def _values(inputs: tuple[Uncertain, ...], order: list[int], normal: Numbers) -> tuple[Numbers, ...]:
    found: list[Numbers] = [np.zeros(())] * len(inputs)
    for row, number in enumerate(order):
        own = normal[row, 0] if inputs[number].shapes_the_fleet else normal[row]
        found[number] = values_at(inputs[number].quantity, np.asarray(ndtr(own)))
    return tuple(found)


def _lower(factor: Numbers, order: list[int]) -> Numbers | None:
    """The triangular factor in that order, so that the first inputs hang on themselves alone; None where nothing is correlated."""
    matrix = (factor @ factor.T)[np.ix_(order, order)]
    if np.array_equal(matrix, np.eye(len(order))):
        return None
    # Inputs that always move together leave a matrix without an inverse.
    return np.asarray(np.linalg.cholesky((1 - _JITTER) * matrix + _JITTER * np.eye(len(order))), dtype=float)
