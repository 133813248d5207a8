"""People, further models and what recurs, of any option, as formulas (`tco.costs.people`, `.pipeline`, `.tuning`, `.upkeep`)."""

from __future__ import annotations

from tco.costs.people import WORKDAYS_PER_YEAR
from tco.costs.tuning import FLOPS_PER_WEIGHT_AND_TOKEN, QLORA_TIME_FACTOR, RECOMPUTED_FLOPS
from tco.report.xlsx.cells import Cell
from tco.report.xlsx.demand_rows import Asked
from tco.report.xlsx.desk import NOTHING, Desk
from tco.report.xlsx.expressions import Expr
from tco.report.xlsx.functions import MONTHS_PER_YEAR, added, both, remainder, when
from tco.scenario import AnyOption, MixedOption
from tco.terms.tuning import FineTuning
from tco.terms.upkeep import Migrations
from tco.workload.demand import TOKENS_PER_MTOK

_TERA, _S_PER_HOUR = 1e12, 3600


def work_items(desk: Desk, option: AnyOption, asked: Asked, last: Expr) -> dict[str, Expr]:
    """Line items by name, before they rise; what nobody set is 0.

    Args:
        desk: the desk.
        option: filled.
        asked: the demand.
        last: number of the month in which the option ends.
    """
    salary = desk.needed(option, "people.cost_per_fte_usd_per_year")
    evaluation = desk.given(option, "evaluation.runs_per_month")
    audits, audit = desk.given(option, "obligations.audits_per_year"), desk.given(option, "obligations.audit_usd")
    support, leaving = (
        desk.given(option, "obligations.support_usd_per_year"),
        desk.given(option, "obligations.exit_usd"),
    )
    trainings = desk.given(option, "tuning.retrainings_per_year")
    return {
        "people": desk.needed(option, "people.run_fte") * salary / MONTHS_PER_YEAR,
        "on_call": _times(desk.given(option, "people.oncall_fte"), salary / MONTHS_PER_YEAR),
        "pipeline": asked.requests * added(*(_call(desk, option, name) for name in option.pipeline)) if option.pipeline else NOTHING,
        "evaluation": _times(evaluation, desk.needed(option, "evaluation.run_usd")) if evaluation is not None else NOTHING,
        "retraining": trainings * training_usd(desk, option) / MONTHS_PER_YEAR if trainings is not None else NOTHING,
        "migrations": _migrations(desk, option),
        "support": support / MONTHS_PER_YEAR if support is not None else NOTHING,
        "audits": audits * audit / MONTHS_PER_YEAR if audits is not None and audit is not None else NOTHING,
        "exit": desk.once(leaving, last) if leaving is not None else NOTHING,
    }  # fmt: skip


def parallel_run(desk: Desk, option: AnyOption, serving: Expr) -> Expr:
    """What is paid twice while an old and a new model both answer.

    Args:
        desk: the desk.
        option: filled.
        serving: what serving costs by month.
    """
    moves = moves_of(option)
    if moves is None or moves.parallel_months == 0:
        return NOTHING
    path = f"options.{option.name}.migrations.parallel_months"
    length = desk.inputs.setting(path, moves.parallel_months, "months", "How long an old and a new model both answer")
    return _in_move(desk, option, desk.needed(option, "migrations.parallel_traffic_fraction") * serving, length)


def once_items(desk: Desk, option: AnyOption) -> dict[str, Expr]:
    """Amounts at the start by name: work to set up, the first training, named costs."""
    found: dict[str, Expr] = {}
    days = desk.given(option, "people.setup_person_days")
    if days is not None:
        found["set_up_work"] = _person_days(desk, option, days)
    if tuning_of(option) is not None:
        found["fine_tuning"] = training_usd(desk, option)
    for name in option.one_off_usd:
        found[name] = added(*filter(None, (found.get(name), desk.needed(option, f"one_off_usd.{name}"))))
    return found


def tuning_of(option: AnyOption) -> FineTuning | None:
    """How the option's model is trained; what is made of others has no training of its own."""
    return None if isinstance(option, MixedOption) else option.tuning


def moves_of(option: AnyOption) -> Migrations | None:
    """When the option moves to another model, likewise."""
    return None if isinstance(option, MixedOption) else option.migrations


def training_usd(desk: Desk, option: AnyOption) -> Expr:
    """One training with the preparation of its data."""
    tuning = tuning_of(option)
    assert tuning is not None  # only asked for where there is one
    tokens = desk.needed(option, "tuning.training_tokens")
    by_token = desk.given(option, "tuning.training_usd_per_mtok")
    if by_token is not None:
        machine = tokens / TOKENS_PER_MTOK * by_token
    else:
        path = f"options.{option.name}.tuning.operations"
        number: float = FLOPS_PER_WEIGHT_AND_TOKEN[tuning.method] + (RECOMPUTED_FLOPS if tuning.recompute else 0)
        number = number * (QLORA_TIME_FACTOR if tuning.method == "qlora" else 1)
        operations = desk.inputs.setting(
            path, number, "operations", "Of one training token for each weight that it uses"
        )
        reached = desk.needed(option, "tuning.peak_tflops") * _TERA * desk.needed(option, "tuning.mfu_fraction")
        hours = operations * desk.needed(option, "tuning.parameters_count") * tokens / reached / _S_PER_HOUR
        machine = hours * desk.needed(option, "tuning.training_usd_per_hour")
    days = desk.given(option, "tuning.data_person_days")
    return machine if days is None else machine + _person_days(desk, option, days)


def _person_days(desk: Desk, option: AnyOption, days: Cell) -> Expr:
    workdays = desk.inputs.setting(
        "workdays_per_year", WORKDAYS_PER_YEAR, "days", "Days that one person works in a year"
    )
    return days * desk.needed(option, "people.cost_per_fte_usd_per_year") / workdays


def _call(desk: Desk, option: AnyOption, name: str) -> Expr:
    """One further model, by request."""
    path = f"pipeline.{name}."
    call = desk.given(option, f"{path}call_usd")
    cost: Expr
    if call is None:
        into = desk.needed(option, f"{path}input_tokens") * desk.needed(option, f"{path}input_usd_per_mtok")
        out = desk.needed(option, f"{path}output_tokens") * desk.needed(option, f"{path}output_usd_per_mtok")
        cost = (into + out) / TOKENS_PER_MTOK
    else:
        cost = call
    return desk.needed(option, f"{path}sampled_fraction") * desk.needed(option, f"{path}calls_per_request") * cost


def _migrations(desk: Desk, option: AnyOption) -> Expr:
    amount = desk.given(option, "migrations.migration_usd")
    return NOTHING if amount is None else _in_move(desk, option, amount, 1)


def _in_move(desk: Desk, option: AnyOption, amount: Expr, length: Expr | int) -> Expr:
    """An amount in the first months from each move on."""
    moves = moves_of(option)
    assert moves is not None  # only asked for where there are some
    path = f"options.{option.name}.migrations.every_months"
    every = desk.inputs.setting(path, moves.every_months, "months", "From one move to another model to the next")
    gone = desk.month - 1
    return when(both(gone >= every, remainder(gone, every) < length), amount, 0)


def _times(first: Cell | None, second: Expr) -> Expr:
    return NOTHING if first is None else first * second
