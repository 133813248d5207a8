"""What input and output tokens take of the machine, and what a prompt takes before its first token: fits over cells. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from probes.analysis.batches import Floats
from probes.cell import Cell
from probes.errors import ProbeError
from probes.findings import CostSplit
from probes.record import Interval

MIN_MIXES = 3
MAX_CONDITION = 30.0
"""Belsley, Kuh and Welsch (Regression Diagnostics, 1980): from a scaled condition number of 30 on, terms cannot be told apart."""
BOOTSTRAPS = 2000
_SEED = 20261124
_MOST_STEPS = 1000
_Z_95 = 1.959963984540054
_TERMS = ("input tokens", "output tokens", "requests")


def fit_cost_split(cells: Sequence[Cell]) -> CostSplit:
    """Machine time of one request at saturation, split: `1 / requests_per_s = a · input tokens + b · output tokens + c`, none of them negative.

    Least squares of the relative error, so that short requests count as much as long ones. The intervals come from a parametric bootstrap with a fixed seed:
    each cell's rate is drawn anew from its own interval, widened to what the fit misses where that is more.

    Args:
        cells: at one concurrency, at saturation, of at least three mixes of lengths.

    Returns:
        The split; its intervals' ends null, with the reason, where a cell's throughput has none and there are too few mixes to see the misfit.

    Raises:
        ProbeError: kind `bad_arguments`: too few mixes, several concurrencies, a cell without requests, or lengths that cannot tell the terms apart.
    """
    _check(cells)
    lengths = np.array(
        [[cell.input_tokens / cell.requests_ok, cell.output_tokens / cell.requests_ok, 1.0] for cell in cells]
    )
    seconds = np.array([1 / cell.requests_per_s.mean for cell in cells])
    matrix = lengths / seconds[:, None]  # rows over the measured time: every row's target is 1
    _check_identified(matrix)
    terms = _non_negative(matrix, np.ones(len(cells)))
    missed = matrix @ terms - 1
    intervals = _intervals(cells, lengths, seconds, terms, missed)
    return CostSplit(
        input_token_s=intervals[0],
        output_token_s=intervals[1],
        request_s=intervals[2],
        mixes=len(cells),
        residual_fraction=float(np.sqrt(np.mean(missed**2))),
        concurrency=cells[0].concurrency or 0,
    )


def _check(cells: Sequence[Cell]) -> None:
    if len(cells) < MIN_MIXES:
        raise ProbeError(
            "bad_arguments", f"{len(cells)} mixes of lengths were measured; three costs need at least {MIN_MIXES}."
        )
    loads = {cell.concurrency for cell in cells}
    if len(loads) > 1 or None in loads:
        found = ", ".join(sorted(cell.label for cell in cells))
        raise ProbeError("bad_arguments", f"the mixes were measured at {found}; the split needs one concurrency.")
    empty = next((cell for cell in cells if cell.requests_ok == 0 or cell.requests_per_s.mean == 0), None)
    if empty is not None:
        raise ProbeError("bad_arguments", f"a mix at {empty.label} has no answered request; measure it again.")


def _check_identified(matrix: Floats) -> None:
    scaled = matrix / np.linalg.norm(matrix, axis=0)
    _, sizes, directions = np.linalg.svd(scaled, full_matrices=False)
    condition = math.inf if sizes[-1] <= 0 else float(sizes[0] / sizes[-1])
    if condition <= MAX_CONDITION:
        return
    weak = directions[-1]
    named = [term for term, weight in zip(_TERMS, weak, strict=True) if abs(weight) >= 0.3]  # noqa: PLR2004 -- takes part in the direction that the lengths do not show
    raise ProbeError(
        "bad_arguments",
        f"the lengths of the mixes rise and fall together, so the costs of {' and '.join(named)} cannot be told apart "
        f"(condition number {condition:.0f}, at most {MAX_CONDITION:.0f}); "
        "measure mixes of long prompts with short answers, the reverse, and short ones of both.",
    )


def _intervals(
    cells: Sequence[Cell], lengths: Floats, seconds: Floats, terms: Floats, missed: Floats
) -> list[Interval]:
    own = [_relative_error(cell.requests_per_s) for cell in cells]
    free = len(cells) - len(terms)
    misfit = float(np.sqrt(np.sum(missed**2) / free)) if free > 0 else None
    if misfit is None and None in own:
        reason = "throughput of a mix has no interval, and as many mixes as costs leave no misfit to judge by"
        return [Interval(mean=float(term), reason=reason) for term in terms]
    errors = np.array([max(error or 0.0, misfit or 0.0) for error in own])
    draws = np.random.default_rng(_SEED).normal(size=(len(cells), BOOTSTRAPS))
    fitted = (lengths @ terms) / seconds
    targets = fitted[:, None] * (1 + errors[:, None] * draws)
    drawn = np.array([_non_negative(lengths / seconds[:, None], target) for target in targets.T])
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return [
        Interval(mean=float(term), low=min(float(term), float(below)), high=max(float(term), float(above)))
        for term, below, above in zip(terms, low, high, strict=True)
    ]


def _non_negative(matrix: Floats, values: Floats) -> Floats:
    """The least-squares solution without negative terms."""
    from scipy.optimize import nnls  # noqa: PLC0415 -- loading it takes 0.3 s, which only a probe of several lengths needs

    return nnls(matrix, values, maxiter=_MOST_STEPS)[0]


def _relative_error(rate: Interval) -> float | None:
    """Standard error of a rate over its mean, read from its 95 % interval; None without one."""
    return None if rate.high is None else (rate.high - rate.mean) / _Z_95 / rate.mean


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefillFit:
    """Time to first token against prompt length: `base_ms + per_token_ms · n + per_token_squared_ms · n²`, none of them negative.

    Attributes:
        base_ms: what does not depend on the length.
        per_token_ms: for each token of the prompt.
        per_token_squared_ms: attention's part; 0 in an affine fit.
        residual_fraction: root mean square of the relative error.
        points: lengths that were fitted.
    """

    base_ms: float
    per_token_ms: float
    per_token_squared_ms: float
    residual_fraction: float
    points: int

    def ttft_ms(self, input_tokens: float) -> float:
        """Time to first token of a prompt [ms]."""
        return self.base_ms + (self.per_token_ms + self.per_token_squared_ms * input_tokens) * input_tokens


def fit_prefill(input_tokens: Sequence[float], ttft_ms: Sequence[float], *, quadratic: bool = False) -> PrefillFit:
    """Fits time to first token against prompt length by least squares of the relative error.

    Args:
        input_tokens: mean prompt length of each cell.
        ttft_ms: its median time to first token, above 0.
        quadratic: with a term for attention, whose work grows with the square of the length.

    Raises:
        ProbeError: kind `bad_arguments`: fewer different lengths than terms, or a time of 0.

    >>> fit = fit_prefill([100, 200, 400], [12.0, 14.0, 18.0])
    >>> round(fit.base_ms, 6), round(fit.per_token_ms, 6), round(fit.ttft_ms(1000), 6)
    (10.0, 0.02, 30.0)
    """
    needed = 3 if quadratic else 2
    lengths, times = np.asarray(input_tokens, dtype=float), np.asarray(ttft_ms, dtype=float)
    if len(set(input_tokens)) < needed:
        raise ProbeError(
            "bad_arguments", f"{len(set(input_tokens))} prompt lengths were measured; this fit needs {needed} or more."
        )
    if not (times > 0).all():
        raise ProbeError("bad_arguments", f"a time to first token of {times.min():g} ms was given; times are above 0.")
    scale = float(lengths.max())
    powers = np.stack([(lengths / scale) ** power for power in range(needed)], axis=1) / times[:, None]
    found = _non_negative(powers, np.ones(lengths.size))
    missed = powers @ found - 1
    terms = [*(float(term) / scale**power for power, term in enumerate(found)), 0.0]
    return PrefillFit(
        base_ms=terms[0],
        per_token_ms=terms[1],
        per_token_squared_ms=terms[2],
        residual_fraction=float(np.sqrt(np.mean(missed**2))),
        points=lengths.size,
    )
