"""What users see over a week, from a sample of it whose error is known: independent replications in strata of like hours."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from tco.capacity.engine_model import EngineModel
from tco.capacity.simulated import AskedClass, random_traffic
from tco.capacity.simulator.outcome import Outcome
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.week.estimates import class_estimates, notes_of, stratum_estimate
from tco.capacity.week.records import WeekEstimate
from tco.capacity.week.strata import Stratum, allocation, strata_of
from tco.capacity.week.tally import Tally
from tco.capacity.week.use import UseSums, mixed_use
from tco.errors import InputError

REPLICATIONS = 10
LARGEST_POOL = 8
REQUESTS = 200_000
LEAST_REQUESTS = 10_000
"""Of each stratum: a p99 has ten beyond it in each of ten replications."""
WARM_UP, COOL_DOWN = 10.0, 3.0
"""Mean times of a request for which the first and the last requests of a replication do not count: an engine that was empty fills in that time, and one to
which nobody comes any more empties."""
_PILOT_REQUESTS = 500
_SATURATING = 8
"""Requests that come at once, over the sequences that an engine runs at once, when its throughput is found."""
_MIDDLE = (0.2, 0.8)
_LEAST_SATURATING = 3_000

Play = Callable[[Traffic, int], Outcome]
"""What becomes of traffic on so many replicas."""
Progress = Callable[[int, int], None]
"""Is told how many replications of how many are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How a week is sampled.

    Attributes:
        requests: that count, at least; more where a stratum needs its floor.
        replications: of each stratum, independent of each other.
        largest_pool: more replicas than so many are simulated as so many at the same load on each. A larger pool smooths better: of 128 the tails are 4 to 6 % shorter, and the median of TTFT 5 to 7 % longer.
        seed: of the draws; the same gives the same numbers.
    """

    requests: int = REQUESTS
    replications: int = REPLICATIONS
    largest_pool: int = LARGEST_POOL
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuses what cannot be sampled.

        Raises:
            InputError: fewer than 2 replications, no requests, a negative seed.
        """
        if self.replications < 2 or self.requests < 1 or self.seed < 0:  # noqa: PLR2004 - one has no spread
            raise InputError(
                f"week: {self.requests} requests in {self.replications} replications with seed {self.seed}; "
                "give at least 1 request, 2 replications, and a seed of at least 0"
            )


DEFAULT_SAMPLING = Sampling()


def least_loaded(engine: EngineModel) -> Play:
    """Replicas of one kind behind a router that knows their load.

    Args:
        engine: of each replica.
    """
    # Compiled code is loaded when it is first needed: most answers need none.
    from tco.capacity.simulator.simulate import simulate  # noqa: PLC0415

    return lambda traffic, replicas: simulate(traffic, engine.step_time, engine.limits, replicas=replicas)


def simulate_week(
    engine: EngineModel,
    classes: tuple[AskedClass, ...],
    requests_per_s: npt.ArrayLike,
    replicas: npt.ArrayLike,
    *,
    sampling: Sampling = DEFAULT_SAMPLING,
    play: Play | None = None,
    progress: Progress | None = None,
) -> WeekEstimate:
    """Latencies of a week of traffic, by stratified sampling.

    Hours with the same load on each replica are a stratum. Of each, independent replications are simulated: requests that come at random to at most
    `largest_pool` replicas, without those of its warm-up and its end. A percentile over the week is that of all counted requests, each as heavy as the
    requests that it stands for. Replication g of every stratum together make one sample of the week; the spread of these samples over the root of their number
    is the standard error.

    An hour is taken to be in balance: what an hour leaves waiting for the next is not simulated. Where more comes than the replicas can answer there is no
    balance: TTFT and E2E of that hour are without bound, and all its requests are late.

    Args:
        engine: of each replica.
        classes: what comes, and what it was promised.
        requests_per_s: load of each hour [requests/s], shape (hours,): 168 for a week, 1 for one load.
        replicas: that stand in each hour, shape (hours,).
        sampling: how much is simulated.
        play: what becomes of traffic; None: replicas behind a router that gives each request to the least loaded. Another one is asked for the throughput of the
            first hour's pool.
        progress: is told after each replication.

    Raises:
        InputError: no hour with requests, requests in an hour without replicas, requests longer than the engine takes.

    References:
        W. G. Cochran, Sampling Techniques, 3rd ed. 1977, ch. 5; A. M. Law, Simulation Modeling and Analysis, 5th ed. 2015, section 9.5.2 (replication and
        deletion of the warm-up).
    """
    _check_lengths(engine, classes)
    strata = strata_of(requests_per_s, replicas, largest_pool=sampling.largest_pool)
    bench = _Bench(engine, classes, sampling, play or least_loaded(engine))
    throughput = bench.throughput_requests_per_s(1 if play is None else strata[0].pool_replicas)
    counted = allocation(strata, sampling.requests, LEAST_REQUESTS)
    week, found = Tally(classes, sampling.replications), []
    for number, (stratum, requests) in enumerate(zip(strata, counted, strict=True)):
        each = math.ceil(requests / sampling.replications)
        is_over = stratum.replica_requests_per_s >= throughput
        told = _after(progress, number * sampling.replications, len(strata) * sampling.replications)
        tally, use = bench.stratum(number, stratum, each, endless=is_over, told=told)
        found.append(
            stratum_estimate(classes, tally, use.use, stratum, each * sampling.replications, overloaded=is_over)
        )
        week.add_tally(tally, stratum.requests / (each * sampling.replications))
    overloaded = tuple(sorted(hour for one in found if one.overloaded for hour in one.hours))
    return WeekEstimate(
        classes=class_estimates(classes, week, found),
        use=mixed_use([one.use for one in found], [s.replica_hours for s in strata], [s.requests for s in strata]),
        strata=tuple(found),
        requests=sum(stratum.requests for stratum in strata),
        requests_simulated=bench.simulated,
        requests_counted=sum(one.requests_counted for one in found),
        throughput_requests_per_s=throughput,
        overloaded_hours=overloaded,
        notes=notes_of(strata, overloaded, throughput, np.asarray(replicas), sampling.largest_pool),
    )


class _Bench:
    """Simulates replications, and counts how many requests that took."""

    def __init__(self, engine: EngineModel, classes: tuple[AskedClass, ...], sampling: Sampling, play: Play) -> None:
        self._engine, self._classes, self._sampling, self._play = engine, classes, sampling, play
        self.simulated = 0

    def throughput_requests_per_s(self, pool: int) -> float:
        """What one replica answers that never waits for work: of many requests that come at once, the rate of the middle ones [requests/s]."""
        at_once = _SATURATING * self._engine.limits.max_num_seqs
        _, outcome = self._played(math.inf, (0,), pool, max(_LEAST_SATURATING, at_once) * pool)
        low_s, high_s = np.quantile(outcome.finish_s, _MIDDLE)
        return float((_MIDDLE[1] - _MIDDLE[0]) * outcome.finish_s.size / (high_s - low_s) / pool)

    def stratum(
        self, number: int, stratum: Stratum, each: int, *, endless: bool, told: Callable[[int], None]
    ) -> tuple[Tally, UseSums]:
        """All replications of a stratum."""
        tally, sums = Tally(self._classes, self._sampling.replications), UseSums()
        rate, pool = stratum.pool_requests_per_s, stratum.pool_replicas
        in_flight = self._in_flight(number, rate, pool)
        if endless:  # its waiting line never stops growing: a full batch is all that can be reached
            in_flight = min(in_flight, float(pool * self._engine.limits.max_num_seqs))
        warm, rest = math.ceil(WARM_UP * in_flight), math.ceil(COOL_DOWN * in_flight)
        for group in range(self._sampling.replications):
            traffic, outcome = self._played(rate, (number + 1, group + 1), pool, warm + each + rest)
            counts = slice(warm, warm + each)
            tally.add(group, traffic.request_class, outcome, part=counts, endless=endless)
            self._add_use(sums, traffic, outcome, warm, pool)
            told(group + 1)
        return tally, sums

    def _add_use(self, sums: UseSums, traffic: Traffic, outcome: Outcome, warm: int, pool: int) -> None:
        """How replicas are used after the warm-up: in all of a replication, less what they do where only its warm-up comes."""
        begun = first_of(traffic, max(1, warm))
        self.simulated += begun.requests
        sums.add(traffic, outcome, float(traffic.arrival_s[-1]))
        sums.add(begun, self._play(begun, pool), float(begun.arrival_s[-1]), sign=-1)

    def _in_flight(self, number: int, rate: float, pool: int) -> float:
        """Requests in the pool at once, from a pilot: rate times the mean time of a request (Little's law)."""
        _, outcome = self._played(rate, (number + 1, 0), pool, _PILOT_REQUESTS * pool)
        return rate * float(outcome.e2e_s[outcome.e2e_s.size // 2 :].mean())

    def _played(self, rate: float, key: tuple[int, ...], pool: int, requests: int) -> tuple[Traffic, Outcome]:
        seed = int(np.random.SeedSequence([self._sampling.seed, *key]).generate_state(1)[0])
        traffic = random_traffic(self._engine, self._classes, rate, seed, requests)
        self.simulated += requests
        return traffic, self._play(traffic, pool)


def first_of(traffic: Traffic, requests: int) -> Traffic:
    """The first requests of an open loop.

    Args:
        traffic: of which.
        requests: how many, at least 1.
    """
    names = [field.name for field in fields(Traffic) if field.name != "streams"]
    return replace(traffic, **{name: getattr(traffic, name)[:requests] for name in names})


def _after(progress: Progress | None, before: int, total: int) -> Callable[[int], None]:
    return lambda done: None if progress is None else progress(before + done, total)


def _check_lengths(engine: EngineModel, classes: tuple[AskedClass, ...]) -> None:
    limits = engine.limits
    for kind in classes:
        whole = kind.input_tokens + kind.output_tokens
        for most, what in ((limits.max_model_len, "context"), (limits.kv_tokens, "KV cache")):
            if whole > most:
                raise InputError(
                    f"a mean request of {whole:,.0f} tokens is longer than the engine's {what} of {most:,} tokens; shorten the requests, or give the engine more room"
                )
