from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from tco.cli import app
from tco.cli._grid_progress import GridProgress
from tco.cli._grid_text import axis_sentences
from tco.grid import AxisSummary, Flip, ResultsFile, load_grid, make_job, open_results
from tests.tco.grid.grids import RENT, VOLUME, grid_folder


@pytest.fixture
def grid_file(tmp_path: Path) -> Path:
    return grid_folder(tmp_path)


def grid(path: Path, *arguments: object) -> object:
    return CliRunner().invoke(
        app, ["grid", str(path), "--jobs", "1", "--out", str(path.parent / "r.jsonl"), *map(str, arguments)]
    )


def test_text_goes_to_stderr_and_says_what_wins_and_where_it_flips(grid_file: Path) -> None:
    done = grid(grid_file)
    text = " ".join(done.stderr.split())

    assert (0, "") == (done.exit_code, done.stdout)
    assert "test grid: 6 points" in text
    assert "Recommended: rent in 3, api in 3." in text
    assert "Best 6 by NPV saved" in text
    assert "price_usd_per_hour: 0.1 wins most often, in 2 of 2 comparisons" in text
    assert (
        "price_usd_per_hour: the recommendation flips between 0.1 and 0.5 in 1 of 2 comparisons, mostly from rent to api"
        in text
    )
    assert "requests_per_day 86,400, price_usd_per_hour 0.1" in text


def test_json_on_stdout_is_one_summary_with_whole_points(grid_file: Path) -> None:
    data = json.loads(grid(grid_file, "--json", "--best", 1, "--by", "total").stdout)

    assert (1, "test grid", True, 6, 6, "total") == tuple(
        data[key] for key in ("schema", "grid", "complete", "points", "done", "measure")
    )
    # The least that anything costs: one GPU at 0.1 USD/h for 12 months of 730.5 hours.
    (best,) = data["best"]
    assert ("rent", pytest.approx(876.6)) == (best["recommended"], best["options"][1]["total_usd"])
    # By total cost less traffic is always the least; the API costs 3,944.70 or 7,889.40 USD, one GPU 876.60 or 4,383.
    assert {VOLUME: {"43200": 2, "86400": 0}, RENT: {"0.1": 2, "0.5": 0, "2.0": 0}} == {
        axis["name"]: axis["wins"] for axis in data["axes"]
    }


def test_the_same_command_again_answers_nothing_anew(grid_file: Path) -> None:
    grid(grid_file)
    before = (grid_file.parent / "r.jsonl").read_bytes()
    done = grid(grid_file)

    assert 0 == done.exit_code
    assert "6 of 6 points are there already" in done.stderr
    assert before == (grid_file.parent / "r.jsonl").read_bytes()


def test_the_table_is_written(grid_file: Path, tmp_path: Path) -> None:
    assert 0 == grid(grid_file, "--csv", tmp_path / "t.csv").exit_code
    assert 1 + 6 * 2 == len((tmp_path / "t.csv").read_text(encoding="utf-8").splitlines())


def test_points_that_are_not_valid_are_results(tmp_path: Path) -> None:
    done = grid(grid_folder(tmp_path, {VOLUME: [-1, 1], "options.rent.run": ["test-run", "lost"]}))
    text = " ".join(done.stderr.split())

    assert 0 == done.exit_code
    assert "3 are not valid" in text
    assert "2 × not valid: `workload.requests_per_day`: -1 is outside 0 or more" in text
    assert "1 × not valid: option 'rent': run 'lost'" in text


@pytest.mark.parametrize(
    ("axes", "arguments", "sentence"),
    [
        ({"workload.nonsense": [1]}, [], "is not a known key"),
        ({VOLUME: [1]}, ["--address", "tcp://x:1"], "add --backend ray or --backend dask"),
        ({VOLUME: [1]}, ["--csv", "/nonexistent/t.csv"], "cannot be written"),
        ({VOLUME: list(range(10_000)), RENT: list(range(101))}, [], "1,010,000 points"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(
    tmp_path: Path, axes: dict[str, object], arguments: list[str], sentence: str
) -> None:
    done = grid(grid_folder(tmp_path, axes), *arguments)

    assert (2, "") == (done.exit_code, done.stdout)
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_results_of_another_question_are_exit_2_and_force_starts_anew(tmp_path: Path) -> None:
    grid(grid_folder(tmp_path, {VOLUME: [1]}))
    path = grid_folder(tmp_path, {VOLUME: [2]})
    refused = grid(path)

    assert 2 == refused.exit_code
    assert "the grid's axes have changed" in refused.stderr
    assert 0 == grid(path, "--force").exit_code


def test_a_fault_of_the_program_is_exit_5(grid_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tco.grid.worker.evaluate", lambda *_, **__: 1 / 0)
    done = grid(grid_file)

    assert 5 == done.exit_code
    assert "failed, please report it: point 0: ZeroDivisionError: division by zero" in done.stderr
    assert "0 of 6 points" in done.stderr


def test_a_full_disk_is_exit_5_and_what_was_kept_is_kept(grid_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append = ResultsFile.append

    def full(self: ResultsFile, index: int, line: str) -> None:
        if index == 2:
            raise OSError(28, "No space left on device")
        append(self, index, line)

    with monkeypatch.context() as patched:
        patched.setattr(ResultsFile, "append", full)
        done = grid(grid_file)

    assert 5 == done.exit_code
    assert "cannot be written (No space left on device)" in done.stderr
    assert "2 of 6 points are there already" in grid(grid_file).stderr


def test_an_axis_that_makes_no_difference_is_said_so() -> None:
    same = AxisSummary(name="x", lines=4, wins={"a": 0, "b": 0}, flips=(), flip_lines=4)
    flip = Flip(before="a", after="b", times=1, from_option="api", to_option="nothing")
    tied = AxisSummary(name="x", lines=2, wins={"a": 1, "b": 1}, flips=(flip,), flip_lines=4)

    assert ["x: makes no difference to the best option"] == axis_sentences("x", same)
    assert [
        "x: a and b wins most often, in 1 of 2 comparisons",
        "x: the recommendation flips between a and b in 1 of 4 comparisons, mostly from api to nothing",
    ] == axis_sentences("x", tied)


def test_where_nobody_watches_there_is_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("tco.cli._grid_progress.time.monotonic", lambda: now[0])
    with GridProgress(100, 20) as progress:
        for count, at_s in ((30, 10.0), (60, 40.0), (70, 50.0)):
            now[0] = at_s
            progress.done(count)

    # 40 points in 40 s: 40 more are left.
    assert [
        "20 of 100 points are there already.",
        "60 of 100 points, about 40 s left",
    ] == capsys.readouterr().err.splitlines()


@pytest.fixture
def long_grid(tmp_path: Path) -> Path:
    return grid_folder(tmp_path, {VOLUME: list(range(1_000, 7_000, 100))})


def start(path: Path) -> subprocess.Popen[str]:
    """The command with two workers, in a group of its own as a terminal would have it, once some points are there."""
    command = [sys.executable, "-m", "tco.cli", "grid", str(path), "--jobs", "2", "--out", str(path.parent / "r.jsonl")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait_until(lambda: points_in(path) > 2)
    return process


def points_in(path: Path) -> int:
    out = path.parent / "r.jsonl"
    return out.read_bytes().count(b"\n") - 1 if out.exists() else 0


def assert_resumes(path: Path, kept: int) -> None:
    job = make_job(load_grid(path))
    with open_results(path.parent / "r.jsonl", job) as results:
        assert (kept, 60 - kept) == (results.taken_up, len(results.missing()))


def wait_until(true: Callable[[], bool], within_s: float = 60.0) -> None:
    ends = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.02)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_is_exit_130_leaves_no_process_and_the_same_command_goes_on(
    long_grid: Path, number: int
) -> None:
    process = start(long_grid)
    children = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, number)
    _, text = process.communicate(timeout=30)
    kept = points_in(long_grid)

    assert 130 == process.returncode
    assert "the same command goes on with it" in text
    assert "Traceback" not in text
    assert len(children) >= 2
    wait_until(lambda: not alive(children), within_s=10)
    assert 2 < kept < 60

    assert_resumes(long_grid, kept)


@pytest.mark.slow
def test_a_kill_takes_the_workers_along(long_grid: Path) -> None:
    process = start(long_grid)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate(timeout=30)

    wait_until(lambda: not alive(children), within_s=15)
    assert points_in(long_grid) > 2
