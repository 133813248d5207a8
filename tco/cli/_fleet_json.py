"""A mixed fleet as one JSON object: names with their units, null where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tco.capacity.mix import WeekMix
from tco.mixed_fleet.found import Alone, CheckedFleet, FleetPlan, ScaledPromise

if TYPE_CHECKING:
    from tco import Scenario
    from tco.mixed_fleet import Wishes

SCHEMA = 1
_LEAST_SHARE = 1e-6


def fleet_json(plan: FleetPlan, questions: Sequence[Scenario], wishes: Wishes) -> dict[str, Any]:
    """The answer as plain data.

    Args:
        plan: the answer.
        questions: the scenarios.
        wishes: of the asker.
    """
    return {
        "schema": SCHEMA,
        "scenarios": [question.name for question in questions],
        "as_of": questions[0].as_of.isoformat(),
        "month": wishes.month,
        "hours_per_month": plan.question.hours_per_month,
        "types": [_type(plan, number) for number in range(len(plan.question.types))],
        "fleet": _fleet(plan, plan.fleet),
        "sizes": [_size(plan, row) for row in range(len(plan.question.buckets))],
        "single_types": [_alone(plan, alone) for alone in plan.singles],
        "best_single_type": plan.best_single.name if plan.best_single else None,
        "mixing_saves_fraction": plan.mixing_saves_fraction,
        "separate_fleets": [_alone(plan, alone) for alone in plan.separate],
        "sharing_saves_fraction": plan.sharing_saves_fraction,
        "week": None if plan.week is None else _week(plan.week.mix, holds=plan.week.holds),
        "front": [_point(plan, point) for point in plan.front],
        "warnings": list(plan.cautions),
    }


def _type(plan: FleetPlan, number: int) -> dict[str, Any]:
    kind = plan.question.types[number]
    machine = kind.machine
    return {
        "name": kind.name,
        "model": kind.model,
        "gpu": kind.gpu,
        "gpus_per_replica": kind.replica.gpus,
        "run_id": kind.replica.run.run_id,
        "price_usd_per_hour": machine.price_usd_per_hour,
        "reserved_usd_per_hour": machine.reserved_usd_per_hour,
        "price_from": kind.price_from,
        "max_replicas": machine.max_count,
        "replica_availability_fraction": machine.replica_availability_fraction,
        "availability_target_fraction": machine.availability_target_fraction,
    }


def _fleet(plan: FleetPlan, fleet: CheckedFleet) -> dict[str, Any]:
    mix = fleet.mix
    return {
        "usd_per_hour": fleet.usd_per_hour,
        "usd_per_month": fleet.usd_per_hour * plan.question.hours_per_month,
        "uses": [
            {
                "name": use.name,
                "replicas": use.count,
                "serving": use.serving,
                "changed_by_check": use.changed,
                "spares": use.spares,
                "load_replicas": use.load_replicas,
                "utilisation_fraction": use.utilisation_fraction,
                "requests_per_s": use.requests_per_s,
                "usd_per_hour": use.usd_per_hour,
            }
            for use in fleet.uses
        ],
        "promises": [
            {
                "promise": kept.promise,
                "metric": kept.metric,
                "limit_ms": kept.limit_ms,
                "simulated_ms": kept.found_ms,
                "standard_error_ms": kept.standard_error_ms,
                "kept": kept.is_kept,
            }
            for kept in fleet.promises
        ],
        "holds": fleet.holds,
        "unchecked": fleet.unchecked or None,
        "unchecked_usd_per_hour": fleet.additive.cost_usd_per_hour,
        "unchecked_replicas": fleet.additive.counts,
        "solver": {
            "status": mix.status,
            "usd_per_hour": mix.cost_usd_per_hour,
            "bound_usd_per_hour": mix.bound_usd_per_hour,
            "gap_fraction": mix.gap_fraction,
        },
    }


def _size(plan: FleetPlan, row: int) -> dict[str, Any]:
    bucket = plan.question.buckets[row]
    busiest = int(plan.fleet.hours.sum(axis=1).argmax())
    shares = plan.fleet.assignment[busiest, row]
    names = [kind.name for kind in plan.question.types]
    return {
        "name": bucket.name,
        "promise": plan.question.promises[plan.question.promise_of[row]].name,
        "requests_per_s": bucket.requests_per_s,
        "input_tokens": bucket.input_tokens,
        "output_tokens": bucket.output_tokens,
        "late": row in plan.table.late,
        "served_by": {name: float(part) for name, part in zip(names, shares, strict=True) if part > _LEAST_SHARE},
        "goodputs": {
            names[kind]: {
                "requests_per_s": cell.requests_per_s,
                "low_requests_per_s": cell.requests_per_s * cell.relative_low,
                "high_requests_per_s": cell.requests_per_s * cell.relative_high,
                "basis": cell.basis,
                "error_fraction": cell.error_fraction,
                "band_fraction": cell.band_fraction,
                "feasible": cell.feasible,
                "reasons": list(cell.reasons),
            }
            for (its, kind), cell in plan.table.cells.items()
            if its == row
        },
        "barred": {names[kind]: why for (its, kind), why in plan.question.barred.items() if its == row},
    }


def _alone(plan: FleetPlan, alone: Alone) -> dict[str, Any]:
    return {
        "name": alone.name,
        "fleet": None if alone.fleet is None else _fleet(plan, alone.fleet),
        "reasons": list(alone.reasons),
    }


def _week(week: WeekMix, *, holds: bool | None) -> dict[str, Any]:
    return {
        "status": week.status,
        "holds": holds,
        "usd_per_week": week.cost_usd,
        "bound_usd_per_week": week.bound_usd,
        "gap_fraction": week.gap_fraction,
        "hourly_only_usd_per_week": week.hourly_only_usd,
        "reserved_only_usd_per_week": week.reserved_only_usd,
        "uses": [
            {
                "name": use.name,
                "reserved": use.reserved,
                "spares": use.spares,
                "hourly": list(use.hourly),
                "usd_per_week": use.cost_usd,
            }
            for use in week.uses
        ],
        "reasons": list(week.reasons),
    }


def _point(plan: FleetPlan, point: ScaledPromise) -> dict[str, Any]:
    return {
        "scale": point.scale,
        "on_front": point.is_on_front,
        "fleet": None if point.fleet is None else _fleet(plan, point.fleet),
        "reasons": list(point.reasons),
    }
