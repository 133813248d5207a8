"""The method, top to bottom: a `Scenario` goes in, a `Result` comes out.

Each step is one call, in the order of docs/method.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pricing import Book
from probes.run import Run
from tco.books import named, own_price_cautions
from tco.capacity.replica import Replica
from tco.cashflow import saving_npv_usd
from tco.checks import check
from tco.compare import compare, prepare
from tco.constraints.findings import constraint_cautions, price_cautions, supply_cautions
from tco.constraints.price import priced
from tco.identity import parts_of
from tco.ledgers import ledger_of
from tco.licence_check import licence_cautions
from tco.model_checks import Checked, model_check_cautions, model_checks
from tco.register import register
from tco.result import Conventions, Driver, Result
from tco.risk.tornado import drivers
from tco.scenario import Scenario
from tco.success_check import cheapest_per_task, success_cautions
from tco.workload.demand import demand


def evaluate(
    scenario: Scenario, runs: Mapping[str, Run] | None = None, book: Book | None = None, *, searches: bool = True
) -> Result:
    """Answers a scenario.

    Args:
        scenario: the question, for example from `tco.load`.
        runs: runs that the caller holds already, by the reference that the scenario uses; others are read from files.
        book: the prices to use; null: those that the scenario names.
        searches: find break-even volumes and drivers too. Each asks for the costs at many volumes or values, which takes most of
            the time; without them these fields are empty and all others are the same.

    Returns:
        Per option: capacity, costs by month, cash flow against the baseline, payback and returns; which option is
        recommended; what moves the answer; the assumptions register; warnings.

    Raises:
        InputError: a run or a price is missing.
    """
    prepared = prepare(scenario, runs, book)
    filled = prepared.scenario
    found = compare(prepared, filled, searches=searches)
    checks = model_checks(Checked(scenario=filled, asked=found.demand, ledgers=found.ledgers, options=found.options))
    return Result(
        answer_id=parts_of(scenario, prepared.runs, prepared.book).answer_id,
        scenario=filled.name,
        as_of=filled.as_of,
        baseline=filled.baseline,
        recommended=found.recommended,
        contender=found.contender,
        cheapest_per_task=cheapest_per_task(found.options),
        conventions=Conventions(
            hours_per_month=filled.hours_per_month,
            horizon_months=filled.horizon_months,
            discount_rate_per_year=filled.discount_rate_per_year.value,
            currency=filled.currency,
        ),
        price_book=named(prepared.book),
        options=found.options,
        drivers=_drivers(filled, prepared.replicas, found.contender)
        if searches and found.contender and filled.baseline not in prepared.forbidden
        else [],
        assumptions=register(filled),
        warnings=[
            *model_check_cautions(checks),
            *check(filled, prepared.runs, found.ledgers, found.demand, prepared.book),
            *licence_cautions(filled, prepared.licences),
            *constraint_cautions(prepared.findings),
            *price_cautions(scenario),
            *supply_cautions(filled),
            *success_cautions(found.options, found.recommended),
            *own_price_cautions(prepared.book, filled.as_of),
        ],
        checks=checks,
        constraints=priced(prepared.findings, found.ledgers, filled.discount_rate_per_year.value, filled.baseline),
    )


def _drivers(scenario: Scenario, replicas: Mapping[str, Replica], contender: str) -> list[Driver]:
    return drivers(scenario, _npv_of(contender, replicas), (contender, scenario.baseline))


def _npv_of(name: str, replicas: Mapping[str, Replica]) -> Callable[[Scenario], float | None]:
    def npv_usd(scenario: Scenario) -> float | None:
        asked = demand(scenario)
        option, baseline = (ledger_of(each, scenario, replicas, asked) for each in (name, scenario.baseline))
        if not (option.feasible and baseline.feasible):
            return None
        return saving_npv_usd(scenario.discount_rate_per_year.value, baseline, option)

    return npv_usd
