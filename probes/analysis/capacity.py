"""Where a server's capacity lies: is more load still worth it, and the highest random load that keeps a promise. Pure decisions for a sweep.

Goodput is never estimated from a burst that drains: each rate is offered as random arrivals for a window, and either shown to keep the promise, shown
to break it (97.5 % Wilson interval of the share of requests that kept it, so that the bracket as a whole holds with 95 %), or left unresolved. Rates that keep and rates that break it close in
on the boundary from both sides; one that cannot be told is itself near it, so the search goes on to its left and right.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from probes.analysis.proportion import independent_requests, promise
from probes.cell import Attainment, Cell
from probes.findings import Goodput
from probes.record import Interval

FLAT_GAIN_FRACTION = 0.05
RESOLUTION_FRACTION = 0.10
Z_SEARCH = 2.241402727604947
"""Normal quantile of 97.5 %, two-sided: several rates are judged, and the bracket as a whole is to hold with 95 %; checked on simulated queues."""
_STEP_FACTOR = 2.0

GainVerdict = Literal["grows", "flat", "unresolved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """How much more throughput more load gave, with its 95 % interval (null where one of the two has none).

    Attributes:
        fraction: after over before, less 1.
        low: lower end.
        high: upper end.
    """

    fraction: float
    low: float | None = None
    high: float | None = None

    def verdict(self, flat_fraction: float = FLAT_GAIN_FRACTION) -> GainVerdict:
        """`flat` where even the upper end is under `flat_fraction`, `grows` where the lower end is above 0, else `unresolved`.

        A gain that is both (shown, and shown to be small) is flat.
        """
        if self.high is not None and self.high < flat_fraction:
            return "flat"
        return "grows" if self.low is not None and self.low > 0 else "unresolved"


def gain(before: Interval, after: Interval) -> Gain:
    """Gain from one throughput to another: `(after - before) / before`, half width `√(h1² + h2²) / before`.

    Args:
        before: with less load, its mean above 0 (else the gain is infinite).
        after: with more.

    >>> gain(Interval(mean=100, low=98, high=102), Interval(mean=101, low=99, high=103)).verdict()
    'flat'
    """
    if before.mean == 0:
        return Gain(fraction=math.inf if after.mean > 0 else 0.0)
    fraction = after.mean / before.mean - 1
    if before.high is None or after.high is None:
        return Gain(fraction=fraction)
    half = math.hypot(before.high - before.mean, after.high - after.mean) / before.mean
    return Gain(fraction=fraction, low=fraction - half, high=fraction + half)


def next_concurrency(cells: Sequence[Cell], *, first: int = 1, most: int, around_knee: bool = True) -> int | None:
    """The next load of a ladder that grows until more is not worth it, then looks closer at the knee.

    Doubles while throughput grows. It ends where a doubling's gain is `flat`, where two doublings in a row cannot be told from flat, where a cell carries
    no decision, or at `most`. The knee is the lightest load with 95 % of the best throughput; the halfway points (geometric) to its neighbours
    are measured where these are more than a doubling of the square root of 2 away.

    Args:
        cells: closed loops that were measured so far, in any order.
        first: where to begin.
        most: the heaviest load that makes sense.
        around_knee: whether to look closer at the knee.

    Returns:
        The next concurrency, None when there is nothing more to learn.
    """
    done = sorted((cell for cell in cells if cell.concurrency is not None), key=lambda cell: cell.concurrency or 0)
    if not done:
        return min(first, most)
    heaviest = done[-1].concurrency or 1
    if heaviest < most and not _ended(done):
        return min(most, heaviest * 2)
    return _beside_knee(done) if around_knee else None


def _ended(done: Sequence[Cell]) -> bool:
    if not done[-1].usable:
        return True
    usable = [cell.output_tokens_per_s for cell in done if cell.usable]
    verdicts = [gain(*pair).verdict() for pair in itertools.pairwise(usable)]
    return verdicts[-1:] == ["flat"] or verdicts[-2:] == ["unresolved", "unresolved"]


def _beside_knee(done: Sequence[Cell]) -> int | None:
    usable = [cell for cell in done if cell.usable]
    if not usable:
        return None
    best = max(cell.output_tokens_per_s.mean for cell in usable)
    place = next(i for i, cell in enumerate(usable) if cell.output_tokens_per_s.mean >= (1 - FLAT_GAIN_FRACTION) * best)
    loads = [cell.concurrency or 1 for cell in usable]
    known = {cell.concurrency for cell in done}
    for low, high in ((loads[max(0, place - 1)], loads[place]), (loads[place], loads[min(place + 1, len(loads) - 1)])):
        middle = round(math.sqrt(low * high))
        if high > low * math.sqrt(2) * 1.01 and low < middle < high and middle not in known:
            return middle
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """One rate that was offered, and what came of the promise."""

    rate_per_s: float
    attainment: Attainment


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a search for goodput looks for, and within which limits.

    Attributes:
        limits_ms: the promise to one request.
        target_fraction: share of requests that must keep it.
        first_per_s: first rate, best near the answer: such as 0.7 of the closed loop's highest throughput.
        least_per_s: below it no rate is offered.
        most_per_s: above it none is.
        resolution_fraction: bracket over its low end, less 1, that is narrow enough.
        most_tests: rates that are offered at most.
    """

    limits_ms: Mapping[str, float]
    target_fraction: float
    first_per_s: float
    least_per_s: float
    most_per_s: float
    resolution_fraction: float = RESOLUTION_FRACTION
    most_tests: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """What the tests say about the boundary: rates that keep the promise up to `low`, rates that break it from `high`, unresolved ones between."""

    low: float | None
    high: float | None
    unresolved: tuple[float, ...]


def bracket(tested: Sequence[Tested], target_fraction: float) -> Bracket:
    """Sorts rates into kept, broken and unresolved.

    Where noise lets a higher rate keep what a lower one broke, the lower one counts: capacity is never claimed beyond a load that was shown to fail.

    Args:
        tested: in any order.
        target_fraction: share of requests that must keep the promise.
    """
    verdicts = [(one.rate_per_s, promise(one.attainment, target_fraction, Z_SEARCH)) for one in tested]
    high = min((rate for rate, verdict in verdicts if verdict == "broken"), default=None)
    below = [(rate, verdict) for rate, verdict in verdicts if high is None or rate < high]
    low = max((rate for rate, verdict in below if verdict == "kept"), default=None)
    between = sorted(rate for rate, verdict in below if verdict == "unresolved" and rate > (low or 0.0))
    return Bracket(low=low, high=high, unresolved=tuple(between))


def next_rate(tested: Sequence[Tested], search: Search) -> float | None:
    """The rate to be offered next.

    Args:
        tested: rates so far.
        search: what is looked for.

    Returns:
        None when the bracket is narrow enough, or nothing can be learnt within the limits.
    """
    if not tested:
        return min(max(search.first_per_s, search.least_per_s), search.most_per_s)
    if len(tested) >= search.most_tests:
        return None
    found = bracket(tested, search.target_fraction)
    if found.low is not None and found.high is not None and found.high <= found.low * (1 + search.resolution_fraction):
        return None
    known = [one.rate_per_s for one in tested]
    return next((rate for rate in _candidates(tested, found, search) if _is_new(rate, known, search)), None)


def _candidates(tested: Sequence[Tested], found: Bracket, search: Search) -> list[float]:
    """Rates worth a test, best first.

    Bisection first, between the rates on whose two sides the boundary seems to lie by the bare shares; then towards the boundary from the sides on which
    nothing was shown close to it.
    """
    below, above = _seeming(tested, search.target_fraction)
    if below is None or above is None:
        reference = above if above is not None else below
        return [_outwards(reference or search.first_per_s, search, up=above is None)]
    sides = []
    if found.low is None or found.low < below:
        lower = found.low if found.low is not None else max(search.least_per_s, below / _STEP_FACTOR**2)
        sides.append((below / lower, math.sqrt(lower * below)))
    if found.high is None or found.high > above:
        upper = found.high if found.high is not None else min(search.most_per_s, above * _STEP_FACTOR**2)
        sides.append((upper / above, math.sqrt(upper * above)))
    sides.sort(reverse=True)
    middle = [math.sqrt(below * above)] if above > below * (1 + search.resolution_fraction) else []
    last = [_outwards(below, search, up=False)] if found.low is None else []
    last += [_outwards(above, search, up=True)] if found.high is None else []
    return [*middle, *(rate for _, rate in sides), *last]


def _seeming(tested: Sequence[Tested], target_fraction: float) -> tuple[float | None, float | None]:
    """The highest rate that seems to keep the promise below the lowest that seems to break it, by the bare shares."""
    above = min((one.rate_per_s for one in tested if one.attainment.kept_fraction < target_fraction), default=None)
    kept = (one.rate_per_s for one in tested if one.attainment.kept_fraction >= target_fraction)
    return max((rate for rate in kept if above is None or rate < above), default=None), above


def _outwards(rate_per_s: float, search: Search, *, up: bool) -> float:
    if up:
        return min(search.most_per_s, rate_per_s * _STEP_FACTOR)
    return max(search.least_per_s, rate_per_s / _STEP_FACTOR)


def _is_new(rate: float, known: Sequence[float], search: Search) -> bool:
    """Whether a rate is far enough from those tested for its result to differ: a quarter of the resolution."""
    return all(abs(math.log(rate / other)) > math.log1p(search.resolution_fraction / 4) for other in known)


def requests_to_tell(kept_fraction: float, target_fraction: float) -> int | None:
    """Independent requests after which the 97.5 % Wilson interval of a share leaves out the target.

    Wilson's interval holds exactly the targets t with `|p - t| <= z √(t(1 - t) / n)`, so `n > z² t(1 - t) / (p - t)²`.

    Args:
        kept_fraction: the share p, if it stays.
        target_fraction: the target t.

    Returns:
        None where the share is the target: no number of requests would tell.

    >>> requests_to_tell(0.97, 0.95), requests_to_tell(0.95, 0.95)
    (597, None)
    """
    if kept_fraction == target_fraction:
        return None
    return (
        math.floor(Z_SEARCH**2 * target_fraction * (1 - target_fraction) / (kept_fraction - target_fraction) ** 2) + 1
    )


def goodput(tested: Sequence[Tested], search: Search) -> Goodput:
    """What the tests have shown.

    Args:
        tested: rates, usually until `next_rate` is None.
        search: what was looked for.

    Returns:
        The finding; `resolved` only where a rate that keeps and a rate that breaks the promise are within the resolution of each other.
    """
    found = bracket(tested, search.target_fraction)
    at = next((one.attainment for one in tested if one.rate_per_s == found.low), None)
    narrow = (
        found.low is not None
        and found.high is not None
        and found.high <= found.low * (1 + search.resolution_fraction) * (1 + 1e-9)
    )
    return Goodput(
        limits_ms=dict(search.limits_ms),
        target_fraction=search.target_fraction,
        requests_per_s=found.low,
        low=found.low if found.low is not None else 0.0,
        high=found.high,
        resolved=narrow,
        reason=None if narrow else _reason(tested, found, search),
        at_rate=at,
    )


def _reason(tested: Sequence[Tested], found: Bracket, search: Search) -> str:
    if not tested:
        return "no rate was offered"
    if found.unresolved:
        return _unresolved_reason(tested, found, search)
    if found.low is None:
        lightest = min(one.rate_per_s for one in tested)
        return f"even {_rate(lightest)}, the lowest rate offered, broke the promise"
    if found.high is None:
        return f"no rate was shown to break the promise; {_rate(found.low)} was the highest offered that kept it"
    wide = found.high / found.low - 1
    return f"after {len(tested)} rates the bracket is {wide:.0%} wide, not {search.resolution_fraction:.0%}; allow more time"


def _unresolved_reason(tested: Sequence[Tested], found: Bracket, search: Search) -> str:
    ways = [(requests_to_tell(one.attainment.kept_fraction, search.target_fraction), one) for one in tested]
    between = [(needed, one) for needed, one in ways if one.rate_per_s in found.unresolved]
    needed, one = min(between, key=lambda way: math.inf if way[0] is None else way[0])
    share, target = one.attainment.kept_fraction, search.target_fraction
    said = (
        f"at {_rate(one.rate_per_s)} {share:.1%} of {one.attainment.requests} requests kept the promise "
        f"({one.attainment.low:.1%} to {one.attainment.high:.1%}), which cannot be told from {target:.0%}"
    )
    if needed is None:
        return f"{said}; the share is just the target, so no number of requests would tell"
    wanted = needed * one.attainment.requests / independent_requests(one.attainment)
    return f"{said}; about {max(math.ceil(wanted), one.attainment.requests + 1)} requests at this rate would tell"


def _rate(rate_per_s: float) -> str:
    return f"{rate_per_s:,.0f} requests/s" if rate_per_s >= 1000 else f"{rate_per_s:.3g} requests/s"  # noqa: PLR2004 -- from here on three digits would be written as a power of ten
