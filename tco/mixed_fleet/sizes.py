"""What a workload asks for, cut into sizes of requests, and how much of it comes in each hour of the week."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from probes.errors import ProbeError
from probes.run import Run
from probes.workload.lengths import parse_lengths, recorded_rows
from tco.capacity.capacity import asked_classes
from tco.capacity.fleet_rules import load_of
from tco.capacity.mix import Bucket, buckets_from_lengths, buckets_lognormal, merged
from tco.capacity.mix.records import Floats
from tco.capacity.simulated import AskedClass
from tco.errors import InputError
from tco.mixed_fleet.records import Promise
from tco.scenario import Scenario
from tco.workload.asked import Slo
from tco.workload.demand import demand

LEAST_SHARE_FRACTION = 0.005
"""Rarer sizes join their neighbours."""


def recorded_lengths(path: Path) -> npt.NDArray[np.int64]:
    """Prompt and answer lengths of a log, CSV or JSONL [tokens], shape (requests, 2).

    Args:
        path: with columns of input and output tokens, under the names that probes accept.

    Raises:
        InputError: no such file, no such columns, a row without a length or with an empty request.
    """
    try:
        rows = recorded_rows(parse_lengths(f"pairs:{path}"))
    except ProbeError as error:
        raise InputError(f"--lengths: {error}") from None
    assert rows is not None
    return rows


def required_requests_per_s(scenario: Scenario, month: int) -> Floats:
    """What a fleet must be able to serve in each hour of the week of a month [requests/s], shape (168,).

    As `tco.capacity.fleet_rules.load_of` covers each hour; the largest is the peak that fixed fleets are sized for.

    Args:
        scenario: the question, filled.
        month: of its horizon, from 1.

    Raises:
        InputError: the horizon has no such month.
    """
    if month > scenario.horizon_months:
        raise InputError(f"--month {month}: the horizon of {scenario.name!r} has {scenario.horizon_months} months")
    return np.asarray(load_of(scenario.workload, demand(scenario)).covered_requests_per_s[month - 1])


def sizes_of(
    scenario: Scenario,
    run: Run,
    requests_per_s: float,
    *,
    rows: npt.NDArray[np.int64] | None,
    most: int,
    is_alone: bool,
) -> tuple[tuple[Promise, tuple[Bucket, ...]], ...]:
    """The promises of a workload, each with its requests by size.

    Args:
        scenario: whose workload.
        run: whose spread of lengths is taken where the workload gives none.
        requests_per_s: of all its requests together [requests/s].
        rows: recorded lengths in place of the workload's own, shape (requests, 2); None: its own.
        most: sizes of one promise at most.
        is_alone: whether no other workload shares the fleet, so that names need not say whose they are.

    Raises:
        InputError: recorded lengths beside classes: the log does not say which request is of which class.
    """
    classes = [kind for kind in asked_classes(scenario.workload, run) if kind.share > 0]
    if rows is not None and scenario.workload.classes:
        raise InputError(
            f"--lengths: {scenario.name!r} has classes of requests, and the log does not say which request is of which; "
            "leave --lengths out, or give the workload one mean of each length instead of classes"
        )
    total = sum(kind.share for kind in classes)
    found = []
    for kind in classes:
        name = kind.name if is_alone else f"{scenario.name}, {kind.name}" if kind.name else scenario.name
        promise = Promise(name=name or scenario.name, workload=scenario.name, slo=Slo(**dict(kind.limits_ms)))
        fine = _fine(name, kind, requests_per_s * kind.share / total, rows)
        coarse = merged(fine, least_share_fraction=LEAST_SHARE_FRACTION, most=most)
        found.append((promise, tuple(replace(bucket, workload=scenario.name) for bucket in coarse)))
    return tuple(found)


def _fine(name: str, kind: AskedClass, rate: float, rows: npt.NDArray[np.int64] | None) -> tuple[Bucket, ...]:
    if rows is not None:
        return buckets_from_lengths(rows[:, 0], rows[:, 1], rate, workload=name)
    return buckets_lognormal(
        kind.input_tokens,
        kind.output_tokens,
        rate,
        spread_fraction=kind.spread.spread_fraction,
        correlation=kind.spread.correlation,
        workload=name,
    )
