"""Replicas and servers as formulas: whole replicas for the peak, spares by the binomial, whole servers.

Where more than the peak decides a fleet (schedules, scaling, servers that fail whole, upgrades), the fleet is still a step function of the load over one replica's
goodput: the engine writes its steps into a table, and formulas look them up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tco.capacity.capacity import capacity_of
from tco.capacity.fleet import Fleet, size_fleet
from tco.capacity.fleet_rules import covered_weights, rollout_of
from tco.capacity.fleet_table import MOST_STEPS, steps_up_to
from tco.capacity.replica import Replica
from tco.capacity.replicas.availability import MINUTES_PER_HOUR
from tco.capacity.replicas.needed import ROUNDING
from tco.capacity.slo_capacity import SloCapacity
from tco.report.xlsx.cells import Block, Cell, Held, Line
from tco.report.xlsx.demand_rows import LENGTHS, Asked
from tco.report.xlsx.desk import NOTHING, Desk
from tco.report.xlsx.expressions import Expr
from tco.report.xlsx.functions import at_index, binomial_at_most, largest, product_sum, total, when, whole_up
from tco.scenario import OwnOption, RentOption
from tco.workload.demand import demand

SelfHosted = RentOption | OwnOption

_LEAST_SPARES_TRIED = 60
_TABLE_ROWS = 1500
_FURTHER = 3.0
"""A table of a fleet reaches to so many times the largest load of the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRows:
    """What stands, by month.

    Attributes:
        replicas: in the busiest hour, spares included.
        least: in the quietest hour, where the option has commitments; else the same.
        paid: mean number that is paid for.
        surge_hours: of replicas beside them for upgrades [h/month].
        servers: whole ones.
        serving: mean number that the requests fill.
        goodput: of one replica [requests/s].
        units: rented units of one replica.
        gpus: of one replica.
        checks: what must hold so that the formulas do: a sentence, and a cell that is 1 where it does.
    """

    replicas: Line
    least: Line
    paid: Expr
    surge_hours: Expr
    servers: Line
    serving: Line
    goodput: Cell
    units: Cell
    gpus: Cell
    checks: tuple[tuple[str, Cell], ...]


def fleet_rows(desk: Desk, option: SelfHosted, asked: Asked, weight: Cell, label: str) -> FleetRows:
    """The fleet of an option for a demand.

    Args:
        desk: whose sheet Capacity it is written to.
        option: filled.
        asked: the demand as it reaches the option.
        weight: of the peak.
        label: of the fleet, in headings.
    """
    sheet, replica = desk.capacity, desk.pack.prepared.replicas[option.name]
    sheet.heading(label)
    goodput = goodput_of(desk, option, replica)
    work = sheet.line("Mean rate in requests of the run's length", "requests/s", _work(desk, option, asked))
    if option.scaling.policy != "fixed" or _fails_whole(option) or rollout_of(option) is not None:
        found = _looked_up(desk, option, replica, work, goodput)
    else:
        found = _for_the_peak(desk, option, replica, work, goodput, weight)
    units = sheet.value(
        "Rented units of a replica", "units", Held(max(replica.gpus, 1), _layout(option), "the layout of a replica")
    )
    gpus = sheet.value("GPUs of a replica", "GPUs", Held(replica.gpus, _layout(option), "the layout of a replica"))
    serving = sheet.line("Replicas that the requests fill", "replicas", when(found.replicas > 0, work / goodput, 0))
    paid = found.paid if isinstance(found.paid, Line) else found.replicas
    # Of what stands; what is agreed and not needed comes on top (`commitment_rows`).
    sheet.value(
        "Utilisation", "fraction", when(total(paid.all) > 0, total(serving.all) / total(paid.all), 0), "fraction"
    )
    return FleetRows(
        replicas=found.replicas,
        least=found.least,
        paid=found.paid,
        surge_hours=found.surge_hours,
        servers=sheet.line("Servers", "servers", _servers(desk, option, replica, found.replicas)),
        serving=serving,
        goodput=goodput,
        units=units,
        gpus=gpus,
        checks=found.checks,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    replicas: Line
    least: Line
    paid: Expr
    surge_hours: Expr
    checks: tuple[tuple[str, Cell], ...]


def goodput_of(desk: Desk, option: SelfHosted, replica: Replica) -> Cell:
    """What a replica carries: the run's curve, which no sheet can work out, times a factor that may be changed.

    Args:
        desk: whose sheet Capacity it is written to.
        option: filled.
        replica: of the option.
    """
    capacity = _capacity(desk, option)
    run, path = replica.run, f"options.{option.name}."
    why = f"capacity of a replica of {option.name}, worked out by the engine from run {run.run_id} ({capacity.basis})"
    rests_on = (*LENGTHS, "workload.slo", f"{path}reasoning_factor")
    held = desk.capacity.value(
        "Capacity of a replica within the promise", "requests/s", Held(capacity.requests_per_s, rests_on, why)
    )
    factor = desk.given(option, "throughput_factor")
    content = held * factor if factor is not None else held * 1
    return desk.capacity.value("Goodput of a replica", "requests/s", content)


def _capacity(desk: Desk, option: SelfHosted) -> SloCapacity:
    own = desk.found.ledgers[option.name].fleet
    if own is not None and option.then is None and not option.starts_after_months:
        return own.capacity
    replica = desk.pack.prepared.replicas[option.name]
    return capacity_of(replace(replica, reasoning_factor=option.reasoning_factor), desk.filled.workload)


def _work(desk: Desk, option: SelfHosted, asked: Asked) -> Expr:
    """Requests count as many times as they are longer in the model's own tokens, or in later months."""
    found, factor = asked.mean, desk.given(option, "tokenizer_factor")
    if factor is not None:
        found = found * factor
    return found if asked.lengthening is None else found * largest(asked.lengthening, 1)


def _for_the_peak(desk: Desk, option: SelfHosted, replica: Replica, work: Line, goodput: Cell, weight: Cell) -> _Found:
    """`ceil(peak / goodput)` and the smallest fleet of which so many answer often enough."""
    sheet = desk.capacity
    needed = sheet.line(
        "Replicas that carry the peak",
        "replicas",
        when(work > 0, largest(whole_up(work * weight / goodput - ROUNDING), 1), 0),
    )
    answers = sheet.value(
        "Share of time that a replica answers", "fraction", _answers(desk, option, replica), "fraction"
    )
    target = desk.needed(option, "availability_target_fraction")
    own = desk.found.ledgers[option.name].fleet
    most = 0.0 if own is None else float(np.max(own.replicas))
    tried = _counts(desk, int(max(_LEAST_SPARES_TRIED, most)))
    short = 1 - binomial_at_most(needed - 1, needed + tried, answers) < target - ROUNDING
    spares = sheet.line("Spares for the availability target", "replicas", when(needed > 0, product_sum(short * 1), 0))
    floor = desk.inputs.setting(
        f"options.{option.name}.scaling.min_replicas",
        option.scaling.min_replicas,
        "replicas",
        "Fewest replicas that stand",
    )
    replicas = sheet.line("Replicas", "replicas", when(needed > 0, largest(needed + spares, floor), 0))
    enough = sheet.value("Spares tried are enough", "1 = yes", (largest(spares.all) < tried.cells[-1]) * 1)
    checks = [(f"{option.name}: the search for spares goes far enough", enough)]
    checks.extend(_at_most(desk, option, replicas))
    return _Found(replicas=replicas, least=replicas, paid=replicas, surge_hours=NOTHING, checks=tuple(checks))


def _at_most(desk: Desk, option: SelfHosted, replicas: Line) -> list[tuple[str, Cell]]:
    limit = option.scaling.max_replicas
    if limit is None:
        return []
    path = f"options.{option.name}.scaling.max_replicas"
    most = desk.inputs.setting(path, limit, "replicas", "Most replicas that are allowed")
    fits = desk.capacity.value("Fleet is not larger than allowed", "1 = yes", (largest(replicas.all) <= most) * 1)
    return [(f"{option.name}: the fleet is not larger than allowed", fits)]


def _answers(desk: Desk, option: SelfHosted, replica: Replica) -> Expr:
    """Of a replica; of a group of GPUs that all must work; while its machine is not taken back; while its servers are up."""
    gpu = desk.given(option, "failures.gpu_availability_fraction")
    found: Expr = desk.needed(option, "replica_availability_fraction") if gpu is None else gpu ** max(replica.gpus, 1)
    taken = desk.given(option, "failures.interruptions_per_hour")
    if taken is not None:
        found = found / (1 + taken * desk.needed(option, "failures.restart_minutes") / MINUTES_PER_HOUR)
    server = desk.given(option, "failures.server_availability_fraction")
    if server is not None and isinstance(option, OwnOption):
        found = found * server ** (-(-replica.gpus // option.gpus_per_server))
    return found


def _fails_whole(option: SelfHosted) -> bool:
    """Whether several replicas fail with their server, which no single formula tells."""
    return isinstance(option, OwnOption) and option.failures.server_availability_fraction is not None


def _counts(desk: Desk, most: int) -> Block:
    """Numbers of spares that are tried, below each other."""
    return desk.table("Spares that are tried", {"spares": [float(number) for number in range(most + 1)]})[0]


def _servers(desk: Desk, option: SelfHosted, replica: Replica, replicas: Line) -> Expr:
    """A replica larger than a server takes whole ones; a smaller one is not split across two."""
    units = max(replica.gpus, 1)
    each = option.gpus_per_server if isinstance(option, OwnOption) else units
    why, rests_on = "the layout of a replica", _layout(option)
    if units >= each:
        whole = desk.capacity.value("Servers of a replica", "servers", Held(-(-units // each), rests_on, why))
        return replicas * whole
    together = desk.capacity.value("Replicas on a server", "replicas", Held(each // units, rests_on, why))
    return whole_up(replicas / together)


def _layout(option: SelfHosted) -> tuple[str, ...]:
    path = f"options.{option.name}."
    return (f"{path}gpus_per_replica", f"{path}gpus_per_server", f"{path}tensor_parallel_size")


def _looked_up(desk: Desk, option: SelfHosted, replica: Replica, work: Line, goodput: Cell) -> _Found:
    """The fleet from a table of its steps."""
    sheet = desk.capacity
    is_agreed = isinstance(option, RentOption) and bool(option.commitments)
    load = sheet.line("Mean rate over goodput", "replicas", work / goodput)
    columns = _table_of(desk, option, replica, is_agreed=is_agreed)
    limits = Block(columns[0].cells[:-1])
    step = sheet.line("Step of the table", "number", product_sum((limits < load) * 1) + 1, "count")
    replicas, paid, surge = (
        sheet.line(name, unit, at_index(column, step))
        for name, unit, column in (
            ("Replicas", "replicas", columns[1]), ("Replicas that are paid for", "replicas", columns[2]), ("Hours of replicas for upgrades", "h/month", columns[3]),
        )
    )  # fmt: skip
    least = (
        sheet.line("Replicas in the quietest hour", "replicas", at_index(columns[4], step)) if is_agreed else replicas
    )
    reaches = sheet.value("Table reaches far enough", "1 = yes", (largest(load.all) <= columns[0].cells[-1]) * 1)
    checks = ((f"{option.name}: the table of its fleet reaches far enough", reaches), *_at_most(desk, option, replicas))
    return _Found(replicas=replicas, least=least, paid=paid, surge_hours=surge, checks=checks)


def _table_of(desk: Desk, option: SelfHosted, replica: Replica, *, is_agreed: bool) -> list[Block]:
    """The table of steps on the sheet Tables: loads, replicas, those that are paid for, hours of upgrades; with commitments also the fewest replicas."""
    ends, table, most_load = _steps(desk, option, replica)
    return desk.table(
        f"{option.name}: the fleet by load, worked out by the engine",
        {
            "mean rate over goodput, up to": [*ends, most_load],
            "replicas": table.replicas,
            "replicas that are paid for": table.paid_replicas,
            "hours of replicas for upgrades": table.surge_replica_hours,
            **({"replicas in the quietest hour": table.least_replicas} if is_agreed else {}),
        },
        _shaping(option),
        f"table of the fleet of {option.name} by load",
    )


def _shaping(option: SelfHosted) -> tuple[str, ...]:
    """Inputs that a table of steps rests on."""
    path = f"options.{option.name}."
    found: tuple[str, ...] = (
        "workload.peak_headroom_fraction", "workload.batchable_fraction", "workload.profile", f"{path}availability_target_fraction",
        f"{path}replica_availability_fraction", f"{path}scaling.", f"{path}failures.", f"{path}upgrades.",
    )  # fmt: skip
    if option.scaling.policy == "reactive" and option.scaling.min_replicas == 0:
        # How long the last replica sleeps hangs on how many requests come, not on the load alone.
        found += (f"{path}throughput_factor", "workload.requests_per_day", "workload.growth_per_month_fraction")
    return found


def _steps(desk: Desk, option: SelfHosted, replica: Replica) -> tuple[np.ndarray, Fleet, float]:
    """Loads at which the fleet changes, the fleet of each step, and the load up to which the table holds."""
    workload, capacity = desk.filled.workload, _capacity(desk, option)
    asked = demand(desk.filled)
    own = desk.found.ledgers[option.name].fleet
    peak = np.array([asked.peak_weight])
    weights = peak
    if option.scaling.policy != "fixed" or rollout_of(option) is not None:
        weights = np.minimum(np.append(covered_weights(workload, asked), peak), peak)
    factor = 1.0 if option.throughput_factor is None else option.throughput_factor.value
    goodput = capacity.requests_per_s * factor
    plan = float(np.max(asked.mean_requests_per_s if own is None else own.mean_requests_per_s)) / goodput
    rates = np.unique(weights[weights > 0])
    exact = min(_TABLE_ROWS, MOST_STEPS) / rates.size - 1
    most_load = max(min(_FURTHER * plan, exact / float(rates.max())), plan)
    steps = steps_up_to(most_load, weights)
    any_size = option.model_copy(update={"scaling": option.scaling.model_copy(update={"max_replicas": None})})
    each = replace(asked, requests=np.where(steps.middles > 0, 1.0, 0.0), mean_requests_per_s=steps.middles * goodput)
    return steps.ends, size_fleet(any_size, replica, workload, each, capacity), float(steps.ends[-1])
