"""One replica of each type of a fleet, simulated with just the requests that it was given; promises judged over all types together."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tco.capacity.engine_model import EngineModel, NoEngineModel, slower
from tco.capacity.mix.records import Floats
from tco.capacity.simulated import SEEDS, WARM_UP_FRACTION, AskedClass
from tco.mixed_fleet.found import KeptPromise
from tco.mixed_fleet.records import FleetProblem, FleetType, Means

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


class Bench:
    """Simulates hours of a fleet; what it has seen it does not simulate again."""

    def __init__(self, problem: FleetProblem, means: Means, scale: float = 1.0) -> None:
        """Prepares the simulations.

        Args:
            problem: what is asked.
            means: what does the work.
            scale: on all limits of the promises [unitless].
        """
        self._problem, self._simulate, self._scale = problem, means.simulate, scale
        self._engines = [engine_of(kind, means) for kind in problem.types]
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

    def missing(self, count: npt.NDArray[np.int64]) -> str:
        """Why types that stand cannot be simulated; empty where they all can."""
        return "; ".join(
            f"{kind.name}: {engine.sentence}"
            for kind, engine, its in zip(self.types, self._engines, count, strict=True)
            if its and isinstance(engine, NoEngineModel)
        )

    def keeps_up(self, hours: Floats, shares: Floats, count: npt.NDArray[np.int64]) -> bool:
        """Whether every replica that works without pause does at least what it is sent: a promise of TPOT alone does not see a queue that grows."""
        for rates, split in zip(hours, shares, strict=True):
            sent = rates[:, None] * split
            for kind in np.flatnonzero(sent.sum(axis=0) > _LEAST_RATE).tolist():
                its = sent[:, kind] / count[kind]
                _, outcome = self._simulate(self._engine(kind), self._classes(its), math.inf, SEEDS[0])
                if float(its.sum()) > outcome.finish_s.size / float(outcome.finish_s.max()):
                    return False
        return True

    def _engine(self, kind: int) -> EngineModel:
        engine = self._engines[kind]
        assert isinstance(engine, EngineModel)  # `missing` has told of types without
        return engine

    def _classes(self, rates: Floats) -> tuple[AskedClass, ...]:
        buckets = self._problem.buckets
        return tuple(
            AskedClass(
                name=buckets[row].name,
                share=float(rates[row]),
                input_tokens=buckets[row].input_tokens,
                output_tokens=buckets[row].output_tokens,
            )
            for row in np.flatnonzero(rates > _LEAST_RATE)
        )

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
            classes = self._classes(rates)
            traffic, outcome = self._simulate(self._engine(kind), classes, float(rates.sum()), seed)
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
