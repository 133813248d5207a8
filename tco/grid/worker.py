"""What a worker process does: answers points of a job, one by one."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata

from pricing import Book, Overrides, PriceNotFound, open_book
from probes.run import Run
from probes.run_file import run_from_json
from tco.errors import InputError
from tco.evaluate import evaluate
from tco.grid.axes import choices_at
from tco.grid.job import NEWEST, Found, Job, scenario_data, unpacked
from tco.grid.point import GridPoint, answered
from tco.scenario import Scenario, SelfHostedOption
from tco.scenario_file import of_data

_LOOK_AT_PARENT_S = 1.0


class WorkerError(RuntimeError):
    """A worker cannot answer any point: it has another version or other prices. The message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What comes back of one point.

    Attributes:
        index: of the point.
        line: the point as JSON; None where the program itself failed.
        failure: then, what it failed with.
    """

    index: int
    line: str | None
    failure: str | None = None


def answer_point(job: bytes, index: int) -> Done:
    """Answers one point.

    Args:
        job: as `packed` made it; what it holds is read once in each process.
        index: of the point.

    Raises:
        WorkerError: this process has another version of the program, or not the job's price book.
    """
    worker = _worker(job)
    try:
        return Done(index=index, line=worker.point(index).model_dump_json())
    except WorkerError:
        raise
    except Exception as error:  # noqa: BLE001 - a fault of ours at one point must not cost all others; it is reported
        return Done(index=index, line=None, failure=f"{type(error).__name__}: {error}")


def begin_worker() -> None:
    """Prepares a process of the local pool: Ctrl-C is its parent's business, and it ends when its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_AT_PARENT_S)
    os._exit(1)


@lru_cache(maxsize=1)
def _worker(job: bytes) -> _Worker:
    return _Worker(unpacked(job))


class _Worker:
    """A job as one process holds it: runs and price books are read once."""

    def __init__(self, job: Job) -> None:
        if metadata.version("tco-llm") != job.tool_version:
            raise WorkerError(
                f"a worker has tco-llm {metadata.version('tco-llm')}, this is {job.tool_version}; "
                "install the same version on all machines"
            )
        self._job = job
        self._runs: dict[str, Run] = {name: run_from_json(text, name) for name, text in job.runs.texts.items()}
        self._books: dict[tuple[str | None, str | None], Book] = {}

    def point(self, index: int) -> GridPoint:
        """Answers one point; what is wrong with its input is its answer."""
        choices = choices_at(self._job.axes, index)
        values = {axis.name: choice.value for axis, choice in zip(self._job.axes, choices, strict=True)}
        try:
            scenario = of_data(scenario_data(self._job, choices))
            self._look_for_runs(scenario)
            return answered(index, values, evaluate(scenario, self._runs, self._book(scenario), searches=False))
        except InputError as error:
            return GridPoint(index=index, values=values, error=str(error))

    def _look_for_runs(self, scenario: Scenario) -> None:
        for option in scenario.options:
            if isinstance(option, SelfHostedOption) and option.run in self._job.runs.problems:
                raise InputError(f"option {option.name!r}: {self._job.runs.problems[option.run]}")

    def _book(self, scenario: Scenario) -> Book:
        wanted = scenario.prices.book, scenario.prices.file
        if wanted not in self._books:
            self._books[wanted] = self._opened(*wanted)
        return self._books[wanted]

    def _opened(self, pin: str | None, file: str | None) -> Book:
        book_id = _text(self._job.books, pin or NEWEST)
        own = None if file is None else Overrides.model_validate_json(_text(self._job.own_prices, file))
        try:
            return open_book(book_id, own)
        except PriceNotFound as error:
            raise WorkerError(
                f"a worker does not have the price book {book_id}: {error.args[0]} Install the same version on all "
                "machines, and copy the folder that TCO_PRICES_FOLDER names there, or pin `prices: {book: shipped}`"
            ) from None


def _text(found: Found, name: str) -> str:
    if name in found.problems:
        raise InputError(f"prices: {found.problems[name]}")
    return found.texts[name]
