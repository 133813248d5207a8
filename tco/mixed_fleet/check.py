"""The chosen fleet under its own mixed traffic: simulated, and enlarged until it keeps its promises.

The program adds up what each size of requests asks of a replica alone. In truth sizes share a batch: a long prompt delays the answers beside it. So one
replica of each type is simulated with just the requests that it was given, all sizes together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tco.capacity.engine_model import EngineModel, NoEngineModel, slower
from tco.capacity.mix import balanced
from tco.capacity.mix.records import Floats
from tco.capacity.replicas import with_spares
from tco.capacity.simulated import SEEDS, WARM_UP_FRACTION, AskedClass
from tco.mixed_fleet.found import KeptPromise
from tco.mixed_fleet.records import FleetProblem, FleetType, Means, Simulate

MAX_ADDED_FRACTION = 1.0
"""A type grows to at most twice what the program bought, or by three replicas where that is more."""
_LEAST_GROWTH = 3
_STEP_PARTS = 20
"""Large fleets grow by a twentieth at a time."""
_LEAST_RATE = 1e-9


@dataclass(frozen=True, slots=True)
class _Sample:
    """Latencies of one draw of one type.

    Attributes:
        values_ms: after the warm-up [ms].
        weight: requests/s that each stands for.
        kind: of which type.
    """

    values_ms: Floats
    weight: float
    kind: int


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
    """Simulates a fleet and adds replicas while a promise is broken.

    Requests are split so that the busiest type has the most room (`tco.capacity.mix.balance`). One replica of each type is simulated with its share of
    each bucket, for several draws; a promise is kept where its percentile over all its requests on all types, each weighted by the rate that it stands
    for, is within the limit on the mean over the draws. Else the type with most late requests grows.

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
    engines = [engine_of(kind, means) for kind in problem.types]
    missing = [
        f"{kind.name}: {engine.sentence}"
        for kind, engine, count in zip(problem.types, engines, first, strict=True)
        if count and isinstance(engine, NoEngineModel)
    ]
    if missing:
        why = "no step times. " + "; ".join(missing)
        return Checked(
            serving=tuple(first.tolist()), assignment=_split(loads, first), broke_at=np.ones(first.size), unchecked=why
        )
    known = [engine if isinstance(engine, EngineModel) else None for engine in engines]
    return _grown(_Bench(problem, known, means.simulate, scale), hours, loads, first)


def _grown(bench: _Bench, hours: Floats, loads: Floats, first: npt.NDArray[np.int64]) -> Checked:
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
        broke_at[kind] = min(broke_at[kind], _load(loads, shares)[kind] / count[kind])
        count[kind] = min(int(most[kind]), int(count[kind]) + max(1, int(count[kind]) // _STEP_PARTS))


def _load(loads: Floats, shares: Floats) -> Floats:
    """Replicas' worth of work of each type in its busiest hour, shape (types,)."""
    return np.asarray((np.where(np.isfinite(loads), loads, 0.0) * shares).sum(axis=1).max(axis=0))


def engine_of(kind: FleetType, means: Means) -> EngineModel | NoEngineModel:
    """The engine of a type, as fast as its throughput factor says.

    Args:
        kind: the type.
        means: what does the work.
    """
    found = kind.replica.carried or means.engine(kind.replica.run)
    if isinstance(found, NoEngineModel) or kind.throughput_factor == 1:
        return found
    return replace(found, step_time=slower(found.step_time, 1 / kind.throughput_factor))


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


class _Bench:
    """Simulates hours of a fleet; what it has seen it does not simulate again."""

    def __init__(
        self, problem: FleetProblem, engines: list[EngineModel | None], simulate: Simulate, scale: float
    ) -> None:
        self._problem, self._engines, self._simulate, self._scale = problem, engines, simulate, scale
        asked = problem.question
        self.types = problem.types
        self._promise_of = np.array([asked.promise_of[row] for row in problem.rows])
        self._seen: dict[tuple[int, int, bytes], tuple[npt.NDArray[np.int32], dict[str, Floats]]] = {}

    def hours(
        self, hours: Floats, shares: Floats, count: npt.NDArray[np.int64]
    ) -> tuple[tuple[KeptPromise, ...], Floats]:
        """Each limit in its worst hour, and how many requests of broken promises each type answers late [requests/s], shape (types,)."""
        worst: dict[tuple[str, str], KeptPromise] = {}
        late = np.zeros(count.size)
        for rates, split in zip(hours, shares, strict=True):
            for kept, its_late in self._hour(rates[:, None] * split, count):
                at = (kept.promise, kept.metric)
                if at not in worst or kept.found_ms / kept.limit_ms > worst[at].found_ms / worst[at].limit_ms:
                    worst[at] = kept
                if not kept.is_kept:
                    late += its_late
        return tuple(worst.values()), late

    def _hour(self, sent: Floats, count: npt.NDArray[np.int64]) -> list[tuple[KeptPromise, Floats]]:
        """Args: sent: requests of each bucket to each type [requests/s], shape (buckets, types)."""
        found = []
        for number in np.unique(self._promise_of).tolist():
            promise = self._problem.question.promises[number]
            for metric, limit in promise.slo.limits().items():
                draws = [self._samples(sent, count, number, metric, seed) for seed in SEEDS]
                if all(draws):
                    found.append(_judged(promise.name, metric, limit * self._scale, draws, count.size))
        return found

    def _samples(
        self, sent: Floats, count: npt.NDArray[np.int64], promise: int, metric: str, seed: int
    ) -> list[_Sample]:
        """Latencies of one promise on every type, for one draw."""
        found = []
        for kind in np.flatnonzero(sent.sum(axis=0) > _LEAST_RATE).tolist():
            rates = sent[:, kind] / count[kind]
            classes, latencies = self._replica(kind, rates, seed)
            busy = np.flatnonzero(rates > _LEAST_RATE)
            its = self._promise_of[busy[classes]] == promise
            values = latencies[metric.partition("_")[0]][its]
            values = values[np.isfinite(values)]
            if values.size:
                rate = float(sent[self._promise_of == promise, kind].sum())
                found.append(_Sample(values * 1e3, rate / values.size, kind))
        return found

    def _replica(self, kind: int, rates: Floats, seed: int) -> tuple[npt.NDArray[np.int32], dict[str, Floats]]:
        """One replica with its share of every bucket: which bucket each request is of, and its latencies after the warm-up [s]."""
        key = (kind, seed, rates.round(12).tobytes())
        if key not in self._seen:
            buckets = self._problem.buckets
            classes = tuple(
                AskedClass(
                    name=buckets[row].name,
                    share=float(rates[row]),
                    input_tokens=buckets[row].input_tokens,
                    output_tokens=buckets[row].output_tokens,
                )
                for row in np.flatnonzero(rates > _LEAST_RATE)
            )
            engine = self._engines[kind]
            assert engine is not None  # `check` has refused types without
            traffic, outcome = self._simulate(engine, classes, float(rates.sum()), seed)
            after = np.arange(outcome.ttft_s.size) >= WARM_UP_FRACTION * outcome.ttft_s.size
            numbers = traffic.request_class if traffic.request_class.size else np.zeros(after.size, dtype=np.int32)
            latencies = {"ttft": outcome.ttft_s, "tpot": outcome.tpot_s, "e2e": outcome.e2e_s}
            self._seen[key] = (numbers[after], {name: values[after] for name, values in latencies.items()})
        return self._seen[key]


def _judged(
    promise: str, metric: str, limit_ms: float, draws: list[list[_Sample]], types: int
) -> tuple[KeptPromise, Floats]:
    """The percentile over all types, and who is late how often [requests/s]."""
    share = float(metric.split("_")[1][1:]) / 100
    found = [_percentile(samples, share) for samples in draws]
    late = np.zeros(types)
    for samples in draws:
        for sample in samples:
            late[sample.kind] += float((sample.values_ms > limit_ms).sum()) * sample.weight / len(draws)
    kept = KeptPromise(
        promise=promise,
        metric=metric,
        limit_ms=limit_ms,
        found_ms=float(np.mean(found)),
        standard_error_ms=float(np.std(found, ddof=1) / np.sqrt(len(found))) if len(found) > 1 else 0.0,
    )
    return kept, late


def _percentile(samples: list[_Sample], share: float) -> float:
    """Of all values together, each as heavy as the requests that it stands for."""
    values = np.concatenate([sample.values_ms for sample in samples])
    if len(samples) == 1:
        return float(np.percentile(values, share * 100))
    weights = np.concatenate([np.full(sample.values_ms.size, sample.weight) for sample in samples])
    return float(np.quantile(values, share, weights=weights, method="inverted_cdf"))
