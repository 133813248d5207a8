"""Cost against latency: the cheapest mix for each of several promises."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy.typing as npt

from tco.capacity.mix.effort import DEFAULT_GAP_FRACTION, DEFAULT_TIME_LIMIT_S
from tco.capacity.mix.records import Bucket, MachineType, Mix
from tco.capacity.mix.solve import cheapest_mix
from tco.errors import InputError

_SAME_COST = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Promise:
    """A latency promise, and what replicas carry under it.

    Attributes:
        latency_ms: the limit that is varied, TTFT, TPOT or E2E [ms].
        goodput_requests_per_s: of one replica under it, shape (buckets, types); see `cheapest_mix`.
    """

    latency_ms: float
    goodput_requests_per_s: npt.ArrayLike

    def __post_init__(self) -> None:
        """Refuses a limit that is none.

        Raises:
            InputError: as said.
        """
        if not (math.isfinite(self.latency_ms) and self.latency_ms > 0):
            raise InputError(f"front: a latency promise is {self.latency_ms} ms; it must be a number above 0")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrontPoint:
    """One promise with its cheapest mix.

    Attributes:
        latency_ms: the promise [ms].
        mix: the cheapest that keeps it.
        is_on_front: no tighter promise costs as little, and some mix keeps it.
    """

    latency_ms: float
    mix: Mix
    is_on_front: bool


def pareto_front(
    buckets: Sequence[Bucket],
    machines: Sequence[MachineType],
    promises: Sequence[Promise],
    *,
    hour_factors: npt.ArrayLike = (1.0,),
    forbidden: Collection[tuple[str, str]] = (),
    min_share_fraction: Mapping[str, float] | None = None,
    max_types: int | None = None,
    slices: int | None = None,
    time_limit_s: float = DEFAULT_TIME_LIMIT_S,
    gap_fraction: float = DEFAULT_GAP_FRACTION,
) -> tuple[FrontPoint, ...]:
    """The cheapest mix at each promise, tightest first: the ε-constraint method [1].

    A point lies on the front where no other costs less and promises no more time. What keeps a tight promise keeps a looser one too, so that a looser
    promise whose own mix is not cheaper is off the front.

    Args:
        buckets: what is asked.
        machines: what can be had.
        promises: in any order, each latency once.
        hour_factors: as `cheapest_mix`.
        forbidden: likewise.
        min_share_fraction: likewise.
        max_types: likewise.
        slices: likewise.
        time_limit_s: for each promise [s].
        gap_fraction: likewise.

    Raises:
        InputError: no promise, one twice, or as `cheapest_mix`.

    References:
        [1] Y. Y. Haimes, L. S. Lasdon and D. A. Wismer, "On a bicriterion formulation of the problems of integrated system identification and system
        optimization", IEEE Trans. Syst. Man Cybern. SMC-1(3), 296-297 (1971).
    """
    if not promises:
        raise InputError("front: there is no promise; give at least one")
    if len({promise.latency_ms for promise in promises}) < len(promises):
        raise InputError("front: two promises have the same latency; give each once")
    ordered = sorted(promises, key=lambda item: item.latency_ms)
    mixes = [
        cheapest_mix(
            buckets,
            machines,
            promise.goodput_requests_per_s,
            hour_factors=hour_factors,
            forbidden=forbidden,
            min_share_fraction=min_share_fraction,
            max_types=max_types,
            slices=slices,
            time_limit_s=time_limit_s,
            gap_fraction=gap_fraction,
        )
        for promise in ordered
    ]
    return tuple(
        FrontPoint(latency_ms=promise.latency_ms, mix=mix, is_on_front=is_better)
        for promise, mix, is_better in zip(
            ordered, mixes, on_front([mix.cost_usd_per_hour for mix in mixes]), strict=True
        )
    )


def on_front(costs_usd: Sequence[float | None]) -> tuple[bool, ...]:
    """Which promises cost less than every tighter one.

    Args:
        costs_usd: of the promises, the tightest first; None where nothing keeps it.

    >>> on_front([None, 9.0, 9.0, 5.0, 6.0])
    (False, True, False, True, False)
    """
    found: list[bool] = []
    cheapest = math.inf
    for cost in costs_usd:
        found.append(cost is not None and (math.isinf(cheapest) or cost < cheapest * (1 - _SAME_COST)))
        cheapest = cheapest if cost is None else min(cheapest, cost)
    return tuple(found)
