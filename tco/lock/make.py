"""From an answer to its lock."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib import metadata

from tco.books import find_book
from tco.evaluate import evaluate
from tco.identity import parts_of
from tco.lock.records import (
    Lock,
    LockedAnswer,
    LockedBook,
    LockedOption,
    LockedQuantity,
    LockedRun,
    LockedScenario,
    LockedTool,
)
from tco.result import OptionResult, Result
from tco.runs import find_runs
from tco.scenario import Scenario

_LIBRARIES = ("numpy", "scipy", "numba")


def lock_of(scenario: Scenario, case: str | None = None) -> Lock:
    """Answers a scenario and locks the answer.

    Args:
        scenario: the question as written.
        case: of the scenario file that it is; null: the file as it stands.

    Raises:
        InputError: a run or a price is missing.
    """
    book = find_book(scenario)
    result = evaluate(scenario, book=book, searches=False)
    parts = parts_of(scenario, find_runs(scenario), book)
    return Lock(
        answer_id=parts.answer_id,
        tool=LockedTool(version=parts.tool_version, code_sha256=parts.code_sha256, libraries=libraries()),
        scenario=LockedScenario(name=scenario.name, case=case, sha256=parts.scenario_sha256),
        price_book=LockedBook(id=parts.book_id, as_of=result.price_book.as_of, own_prices_id=parts.own_prices_id),
        runs=[LockedRun(**asdict(run)) for run in parts.runs],
        answer=answer_of(result),
        quantities={
            row.path: LockedQuantity(value=row.value, low=row.low, high=row.high, as_of=row.as_of, source=row.source)
            for row in result.assumptions
        },
    )


def answer_of(result: Result) -> LockedAnswer:
    """The headline numbers of an answer.

    Args:
        result: the answer.
    """
    return LockedAnswer(
        recommended=result.recommended,
        contender=result.contender,
        options=[_option(option) for option in result.options],
    )


def libraries() -> dict[str, str]:
    """Versions of what adds the numbers up."""
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in _LIBRARIES}


def _option(option: OptionResult) -> LockedOption:
    return LockedOption(
        name=option.name,
        feasible=option.feasible,
        capex_usd=option.capex_usd,
        total_usd=option.total_usd,
        npv_usd=option.npv_usd,
        payback_months=option.payback_months,
        replicas=option.capacity.replicas if option.capacity is not None else None,
    )
