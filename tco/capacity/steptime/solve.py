"""The least-squares work behind a fit: which terms the equations can tell apart, their values, and how sure they are."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import nnls

from tco.capacity.steptime.identities import TERMS, Engine, Floats, Row, rows_of
from tco.capacity.steptime.observed import Observed

MAX_CONDITION = 30.0
"""Belsley, Kuh and Welsch (Regression Diagnostics, 1980): from a scaled condition number of 30 on, terms cannot be told apart."""
HIDDEN_TOKENS = (16, 32, 48, 64, 96, 128, 192, 256, 384, 512)
"""Tokens that may hide behind the reading of the weights. An H100 reads 3.35 TB/s and computes 989 TFLOP/s in 16 bits: 295 tokens at its best."""
BOOTSTRAPS = 400
_SEED = 20261124
_ROUNDS = 1000

_NEEDED = ("intercept_s", "per_prefill_token_s")
_GIVEN_UP_FIRST = (
    "latency_s",
    "per_chunk_s",
    "per_attention_pair_s",
    "per_kv_token_s",
    "experts_s",
    "per_sequence_s",
)
"""Order in which terms are left out where the cells cannot tell them from the rest."""
_OWN_CONSTANTS = ("per_chunk_s", "latency_s")
_NOTHING = 0.01
"""A constant below this share of an empty step is none."""
_TAKES_PART = 0.3
"""A term with at least this weight in the direction that the cells do not show takes part in it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solved:
    """Terms that the equations could tell apart, and their values.

    Attributes:
        names: of the terms, in the order of `TERMS`.
        values: of each [s], shape (terms,).
        left_out: terms that could not be told from others, in the order in which they were left out.
        engine: what the equations took from the engine.
        rows: the equations.
    """

    names: tuple[str, ...]
    values: Floats
    left_out: tuple[str, ...]
    engine: Engine
    rows: tuple[Row, ...]

    @property
    def modelled_s(self) -> Floats:
        """What the terms give for each equation [s], shape (rows,)."""
        coefficients = np.stack([row.coefficients for row in self.rows])
        found: Floats = coefficients[:, [TERMS.index(name) for name in self.names]] @ self.values
        return found


def best_fit(cells: tuple[Observed, ...], engine: Engine) -> Solved | None:
    """The fit with as many hidden tokens as the cells ask for, by Schwarz's criterion; None where even none cannot be fitted.

    On a GPU a step with few tokens takes as long as one with a single one: it waits for the weights. Then a prompt alone, extrapolated to no tokens, takes less
    than an empty step. Only there, where a prompt has no constant of its own (chunk, way to the client), is anything taken to hide: the two are opposites.

    Args:
        cells: load points.
        engine: what they were measured on, nothing hidden.
    """
    found = _solve(rows_of(cells, engine), engine)
    if found is None:
        return None
    own = dict(zip(found.names, found.values.tolist(), strict=True))
    if any(own.get(name, 0.0) > _NOTHING * own["intercept_s"] for name in _OWN_CONSTANTS):
        return found
    longest = max(cell.input_tokens for cell in cells)
    engines = [replace(engine, hidden_tokens=hidden) for hidden in HIDDEN_TOKENS if hidden < longest]
    hiding = [_solve(rows_of(cells, each), each, without=_OWN_CONSTANTS) for each in engines]
    return min((found, *(fit for fit in hiding if fit is not None)), key=_criterion)


def _criterion(fit: Solved) -> float:
    """Schwarz's criterion; below one standard error on average a better fit is only a luckier one."""
    matrix, target = _weighted(fit.rows)
    missed = matrix[:, [TERMS.index(name) for name in fit.names]] @ fit.values - target
    spread = max(1.0, float(np.mean(missed**2)))
    return len(fit.rows) * math.log(spread) + (math.log(len(fit.rows)) if fit.engine.hidden_tokens else 0.0)


def _weighted(rows: tuple[Row, ...]) -> tuple[Floats, Floats]:
    """Equations over their target and its error, so that squares of what is missed are in standard errors."""
    scale = np.array([1 / (row.target_s * row.error_fraction) for row in rows])
    return np.stack([row.coefficients for row in rows]) * scale[:, None], np.array([r.target_s for r in rows]) * scale


def _solve(rows: tuple[Row, ...], engine: Engine, without: tuple[str, ...] = ()) -> Solved | None:
    """Leaves out terms until the rest can be told apart, then fits; None where not even the needed ones can."""
    matrix, target = _weighted(rows)
    names = [name for index, name in enumerate(TERMS) if name not in without and np.any(matrix[:, index] > 0)]
    left_out: list[str] = []
    while True:
        columns = matrix[:, [TERMS.index(name) for name in names]]
        blurred = _blurred(columns, names)
        if not blurred:
            break
        given_up = next((name for name in _GIVEN_UP_FIRST if name in blurred), None)
        if given_up is None:
            return None
        names.remove(given_up)
        left_out.append(given_up)
    if any(name not in names for name in _NEEDED):
        return None
    values = _non_negative(columns, target)
    return Solved(names=tuple(names), values=values, left_out=tuple(left_out), engine=engine, rows=rows)


def _blurred(columns: Floats, names: list[str]) -> set[str]:
    """Terms that cannot be told from each other: those that take part in the weakest direction, where that is too weak; else none."""
    scaled = columns / np.linalg.norm(columns, axis=0)
    _, sizes, directions = np.linalg.svd(scaled, full_matrices=False)
    if len(sizes) == len(names) and sizes[-1] > 0 and sizes[0] / sizes[-1] <= MAX_CONDITION:
        return set()
    if len(sizes) < len(names):
        return set(names)
    return {name for name, weight in zip(names, directions[-1], strict=True) if abs(weight) >= _TAKES_PART}


def _non_negative(columns: Floats, target: Floats) -> Floats:
    size = np.linalg.norm(columns, axis=0)
    size[size == 0] = 1.0
    found: Floats = nnls(columns / size, target, maxiter=_ROUNDS)[0]
    terms: Floats = found / size
    return terms


def bootstrap(fit: Solved) -> Floats:
    """2.5th and 97.5th percentiles of a fit's terms over reweighted cells, shape (2, terms).

    Args:
        fit: whose cells are reweighted.
    """
    matrix, target = _weighted(fit.rows)
    columns = matrix[:, [TERMS.index(name) for name in fit.names]]
    cell = np.array([row.cell for row in fit.rows])
    weights = np.random.default_rng(_SEED).exponential(size=(BOOTSTRAPS, int(cell.max()) + 1))
    drawn = [_non_negative(columns * root[:, None], target * root) for root in np.sqrt(weights[:, cell])]
    quantiles: Floats = np.quantile(np.array(drawn), [0.025, 0.975], axis=0)
    return quantiles
