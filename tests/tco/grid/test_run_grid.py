from __future__ import annotations

import os
from pathlib import Path

import joblib
import pytest

import tco
from tco.errors import InputError
from tco.grid import Ended, Job, WorkerError, backends, open_results, run_grid, worker
from tco.grid.backends import results, workers
from tco.grid.worker import Done
from tests.tco.grid.grids import job_of


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return job_of(tmp_path)


def bytes_of(job: Job, path: Path, **how: object) -> bytes:
    with open_results(path, job) as file:
        assert Ended(failed_points=0, failures=()) == run_grid(job, file, **how)
    return path.read_bytes()


def test_every_point_is_answered_and_counted(job: Job, tmp_path: Path) -> None:
    counts: list[int] = []
    with open_results(tmp_path / "r.jsonl", job) as file:
        run_grid(job, file, jobs=1, on_point=counts.append)
        points = list(file.points())

    assert [1, 2, 3, 4, 5, 6] == counts
    assert [None] * 6 == [point.error for point in points]
    # An API at 86,400 requests a day costs 657.45 USD a month, one GPU 73.05, 365.25 or 1,461.
    assert ["rent", "api", "api", "rent", "rent", "api"] == [point.recommended for point in points]


@pytest.mark.slow
def test_two_processes_write_the_bytes_of_one(job: Job, tmp_path: Path) -> None:
    alone, both = (bytes_of(job, tmp_path / f"{jobs}.jsonl", jobs=jobs) for jobs in (1, 2))

    assert alone == both


def test_what_is_there_is_not_answered_again(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bytes_of(job, tmp_path / "r.jsonl", jobs=1)
    kept = whole.splitlines(keepends=True)
    (tmp_path / "r.jsonl").write_bytes(b"".join([kept[0], kept[3], kept[1]]))
    asked: list[str] = []

    def noting(scenario: tco.Scenario, *more: object, searches: bool) -> tco.Result:
        asked.append(scenario.name)
        return tco.evaluate(scenario, *more, searches=searches)

    monkeypatch.setattr(worker, "evaluate", noting)
    assert whole == bytes_of(job, tmp_path / "r.jsonl", jobs=1)
    assert 4 == len(asked)
    assert whole == bytes_of(job, tmp_path / "r.jsonl", jobs=1)
    assert 4 == len(asked)


def test_an_interruption_loses_nothing_that_was_known(job: Job, tmp_path: Path) -> None:
    def interrupt(done: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with open_results(tmp_path / "r.jsonl", job) as file:
        with pytest.raises(KeyboardInterrupt):
            run_grid(job, file, jobs=1, on_point=interrupt)
        assert [3, 4, 5] == file.missing()
    with open_results(tmp_path / "r.jsonl", job) as file:
        assert 3 == file.taken_up


def test_a_point_at_which_the_program_fails_is_tried_again(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(scenario: tco.Scenario, *more: object, searches: bool) -> tco.Result:
        if scenario.option("rent").price_usd_per_hour.value == 0.5:
            raise ZeroDivisionError("by hand")
        return tco.evaluate(scenario, *more, searches=searches)

    with open_results(tmp_path / "r.jsonl", job) as file:
        with monkeypatch.context() as patched:
            patched.setattr(worker, "evaluate", failing)
            ended = run_grid(job, file, jobs=1)
        assert [1, 4] == file.missing()
        assert Ended(failed_points=2, failures=tuple(f"point {n}: ZeroDivisionError: by hand" for n in (1, 4))) == ended
        assert Ended(failed_points=0, failures=()) == run_grid(job, file, jobs=1)
        assert [] == file.missing()


def test_waves_answer_every_point_once_and_in_order() -> None:
    """How results come from Ray, which hands over lists only."""
    with joblib.parallel_config(backend="threading", n_jobs=2):
        found = backends._in_waves(_echo, b"", range(7, 60))
        assert list(range(7, 60)) == [done.index for done in found]


def _echo(job: bytes, index: int) -> Done:
    return Done(index=index, line="{}")


def _die(job: bytes, index: int) -> Done:
    os._exit(7)


@pytest.mark.slow
def test_a_worker_that_dies_is_said_in_a_sentence() -> None:
    with (
        workers(jobs=2),
        pytest.raises(WorkerError, match=r"a worker ended before its points were answered .*fewer --jobs"),
    ):
        list(results(_die, b"", range(4)))


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"jobs": 0}, "--jobs 0: 1 to 4096 processes"),
        ({"address": "tcp://x:1"}, "add --backend ray or --backend dask"),
    ],
)
def test_workers_that_cannot_be_are_refused(how: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence), workers(**how):
        pass


@pytest.mark.parametrize("backend", ["dask", "ray"])
def test_a_backend_that_is_not_installed_says_which_command_adds_it(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "find_spec", lambda _name: None)

    sentence = rf"--backend {backend} needs the \[scale\] extra: pip install 'tco-llm\[scale\]'"
    with pytest.raises(InputError, match=sentence), workers(backend):
        pass
