"""The words of a mixed fleet: what was found."""

from __future__ import annotations

from dataclasses import dataclass

from tco.capacity.mix import Mix, WeekMix
from tco.capacity.mix.records import Floats
from tco.mixed_fleet.records import GoodputTable, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPromise:
    """One limit of one promise, as simulated in the hour that is worst for it.

    Attributes:
        promise: whose.
        metric: which percentile of which latency, such as `ttft_p95_ms`.
        limit_ms: what was promised [ms].
        found_ms: over all its requests on all types [ms].
        standard_error_ms: of that, from the draws [ms].
    """

    promise: str
    metric: str
    limit_ms: float
    found_ms: float
    standard_error_ms: float

    @property
    def is_kept(self) -> bool:
        """Whether it is."""
        return self.found_ms <= self.limit_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How a type is used in a fleet that was checked.

    Attributes:
        name: of the type.
        serving: replicas that the load is sized for.
        changed: of these, added because a simulation of the mixed traffic broke a promise; below 0: taken away because it holds without.
        spares: kept beside them for failures.
        load_replicas: replicas' worth of work sent to it in its busiest hour, as buckets add up.
        requests_per_s: likewise [requests/s].
        usd_per_hour: of all that stand [USD/hour].
    """

    name: str
    serving: int
    changed: int
    spares: int
    load_replicas: float
    requests_per_s: float
    usd_per_hour: float

    @property
    def count(self) -> int:
        """All that stand."""
        return self.serving + self.spares

    @property
    def utilisation_fraction(self) -> float:
        """Load over what all that stand could carry, spares included [fraction]."""
        return self.load_replicas / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CheckedFleet:
    """A fleet, with what a simulation of its mixed traffic says about it.

    Attributes:
        additive: what the program would have bought if sizes did not disturb each other.
        mix: what it bought in the end, before the simulation changed it.
        uses: of every type that stands.
        hours: requests of each bucket [requests/s] in each hour that decides, shape (hours, buckets).
        assignment: who serves them [fraction], shape (hours, buckets, types).
        utilisation_limits: utilisation at which each type was seen to break a promise [fraction], shape (types,); 1 where none was.
        promises: as simulated; empty where it could not be.
        unchecked: why it could not be simulated; empty where it was.
    """

    additive: Mix
    mix: Mix
    uses: tuple[Use, ...]
    hours: Floats
    assignment: Floats
    utilisation_limits: Floats
    promises: tuple[KeptPromise, ...] = ()
    unchecked: str = ""

    @property
    def usd_per_hour(self) -> float:
        """Of all that stands [USD/hour]."""
        return sum(use.usd_per_hour for use in self.uses)

    @property
    def changed(self) -> int:
        """Replicas that the simulation added, less those that it took away."""
        return sum(use.changed for use in self.uses)

    @property
    def holds(self) -> bool | None:
        """Whether every promise was kept in the simulation; None where nothing was simulated."""
        return None if self.unchecked else all(promise.is_kept for promise in self.promises)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CheckedWeek:
    """What to reserve and what to rent by the hour.

    Attributes:
        mix: the cheapest over the hours.
        holds: whether its busiest hours kept every promise in the simulation; None where nothing was simulated.
    """

    mix: WeekMix
    holds: bool | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alone:
    """A fleet of one type, or of one workload.

    Attributes:
        name: of the type or the workload.
        fleet: the cheapest; None where there is none.
        reasons: why.
    """

    name: str
    fleet: CheckedFleet | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScaledPromise:
    """All promises made tighter or looser alike, with the cheapest fleet that keeps them.

    Attributes:
        scale: on all limits [unitless].
        fleet: the cheapest, checked; None where there is none.
        is_on_front: it holds, and no tighter promise costs as little.
        reasons: why there is none.
    """

    scale: float
    fleet: CheckedFleet | None
    is_on_front: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FleetPlan:
    """The answer.

    Attributes:
        question: what was asked, in buckets.
        table: goodputs.
        fleet: the cheapest mix, checked.
        singles: of each type alone.
        separate: of each workload alone; empty where there is one.
        week: what to reserve and what to rent by the hour; None where it was not asked for.
        front: cost by promise; empty likewise.
        cautions: what to know.
    """

    question: Question
    table: GoodputTable
    fleet: CheckedFleet
    singles: tuple[Alone, ...]
    separate: tuple[Alone, ...] = ()
    week: CheckedWeek | None = None
    front: tuple[ScaledPromise, ...] = ()
    cautions: tuple[str, ...] = ()

    @property
    def best_single(self) -> Alone | None:
        """The cheapest fleet of one type; None where no type alone can serve."""
        able = [alone for alone in self.singles if alone.fleet is not None]
        return min(able, key=lambda alone: alone.fleet.usd_per_hour if alone.fleet else 0.0, default=None)

    @property
    def mixing_saves_fraction(self) -> float | None:
        """Against the cheapest fleet of one type [fraction]; None where there is none."""
        best = self.best_single
        return None if best is None or best.fleet is None else _saved(self.fleet.usd_per_hour, best.fleet.usd_per_hour)

    @property
    def sharing_saves_fraction(self) -> float | None:
        """Against a fleet for each workload [fraction]; None where there is one workload, or one alone cannot be served."""
        fleets = [alone.fleet for alone in self.separate]
        if not fleets or None in fleets:
            return None
        return _saved(self.fleet.usd_per_hour, sum(fleet.usd_per_hour for fleet in fleets if fleet is not None))


def _saved(cost: float, other: float) -> float | None:
    return None if other <= 0 else 1.0 - cost / other
