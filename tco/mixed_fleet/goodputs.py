"""What one replica of every type carries of every size of requests alone, within the promise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from joblib import Parallel, delayed

from tco.capacity.mix import Bucket
from tco.capacity.replica import Replica
from tco.capacity.slo_capacity import SloCapacity
from tco.errors import InputError
from tco.mixed_fleet.records import CapacityOf, FleetType, GoodputTable, Means, Question
from tco.workload.asked import Slo, Spread, Workload

MAX_CELLS = 2_000
"""Pairs of a size and a type, over all promises: minutes of simulation."""

_CELLS_A_PROCESS = 12
"""A process that is started for fewer costs more than it saves."""
_SAFE_PART = 0.5
"""Of the requests that a percentile leaves free, so many may be of sizes that are late for certain."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """One thing to find out."""

    at: tuple[int, int]
    replica: Replica
    workload: Workload


def goodputs(question: Question, means: Means, *, scale: float = 1.0) -> GoodputTable:
    """Goodputs of all pairs that may serve.

    A size that no type answers in time even one at a time breaks no percentile as long as it is rare: where all such sizes of a promise are together at
    most half of what its strictest percentile leaves free (2.5 % of requests under a p95), they are sized by throughput alone; the check of the whole
    fleet counts them as late. More of them cannot be served.

    Args:
        question: sizes, promises, types.
        means: what does the work.
        scale: on all limits [unitless].

    Raises:
        InputError: too many pairs.
    """
    pairs = [
        (row, kind)
        for row in range(len(question.buckets))
        for kind in range(len(question.types))
        if (row, kind) not in question.barred
    ]
    if len(pairs) > MAX_CELLS:
        raise InputError(
            f"fleet: {len(question.buckets)} sizes of requests on {len(question.types)} types are {len(pairs):,} goodputs to simulate, "
            f"over {MAX_CELLS:,}; take fewer with --buckets or --types"
        )
    promised = [_scaled(promise.slo, scale) for promise in question.promises]
    slos = [promised[number] for number in question.promise_of]
    cells = dict(_ask(_cells(question, pairs, slos), question, means))
    lost = [
        row
        for row in range(len(question.buckets))
        if not any(_serves(cells, (row, k)) for k in range(len(question.types)))
    ]
    late = _rare(question, promised, lost)
    again = [(row, kind) for row, kind in pairs if row in late]
    without = dict(_ask(_cells(question, again, [Slo()] * len(slos)), question, replace(means, progress=None)))
    served = {row for row in late if any(_serves(without, (row, kind)) for kind in range(len(question.types)))}
    cells.update({at: cell for at, cell in without.items() if at[0] in served})
    return GoodputTable(cells=cells, late=frozenset(served))


def _serves(cells: Mapping[tuple[int, int], SloCapacity], at: tuple[int, int]) -> bool:
    return at in cells and cells[at].feasible and cells[at].requests_per_s > 0


def _cells(question: Question, pairs: Iterable[tuple[int, int]], slos: list[Slo]) -> list[_Cell]:
    return [
        _Cell((row, kind), question.types[kind].replica, _workload(question.buckets[row], slos[row]))
        for row, kind in pairs
    ]


def _workload(bucket: Bucket, slo: Slo) -> Workload:
    """Requests that are all as long as the bucket's mean."""
    return Workload.model_validate(
        {
            "requests_per_day": 0.0,
            "input_tokens_per_request": bucket.input_tokens,
            "output_tokens_per_request": bucket.output_tokens,
            "lengths": Spread(),
            "slo": slo,
        }
    )


def _ask(cells: list[_Cell], question: Question, means: Means) -> Iterator[tuple[tuple[int, int], SloCapacity]]:
    """In the order given, whatever the number of processes."""
    work = Parallel(n_jobs=max(1, min(means.processes, len(cells) // _CELLS_A_PROCESS)), return_as="generator")
    answers = work(delayed(_answer)(means.capacity, cell.replica, cell.workload) for cell in cells)
    for done, (cell, answer) in enumerate(zip(cells, answers, strict=True), start=1):
        if means.progress is not None:
            means.progress(done, len(cells))
        yield cell.at, _of_type(answer, question.types[cell.at[1]])


def _answer(capacity: CapacityOf, replica: Replica, workload: Workload) -> SloCapacity:
    return capacity(replica, workload)


def _of_type(capacity: SloCapacity, kind: FleetType) -> SloCapacity:
    """With the option's throughput factor, and not called measured where the deployment is not the probed one."""
    factor, replica = kind.throughput_factor, kind.replica
    if factor == 1 and replica.gpus == replica.run.gpus_per_replica:
        return capacity
    return replace(capacity, requests_per_s=capacity.requests_per_s * factor, basis="modelled")


def _scaled(slo: Slo, scale: float) -> Slo:
    return slo if scale == 1 else Slo(**{name: limit * scale for name, limit in slo.limits().items()})


def _rare(question: Question, promised: list[Slo], lost: list[int]) -> set[int]:
    """Those of the lost sizes that their promise can bear."""
    found: set[int] = set()
    for number, slo in enumerate(promised):
        its = [row for row in lost if question.promise_of[row] == number]
        rates = [
            bucket.requests_per_s
            for bucket, of in zip(question.buckets, question.promise_of, strict=True)
            if of == number
        ]
        if its and sum(question.buckets[row].requests_per_s for row in its) <= _may_be_late(slo) * sum(rates):
            found.update(its)
    return found


def _may_be_late(slo: Slo) -> float:
    """Share of requests that may be late for certain."""
    shares = [float(name.split("_")[1][1:]) / 100 for name in slo.limits()]
    return _SAFE_PART * (1 - max(shares)) if shares else 0.0
