"""The words of the cheapest mix: what is asked, what can be had, what was found."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from tco.errors import InputError

Floats = npt.NDArray[np.float64]
MixStatus = Literal["optimal", "time_limit", "infeasible", "unsolved"]

MAX_COUNT = 100_000
"""Machines of one type; more is not a fleet but a mistake in the units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Requests of nearly one size, of one workload, with one latency promise.

    Attributes:
        name: what messages call it; no two buckets have the same.
        requests_per_s: how many come, in the hour that is sized for [requests/s].
        input_tokens: prompt length that stands for the bucket [tokens].
        output_tokens: answer length that stands for it [tokens].
        workload: whose requests they are; workloads that share a fleet keep their own promises.
    """

    name: str
    requests_per_s: float
    input_tokens: float = 0.0
    output_tokens: float = 0.0
    workload: str = ""

    def __post_init__(self) -> None:
        """Refuses a number that is negative or none.

        Raises:
            InputError: as said.
        """
        for name in ("requests_per_s", "input_tokens", "output_tokens"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise InputError(f"bucket {self.name!r}: {name} is {value}; it must be a number of at least 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineType:
    """One replica's hardware: a GPU type in a layout, with its price.

    Attributes:
        name: what messages call it; no two types have the same.
        price_usd_per_hour: of one replica, all its GPUs together, by the hour [USD/hour].
        reserved_usd_per_hour: of one replica that is paid for in every hour: reserved, or owned with its capital spread over its life [USD/hour].
            None: there is no such offer. `cheapest_week` asks for it.
        max_count: replicas that can be had, spares included. None: as many as one likes.
        spares: replicas kept beyond those that serve, where the type is used at all (N + k).
        replica_availability_fraction: share of time that one replica answers; with `availability_target_fraction` it decides the spares instead.
        availability_target_fraction: share of time that enough replicas of the type must answer. None: `spares` counts.
        by_the_hour: whether `cheapest_week` may take a replica for single hours: no for what is owned or reserved.
    """

    name: str
    price_usd_per_hour: float
    reserved_usd_per_hour: float | None = None
    max_count: int | None = None
    spares: int = 0
    replica_availability_fraction: float = 1.0
    availability_target_fraction: float | None = None
    by_the_hour: bool = True

    def __post_init__(self) -> None:
        """Refuses what is no price, no count or no share.

        Raises:
            InputError: as said.
        """
        prices = {"price_usd_per_hour": self.price_usd_per_hour, "reserved_usd_per_hour": self.reserved_usd_per_hour}
        for name, value in prices.items():
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise InputError(f"machine type {self.name!r}: {name} is {value}; it must be a number of at least 0")
        if self.spares < 0 or (self.max_count is not None and self.max_count < 0):
            raise InputError(f"machine type {self.name!r}: spares and max_count are whole numbers of at least 0")
        target = self.availability_target_fraction
        if target is None:
            return
        if self.spares:
            raise InputError(
                f"machine type {self.name!r}: both spares and availability_target_fraction are given; keep one"
            )
        if not (0 < self.replica_availability_fraction <= 1 and 0 < target < 1):
            raise InputError(
                f"machine type {self.name!r}: replica_availability_fraction {self.replica_availability_fraction:g} and "
                f"availability_target_fraction {target:g} are shares of time above 0; a target is below 1"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeUse:
    """How one machine type is used.

    Attributes:
        name: the type.
        count: replicas that stand, spares included.
        spares: of these, kept for failures.
        load_replicas: replicas' worth of work that the requests sent to it make, in its busiest hour; at most `count - spares`.
        requests_per_s: sent to it in the hour in which most are [requests/s].
        cost_usd_per_hour: of all that stand [USD/hour].
    """

    name: str
    count: int
    spares: int
    load_replicas: float
    requests_per_s: float
    cost_usd_per_hour: float

    @property
    def serving(self) -> int:
        """Replicas that the load is sized for: those that stand without the spares."""
        return self.count - self.spares

    @property
    def utilisation_fraction(self) -> float:
        """Load over what all that stand could carry, spares included [fraction]; 0 where none stand."""
        return self.load_replicas / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleType:
    """What a fleet of one type alone would be.

    Attributes:
        name: the type.
        count: replicas, spares included; None where it cannot serve all.
        cost_usd_per_hour: of them [USD/hour]; None likewise.
        reasons: why it cannot.
    """

    name: str
    count: int | None
    cost_usd_per_hour: float | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HourShare:
    """Who serves whom in one of the hours that a fleet was sized for.

    Attributes:
        requests_per_s: of each bucket in that hour [requests/s], shape (buckets,).
        assignment: share of each bucket's requests sent to each type [fraction], shape (buckets, types); rows of buckets that are asked for add up to 1.
    """

    requests_per_s: Floats
    assignment: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mix:
    """The cheapest mix that was found, or why there is none.

    Attributes:
        status: `optimal` within the gap that was asked for; `time_limit`: the best found in time; `infeasible`: no mix serves all; `unsolved`: none was
            found in time, which says nothing.
        uses: of every type, in the order given; empty where there is no mix.
        assignment: share of each bucket's requests sent to each type in the hour with most requests [fraction], shape (buckets, types); rows add up to 1.
        hours: the same for every hour that the fleet was sized for; one where nothing was said of hours.
        cost_usd_per_hour: of all that stand [USD/hour]; None where there is no mix.
        bound_usd_per_hour: no mix is cheaper than this [USD/hour].
        gap_fraction: how far the cost may lie above the cheapest: `(cost - bound) / cost`.
        single_types: what each type alone would cost, for the value of mixing.
        served_fraction: largest part of the load that the stock can carry, all buckets cut alike; 1 where there is a mix.
        reasons: why there is none.
        unservable: names of buckets that no type can serve.
    """

    status: MixStatus
    uses: tuple[TypeUse, ...] = ()
    assignment: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    hours: tuple[HourShare, ...] = ()
    cost_usd_per_hour: float | None = None
    bound_usd_per_hour: float | None = None
    gap_fraction: float | None = None
    single_types: tuple[SingleType, ...] = ()
    served_fraction: float = 1.0
    reasons: tuple[str, ...] = ()
    unservable: tuple[str, ...] = ()

    @property
    def feasible(self) -> bool:
        """Whether there is a mix."""
        return self.cost_usd_per_hour is not None

    @property
    def counts(self) -> dict[str, int]:
        """Replicas that stand by type, spares included; types of which none stands are left out."""
        return {use.name: use.count for use in self.uses if use.count}

    @property
    def best_single(self) -> SingleType | None:
        """The cheapest fleet of one type that serves all; None where no type alone can."""
        able = [single for single in self.single_types if single.cost_usd_per_hour is not None]
        return min(able, key=_cost, default=None)

    @property
    def saving_fraction(self) -> float | None:
        """What mixing saves against the cheapest fleet of one type [fraction]; None where there is no mix or no such fleet."""
        best = self.best_single
        if best is None or not best.cost_usd_per_hour or self.cost_usd_per_hour is None:
            return None
        return 1.0 - self.cost_usd_per_hour / best.cost_usd_per_hour


def _cost(single: SingleType) -> float:
    assert single.cost_usd_per_hour is not None
    return single.cost_usd_per_hour
