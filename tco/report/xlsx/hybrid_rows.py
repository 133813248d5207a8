"""Who serves what in a hybrid: the engine's split of the requests, held, so that formulas can put prices on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tco.hybrid.base import base_ledger, mixed, split_of
from tco.hybrid.decide import decided
from tco.hybrid_terms import OPTIMAL
from tco.report.xlsx.cells import Held, Line
from tco.report.xlsx.demand_rows import LENGTHS, Asked
from tco.report.xlsx.desk import NOTHING, Desk
from tco.report.xlsx.fleet_rows import FleetRows, SelfHosted, goodput_of
from tco.scenario import HybridOption, TokenOption
from tco.workload.demand import Demand, demand

SHAPES = (
    *LENGTHS, "workload.requests_per_day", "workload.growth_per_month_fraction", "workload.input_growth_per_month_fraction", "workload.batchable_fraction",
    "workload.peak_headroom_fraction", "workload.profile", "workload.batch_deadline_hours",
)  # fmt: skip
_OF_THE_BASE = (
    "throughput_factor", "tokenizer_factor", "reasoning_factor", "retry_fraction", "availability_target_fraction", "replica_availability_fraction", "failures.",
    "scaling.", "upgrades.",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """A hybrid's parts as rows.

    Attributes:
        base: the option whose replicas carry the base load, as it stands in the hybrid.
        overflow: who takes the rest.
        base_asked: the base's demand.
        overflow_asked: the overflow's.
        waiting: share of the overflow that can wait.
        fleet: of the base; None where no replica stands.
    """

    base: SelfHosted
    overflow: TokenOption
    base_asked: Asked
    overflow_asked: Asked
    waiting: Line
    fleet: FleetRows | None


def mix_rows(desk: Desk, option: HybridOption, asked: Asked, during: range | None, label: str) -> Mix:
    """Writes the split of the requests and the base's fleet.

    Args:
        desk: whose sheets Workload and Capacity they are written to.
        option: filled.
        asked: the demand, in the months in which the hybrid serves.
        during: these months; None: all.
        label: of the hybrid, in rows.
    """
    replica = desk.pack.prepared.replicas[option.base]
    engine = mixed(option, replica, desk.filled, _demand(desk), None, during)
    replicas = decided(engine)
    shares = split_of(engine, replicas)
    row = _Row(desk, option, label)
    base_share = row.of_requests("share of the requests that the base serves", "fraction", shares.base)
    rest_share = row.of_requests("share that overflows", "fraction", shares.overflow)
    waiting = row.of_requests("share of the overflow that can wait", "fraction", shares.overflow_batch)
    fleet = base_ledger(engine, replicas, shares).fleet if replicas.any() else None
    rows = None
    if fleet is not None:
        desk.capacity.heading(label)
        goodput = goodput_of(desk, engine.base, replica)
        held = Held(fleet.machines_per_replica, (), "the layout of a replica")
        standing = row.of_fleet("Replicas", fleet.replicas)
        rows = FleetRows(
            replicas=standing,
            least=standing,
            paid=row.of_fleet("Replicas that are paid for", fleet.paid_replicas),
            surge_hours=row.of_fleet("Hours of replicas for upgrades", fleet.surge_replica_hours) if np.any(fleet.surge_replica_hours) else NOTHING,
            servers=row.of_fleet("Servers", fleet.servers),
            serving=row.of_fleet("Replicas that the requests fill", fleet.serving_replicas),
            goodput=goodput,
            units=desk.capacity.value("Rented units of a replica", "units", held),
            gpus=desk.capacity.value("GPUs of a replica", "GPUs", replace(held, number=fleet.gpus_per_replica)),
            checks=(),
        )  # fmt: skip
    return Mix(
        base=engine.base, overflow=engine.overflow, base_asked=row.part(asked, base_share, "the base"), overflow_asked=row.part(asked, rest_share, "the overflow"),
        waiting=waiting, fleet=rows,
    )  # fmt: skip


def _demand(desk: Desk) -> Demand:
    return demand(desk.filled)


@dataclass(frozen=True, slots=True)
class _Row:
    """Writes the engine's rows of one hybrid."""

    desk: Desk
    option: HybridOption
    label: str

    def of_requests(self, told: str, unit: str, numbers: np.ndarray) -> Line:
        return self.desk.workload.line(f"{self.label}: {told}", unit, self._held(numbers), "fraction")

    def of_fleet(self, told: str, numbers: np.ndarray) -> Line:
        return self.desk.capacity.line(told, "replicas", self._held(numbers))

    def part(self, asked: Asked, share: Line, of: str) -> Asked:
        """What a part is asked."""
        requests = self.desk.workload.line(
            f"{self.label}: requests of {of}", "requests/month", asked.requests * share, summed=True
        )
        mean = self.desk.workload.line(f"{self.label}: mean rate of {of}", "requests/s", asked.mean * share)
        return replace(asked, requests=requests, mean=mean)

    def _held(self, numbers: np.ndarray) -> tuple[Held, ...]:
        option = self.option
        own = f"options.{option.name}.sensitive_fraction"
        rests_on = (*SHAPES, own, *(f"options.{option.base}.{name}" for name in _OF_THE_BASE))
        # The best number of replicas hangs on what everything costs; at another price another one may be best.
        leans_on = (
            "workload.",
            "finance.",
            "discount_rate_per_year",
            f"options.{option.base}.",
            f"options.{option.overflow}.",
        )
        best = leans_on if option.replicas == OPTIMAL else ()
        months = self.desk.workload.months
        each = np.broadcast_to(np.asarray(numbers, dtype=float), (months,))
        return tuple(Held(float(number), rests_on, f"mix of {option.name}", best) for number in each)
