"""From scenario files to the question of a fleet: whose requests, on which types, and who may not serve whom."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pricing import Book
from probes.run import Run
from tco.books import find_book
from tco.capacity.mix import Bucket
from tco.capacity.mix.records import Floats
from tco.constraints.facts import Asked
from tco.constraints.findings import findings, ruled_out
from tco.errors import InputError
from tco.fill import fill
from tco.licence_check import licence_answers
from tco.mixed_fleet.machine_types import fleet_type
from tco.mixed_fleet.records import FleetType, Promise, Question, Wishes
from tco.mixed_fleet.sizes import required_requests_per_s, sizes_of
from tco.replicas_of import replicas_of
from tco.runs import find_runs
from tco.scenario import OwnOption, RentOption, Scenario, SelfHostedOption

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Asked:
    """One workload's part of the question.

    Attributes:
        scenario: filled.
        types: of its self-hosted options, by name.
        barred: why an option must not serve it, by name.
        parts: its promises with their buckets.
        factors: of its busiest hour, by hour of the week, shape (168,).
    """

    scenario: Scenario
    types: dict[str, FleetType]
    barred: dict[str, str]
    parts: tuple[tuple[Promise, tuple[Bucket, ...]], ...]
    factors: Floats


def question_of(
    scenarios: Sequence[Scenario],
    wishes: Wishes,
    *,
    runs: Mapping[str, Run] | None = None,
    book: Book | None = None,
    lengths: Sequence[Rows | None] = (),
) -> Question:
    """The question of a fleet that serves the workloads of all scenarios.

    Options of the same name in several scenarios are one type that they share; each workload may use the types of its own scenario only, and of these
    none that its licence forbids.

    Args:
        scenarios: whose workloads share the fleet.
        wishes: which types, how many, in which month.
        runs: that the caller holds already, by the reference that a scenario uses.
        book: of prices; None: those that each scenario names.
        lengths: recorded lengths of each scenario, in their order; None or left out: the workload's own.

    Raises:
        InputError: two scenarios of one name, no self-hosted option, an unknown type, options of one name that are not the same, nothing asked.
    """
    _check_names(scenarios)
    asked = [
        _asked(
            scenario,
            wishes,
            runs,
            book,
            lengths[number] if number < len(lengths) else None,
            is_alone=len(scenarios) == 1,
        )
        for number, scenario in enumerate(scenarios)
    ]
    types = _types(asked)
    buckets: list[Bucket] = []
    promises: list[Promise] = []
    promise_of: list[int] = []
    factors: list[Floats] = []
    for one in asked:
        for promise, its in one.parts:
            buckets.extend(its)
            promise_of.extend([len(promises)] * len(its))
            factors.extend([one.factors] * len(its))
            promises.append(promise)
    return Question(
        buckets=tuple(buckets),
        promises=tuple(promises),
        promise_of=tuple(promise_of),
        types=types,
        hour_factors=np.column_stack(factors),
        barred=_barred(asked, buckets, types),
        max_types=wishes.max_types,
        hours_per_month=scenarios[0].hours_per_month,
    )


def _check_names(scenarios: Sequence[Scenario]) -> None:
    names = [scenario.name for scenario in scenarios]
    if not names:
        raise InputError("fleet: there is no scenario; give at least one file")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"fleet: two scenarios are called {twice[0]!r}; workloads that share a fleet need names of their own"
        )


def _asked(
    scenario: Scenario,
    wishes: Wishes,
    runs: Mapping[str, Run] | None,
    book: Book | None,
    rows: Rows | None,
    *,
    is_alone: bool,
) -> _Asked:
    names = _self_hosted(scenario, wishes)
    known = book or find_book(scenario)
    found = find_runs(scenario, runs)
    replicas = replicas_of(scenario, found, known)
    filled = fill(scenario, replicas, known)
    types = {
        name: fleet_type(
            _hosted(scenario, name),
            _hosted(filled, name),
            replicas[name],
            filled,
            known,
            month=wishes.month,
            max_count=wishes.stock.get(name),
        )
        for name in names
    }
    needed = required_requests_per_s(filled, wishes.month)
    peak = float(needed.max())
    if peak <= 0:
        raise InputError(f"fleet: {scenario.name!r} asks for nothing; give it `workload.requests_per_day` above 0")
    licences = licence_answers(filled, known)
    forbidden = ruled_out(findings(Asked(scenario=scenario, filled=filled, runs=found, licences=licences, book=known)))
    return _Asked(
        scenario=filled,
        types=types,
        barred={name: "; ".join(reasons) for name, reasons in forbidden.items() if name in types},
        parts=sizes_of(
            filled, types[names[0]].replica.run, peak, rows=rows, most=wishes.most_buckets, is_alone=is_alone
        ),
        factors=needed / peak,
    )


def _self_hosted(scenario: Scenario, wishes: Wishes) -> list[str]:
    """Names of the options that are machine types and may be used."""
    names = [option.name for option in scenario.options if isinstance(option, SelfHostedOption)]
    if not names:
        raise InputError(
            f"fleet: {scenario.name!r} has no self-hosted option; add at least one of kind `rent` or `own` with a run"
        )
    chosen = [name for name in names if not wishes.types or name in wishes.types]
    if not chosen:
        raise InputError(
            f"--types {','.join(wishes.types)}: none of them is in {scenario.name!r}; it has: {', '.join(names)}"
        )
    return chosen


def _hosted(scenario: Scenario, name: str) -> RentOption | OwnOption:
    option = scenario.option(name)
    assert isinstance(option, SelfHostedOption)  # `_self_hosted` names no other
    return option


def known_types(scenarios: Sequence[Scenario], wishes: Wishes) -> None:
    """Refuses a wish about a type that no scenario has.

    Args:
        scenarios: with their options.
        wishes: with names of types.

    Raises:
        InputError: as said, with a near name.
    """
    names = [o.name for scenario in scenarios for o in scenario.options if isinstance(o, SelfHostedOption)]
    for flag, wanted in (("--types", wishes.types), ("--stock", tuple(wishes.stock))):
        for name in wanted:
            if name not in names and names:
                near = difflib.get_close_matches(name, names, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(dict.fromkeys(names))}"
                raise InputError(f"{flag} {name!r}: no self-hosted option has that name; {hint}")


def _types(asked: Sequence[_Asked]) -> tuple[FleetType, ...]:
    """Every type once; the same name must be the same machine at the same price."""
    types: dict[str, FleetType] = {}
    for one in asked:
        for name, kind in one.types.items():
            other = types.setdefault(name, kind)
            different = _different(other, kind)
            if different:
                raise InputError(
                    f"fleet: option {name!r} of {one.scenario.name!r} is not that of another scenario: {different}. "
                    "Machines that are shared are one type: make them alike, or give them other names"
                )
    return tuple(types.values())


def _different(one: FleetType, other: FleetType) -> str:
    for what, first, second in (
        ("run", one.replica.run.run_id, other.replica.run.run_id),
        ("model", one.model, other.model),
        ("GPU", one.gpu, other.gpu),
        ("GPUs of a replica", one.replica.gpus, other.replica.gpus),
        ("throughput factor", one.throughput_factor, other.throughput_factor),
        ("price or spares", one.machine, other.machine),
    ):
        if first != second:
            return f"{what} {second} where the other has {first}"
    return ""


def _barred(
    asked: Sequence[_Asked], buckets: Sequence[Bucket], types: Sequence[FleetType]
) -> dict[tuple[int, int], str]:
    """Pairs of a bucket and a type that its workload does not list, or whose licence forbids it."""
    by_name = {one.scenario.name: one for one in asked}
    found = {}
    for row, bucket in enumerate(buckets):
        one = by_name[bucket.workload]
        for kind, its in enumerate(types):
            if its.name not in one.types:
                found[row, kind] = f"{its.name} is no option of {bucket.workload!r}"
            elif its.name in one.barred:
                found[row, kind] = f"{its.name}: {one.barred[its.name]}"
    return found
