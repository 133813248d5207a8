"""All cases of a scenario file side by side, and what each option is worth over them where their probabilities are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tco.case_terms import BASE, probabilities
from tco.errors import InputError
from tco.evaluate import evaluate
from tco.result import Result
from tco.scenario_file import load


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAnswer:
    """One case and its answer.

    Attributes:
        name: of the case; `base` is the file as it stands.
        probability_fraction: how likely it is; None: nobody says.
        sets: inputs that differ, by path.
        result: the answer, without break-even volumes and drivers.
    """

    name: str
    probability_fraction: float | None
    sets: Mapping[str, Any]
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One option over all cases.

    Attributes:
        option: its name.
        npv_usd: mean NPV against the baseline, weighted by probability; None where it cannot serve in a case that may come [USD].
        cannot_serve: those cases.
    """

    option: str
    npv_usd: float | None
    cannot_serve: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAnswers:
    """All cases of a scenario.

    Attributes:
        scenario: its name.
        answers: the file as it stands first, then the cases in their order.
        expected: every option over the cases, the baseline included; empty where no probabilities are given.
    """

    scenario: str
    answers: tuple[CaseAnswer, ...]
    expected: tuple[Expected, ...]

    @property
    def recommended(self) -> str | None:
        """The option with the highest expected NPV, the baseline among them; None without probabilities, or where none serves in all cases."""
        known = {each.option: each.npv_usd for each in self.expected if each.npv_usd is not None}
        return max(known, key=lambda name: known[name]) if known else None

    @property
    def foresight_usd(self) -> float | None:
        """What it is worth to know the case before the choice: expected NPV of the best option of each case, less that of the best option over all [USD].

        None without probabilities, or where no option serves in all cases or none in one of them.
        """
        best = self.recommended
        if best is None:
            return None
        chosen = next(each.npv_usd for each in self.expected if each.option == best)
        assert chosen is not None
        informed = 0.0
        for answer in self.answers:
            found = [option.npv_usd for option in answer.result.options if option.npv_usd is not None]
            if answer.probability_fraction and not found:
                return None
            informed += (answer.probability_fraction or 0.0) * max(found, default=0.0)
        return informed - chosen


def answer_cases(
    path: str | Path,
    settings: Iterable[str] = (),
    *,
    on_case: Callable[[int, int], None] = lambda _done, _total: None,
) -> CaseAnswers:
    """Answers a scenario file as it stands and in each of its cases.

    `expected NPV of an option = Σ probability of the case · its NPV in the case`, over all cases, the file as it stands among them with what the others leave of 1.
    A choice is made before one knows which case comes, so it is an option that has an expected NPV, and not a recommendation that changes by case.

    Args:
        path: the scenario file.
        settings: `path=value` changes that hold in every case.
        on_case: called with the cases that are done, and with all.

    Raises:
        InputError: see `tco.load`; or the file has no cases.
    """
    settings = list(settings)
    scenario = load(path, settings)
    if not scenario.cases:
        raise InputError(
            f"{path}: the scenario has no `cases`; add for example `cases: {{low: {{workload.requests_per_day: 50_000}}}}`",
            code="no_cases",
            path="cases",
        )
    likely = probabilities(scenario.cases)
    answers = []
    for number, (name, probability) in enumerate(likely.items()):
        sets = {} if name == BASE else scenario.cases[name].sets
        result = evaluate(load(path, settings, case=name), searches=False)
        answers.append(CaseAnswer(name=name, probability_fraction=probability, sets=sets, result=result))
        on_case(number + 1, len(likely))
    return CaseAnswers(scenario=scenario.name, answers=tuple(answers), expected=tuple(_expected(answers)))


def _expected(answers: list[CaseAnswer]) -> Iterable[Expected]:
    if answers[0].probability_fraction is None:
        return
    for option in answers[0].result.options:
        npvs = {answer.name: answer.result.option(option.name).npv_usd for answer in answers}
        may_come = {
            answer.name: answer.probability_fraction or 0.0 for answer in answers if answer.probability_fraction
        }
        missing = tuple(name for name in may_come if npvs[name] is None)
        total = None if missing else sum(share * (npvs[name] or 0.0) for name, share in may_come.items())
        yield Expected(option=option.name, npv_usd=total, cannot_serve=missing)
