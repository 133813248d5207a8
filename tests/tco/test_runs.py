from __future__ import annotations

from pathlib import Path

import pytest

from probes.run_file import save_run
from tco.errors import InputError
from tco.runs import find_run, find_runs, shipped_runs
from tests.factories import run, scenario


def test_a_file_beside_the_scenario_is_found_first(tmp_path: Path) -> None:
    save_run(run(run_id="mine"), tmp_path / "r.json")

    assert find_run("r.json", tmp_path).run_id == "mine"
    assert find_run(str(tmp_path / "r.json")).run_id == "mine"


@pytest.mark.parametrize("name", shipped_runs())
def test_shipped_runs_are_found_by_name(name: str) -> None:
    assert find_run(name) == find_run(f"{name}.json")
    assert find_run(name).evidence == "literature"  # nobody measured these on the reader's machine


def test_a_path_without_a_file_takes_the_shipped_run_of_that_name(tmp_path: Path) -> None:
    shipped = find_run("h100-llama-3.1-8b-fp8")

    assert find_run("runs/h100-llama-3.1-8b-fp8.json", tmp_path) == shipped


def test_an_unknown_run_names_a_near_one() -> None:
    with pytest.raises(InputError, match="did you mean the shipped run 'h100-llama"):
        find_run("h100-llama-3.1-8b-fp9")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("{", "may be cut off"), ('{"schema": 99}', "newer than"), ("[]", "one JSON object"), ('{"schema": 1}', "run_id")],
)
def test_a_broken_run_file_names_the_option_and_the_trouble(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "test-run").write_text(text)

    with pytest.raises(InputError, match="option 'rent'") as caught:
        find_runs(scenario().in_folder(tmp_path))
    assert sentence in str(caught.value)


def test_runs_that_the_caller_holds_are_not_read_again() -> None:
    held = run()

    assert find_runs(scenario(), {"test-run": held})["rent"] is held
