"""Whether an answer is the one that was locked; where not, which part has changed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from tco.books import find_book
from tco.errors import InputError
from tco.evaluate import evaluate
from tco.identity import Parts, parts_of
from tco.lock.make import answer_of, libraries
from tco.lock.records import Lock, LockedAnswer
from tco.result import Result
from tco.runs import find_runs
from tco.scenario import Scenario

_WITHIN = 1e-9
"""Numbers from the same parts may differ by this share: another processor may add in another order."""
_SHOWN = 5
_SHORT = 12


def evaluate_locked(scenario: Scenario, lock: Lock, case: str | None = None) -> Result:
    """The answer of a lock, from the state of the price book that it names; another answer is refused.

    Args:
        scenario: the question as written.
        lock: what was answered, and from what.
        case: of the scenario file that it is; null: the file as it stands.

    Raises:
        InputError: see `require_locked`; or that state of the price book is not here.
    """
    pinned = scenario.prices.model_copy(update={"book": lock.price_book.id})
    book = find_book(scenario.model_copy(update={"prices": pinned}))
    result = evaluate(scenario, book=book)
    require_locked(lock, parts_of(scenario, find_runs(scenario), book), result, case)
    return result


def require_locked(lock: Lock, parts: Parts, result: Result, case: str | None = None) -> None:
    """Refuses an answer that is not the locked one.

    Args:
        lock: what was answered, and from what.
        parts: what the answer rests on.
        result: the answer.
        case: of the scenario file that it is; null: the file as it stands.

    Raises:
        InputError: a part has changed, with which one and what it was; or all parts are the same and a number differs.
    """
    changed = list(_changed(lock, parts, case))
    if changed:
        moved = list(_moved(lock, result))
        inputs = f" Inputs that differ: {_listed(moved)}." if moved else ""
        raise InputError(
            f"this is not the answer that was locked ({lock.answer_id}, now {parts.answer_id}). Changed: {'; '.join(changed)}.{inputs} "
            "Put it back, or make a new lock with `tco lock`",
            code="lock_broken",
        )
    differing = [*_differing(lock.answer, answer_of(result)), *_moved(lock, result)]
    if lock.answer_id != parts.answer_id:
        differing.insert(0, f"answer_id {lock.answer_id} → {parts.answer_id}")
    if differing:
        raise InputError(
            f"nothing that the answer {lock.answer_id} rests on has changed, but its numbers have: {_listed(differing)}. {_why(lock)}",
            code="lock_numbers_differ",
        )


def _changed(lock: Lock, parts: Parts, case: str | None) -> Iterator[str]:
    if lock.tool.version != parts.tool_version:
        yield f"the tool ({lock.tool.version} → {parts.tool_version})"
    elif lock.tool.code_sha256 != parts.code_sha256:
        yield f"the tool's code (of the same version {parts.tool_version})"
    if lock.scenario.case != case:
        yield f"the case ({lock.scenario.case or 'none'} → {case or 'none'}; see --case)"
    if lock.scenario.sha256 != parts.scenario_sha256:
        yield f"the scenario {lock.scenario.name!r}"
    if lock.price_book.id != parts.book_id:
        yield f"the price book ({lock.price_book.id} → {parts.book_id})"
    if lock.price_book.own_prices_id != parts.own_prices_id:
        yield f"your own prices ({lock.price_book.own_prices_id or 'none'} → {parts.own_prices_id or 'none'})"
    had = {run.option: run for run in lock.runs}
    has = {run.option: run for run in parts.runs}
    for option in dict.fromkeys((*had, *has)):
        before, after = had.get(option), has.get(option)
        if before is None or after is None:
            yield f"the run of {option!r} ({'none' if before is None else before.run_id} → {'none' if after is None else after.run_id})"
        elif before.sha256 != after.sha256:
            yield f"the run of {option!r} ({before.run_id}, {before.sha256[:_SHORT]} → {after.run_id}, {after.sha256[:_SHORT]})"


def _moved(lock: Lock, result: Result) -> Iterator[str]:
    """Inputs whose value is another than in the lock."""
    now = {row.path: row.value for row in result.assumptions}
    for path in dict.fromkeys((*lock.quantities, *now)):
        before = lock.quantities[path].value if path in lock.quantities else None
        if not _same(before, now.get(path)):
            yield f"{path} {_number(before)} → {_number(now.get(path))}"


def _differing(before: LockedAnswer, after: LockedAnswer) -> Iterator[str]:
    for name in ("recommended", "contender"):
        if getattr(before, name) != getattr(after, name):
            yield f"{name} {getattr(before, name)} → {getattr(after, name)}"
    now = {option.name: option for option in after.options}
    for option in before.options:
        if option.name not in now:
            yield f"{option.name} is gone"
            continue
        for field, had in option.model_dump().items():
            has = getattr(now[option.name], field)
            if not _same(had, has):
                yield f"{option.name}'s {field} {_number(had)} → {_number(has)}"


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, float) and isinstance(after, float):
        return math.isclose(before, after, rel_tol=_WITHIN, abs_tol=_WITHIN)
    return bool(before == after)


def _why(lock: Lock) -> str:
    had, has = lock.tool.libraries, libraries()
    other = ", ".join(
        f"{name} {had.get(name)} → {version}" for name, version in has.items() if had.get(name) != version
    )
    if other:
        return f"Libraries differ: {other}; install those of the lock, or make a new lock with `tco lock`"
    return "The libraries are the same, so the lock was edited, or this is a fault of the tool"


def _listed(sentences: list[str]) -> str:
    more = len(sentences) - _SHOWN
    return "; ".join(sentences[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _number(value: Any) -> str:
    return f"{value:,.6g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
