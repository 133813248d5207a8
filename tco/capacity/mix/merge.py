"""Fewer buckets: rare ones join their nearest neighbours, and no request and no token is lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from tco.capacity.mix.records import Bucket
from tco.errors import InputError


def merged(
    buckets: Sequence[Bucket], *, least_share_fraction: float = 0.0, most: int | None = None
) -> tuple[Bucket, ...]:
    """Joins the rarest bucket with the one whose lengths are nearest, until none is too rare and there are not too many.

    Near is a small distance of the logarithms of both lengths. Both together have the mean lengths of their requests, so that the buckets' requests and
    tokens stay what they were; the name is that of the more frequent one.

    Args:
        buckets: of one promise: whoever is joined is promised the same.
        least_share_fraction: of all their requests, below which a bucket is joined [fraction].
        most: how many may remain; None: any number.

    Raises:
        InputError: fewer than one may remain, or buckets of several workloads.

    >>> three = [Bucket(name=n, requests_per_s=r, input_tokens=i, output_tokens=8) for n, r, i in (("a", 6, 10), ("b", 3, 40), ("c", 1, 80))]
    >>> [(b.name, b.requests_per_s, b.input_tokens) for b in merged(three, most=2)]
    [('a', 6, 10), ('b', 4, 50.0)]
    """
    if most is not None and most < 1:
        raise InputError(f"buckets: at most {most} may remain; give at least 1")
    if len({bucket.workload for bucket in buckets}) > 1:
        raise InputError("buckets: those of several workloads are not joined; join each workload's own")
    kept = list(buckets)
    total = sum(bucket.requests_per_s for bucket in kept)
    while len(kept) > 1:
        rarest = min(kept, key=lambda bucket: bucket.requests_per_s)
        if rarest.requests_per_s >= least_share_fraction * total and (most is None or len(kept) <= most):
            break
        kept.remove(rarest)
        at = min(range(len(kept)), key=lambda number: _distance(kept[number], rarest))
        kept[at] = _joined(kept[at], rarest)
    return tuple(kept)


def _joined(one: Bucket, other: Bucket) -> Bucket:
    """The rarer `other` joins; two that nobody asks for keep the lengths of the first."""
    rate = one.requests_per_s + other.requests_per_s
    if rate == 0:
        return one
    return replace(
        one,
        requests_per_s=rate,
        input_tokens=(one.requests_per_s * one.input_tokens + other.requests_per_s * other.input_tokens) / rate,
        output_tokens=(one.requests_per_s * one.output_tokens + other.requests_per_s * other.output_tokens) / rate,
    )


def _distance(one: Bucket, other: Bucket) -> float:
    return math.hypot(
        math.log(max(one.input_tokens, 1.0) / max(other.input_tokens, 1.0)),
        math.log(max(one.output_tokens, 1.0) / max(other.output_tokens, 1.0)),
    )
