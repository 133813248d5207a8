"""From buckets, types and goodputs to the arrays of the program, with every input checked."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tco.capacity.mix.model import Problem
from tco.capacity.mix.records import Bucket, Floats, MachineType
from tco.errors import InputError

MAX_PAIRS = 200_000
"""Bucket-type pairs, hours included; more is a histogram that is too fine for a program of whole numbers."""


def problem_of(
    buckets: Sequence[Bucket],
    machines: Sequence[MachineType],
    goodput_requests_per_s: npt.ArrayLike,
    *,
    hour_factors: npt.ArrayLike = (1.0,),
    forbidden: Collection[tuple[str, str]] = (),
    min_share_fraction: Mapping[str, float] | None = None,
    slices: int | None = None,
    max_types: int | None = None,
    reserving: bool = False,
) -> Problem:
    """The program's arrays.

    Args:
        buckets: what is asked.
        machines: what can be had.
        goodput_requests_per_s: of one replica, shape (buckets, types).
        hour_factors: how the rates of `buckets` change by hour, shape (hours,) or (hours, buckets); equal hours are one group.
        forbidden: pairs of a bucket's or a workload's name and a type's name.
        min_share_fraction: least part of all requests by type name.
        slices: whole parts of a bucket.
        max_types: how many types may be used.
        reserving: whether the reserved prices count, and what cannot be had by the hour is not.

    Raises:
        InputError: an input does not fit: with what was given and what is allowed.
    """
    _check_names([bucket.name for bucket in buckets], "bucket")
    _check_names([machine.name for machine in machines], "machine type")
    goodput = _goodput(goodput_requests_per_s, len(buckets), len(machines))
    goodput = np.where(_forbidden(forbidden, buckets, machines), np.nan, goodput)
    rates = np.array([bucket.requests_per_s for bucket in buckets])
    factors, hours = _hour_groups(hour_factors, len(buckets))
    if factors.shape[0] * goodput.size > MAX_PAIRS:
        raise InputError(
            f"mix: {factors.shape[0]} kinds of hours x {len(buckets)} buckets x {len(machines)} types are over {MAX_PAIRS:,} pairs; "
            "take fewer buckets, or round the hours' factors"
        )
    if slices is not None and slices < 1:
        raise InputError(f"mix: slices is {slices}; a bucket is cut into at least 1 part, or None for any parts")
    if max_types is not None and max_types < 1:
        raise InputError(f"mix: max_types is {max_types}; at least one type must be allowed")
    weights = factors * rates
    with np.errstate(invalid="ignore"):
        loads = weights[:, :, None] / goodput[None, :, :]
    return Problem(
        loads=loads,
        weights=weights,
        hours=hours,
        machines=tuple(machines),
        min_share_fraction=_min_shares(min_share_fraction or {}, machines),
        slices=slices,
        max_types=max_types,
        reserving=reserving,
        weekly=reserving,
    )


def _check_names(names: list[str], what: str) -> None:
    if not names:
        raise InputError(f"mix: there is no {what}; give at least one")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"mix: the {what} {twice[0]!r} is given twice; each needs its own name")


def _goodput(given: npt.ArrayLike, buckets: int, machines: int) -> Floats:
    """With what cannot serve, 0 or not a number, as not a number."""
    goodput = np.asarray(given, dtype=float)
    if goodput.shape != (buckets, machines):
        raise InputError(
            f"mix: goodputs have shape {goodput.shape}; give one row for each of {buckets} buckets and one column for each of {machines} types"
        )
    if np.any(goodput < 0) or np.any(np.isinf(goodput)):
        row, column = np.argwhere((goodput < 0) | np.isinf(goodput))[0]
        raise InputError(
            f"mix: goodput of bucket {row + 1} on type {column + 1} is {goodput[row, column]}; give requests/s of at least 0, or NaN where the promise "
            "cannot be held"
        )
    return np.where(goodput > 0, goodput, np.nan)


def _forbidden(
    pairs: Collection[tuple[str, str]], buckets: Sequence[Bucket], machines: Sequence[MachineType]
) -> npt.NDArray[np.bool_]:
    barred = np.zeros((len(buckets), len(machines)), dtype=bool)
    wheres = {bucket.name for bucket in buckets} | {bucket.workload for bucket in buckets}
    types = [machine.name for machine in machines]
    for where, kind in pairs:
        _known(where, sorted(wheres - {""}), "forbidden: bucket or workload")
        _known(kind, types, "forbidden: machine type")
        rows = [where in (bucket.name, bucket.workload) for bucket in buckets]
        barred[rows, types.index(kind)] = True
    return barred


def _min_shares(shares: Mapping[str, float], machines: Sequence[MachineType]) -> Floats:
    names = [machine.name for machine in machines]
    for name, share in shares.items():
        _known(name, names, "min_share_fraction: machine type")
        if not 0 <= share <= 1:
            raise InputError(f"mix: min_share_fraction of {name!r} is {share}; it is a fraction from 0 to 1")
    if sum(shares.values()) > 1:
        raise InputError(f"mix: the minimal shares add up to {sum(shares.values()):g}; they cannot be above 1")
    return np.array([shares.get(name, 0.0) for name in names])


def _known(name: str, known: Sequence[str], what: str) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
        raise InputError(f"mix: {what} {name!r} is not known; {hint}")


def _hour_groups(given: npt.ArrayLike, buckets: int) -> tuple[Floats, Floats]:
    """Different rows of factors, shape (groups, buckets), and how many hours have each."""
    factors = np.asarray(given, dtype=float)
    if factors.ndim == 1:
        factors = np.broadcast_to(factors[:, None], (factors.size, buckets))
    if factors.ndim != 2 or factors.shape[0] == 0 or factors.shape[1] != buckets:  # noqa: PLR2004 - hours and buckets
        raise InputError(
            f"mix: hour factors have shape {np.shape(given)}; give one for each hour, or a row of {buckets} for each"
        )
    if not np.all(np.isfinite(factors)) or np.any(factors < 0):
        raise InputError("mix: an hour's factor is negative or no number; it multiplies the buckets' rates")
    groups, counts = np.unique(factors, axis=0, return_counts=True)
    return np.asarray(groups, dtype=float), counts.astype(float)
