"""What the model says of a claim: its scenario is answered, and each statement held against the answer."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

from tco.claims.chance import chance
from tco.claims.measures import MEASURES, TRAINING
from tco.claims.records import Answer, Asked, Claim, Judged, Statement
from tco.compare import Comparison, Prepared, compare, prepare
from tco.errors import InputError
from tco.format import share
from tco.result import OptionResult
from tco.risk.draws import MOST_DRAWS
from tco.risk.simulate import LEAST_DRAWS
from tco.scenario_file import load
from tco.shipped import shipped_scenarios
from tco.what_if import Condition, Solved, condition_words, parse_condition, solve_for
from tco.what_if.words import figure_text

DRAWS = 2_000
"""Runs of which a claim's probability is told: its standard error is a point at most."""

_OF_MEASURE = re.compile(r"([a-z_]+)(<=|>=|<|>)(.+)")


def judge(
    claim: Claim, *, draws: int = DRAWS, seed: int = 1, on_statement: Callable[[int, int], None] = lambda _d, _t: None
) -> Judged:
    """Answers a claim's scenario and holds each of its statements against the answer.

    Args:
        claim: one of `tco.claims.CLAIMS`.
        draws: runs that the probabilities are of; 0 leaves them out.
        seed: of the draws.
        on_statement: called with the statements that are done, and with all.

    Raises:
        InputError: the scenario cannot be answered, a run or a price is missing; a number of draws that makes no sense.
    """
    if draws and not LEAST_DRAWS <= draws <= MOST_DRAWS:
        raise InputError(f"--draws {draws}: {LEAST_DRAWS:,} to {MOST_DRAWS:,} runs can be made, or 0 for none")
    answers, asked = [], {}
    for number, statement in enumerate(claim.statements):
        key = (statement.case, statement.settings)
        # Statements of one question share its simulations, which take most of the time.
        if statement.untestable is None and key not in asked:
            asked[key] = question(claim, statement)
        answers.append(_answer(statement, asked.get(key), draws, seed))
        on_statement(number + 1, len(claim.statements))
    return Judged(claim=claim, answers=tuple(answers), draws=draws)


def turning_points(claim: Claim) -> Iterator[tuple[Statement, Solved]]:
    """Where each condition of a claim begins or ceases to hold along each of its levers, all other inputs kept.

    Args:
        claim: one of `tco.claims.CLAIMS`.

    Raises:
        InputError: see `judge`.
    """
    for statement in claim.statements:
        if not statement.levers:
            continue
        prepared = question(claim, statement)
        for condition in _conditions(statement, prepared):
            if condition.metric not in MEASURES:
                for lever in statement.levers:
                    yield statement, solve_for(prepared, lever, condition, statement.option)


def question(claim: Claim, statement: Statement) -> Prepared:
    """The scenario of a statement, with what its answer rests on.

    Raises:
        InputError: see `judge`.
    """
    path = shipped_scenarios()[claim.scenario]
    return prepare(load(path, statement.settings, case=statement.case))


def _answer(statement: Statement, prepared: Prepared | None, draws: int, seed: int) -> Answer:
    if statement.untestable is not None or prepared is None:
        return Answer(statement=statement, verdict="cannot be tested", reasons=(statement.untestable or "",))
    found = compare(prepared, prepared.scenario)
    conditions = _conditions(statement, prepared)
    asked = tuple(_ask(prepared, found, each, statement.option) for each in conditions)
    option = found.option(statement.option)
    return Answer(
        statement=statement,
        verdict="holds" if all(each.holds for each in asked) else "does not hold",
        asked=asked,
        # What is feasible has reasons too: how its capacity was had.
        reasons=() if option.feasible else tuple(option.reasons),
        probability=chance(prepared, conditions, statement.option, draws=draws, seed=seed) if draws else None,
        # What a training takes does not rest on what a replica carries.
        footing=None if all(each.metric in TRAINING for each in conditions) else _footing(option),
    )


def _footing(option: OptionResult) -> str | None:
    capacity = option.capacity
    if capacity is None:
        return None
    missed = capacity.model_error_fraction
    return f"throughput {capacity.basis} from run {option.run_id}{'' if missed is None else f', ±{share(missed)} typically'}"


def _conditions(statement: Statement, prepared: Prepared) -> list[Condition]:
    names = [option.name for option in prepared.scenario.options]
    return [_measured(text) or parse_condition(text, names)[0] for text in statement.conditions]


def _measured(text: str) -> Condition | None:
    """A condition on a measure; None: it is on a figure of an answer."""
    read = _OF_MEASURE.fullmatch(text)
    if read is None or read[1] not in MEASURES:
        return None
    return Condition(read[1], read[2], float(read[3]))


def _ask(prepared: Prepared, found: Comparison, condition: Condition, option: str) -> Asked:
    text, words = condition.text(option), condition_words(condition, option)
    if condition.metric not in MEASURES:
        figure = condition.figure(found, option)
        shown = found.recommended or "nothing" if condition.limit == math.inf else figure_text(condition, figure)
        return Asked(condition=text, words=words, figure=figure, shown=shown, holds=condition.holds(found, option))
    figure = MEASURES[condition.metric](prepared, option)
    holds = figure is not None and condition.met(figure)
    return Asked(condition=text, words=words, figure=figure, shown=figure_text(condition, figure), holds=holds)
