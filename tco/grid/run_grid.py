"""Answers the points of a grid that are not answered yet, wherever the workers are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tco.grid.backends import Backend, results, workers
from tco.grid.job import Job, packed
from tco.grid.results_file import ResultsFile
from tco.grid.worker import answer_point

_KEPT_FAILURES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a grid ended.

    Attributes:
        failed_points: points at which the program itself failed; they are not in the file, so that they are tried again.
        failures: what it failed with, the first ten.
    """

    failed_points: int
    failures: tuple[str, ...]


def run_grid(
    job: Job,
    file: ResultsFile,
    *,
    backend: Backend = "local",
    jobs: int | None = None,
    address: str | None = None,
    on_point: Callable[[int], None] = lambda _done: None,
) -> Ended:
    """Answers every point that the file lacks, and appends each as soon as it is known.

    The results are the same for any backend and any number of jobs: each point is answered on its own, from the job alone.

    Args:
        job: from `make_job`.
        file: from `open_results`; points are in order once all are there.
        backend: see `workers`.
        jobs: see `workers`.
        address: see `workers`.
        on_point: called with the number of points that are there.

    Raises:
        InputError: see `workers`.
        WorkerError: a worker has another version, or not the prices.
        OSError: the file cannot be written.
        KeyboardInterrupt: passed on; the file has what was known, and the next call goes on from there.
    """
    missing, done, failures, failed = file.missing(), file.done, [], 0
    if missing:
        with workers(backend, jobs, address):
            for found in results(answer_point, packed(job), missing):
                if found.line is None:
                    failed += 1
                    failures.append(f"point {found.index}: {found.failure}")
                    del failures[_KEPT_FAILURES:]
                    continue
                file.append(found.index, found.line)
                done += 1
                on_point(done)
    if not failed:
        file.finish()
    return Ended(failed_points=failed, failures=tuple(failures))
