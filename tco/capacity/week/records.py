"""What a simulated week says."""

from __future__ import annotations

from dataclasses import dataclass

from tco.capacity.simulator.summary import Estimate, Latency

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseEstimate:
    """One limit of one class.

    Attributes:
        metric: such as `ttft_p95_ms`.
        limit_ms: what was promised [ms].
        found_ms: the percentile over all requests [ms]; infinite where so many wait without bound.
        late_fraction: share of the requests that are later than the limit.
        worst_hour: the hour whose percentile is highest; the first of several that are alike.
        worst_hour_ms: its percentile [ms].
        broken_hours: hours whose own percentile is above the limit.
        unsure_hours: hours whose share of late requests lies within two standard errors of what the promise allows.
    """

    metric: str
    limit_ms: float
    found_ms: Estimate
    late_fraction: Estimate
    worst_hour: int
    worst_hour_ms: float
    broken_hours: tuple[int, ...]
    unsure_hours: tuple[int, ...]

    @property
    def allowed_late_fraction(self) -> float:
        """Share that may be later than the limit: 0.05 for a p95."""
        return allowed_late_fraction(self.metric)

    @property
    def is_kept(self) -> bool:
        """Whether the promise holds over all requests together."""
        return self.late_fraction.value <= self.allowed_late_fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassEstimate:
    """What requests of one class see.

    Attributes:
        name: of the class; empty where there is one kind.
        requests: that the numbers stand for.
        ttft_s: time to first token; None where no request of the class came.
        tpot_s: time per output token after the first; None where every answer has one token.
        e2e_s: from sending to the last token.
        promises: its limits.
    """

    name: str
    requests: float
    ttft_s: Latency | None
    tpot_s: Latency | None
    e2e_s: Latency | None
    promises: tuple[PromiseEstimate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UseEstimate:
    """How replicas are used, over all that stand.

    Attributes:
        utilisation_fraction: share of the time in which a replica works.
        sequences_mean: sequences in a step, over busy time.
        kv_usage_mean_fraction: blocks of the cache in use, over busy time.
        kv_usage_peak_fraction: the most of any simulated replica.
        preemptions_per_request: sequences that lost their cache to others and were computed again, over requests.
        prefix_hit_fraction: prompt tokens that the prefix cache answered.
    """

    utilisation_fraction: float
    sequences_mean: float
    kv_usage_mean_fraction: float
    kv_usage_peak_fraction: float
    preemptions_per_request: float
    prefix_hit_fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumEstimate:
    """Hours that were simulated as one.

    Attributes:
        hours: their numbers.
        replica_requests_per_s: load of each replica [requests/s].
        pool_replicas: that were simulated.
        requests: that they stand for.
        requests_counted: simulated requests that count.
        overloaded: whether more comes than the replicas can answer.
        use: of their replicas.
        found_ms: percentile of each limit of each class, in the order of the classes and their limits [ms].
        late_fraction: share later than it, likewise.
    """

    hours: tuple[int, ...]
    replica_requests_per_s: float
    pool_replicas: int
    requests: float
    requests_counted: int
    overloaded: bool
    use: UseEstimate
    found_ms: tuple[float, ...]
    late_fraction: tuple[Estimate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekEstimate:
    """A week, or any number of hours, by strata.

    Attributes:
        classes: what requests of each see.
        use: of all replicas.
        strata: hours that were simulated as one.
        requests: that the numbers stand for.
        requests_simulated: all of them, warm-ups included.
        requests_counted: those that count.
        throughput_requests_per_s: what one replica answers that never waits for work [requests/s]; None where it was not looked for.
        overloaded_hours: hours in which more comes than that.
        notes: what to know, in sentences.
    """

    classes: tuple[ClassEstimate, ...]
    use: UseEstimate
    strata: tuple[StratumEstimate, ...]
    requests: float
    requests_simulated: int
    requests_counted: int
    throughput_requests_per_s: float | None
    overloaded_hours: tuple[int, ...]
    notes: tuple[str, ...]

    @property
    def is_kept(self) -> bool:
        """Whether every promise of every class holds over all requests together."""
        return all(promise.is_kept for kind in self.classes for promise in kind.promises)


def allowed_late_fraction(metric: str) -> float:
    """Share of requests that may be later than a limit.

    Args:
        metric: of the limit, such as `ttft_p95_ms`.

    >>> allowed_late_fraction("ttft_p95_ms")
    0.05
    """
    return round(1 - percent_of(metric) / 100, 6)


def percent_of(metric: str) -> float:
    """Which percentile a limit is of.

    >>> percent_of("e2e_p99_ms")
    99.0
    """
    return float(metric.split("_")[1][1:])


def hour_name(hour: int) -> str:
    """An hour of the week for people.

    >>> hour_name(0), hour_name(57), hour_name(167)
    ('Mon 00:00', 'Wed 09:00', 'Sun 23:00')
    """
    day, of_day = divmod(hour, _HOURS_PER_DAY)
    return f"{_DAYS[day % len(_DAYS)]} {of_day:02d}:00"
