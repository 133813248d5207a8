from __future__ import annotations

import json
from pathlib import Path

import pytest

from tco.errors import InputError
from tco.grid import GridPoint, Job, ResultsFile, open_results
from tests.tco.grid.grids import RENT, VOLUME, job_of


def line(index: int, recommended: str = "api") -> str:
    return GridPoint(index=index, values={VOLUME: 1, RENT: index}, recommended=recommended).model_dump_json()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return job_of(tmp_path)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "results" / "r.jsonl"


def fill(results: ResultsFile, *indices: int) -> None:
    for index in indices:
        results.append(index, line(index))


def test_points_are_kept_as_they_come_and_put_in_order_at_the_end(job: Job, out: Path) -> None:
    with open_results(out, job) as results:
        fill(results, 4, 0, 5, 2)
        assert [4, 0, 5, 2] == [json.loads(text)["index"] for text in out.read_text().splitlines()[1:]]
        assert (4, [1, 3]) == (results.done, results.missing())
        fill(results, 3, 1)
        results.finish()
        assert [0, 1, 2, 3, 4, 5] == [point.index for point in results.points()]

    assert [line(index) for index in range(6)] == out.read_text().splitlines()[1:]
    assert ["r.jsonl"] == [path.name for path in out.parent.iterdir()], "no temporary file is left"


def test_the_bytes_do_not_depend_on_the_order_of_arrival(job: Job, out: Path) -> None:
    texts = []
    for order in ((0, 1, 2, 3, 4, 5), (5, 3, 1, 0, 2, 4)):
        with open_results(out, job, force=True) as results:
            fill(results, *order)
            results.finish()
        texts.append(out.read_bytes())

    assert texts[0] == texts[1]


def test_an_interrupted_file_is_gone_on_with(job: Job, out: Path) -> None:
    with open_results(out, job) as results:
        fill(results, 3, 0)
    with open_results(out, job) as results:
        assert (2, [1, 2, 4, 5]) == (results.taken_up, results.missing())
        assert results.point(3).values == {VOLUME: 1, RENT: 3}


@pytest.mark.parametrize("torn", [line(1)[:-20], line(1), "{", "\x00\x00"])
def test_a_torn_last_line_is_dropped_and_its_point_answered_again(job: Job, out: Path, torn: str) -> None:
    with open_results(out, job) as results:
        fill(results, 0)
    with out.open("a", encoding="utf-8") as file:
        file.write(torn)
    with open_results(out, job) as results:
        assert [1, 2, 3, 4, 5] == results.missing()
        fill(results, 1, 2, 3, 4, 5)
        results.finish()

    assert [line(index) for index in range(6)] == out.read_text().splitlines()[1:]


@pytest.mark.parametrize("junk", ["nonsense", '{"index": 99, "values": {}}', '{"index": 1}', line(0)])
def test_a_line_that_is_no_point_or_is_there_twice_costs_nothing_else(job: Job, out: Path, junk: str) -> None:
    with open_results(out, job) as results:
        fill(results, 0)
    with out.open("a", encoding="utf-8") as file:
        file.write(junk + "\n")
    with open_results(out, job) as results:
        fill(results, 1, 2, 3, 4, 5)
        results.finish()

    assert [line(index) for index in range(6)] == out.read_text().splitlines()[1:]


def test_results_of_another_question_are_refused_and_say_what_differs(job: Job, out: Path, tmp_path: Path) -> None:
    with open_results(out, job) as results:
        fill(results, 0)
    before = out.read_bytes()

    with pytest.raises(InputError, match=r"another question \(the base scenario has changed\); name another file"):
        open_results(out, job_of(tmp_path, horizon_months=24))
    with pytest.raises(InputError, match=r"the grid's axes have changed"):
        open_results(out, job_of(tmp_path, {VOLUME: [1]}))
    assert before == out.read_bytes()


def test_force_starts_anew(job: Job, out: Path, tmp_path: Path) -> None:
    with open_results(out, job) as results:
        fill(results, 0, 1)
    with open_results(out, job_of(tmp_path, horizon_months=24), force=True) as results:
        assert 6 == len(results.missing())

    assert 1 == len(out.read_text().splitlines())


@pytest.mark.parametrize("text", ["my thesis\n", '{"kind": "else"}\n', "[1]\n", "no newline"])
def test_a_file_that_holds_something_else_is_left_alone(job: Job, tmp_path: Path, text: str) -> None:
    path = tmp_path / "thesis.txt"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match="holds no results of a grid"):
        open_results(path, job)
    assert text == path.read_text(encoding="utf-8")


def test_two_commands_do_not_write_to_one_file(job: Job, out: Path) -> None:
    with open_results(out, job), pytest.raises(InputError, match="another command writes to it"):
        open_results(out, job)
    with open_results(out, job):
        pass


def test_a_place_that_cannot_be_written_is_named(job: Job, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        open_results(tmp_path, job)
    with pytest.raises(InputError, match="cannot be written"):
        open_results(tmp_path / "grid.yaml" / "r.jsonl", job)


def test_the_header_says_what_the_results_rest_on(job: Job, out: Path) -> None:
    with open_results(out, job):
        pass
    header = json.loads(out.read_text())

    assert ("tco-grid-results", 1, "test grid", 6) == tuple(header[key] for key in ("kind", "schema", "grid", "points"))
    assert {VOLUME: [43_200, 86_400], RENT: [0.1, 0.5, 2.0]} == header["axes"]
    assert {"axes", "scenario", "runs", "prices"} == set(header["identity"])
