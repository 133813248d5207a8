"""Buckets of nearly equal requests, from recorded lengths or from a log-normal spread of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from tco.capacity.mix.records import Bucket, Floats
from tco.errors import InputError

Representative = Literal["mean", "upper"]
"""Which lengths stand for a bucket: its mean, or its longest.

The mean keeps the tokens: `Σ rate · length` over the buckets is that of the requests, and since the work of a request grows nearly in line with its
lengths, capacity is sized without bias. The longest is never too optimistic for any one request, but makes every other as long: a fleet sized so is too
large by up to the ratio of a bucket's edges. Size with the mean and narrow buckets; what the longest would cost is the upper end of the error.
"""

DEFAULT_EDGES_TOKENS = (0.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0, 16_384.0, 32_768.0, math.inf)
"""Each bucket up to twice as long as the one before [tokens]."""

_NODES = 64
_LEAST_SHARE = 1e-15
_FURTHEST = 10.0
"""Beyond so many standard deviations nothing is left (7.6e-24)."""


def buckets_from_lengths(
    input_tokens: npt.ArrayLike,
    output_tokens: npt.ArrayLike,
    requests_per_s: float,
    *,
    input_edges_tokens: Sequence[float] = DEFAULT_EDGES_TOKENS,
    output_edges_tokens: Sequence[float] = DEFAULT_EDGES_TOKENS,
    representative: Representative = "mean",
    workload: str = "",
) -> tuple[Bucket, ...]:
    """A joint histogram of recorded requests, as buckets; empty ones are left out.

    A request of length `n` falls between the edges `low < n <= high`.

    Args:
        input_tokens: prompt lengths [tokens], shape (requests,).
        output_tokens: answer lengths of the same requests [tokens], shape (requests,).
        requests_per_s: how many come, of all sizes together [requests/s].
        input_edges_tokens: ascending; the last may be infinite [tokens].
        output_edges_tokens: likewise.
        representative: which lengths stand for a bucket; see `Representative`.
        workload: whose they are; its name begins the buckets' names.

    Raises:
        InputError: no lengths, not as many of both, a length outside the edges, or edges that do not ascend.

    >>> [(b.name, b.requests_per_s, b.input_tokens) for b in buckets_from_lengths([10, 30, 200], [5, 5, 5], 3.0)]
    [('0-64 in, 0-64 out', 2.0, 20.0), ('128-256 in, 0-64 out', 1.0, 200.0)]
    """
    ins, outs = np.asarray(input_tokens, dtype=float).ravel(), np.asarray(output_tokens, dtype=float).ravel()
    if ins.size == 0 or ins.size != outs.size:
        raise InputError(
            f"buckets: {ins.size} prompt lengths and {outs.size} answer lengths; give one of each for every request"
        )
    row, column = _place(ins, input_edges_tokens, "prompt"), _place(outs, output_edges_tokens, "answer")
    found = []
    for i, j in sorted(set(zip(row.tolist(), column.tolist(), strict=True))):
        inside = (row == i) & (column == j)
        pick = np.mean if representative == "mean" else np.max
        found.append(
            Bucket(
                name=_name(workload, input_edges_tokens, output_edges_tokens, i, j),
                requests_per_s=requests_per_s * float(inside.mean()),
                input_tokens=float(pick(ins[inside])),
                output_tokens=float(pick(outs[inside])),
                workload=workload,
            )
        )
    return tuple(found)


def buckets_lognormal(
    mean_input_tokens: float,
    mean_output_tokens: float,
    requests_per_s: float,
    *,
    spread_fraction: float,
    correlation: float = 0.0,
    input_edges_tokens: Sequence[float] = DEFAULT_EDGES_TOKENS,
    output_edges_tokens: Sequence[float] = DEFAULT_EDGES_TOKENS,
    least_share_fraction: float = 1e-6,
    workload: str = "",
) -> tuple[Bucket, ...]:
    """Buckets of log-normal lengths with a common spread and a rank correlation, each at its own mean.

    Lengths are `exp(μ + σ Z)` with `σ² = ln(1 + spread²)`, and the two `Z` are normal with `r = 2 sin(π ρ / 6)` for the rank correlation `ρ`. A bucket's
    share is the probability of its rectangle; its mean follows from the same integral with the normals moved by `σ` and `r σ`, so that the buckets'
    tokens add up to the whole exactly.

    Args:
        mean_input_tokens: of all requests [tokens].
        mean_output_tokens: likewise [tokens].
        requests_per_s: of all sizes together [requests/s].
        spread_fraction: standard deviation over mean, of both lengths [fraction]; 0 gives one bucket.
        correlation: of the ranks, from -0.95 to 0.95.
        input_edges_tokens: ascending; from 0 to infinity, so that no request falls outside [tokens].
        output_edges_tokens: likewise.
        least_share_fraction: buckets with less of the requests are left out, and their rate is shared by the others [fraction].
        workload: whose they are.

    Raises:
        InputError: a mean that is not above 0, a spread below 0, or edges that do not ascend from 0 to infinity.
    """
    _check_lognormal(mean_input_tokens, mean_output_tokens, spread_fraction, correlation)
    edges = tuple(
        _edges(given, what) for given, what in ((input_edges_tokens, "prompt"), (output_edges_tokens, "answer"))
    )
    if any(ends[0] > 0 or not math.isinf(ends[-1]) for ends in edges):
        raise InputError("buckets: the edges of a log-normal spread go from 0 to infinity, else requests are lost")
    if spread_fraction == 0:
        return buckets_from_lengths(
            [mean_input_tokens],
            [mean_output_tokens],
            requests_per_s,
            input_edges_tokens=input_edges_tokens,
            output_edges_tokens=output_edges_tokens,
            workload=workload,
        )
    sigma = math.sqrt(math.log1p(spread_fraction**2))
    r = 2 * math.sin(math.pi * correlation / 6)
    first = _normal_edges(edges[0], mean_input_tokens, sigma)
    second = _normal_edges(edges[1], mean_output_tokens, sigma)
    share = _rectangles(first, second, r, 0.0, 0.0)
    of_input = _rectangles(first, second, r, sigma, r * sigma)
    of_output = _rectangles(first, second, r, r * sigma, sigma)
    kept = share >= max(least_share_fraction, _LEAST_SHARE)
    rates = requests_per_s * share / share[kept].sum()
    return tuple(
        Bucket(
            name=_name(workload, input_edges_tokens, output_edges_tokens, int(i), int(j)),
            requests_per_s=float(rates[i, j]),
            input_tokens=float(mean_input_tokens * of_input[i, j] / share[i, j]),
            output_tokens=float(mean_output_tokens * of_output[i, j] / share[i, j]),
            workload=workload,
        )
        for i, j in np.argwhere(kept)
    )


def _check_lognormal(mean_input: float, mean_output: float, spread: float, correlation: float) -> None:
    if not (mean_input > 0 and mean_output > 0 and math.isfinite(mean_input + mean_output)):
        raise InputError(f"buckets: mean lengths {mean_input:g} and {mean_output:g} tokens; both must be above 0")
    if not (math.isfinite(spread) and spread >= 0 and abs(correlation) <= 0.95):  # noqa: PLR2004 - as the scenario's Spread
        raise InputError(
            f"buckets: spread_fraction {spread:g} and correlation {correlation:g}; a spread is at least 0, a correlation from -0.95 to 0.95"
        )


def _normal_edges(edges: Floats, mean: float, sigma: float) -> Floats:
    """Where the edges lie on the standard normal's axis."""
    with np.errstate(divide="ignore"):
        z = (np.log(edges / mean) + sigma**2 / 2) / sigma
    return np.asarray(np.clip(z, -_FURTHEST * 2, _FURTHEST * 2))


def _rectangles(first: Floats, second: Floats, r: float, move_first: float, move_second: float) -> Floats:
    """Probability of every rectangle between the edges, for normals of correlation `r` that are moved; Gauss-Legendre over the first."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    low = np.clip(first[:-1] - move_first, -_FURTHEST, _FURTHEST)
    high = np.clip(first[1:] - move_first, -_FURTHEST, _FURTHEST)
    half = (high - low) / 2
    z = (low + high)[:, None] / 2 + half[:, None] * nodes
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    up_to = ndtr((second[None, None, :] - move_second - r * z[:, :, None]) / math.sqrt(1 - r * r))
    return np.asarray(np.einsum("in,inj->ij", weights * density * half[:, None], np.diff(up_to, axis=2)))


def _edges(given: Sequence[float], what: str) -> Floats:
    edges = np.asarray(given, dtype=float)
    if edges.ndim != 1 or edges.size < 2 or not np.all(np.diff(edges) > 0) or edges[0] < 0:  # noqa: PLR2004 - a bucket has two edges
        raise InputError(
            f"buckets: {what} edges {list(given)}; give at least two numbers of tokens that ascend from 0 or more"
        )
    return edges


def _place(lengths: Floats, given: Sequence[float], what: str) -> npt.NDArray[np.int64]:
    edges = _edges(given, what)
    wrong = ~np.isfinite(lengths) | (lengths <= edges[0]) | (lengths > edges[-1])
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"buckets: request {at + 1} has a {what} of {lengths[at]:g} tokens, outside the edges {edges[0]:g} to {edges[-1]:g}; "
            "widen the edges, or leave it out"
        )
    return np.asarray(np.searchsorted(edges, lengths, side="left") - 1, dtype=np.int64)


def _name(workload: str, ins: Sequence[float], outs: Sequence[float], i: int, j: int) -> str:
    size = f"{_span(ins, i)} in, {_span(outs, j)} out"
    return f"{workload}: {size}" if workload else size


def _span(edges: Sequence[float], at: int) -> str:
    low, high = edges[at], edges[at + 1]
    return f"over {low:g}" if math.isinf(high) else f"{low:g}-{high:g}"
