"""The words of a mixed fleet: what is asked of it, what it may consist of, what each type carries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from probes.run import Run
from tco.capacity.capacity import capacity_of
from tco.capacity.engine_model import EngineModel, NoEngineModel
from tco.capacity.fitted import fitted_engine
from tco.capacity.mix import Bucket, MachineType
from tco.capacity.mix.records import Floats
from tco.capacity.replica import Replica
from tco.capacity.simulated import AskedClass, simulate_load
from tco.capacity.simulator.outcome import Outcome
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.slo_capacity import SloCapacity
from tco.errors import InputError
from tco.workload.asked import Slo, Workload

CapacityOf = Callable[[Replica, Workload], SloCapacity]
"""What one replica carries; `tco.capacity.capacity.capacity_of`."""
Engine = Callable[[Run], EngineModel | NoEngineModel]
"""The engine of a run, or why there is none; `tco.capacity.fitted.fitted_engine`."""
Simulate = Callable[[EngineModel, tuple[AskedClass, ...], float, int], tuple[Traffic, Outcome]]
"""What becomes of random arrivals at one replica: engine, classes, requests/s, seed; `tco.capacity.simulated.simulate_load`."""
Progress = Callable[[int, int], None]
"""Told how many goodputs are known, and of how many."""

DEFAULT_BUCKETS = 16
"""Sizes of requests that a promise is cut into at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the asker wants of the fleet.

    Attributes:
        types: names of the options that may be used; empty: all self-hosted ones.
        max_types: how many types may be used; None: any.
        stock: replicas that can be had by type, spares included; types that are not named can be had without limit.
        month: of the horizon, from 1, whose demand is covered.
        most_buckets: sizes of requests that a promise is cut into at most.
    """

    types: tuple[str, ...] = ()
    max_types: int | None = None
    stock: dict[str, int] = field(default_factory=dict)
    month: int = 1
    most_buckets: int = DEFAULT_BUCKETS

    def __post_init__(self) -> None:
        """Refuses a number that is none.

        Raises:
            InputError: as said.
        """
        for name, value in (("--max-types", self.max_types), ("--month", self.month), ("--buckets", self.most_buckets)):
            if value is not None and value < 1:
                raise InputError(f"{name} is {value}; it must be at least 1")
        for name, count in self.stock.items():
            if count < 0:
                raise InputError(f"--stock {name}={count}: replicas that can be had are a whole number of at least 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What does the work; tests put others in their place.

    Attributes:
        capacity: what one replica carries.
        engine: step times of a run.
        simulate: what becomes of traffic.
        progress: told how far it is.
        processes: that ask for goodputs side by side.
    """

    capacity: CapacityOf = capacity_of
    engine: Engine = fitted_engine
    simulate: Simulate = simulate_load
    progress: Progress | None = None
    processes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FleetType:
    """A machine type with what is known of its replica.

    Attributes:
        machine: price, stock and spares; its name is the option's.
        replica: how it works.
        throughput_factor: the option's own, on what the run gives [unitless].
        model: that it runs.
        gpu: by its name in the book; None without.
        price_from: how the price was had, a few words.
        replicas_per_server: of an owned type, how many share a server; 0 for a rented one.
    """

    machine: MachineType
    replica: Replica
    throughput_factor: float
    model: str
    gpu: str | None
    price_from: str
    replicas_per_server: int = 0

    @property
    def name(self) -> str:
        """The option's name."""
        return self.machine.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A promise and whose it is.

    Attributes:
        name: of the workload, with its class where there are several.
        workload: whose.
        slo: the limits.
    """

    name: str
    workload: str
    slo: Slo


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """What a fleet is asked for.

    Attributes:
        buckets: sizes of requests, at the rate of their workload's busiest hour.
        promises: made to them.
        promise_of: number of each bucket's promise.
        types: that may be used.
        hour_factors: rate of each bucket by hour of the week over its busiest hour [unitless], shape (168, buckets).
        barred: pairs of numbers of a bucket and a type that must not serve it, with the reason.
        max_types: how many types may be used.
        hours_per_month: hours that are paid for in a month [h].
    """

    buckets: tuple[Bucket, ...]
    promises: tuple[Promise, ...]
    promise_of: tuple[int, ...]
    types: tuple[FleetType, ...]
    hour_factors: Floats
    barred: dict[tuple[int, int], str]
    max_types: int | None = None
    hours_per_month: float = 730.5

    @property
    def workloads(self) -> tuple[str, ...]:
        """Their names, in the order given."""
        return tuple(dict.fromkeys(promise.workload for promise in self.promises))

    @property
    def machines(self) -> tuple[MachineType, ...]:
        """Of the types."""
        return tuple(kind.machine for kind in self.types)

    @property
    def rates(self) -> Floats:
        """Of the buckets in their busiest hour [requests/s], shape (buckets,)."""
        return np.array([bucket.requests_per_s for bucket in self.buckets])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GoodputTable:
    """What one replica of each type carries of each bucket alone.

    Attributes:
        cells: by number of bucket and type, the option's throughput factor included; pairs that are barred have none.
        late: numbers of buckets that no type answers in time even one at a time, rare enough for their promise's percentile: they are sized without it.
    """

    cells: dict[tuple[int, int], SloCapacity]
    late: frozenset[int] = frozenset()

    def array(self, buckets: int, types: int) -> Floats:
        """Goodputs [requests/s], shape (buckets, types); not a number where a type cannot serve.

        Args:
            buckets: how many.
            types: how many.
        """
        goodput = np.full((buckets, types), np.nan)
        for at, cell in self.cells.items():
            if cell.feasible and cell.requests_per_s > 0:
                goodput[at] = cell.requests_per_s
        return goodput


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FleetProblem:
    """A question with its goodputs, or a part of it: some types, some workloads.

    Attributes:
        question: what is asked.
        table: goodputs by bucket and type.
        goodput: the same as an array [requests/s], shape (buckets, types).
        kinds: numbers of the types that may be used.
        rows: numbers of the buckets that are asked for.
    """

    question: Question
    table: GoodputTable
    goodput: Floats
    kinds: tuple[int, ...]
    rows: tuple[int, ...]

    @property
    def buckets(self) -> tuple[Bucket, ...]:
        """Of this part."""
        return tuple(self.question.buckets[row] for row in self.rows)

    @property
    def types(self) -> tuple[FleetType, ...]:
        """Of this part."""
        return tuple(self.question.types[kind] for kind in self.kinds)

    @property
    def part(self) -> Floats:
        """Goodputs of this part [requests/s], shape (buckets, types)."""
        return np.asarray(self.goodput[np.ix_(self.rows, self.kinds)])

    @property
    def hour_factors(self) -> Floats:
        """Of this part, shape (168, buckets)."""
        return np.asarray(self.question.hour_factors[:, self.rows])

    def only_type(self, kind: int) -> FleetProblem:
        """The same with one type."""
        return replace(self, kinds=(kind,))

    def only_workload(self, name: str) -> FleetProblem:
        """The same for the requests of one workload."""
        asked = self.question
        rows = tuple(row for row in self.rows if asked.promises[asked.promise_of[row]].workload == name)
        return replace(self, rows=rows)
