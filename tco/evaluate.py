"""The method, top to bottom: a `Scenario` goes in, a `Result` comes out.

Each step is one call, in the order of docs/method.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from pricing import Book
from probes.run import Run
from tco.appraise import appraise
from tco.books import find_book, named, own_price_cautions
from tco.capacity.replica import Replica
from tco.cashflow import ledger, saving_npv_usd
from tco.checks import check
from tco.fill import fill
from tco.licence_check import barred, licence_answers, licence_cautions
from tco.register import register
from tco.replicas_of import replicas_of
from tco.result import Conventions, Driver, OptionResult, Result
from tco.risk.tornado import drivers
from tco.runs import find_runs
from tco.scenario import Scenario
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
    found = find_runs(scenario, runs)
    book = book or find_book(scenario)
    replicas = replicas_of(scenario, found, book)
    filled = fill(scenario, replicas, book)
    asked = demand(filled)
    licences = licence_answers(filled, book)
    forbidden = barred(filled, licences)
    ledgers = {
        option.name: replace(
            ledger(option, replicas.get(option.name), filled, asked), barred=forbidden.get(option.name, ())
        )
        for option in filled.options
    }
    options = [appraise(option, filled, replicas, ledgers, with_breakeven=searches) for option in filled.options]
    contender = _contender(options, filled.baseline)
    return Result(
        scenario=filled.name,
        as_of=filled.as_of,
        baseline=filled.baseline,
        recommended=_recommended(options, filled.baseline, contender),
        contender=contender,
        conventions=Conventions(
            hours_per_month=filled.hours_per_month,
            horizon_months=filled.horizon_months,
            discount_rate_per_year=filled.discount_rate_per_year.value,
            currency=filled.currency,
        ),
        price_book=named(book),
        options=options,
        drivers=_drivers(filled, replicas, contender)
        if searches and contender and filled.baseline not in forbidden
        else [],
        assumptions=register(filled),
        warnings=[
            *check(filled, found, ledgers, asked, book),
            *licence_cautions(filled, licences),
            *own_price_cautions(book, filled.as_of),
        ],
    )


def _drivers(scenario: Scenario, replicas: Mapping[str, Replica], contender: str) -> list[Driver]:
    return drivers(scenario, _npv_of(contender, replicas), (contender, scenario.baseline))


def _npv_of(name: str, replicas: Mapping[str, Replica]) -> Callable[[Scenario], float | None]:
    def npv_usd(scenario: Scenario) -> float | None:
        asked = demand(scenario)
        option, baseline = (
            ledger(scenario.option(n), replicas.get(n), scenario, asked) for n in (name, scenario.baseline)
        )
        if not (option.feasible and baseline.feasible):
            return None
        return saving_npv_usd(scenario.discount_rate_per_year.value, baseline, option)

    return npv_usd


def _contender(options: list[OptionResult], baseline: str) -> str | None:
    """The feasible alternative to the baseline with the highest NPV; the lowest cost where the baseline cannot serve."""
    others = [option for option in options if option.name != baseline and option.feasible]
    return max(others, key=_worth).name if others else None


def _worth(option: OptionResult) -> float:
    return option.npv_usd if option.npv_usd is not None else -(option.total_usd or 0.0)


def _recommended(options: list[OptionResult], baseline: str, contender: str | None) -> str | None:
    """The contender where it saves money or the baseline cannot serve, else what is paid today; None: nothing can serve."""
    by_name = {option.name: option for option in options}
    if contender is None:
        return baseline if by_name[baseline].feasible else None
    saves = by_name[contender].npv_usd
    return contender if saves is None or saves > 0 else baseline
