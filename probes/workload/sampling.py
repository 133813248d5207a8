"""Joint distributions of prompt and answer lengths whose means are exactly what was asked for.

A length is a whole number of at least 1, which bends the mean of whatever is rounded or cut. Here nothing is: a real length is rounded up with the
probability of its fraction, so that its mean stays, and a distribution stands on 1 and spreads above it, so that nothing lies below.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from probes.errors import ProbeError
from probes.run import Lengths, WorkloadShape
from probes.workload.lognormal import clipped_lognormal

TAIL_Z = 3.719016485455709
"""Normal deviate with 1 in 10,000 above it: a lognormal length is drawn no further out, so that a longest request exists."""

MAX_LOGNORMAL_SPREAD = 10.0

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.int64]
"""Recorded pairs, one row each: input tokens, output tokens."""


@dataclass(frozen=True, slots=True)
class _Marginal:
    """One length: `offset + scale · exp(sigma · z)` for a lognormal, `offset + scale · (2u - 1)` for a uniform."""

    offset: float
    scale: float
    sigma: float = 0.0

    @property
    def longest(self) -> int:
        top = self.scale * math.exp(self.sigma * TAIL_Z) if self.sigma else abs(self.scale)
        return math.ceil(self.offset + top)


class LengthSampler:
    """Draws (input, output) lengths.

    - `fixed`: the means; a mean between two whole numbers is drawn as one of them.
    - `uniform`: even within `mean · (1 ± spread)`, the half width at most `mean - 1`.
    - `lognormal`: `1 + Y` with `Y` lognormal, so that mean and coefficient of variation are those asked for; drawn out to 1 in 10,000 on both sides
      and corrected for that. A mean of 1 leaves no room: it is always 1.
    - `pairs`: a recorded row each time, both its numbers together. Where the mean asked for is not that of the rows, each is scaled to it.

    Uniform and lognormal lengths of one request are joined by a Gaussian copula whose parameter is `2 sin(π ρ / 6)` for a rank correlation (Spearman)
    of `ρ` (Kruskal 1958, "Ordinal measures of association", https://doi.org/10.1080/01621459.1958.10501481).

    Where input and output together exceed `limit_tokens`, both are shortened in proportion until they fit; `cap_effect` says how often and what becomes
    of the means.
    """

    def __init__(
        self,
        lengths: Lengths,
        *,
        input_mean_tokens: float,
        output_mean_tokens: float,
        limit_tokens: int | None = None,
        rows: Rows | None = None,
    ) -> None:
        """Prepares to draw.

        Args:
            lengths: how they vary.
            input_mean_tokens: at least 1.
            output_mean_tokens: at least 1.
            limit_tokens: most tokens that a request may have, input and output together; at least 2.
            rows: the recorded pairs of `pairs`.

        Raises:
            ProbeError: `bad_arguments`: a mean below 1, a limit below 2, a spread that the distribution cannot have, pairs without rows.
        """
        self.means = (float(input_mean_tokens), float(output_mean_tokens))
        self.limit_tokens = limit_tokens
        self._lengths = lengths
        _check(lengths, self.means, limit_tokens, rows)
        self._copula = 2 * math.sin(math.pi * lengths.correlation / 6)
        self._marginals = [_marginal(lengths, mean) for mean in self.means]
        self._rows = None if rows is None or lengths.kind != "pairs" else _scaled(rows, self.means)

    def draw(self, rng: np.random.Generator) -> tuple[int, int]:
        """Lengths of one request: input, output [tokens]."""
        inputs, outputs = self.draw_many(rng, 1)
        return int(inputs[0]), int(outputs[0])

    def draw_many(self, rng: np.random.Generator, count: int) -> tuple[Ints, Ints]:
        """Lengths of many independent requests: inputs, outputs [tokens]."""
        inputs, outputs = self.uncapped(rng, count)
        return capped(inputs, outputs, self.limit_tokens)

    def uncapped(self, rng: np.random.Generator, count: int) -> tuple[Ints, Ints]:
        """As `draw_many`, before anything is shortened to fit the limit."""
        if self._rows is not None:
            real = self._rows[rng.integers(0, len(self._rows), size=count)]
            return _rounded(rng, real[:, 0]), _rounded(rng, real[:, 1])
        kind = self._lengths.kind
        if kind == "fixed":
            return _rounded(rng, np.full(count, self.means[0])), _rounded(rng, np.full(count, self.means[1]))
        first, second = _normals(rng, count, self._copula)
        inputs, outputs = self._marginals
        if kind == "uniform":
            return _rounded(rng, _uniform(inputs, first)), _rounded(rng, _uniform(outputs, second))
        return _rounded(rng, _lognormal(inputs, first)), _rounded(rng, _lognormal(outputs, second))

    @property
    def longest(self) -> tuple[int, int]:
        """Input and output of a request whose sum no draw exceeds [tokens]."""
        if self._rows is not None:
            sizes = np.ceil(self._rows).astype(np.int64)
            largest = sizes[int(sizes.sum(axis=1).argmax())]
            pair = (int(largest[0]), int(largest[1]))
        else:
            pair = (self._marginals[0].longest, self._marginals[1].longest)
        inputs, outputs = capped(np.array([pair[0]]), np.array([pair[1]]), self.limit_tokens)
        return int(inputs[0]), int(outputs[0])

    @property
    def longest_input(self) -> int:
        """No prompt is longer [tokens]."""
        longest = int(np.ceil(self._rows[:, 0]).max()) if self._rows is not None else self._marginals[0].longest
        return longest if self.limit_tokens is None else min(longest, self.limit_tokens - 1)


def capped(inputs: Ints, outputs: Ints, limit_tokens: int | None) -> tuple[Ints, Ints]:
    """Shortens requests that are longer than a limit, input and output in proportion, each at least 1.

    Args:
        inputs: prompt lengths [tokens].
        outputs: answer lengths [tokens].
        limit_tokens: most tokens of both together, at least 2; None for no limit.

    Example:
        >>> [part.tolist() for part in capped(np.array([300, 10]), np.array([100, 10]), 200)]
        [[150, 10], [50, 10]]
    """
    if limit_tokens is None:
        return inputs, outputs
    total = inputs + outputs
    fitted = np.clip(inputs * limit_tokens // total, 1, limit_tokens - 1)
    over = total > limit_tokens
    return np.where(over, fitted, inputs), np.where(over, limit_tokens - fitted, outputs)


def _check(lengths: Lengths, means: tuple[float, float], limit_tokens: int | None, rows: Rows | None) -> None:
    if not all(math.isfinite(mean) and mean >= 1 for mean in means):
        raise ProbeError(
            "bad_arguments", f"Mean lengths of {means[0]:g} in and {means[1]:g} out: each must be at least 1 token."
        )
    if limit_tokens is not None and limit_tokens < 2:  # noqa: PLR2004 - one token in, one out
        raise ProbeError(
            "bad_arguments", f"A context of {limit_tokens} tokens holds no request; at least 2 are needed."
        )
    if lengths.kind == "uniform" and lengths.spread_fraction > 1:
        raise ProbeError(
            "bad_arguments",
            f"Uniform lengths with a spread of {lengths.spread_fraction:g} would go below nothing; give at most 1, or lognormal.",
        )
    if lengths.kind == "lognormal" and lengths.spread_fraction > MAX_LOGNORMAL_SPREAD:
        raise ProbeError(
            "bad_arguments",
            f"A lognormal spread of {lengths.spread_fraction:g} is beyond any traffic; give at most {MAX_LOGNORMAL_SPREAD:g}.",
        )
    if lengths.kind == "pairs" and (rows is None or not len(rows)):
        raise ProbeError("bad_arguments", "Lengths from recorded pairs need the file with the pairs.")


def _marginal(lengths: Lengths, mean: float) -> _Marginal:
    if lengths.kind == "uniform":
        return _Marginal(mean, min(lengths.spread_fraction * mean, mean - 1))
    if lengths.kind == "lognormal" and mean > 1 and lengths.spread_fraction:
        above = mean - 1
        mu, sigma = clipped_lognormal(above, lengths.spread_fraction * mean / above, TAIL_Z)
        return _Marginal(1.0, math.exp(mu), sigma)
    return _Marginal(mean, 0.0)


def _scaled(rows: Rows, means: tuple[float, float]) -> Floats:
    real = rows.astype(np.float64)
    for column, mean in enumerate(means):
        own = float(real[:, column].mean())
        # A record holds whole means: rows whose mean rounds to it are left as they were recorded.
        if max(1, round(own)) != mean:
            real[:, column] = _stretched(real[:, column], mean)
    return real


def _stretched(column: Floats, mean: float) -> Floats:
    # Stands on 1, as the other distributions do: what is above 1 is scaled, and the mean is exact.
    above = column - 1
    return 1 + above * ((mean - 1) / float(above.mean())) if above.any() else np.full_like(column, mean)


def _normals(rng: np.random.Generator, count: int, copula: float) -> tuple[Floats, Floats]:
    first, second = rng.standard_normal((2, count))
    return first, copula * first + math.sqrt(max(0.0, 1 - copula * copula)) * second


def _uniform(marginal: _Marginal, z: Floats) -> Floats:
    # 2 Φ(z) - 1 = erf(z / sqrt(2)), without scipy, whose loading takes a worker half a second.
    return marginal.offset + marginal.scale * np.array([math.erf(value * math.sqrt(0.5)) for value in z.tolist()])


def _lognormal(marginal: _Marginal, z: Floats) -> Floats:
    if not marginal.sigma:
        return np.full(len(z), marginal.offset)
    return marginal.offset + marginal.scale * np.exp(marginal.sigma * np.clip(z, -TAIL_Z, TAIL_Z))


def _rounded(rng: np.random.Generator, real: Floats) -> Ints:
    floor = np.floor(real).astype(np.int64)
    up: Ints = (rng.random(len(real)) < real - floor).astype(np.int64)
    return floor + up


def turn_means(shape: WorkloadShape) -> tuple[float, float]:
    """Mean lengths of what each turn of a conversation adds: its new part of the prompt, and its answer [tokens].

    With `T` turns that each add `n` to the prompt and are answered by `o`, turn k's prompt has `(k + 1) n + k o`, on average
    `n (T + 1) / 2 + o (T - 1) / 2`. That mean is `input_tokens`, hence `n = (2 · input_tokens - o (T - 1)) / (T + 1)`.

    Args:
        shape: the workload; without turns its own means come back.

    Raises:
        ProbeError: `bad_arguments`: the answers alone would make the prompts longer than their mean.

    Example:
        >>> turn_means(WorkloadShape(input_tokens=512, output_tokens=100, turns=3))
        (206.0, 100.0)
    """
    turns, answer = shape.turns, float(shape.output_tokens)
    new = (2 * shape.input_tokens - answer * (turns - 1)) / (turns + 1)
    if new < 1:
        least = math.ceil(((turns + 1) + answer * (turns - 1)) / 2)
        raise ProbeError(
            "bad_arguments",
            f"Conversations of {turns} turns with answers of {shape.output_tokens} tokens repeat more than {shape.input_tokens} tokens a prompt; "
            f"give input_tokens of at least {least}, shorter answers, or fewer turns.",
        )
    return new, answer
