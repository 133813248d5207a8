"""All options of a scenario side by side: what each costs, what it saves against the baseline, which one is recommended.

`prepare` gathers what the answer rests on, once; `compare` answers the filled scenario, or one in which quantities were changed, again and again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pricing import Answer, Book
from probes.run import Run
from tco.appraise import appraise
from tco.books import find_book
from tco.capacity.replica import Replica
from tco.cashflow import Ledger, saving_npv_usd
from tco.constraint_result import ConstraintFinding
from tco.constraints.facts import Asked
from tco.constraints.findings import findings, ruled_out
from tco.fill import fill
from tco.ledgers import capacities_of, ledgers_of
from tco.licence_check import licence_answers
from tco.model_checks import not_finite
from tco.replicas_of import replicas_of
from tco.result import OptionResult
from tco.runs import find_runs
from tco.scenario import Scenario
from tco.workload.demand import Demand, demand


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A scenario with all that its answer rests on.

    Attributes:
        scenario: filled: no quantity is open.
        runs: of self-hosted options, by option name.
        replicas: what one replica of each of them is.
        book: the prices.
        licences: of the options' models.
        findings: which option keeps which constraint.
        forbidden: options that a constraint rules out, with the reasons.
    """

    scenario: Scenario
    runs: dict[str, Run]
    replicas: dict[str, Replica]
    book: Book
    licences: dict[str, Answer]
    findings: tuple[ConstraintFinding, ...]
    forbidden: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The options of one filled scenario.

    Attributes:
        demand: by month.
        ledgers: costs of every option, by name.
        options: answers, in the scenario's order.
        contender: the feasible alternative to the baseline that is worth most; None: there is none.
        recommended: the option to take; None: nothing can serve.
    """

    demand: Demand
    ledgers: Mapping[str, Ledger]
    options: list[OptionResult]
    contender: str | None
    recommended: str | None

    def option(self, name: str) -> OptionResult:
        """The answer of that option.

        Raises:
            KeyError: no option has that name.
        """
        return {option.name: option for option in self.options}[name]


def prepare(scenario: Scenario, runs: Mapping[str, Run] | None = None, book: Book | None = None) -> Prepared:
    """Finds runs and prices, and fills what the scenario leaves open.

    Args:
        scenario: the question as written.
        runs: runs that the caller holds already, by the reference that the scenario uses; others are read from files.
        book: the prices to use; null: those that the scenario names.

    Raises:
        InputError: a run or a price is missing.
    """
    found = find_runs(scenario, runs)
    book = book or find_book(scenario)
    replicas = replicas_of(scenario, found, book)
    filled = fill(scenario, replicas, book)
    licences = licence_answers(filled, book)
    found_out = findings(Asked(scenario=scenario, filled=filled, runs=found, licences=licences, book=book))
    return Prepared(
        scenario=filled,
        runs=found,
        replicas=replicas,
        book=book,
        licences=licences,
        findings=found_out,
        forbidden=ruled_out(found_out),
    )


def compare(prepared: Prepared, filled: Scenario, *, searches: bool = False) -> Comparison:
    """The options of a filled scenario.

    Args:
        prepared: what the answers rest on.
        filled: its scenario, or that with other values of quantities (`tco.register.with_value`).
        searches: find break-even volumes too, which takes most of the time.
    """
    asked = demand(filled)
    capacities = capacities_of(filled, prepared.replicas)
    booked = ledgers_of([option.name for option in filled.options], filled, prepared.replicas, asked, capacities)
    ledgers = {
        name: replace(own, barred=(*prepared.forbidden.get(name, ()), *not_finite(own))) for name, own in booked.items()
    }
    options = [
        appraise(option, filled, prepared.replicas, ledgers, capacities, with_breakeven=searches)
        for option in filled.options
    ]
    contender = _contender(options, ledgers, filled)
    return Comparison(
        demand=asked,
        ledgers=ledgers,
        options=options,
        contender=contender,
        recommended=_recommended(options, filled.baseline, contender),
    )


def _contender(options: list[OptionResult], ledgers: Mapping[str, Ledger], filled: Scenario) -> str | None:
    """The feasible alternative to the baseline with the highest NPV; the lowest present cost where the baseline is ruled out."""
    others = [option for option in options if option.name != filled.baseline and option.feasible]
    if not others:
        return None
    rate_per_year, first = filled.discount_rate_per_year.value, ledgers[others[0].name]

    def worth_usd(option: OptionResult) -> float:
        if option.npv_usd is not None:
            return option.npv_usd
        return saving_npv_usd(rate_per_year, first, ledgers[option.name])

    return max(others, key=worth_usd).name


def _recommended(options: list[OptionResult], baseline: str, contender: str | None) -> str | None:
    """The contender where it saves money or the baseline cannot serve, else what is paid today; None: nothing can serve."""
    by_name = {option.name: option for option in options}
    if contender is None:
        return baseline if by_name[baseline].feasible else None
    saves = by_name[contender].npv_usd
    return contender if saves is None or saves > 0 else baseline
