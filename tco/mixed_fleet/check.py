"""The chosen fleet under its own mixed traffic: simulated, and mended until it keeps its promises with no more than they need.

The program adds up what each size of requests asks of a replica alone. In truth sizes share a batch: a long prompt delays the answers beside it, and short
answers leave room that long ones fill. So one replica of each type is simulated with just the requests that it was given, all sizes together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tco.capacity.mix import balanced
from tco.capacity.mix.records import Floats
from tco.capacity.replicas import with_spares
from tco.mixed_fleet.bench import Bench
from tco.mixed_fleet.found import KeptPromise
from tco.mixed_fleet.records import FleetProblem, FleetType, Means

MAX_ADDED_FRACTION = 1.0
"""A type grows to at most twice what the program bought, or by three replicas where that is more."""
_LEAST_GROWTH = 3
_STEP_PARTS = 20
"""Large fleets grow and shrink by a twentieth at a time."""
_BELOW = 0.999
"""A type is filled by so much less than where it was seen to break: else the same fleet would be found again."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checked:
    """What the check found.

    Attributes:
        serving: replicas of each type without spares, shape (types,).
        assignment: who serves whom [fraction], shape (hours, buckets, types).
        broke_at: lowest utilisation, as buckets add up, at which each type had to grow [fraction], shape (types,); 1 where it had not.
        promises: as simulated.
        unchecked: why nothing was simulated.
    """

    serving: tuple[int, ...]
    assignment: Floats
    broke_at: Floats
    promises: tuple[KeptPromise, ...] = ()
    unchecked: str = ""


def check(problem: FleetProblem, hours: Floats, serving: npt.ArrayLike, means: Means, *, scale: float = 1.0) -> Checked:
    """Simulates a fleet, adds replicas while a promise is broken, and takes away what no promise needs.

    Requests are split so that the busiest type has the most room (`tco.capacity.mix.balance`). One replica of each type is simulated with its share of
    each bucket, for several draws; a promise is kept where its percentile over all its requests on all types, each weighted by the rate that it stands
    for, is within the limit on the mean over the draws. Else the type with most late requests grows. A fleet that holds is tried with fewer of the dearest
    type, then of the next: sizes that share a batch can also leave each other room.

    Args:
        problem: what was asked.
        hours: requests of each bucket in each hour that decides [requests/s], shape (hours, buckets).
        serving: replicas of each type without spares, as the program found them, shape (types,).
        means: what does the work.
        scale: on all limits [unitless].
    """
    first = np.asarray(serving, dtype=np.int64)
    with np.errstate(invalid="ignore"):
        loads = hours[:, :, None] / problem.part[None, :, :]
    bench = Bench(problem, means, scale)
    missing = bench.missing(first)
    if missing:
        why = f"no step times. {missing}"
        return Checked(
            serving=tuple(first.tolist()), assignment=_split(loads, first), broke_at=np.ones(first.size), unchecked=why
        )
    return _trimmed(bench, hours, loads, _grown(bench, hours, loads, first))


def _grown(bench: Bench, hours: Floats, loads: Floats, first: npt.NDArray[np.int64]) -> Checked:
    """Adds replicas to the type with most late requests, one or a twentieth at a time, until every promise is kept or nothing may grow."""
    most = np.array([_most(kind, int(count)) for kind, count in zip(bench.types, first, strict=True)])
    count, broke_at = first.copy(), np.ones(first.size)
    while True:
        shares = _split(loads, count)
        promises, late = bench.hours(hours, shares, count)
        can_grow = (late > 0) & (count < most)
        if all(promise.is_kept for promise in promises) or not can_grow.any():
            return Checked(serving=tuple(count.tolist()), assignment=shares, broke_at=broke_at, promises=promises)
        kind = int(np.argmax(np.where(can_grow, late, -1.0)))
        broke_at[kind] = min(broke_at[kind], _BELOW * _load(loads, shares)[kind] / count[kind])
        count[kind] = min(int(most[kind]), int(count[kind]) + _step(int(count[kind])))


def _trimmed(bench: Bench, hours: Floats, loads: Floats, found: Checked) -> Checked:
    """Takes replicas away, of the dearest type first, while every promise is kept with a standard error to spare."""
    if not found.promises or not all(promise.is_kept for promise in found.promises):
        return found
    dearest = sorted(range(len(found.serving)), key=lambda kind: -bench.types[kind].machine.price_usd_per_hour)
    while True:
        fewer = (_with_fewer(bench, hours, loads, found, kind) for kind in dearest if found.serving[kind])
        better = next((each for each in fewer if each is not None), None)
        if better is None:
            return found
        found = better


def _with_fewer(bench: Bench, hours: Floats, loads: Floats, found: Checked, kind: int) -> Checked | None:
    """The same fleet with fewer of a type; None where that does not hold."""
    count = np.asarray(found.serving, dtype=np.int64)
    count[kind] -= _step(int(count[kind]))
    asked = hours.max(axis=0) > 0
    if not (np.isfinite(loads) & (count > 0))[:, asked].any(axis=2).all():
        return None
    shares = _split(loads, count)
    promises, _ = bench.hours(hours, shares, count)
    surely = all(promise.found_ms + promise.standard_error_ms <= promise.limit_ms for promise in promises)
    if not surely or not bench.keeps_up(hours, shares, count):
        return None
    return replace(found, serving=tuple(count.tolist()), assignment=shares, promises=promises)


def _step(count: int) -> int:
    """By how many a fleet grows or shrinks at a time."""
    return max(1, count // _STEP_PARTS)


def _load(loads: Floats, shares: Floats) -> Floats:
    """Replicas' worth of work of each type in its busiest hour, shape (types,)."""
    return np.asarray((np.where(np.isfinite(loads), loads, 0.0) * shares).sum(axis=1).max(axis=0))


def promises_at(
    problem: FleetProblem, requests_per_s: Floats, serving: npt.ArrayLike, means: Means, *, scale: float = 1.0
) -> tuple[KeptPromise, ...]:
    """What a fleet makes of a load, nothing added.

    Args:
        problem: what is asked; every type that stands has step times.
        requests_per_s: of each bucket [requests/s], shape (buckets,).
        serving: replicas of each type without spares, shape (types,).
        means: what does the work.
        scale: on all limits [unitless].
    """
    count = np.asarray(serving, dtype=np.int64)
    hours = requests_per_s[None, :]
    with np.errstate(invalid="ignore"):
        shares = _split(hours[:, :, None] / problem.part[None, :, :], count)
    return Bench(problem, means, scale).hours(hours, shares, count)[0]


def standing(kind: FleetType, serving: int) -> int:
    """Replicas that stand, spares included.

    Args:
        kind: the type.
        serving: replicas that must answer.
    """
    machine = kind.machine
    if machine.availability_target_fraction is None:
        return serving + (machine.spares if serving else 0)
    return with_spares(serving, machine.replica_availability_fraction, machine.availability_target_fraction)


def _most(kind: FleetType, serving: int) -> int:
    """To how many serving replicas a type may grow: within its stock; one that does not stand stays away."""
    if not serving:
        return 0
    most = serving + max(_LEAST_GROWTH, int(serving * MAX_ADDED_FRACTION))
    stock = kind.machine.max_count
    while stock is not None and most > serving and standing(kind, most) > stock:
        most -= 1
    return most


def _split(loads: Floats, count: npt.NDArray[np.int64]) -> Floats:
    return np.stack([balanced(hour, count) for hour in loads])
