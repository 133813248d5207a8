"""From a question to all that a report is made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

from pricing import Book
from probes.run import Run
from tco.books import find_book
from tco.compare import Prepared, prepare
from tco.evaluate import evaluate
from tco.identity import parts_of
from tco.lock import Lock, evaluate_locked, lock_of, read_lock
from tco.number_style import ENGLISH, Notation, numbers_in
from tco.report.brand import Brand
from tco.report.pack import Redaction, ReportPack
from tco.report.redact import banded, redacted
from tco.result import Result
from tco.risk.simulate import DEFAULT_DRAWS, simulate
from tco.scenario import Scenario
from tco.scenario_file import load
from tco.what_if import Condition, Solved, flips
from tco.what_if.condition import RECOMMENDED

OnPart = Callable[[int, int], None]


def gather(
    scenario: Scenario,
    *,
    case: str | None = None,
    draws: int = DEFAULT_DRAWS,
    brand: Brand | None = None,
    redaction: Redaction = "internal",
    previous: Lock | None = None,
    lock: Lock | None = None,
    searches: bool = True,
    with_flips: bool = True,
    runs: Mapping[str, Run] | None = None,
    own_book: Book | None = None,
    style: Notation = ENGLISH,
    on_part: OnPart = lambda _done, _total: None,
    on_runs: OnPart = lambda _done, _total: None,
) -> ReportPack:
    """Answers a scenario with all that its report shows.

    For the public, negotiated prices become the middle of a band first, and everything is computed from these: no number of the report then hangs on
    what was agreed.

    Args:
        scenario: the question as written.
        case: of the scenario file that it is; null: the file as it stands.
        draws: of the simulation; 0: none is made.
        brand: whose report it is; null: plain.
        redaction: who may read it.
        previous: the version before.
        lock: only this answer is taken; null: any.
        searches: look for break-even volumes, drivers and what flips the answer, which takes most of the time.
        with_flips: of these, what flips the answer too: nearly all of that time.
        runs: runs that the caller holds already, by the reference that the scenario uses; others are read from files.
        own_book: the prices to use; null: those that the scenario, or the lock, names.
        style: in whose notation its texts write numbers.
        on_part: called with the inputs that are asked for what flips the answer, and with all.
        on_runs: called with the runs of the simulation that are done, and with all.

    Raises:
        InputError: a run or a price is missing, or the answer is not the locked one.
    """
    book = own_book or _book(scenario, lock)
    if lock is not None:
        evaluate_locked(scenario, lock, case)
    with numbers_in(style):
        asked, prepared = scenario, prepare(scenario, runs, book)
        paths: tuple[str, ...] = ()
        if redaction == "public":
            asked, paths = _banded(scenario, prepared)
            prepared = prepare(asked, runs, book) if paths else prepared
        result = evaluate(asked, runs, book, searches=searches)
        if paths:
            result = result.model_copy(update={"answer_id": _id_of_banded(scenario, runs, book)})
        risk = simulate(prepared, draws=draws, on_runs=on_runs) if draws else None
        flipping = _flips(prepared, result, on_part) if searches and with_flips and result.recommended else ()
    pack = ReportPack(
        scenario=asked,
        prepared=prepared,
        result=result,
        risk=risk,
        flips=flipping,
        brand=brand if brand is not None else Brand(),
        redaction=redaction,
        previous=previous,
        searched=searches,
        banded=paths,
        style=style,
    )
    return redacted(pack)


def _banded(scenario: Scenario, prepared: Prepared) -> tuple[Scenario, tuple[str, ...]]:
    """The question with the middle of a band for each negotiated price, and where these are; as it was where there are none."""
    own = prepared.book.overrides
    middled, paths = banded(prepared.scenario, own.name if own is not None else None)
    return (middled.in_folder(scenario.folder), paths) if paths else (scenario, ())


def _id_of_banded(scenario: Scenario, runs: Mapping[str, Run] | None, book: Book) -> str:
    """A banded question is a filled one, with notes that tell numbers: its id is that of the English ones, for whoever reads it."""
    with numbers_in(ENGLISH):
        prepared = prepare(scenario, runs, book)
        return parts_of(_banded(scenario, prepared)[0], prepared.runs, book).answer_id


def _book(scenario: Scenario, lock: Lock | None) -> Book:
    if lock is None:
        return find_book(scenario)
    pinned = scenario.prices.model_copy(update={"book": lock.price_book.id})
    return find_book(scenario.model_copy(update={"prices": pinned}).in_folder(scenario.folder))


def _flips(prepared: Prepared, result: Result, on_part: OnPart) -> tuple[Solved, ...]:
    assert result.recommended is not None  # of an answer that recommends
    return flips(prepared, Condition(RECOMMENDED, "=", math.inf), result.recommended, on_input=on_part)


def version_before(path: str | Path) -> Lock:
    """The version before, from its lock, or from its scenario, which is answered.

    Args:
        path: of a `.lock` file, or of a scenario file.

    Raises:
        InputError: it is neither.
    """
    path = Path(path)
    return read_lock(path) if path.suffix == ".lock" else lock_of(load(path))
