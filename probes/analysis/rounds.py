"""Closed loops in rounds: where the warm-up ends, and throughput over whole request cycles. Pure.

Round k is the k-th request of every stream. Throughput is counted over *whole request cycles*: a stream's window runs from the sending of its first
request to the end of its last one, so that every prefill and every pause is in it exactly as often as in the long run. A fixed window over
all streams would cut cycles at both ends: with three requests a stream up to half too high. The streams' rates are summed, which is right
because all streams are busy throughout. The same number of requests is taken from each stream, since taking what has ended by some moment would
favour short ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from probes.analysis.batches import CONFIDENCE_FRACTION, Floats, interval
from probes.record import Interval
from probes.run import Plan
from probes.trace import NS_PER_S

MAX_NOISE_FRACTION = 0.25
MIN_REQUESTS = 20
"""Requests that a load point is measured with at least, over all streams and repeats: the fewest that give a p95."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """How long a load point is measured.

    Attributes:
        repeats: repeats that are measured at least.
        max_repeats: repeats that are measured at most; `repeats` where None.
        precision_fraction: half width of the interval of throughput, over its mean, at which it is known well enough; None: after `repeats`.
        requests_per_stream: requests of each stream in each repeat; more where all streams together would not make `MIN_REQUESTS`.
        agree_fraction: difference up to which two rounds of the warm-up agree in any case.
        max_warmup_rounds: requests of each stream after which measuring begins, settled or not.
        max_warmup_s: seconds after which it does; at least one round is always warm-up.
    """

    repeats: int = 3
    max_repeats: int | None = None
    precision_fraction: float | None = None
    requests_per_stream: int = 3
    agree_fraction: float = 0.05
    max_warmup_rounds: int = 5
    max_warmup_s: float = 60.0

    @classmethod
    def of_plan(cls, plan: Plan) -> Self:
        """What a run's plan asks for."""
        return cls(
            repeats=plan.repeats,
            max_repeats=plan.max_repeats,
            precision_fraction=plan.precision_fraction,
            requests_per_stream=plan.requests_per_stream,
        )

    @property
    def most_repeats(self) -> int:
        """Repeats that are measured at most; only where a precision is asked for are there more than `repeats`."""
        if self.precision_fraction is None:
            return self.repeats
        return max(self.repeats, self.max_repeats or self.repeats)

    def rounds_per_repeat(self, concurrency: int) -> int:
        """Requests of each stream in each repeat.

        >>> [Precision(repeats=3).rounds_per_repeat(streams) for streams in (1, 2, 8)]
        [7, 4, 3]
        """
        return max(self.requests_per_stream, -(-MIN_REQUESTS // (concurrency * self.repeats)))


@dataclass(frozen=True, slots=True)
class Cycle:
    """One request as far as throughput goes: when it was sent and ended, and what it gave (nothing, if it failed)."""

    sent_ns: int
    ended_ns: int
    requests: int
    output_tokens: int
    total_tokens: int


Streams = Mapping[int, Mapping[int, Cycle]]
"""By stream, by number: the requests that have ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Throughput; only good requests count."""

    output_tokens_per_s: float
    total_tokens_per_s: float
    requests_per_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Complete rounds as arrays, streams × rounds."""

    sent_ns: NDArray[np.int64]
    ended_ns: NDArray[np.int64]
    requests: NDArray[np.int64]
    output_tokens: NDArray[np.int64]
    total_tokens: NDArray[np.int64]

    @property
    def rounds(self) -> int:
        """Rounds that every stream has completed."""
        return int(self.sent_ns.shape[1])

    def rates(self, first: int, after: int) -> Rates:
        """Throughput of the rounds `first` to `after - 1`: `Σ_s given by s / (end of its last request - sending of its first)`."""
        seconds = np.maximum(self.ended_ns[:, after - 1] - self.sent_ns[:, first], 1) / NS_PER_S

        def rate(given: NDArray[np.int64]) -> float:
            return float(np.sum(given[:, first:after].sum(axis=1) / seconds))

        return Rates(
            output_tokens_per_s=rate(self.output_tokens),
            total_tokens_per_s=rate(self.total_tokens),
            requests_per_s=rate(self.requests),
        )

    def by_stream(self, given: NDArray[np.int64]) -> Floats:
        """Each stream's own rate in each round, streams × rounds."""
        rate: Floats = given / (np.maximum(self.ended_ns - self.sent_ns, 1) / NS_PER_S)
        return rate


def grid_of(streams: Streams, concurrency: int) -> Grid:
    """Rounds 0, 1, ... as far as every stream has completed them.

    Args:
        streams: what has ended.
        concurrency: how many streams there are; one that has no request yet leaves no complete round.
    """
    count = 0
    if len(streams) >= concurrency:
        while all(count in numbers for numbers in streams.values()):
            count += 1
    rows = [[numbers[number] for number in range(count)] for _, numbers in sorted(streams.items())]

    def array(name: str) -> NDArray[np.int64]:
        values = [[getattr(cycle, name) for cycle in row] for row in rows]
        return np.asarray(values, dtype=np.int64).reshape(len(rows), count)

    return Grid(*(array(name) for name in ("sent_ns", "ended_ns", "requests", "output_tokens", "total_tokens")))


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUp:
    """Where the warm-up ends.

    Attributes:
        rounds: rounds that belong to it; None while that cannot be told.
        settled: whether two rounds agreed before the limit.
    """

    rounds: int | None
    settled: bool = False


def warm_up(grid: Grid, precision: Precision) -> WarmUp:
    """Finds the end of the warm-up: the first two neighbouring rounds whose throughput agrees are measured, but never the very first round.

    Two rounds agree if they differ by no more than `agree_fraction`, or by no more than the streams' own spread explains (paired t-test over the
    streams, 95 %), up to a quarter. Rounds after `max_warmup_rounds` or `max_warmup_s` are measured whether they agree or not.

    Args:
        grid: the complete rounds.
        precision: for the limits.

    Returns:
        `rounds` None while the limit has not been reached and no two rounds agree.
    """
    if grid.rounds == 0:
        return WarmUp(rounds=None)
    rates = grid.by_stream(grid.output_tokens)
    began_ns = int(grid.sent_ns.min())
    for count in range(1, grid.rounds + 1):
        known = count < grid.rounds
        if known and _agree(rates[:, count - 1], rates[:, count], precision.agree_fraction):
            return WarmUp(rounds=max(1, count - 1), settled=True)
        spent_s = (int(grid.ended_ns[:, count - 1].max()) - began_ns) / NS_PER_S
        if count >= precision.max_warmup_rounds or spent_s >= precision.max_warmup_s:
            return WarmUp(rounds=count, settled=False)
    return WarmUp(rounds=None)


def _agree(before: Floats, after: Floats, agree_fraction: float) -> bool:
    reference = float(before.sum())
    difference = abs(float(after.sum()) - reference)
    if difference <= agree_fraction * reference:
        return True
    streams = before.size
    if streams < 2:  # noqa: PLR2004 -- a spread needs two
        return False
    error = float(np.std(after - before, ddof=1)) * np.sqrt(streams)
    noise = float(stdtrit(streams - 1, (1 + CONFIDENCE_FRACTION) / 2)) * error
    return bool(difference <= min(noise, MAX_NOISE_FRACTION * reference))


def rate_interval(grid: Grid, first: int, after: int, what: str = "output_tokens") -> Interval:
    """Throughput of the rounds `first` to `after - 1` with its interval: whole cycles for the mean, batch means over the rounds for the error.

    Args:
        grid: the complete rounds.
        first: first measured round.
        after: the round after the last.
        what: `output_tokens`, `total_tokens` or `requests`.
    """
    if after <= first:
        return Interval(mean=0.0, reason="no round of requests was completed")
    series = grid.by_stream(getattr(grid, what))[:, first:after].sum(axis=0)
    mean = getattr(grid.rates(first, after), f"{what}_per_s")
    return interval(series, mean=mean, what="rounds of requests")


@dataclass(slots=True)
class Ended:
    """What has ended so far, filled while a load runs."""

    streams: dict[int, dict[int, Cycle]] = field(default_factory=dict)

    def add(self, stream: int, number: int, cycle: Cycle) -> None:
        """Notes one; a second one of the same number is left out."""
        self.streams.setdefault(stream, {}).setdefault(number, cycle)


def narrow(found: Interval, precision_fraction: float) -> bool:
    """Whether an interval's half width is within the fraction of its mean; one that is not known is not narrow."""
    if found.low is None or found.high is None or found.mean == 0:
        return False
    return found.high - found.mean <= precision_fraction * found.mean
