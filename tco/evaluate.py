"""The method, top to bottom: a `Scenario` goes in, a `Result` comes out.

Each step is one call, in the order of docs/method.md.
"""

from __future__ import annotations

from collections.abc import Mapping

from pricing import Book
from probes.run import Run
from tco.books import named, own_price_cautions
from tco.capital_check import capital_cautions
from tco.cash_answer import in_currency, taxes
from tco.checks import check
from tco.compare import Prepared, compare, prepare
from tco.constraints.findings import constraint_cautions, price_cautions, supply_cautions
from tco.constraints.price import priced
from tco.identity import parts_of
from tco.licence_check import licence_cautions
from tco.model_checks import Checked, model_check_cautions, model_checks
from tco.register import register
from tco.result import Conventions, Result
from tco.risk.changes import drivers_of
from tco.scenario import Scenario
from tco.sequence_check import sequence_cautions
from tco.success_check import cheapest_per_task, success_cautions


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
    return evaluate_prepared(scenario, prepare(scenario, runs, book), searches=searches)


def evaluate_prepared(scenario: Scenario, prepared: Prepared, *, searches: bool = True) -> Result:
    """Answers a scenario whose runs and prices were found already.

    Args:
        scenario: as written, which names the answer.
        prepared: from `tco.compare.prepare` of that scenario.
        searches: see `evaluate`.

    Returns:
        See `evaluate`.
    """
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
            taxes=taxes(filled.finance),
        ),
        price_book=named(prepared.book),
        options=found.options,
        reporting_currency=in_currency(found.options, filled),
        drivers=drivers_of(prepared, found.contender, found.option(found.contender).npv_usd)
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
            *sequence_cautions(filled),
            *capital_cautions(found.ledgers),
            *success_cautions(found.options, found.recommended),
            *own_price_cautions(prepared.book, filled.as_of),
        ],
        checks=checks,
        constraints=priced(prepared.findings, found.ledgers, filled.discount_rate_per_year.value, filled.baseline),
    )
