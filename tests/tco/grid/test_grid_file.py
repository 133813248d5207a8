from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tco.errors import InputError
from tco.grid import load_grid, parse_grid
from tests.tco.grid.grids import grid_data

ROOT = Path(__file__).parents[3]


def parsed(**changes: object):
    return parse_grid(yaml.safe_dump(grid_data(**changes)))


def test_a_list_is_an_axis_of_a_path_and_a_mapping_is_one_with_named_choices() -> None:
    grid = parse_grid(
        "{name: g, scenario: s.yaml, axes: {workload.requests_per_day: [1, 2], model: {small: {options.rent.run: a.json}}}}"
    )

    assert [1, 2] == grid.axes["workload.requests_per_day"]
    assert {"small": {"options.rent.run": "a.json"}} == grid.axes["model"]


def test_a_choice_may_be_named_by_a_number() -> None:
    grid = parsed(axes={"gpus": {2: {"options.rent.gpus_per_replica": 2}}})

    assert ["2"] == list(grid.axes["gpus"])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"axes": {}}, "`axes`: Dictionary should have at least 1 item"),
        ({"axes": {"a.b": 5}}, "`axes.a.b`: an axis is a path with a list of values, or a name with choices"),
        ({"axes": {"a.b": []}}, "`axes.a.b`: List should have at least 1 item"),
        ({"axes": {"model": {"small": {}}}}, "`axes.model.small`: Dictionary should have at least 1 item"),
        ({"axes": {"model": {"small": 3}}}, "`axes.model.small`: Input should be a valid dictionary"),
        ({"axes": {f"a.b{n}": [1] for n in range(21)}}, "at most 20 items"),
        ({"axes": {"a.b": [*range(10_001)]}}, "at most 10000 items"),
        ({"nonsense": 1}, "`nonsense` is not a known key; known here: schema, name, question, scenario, axes"),
        ({"schema": 2}, "`schema`: 2 is newer than 1"),
    ],
)
def test_a_bad_grid_is_refused_in_a_sentence(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        parsed(**changes)

    assert sentence in str(refused.value)


@pytest.mark.parametrize("text", ["", "- 1", "axes: *a", "a: 1\na: 2", "{name: g, axes: {a.b: [1]}}"])
def test_what_is_no_grid_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_grid(text)


def test_a_missing_file_and_the_place_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml: cannot be read"):
        load_grid(tmp_path / "none.yaml")

    (tmp_path / "g.yaml").write_text("name: g", encoding="utf-8")
    with pytest.raises(InputError, match=r"g\.yaml: `scenario` is missing"):
        load_grid(tmp_path / "g.yaml")


def test_the_shipped_grid_looks_for_its_scenario_beside_itself() -> None:
    grid = load_grid(ROOT / "scenarios" / "grids" / "model-gpu-volume.yaml")

    assert grid.folder is not None
    assert (grid.folder / grid.scenario).is_file()
