from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pricing import shipped_book
from probes.run_file import save_run
from tco.errors import InputError
from tco.grid import load_grid, make_job
from tco.grid.axes import choices_at
from tco.grid.job import NEWEST, identity, packed, scenario_data, unpacked
from tco.scenario_file import of_data
from tests.factories import run
from tests.tco.grid.grids import RENT, VOLUME, grid_folder, job_of


def test_a_job_has_all_that_its_points_rest_on(tmp_path: Path) -> None:
    save_run(run(run_id="other"), tmp_path / "other.json")
    job = job_of(tmp_path, {"options.rent.run": ["test-run", "other.json", "lost.json"]})

    assert ["other.json", "test-run"] == sorted(job.runs.texts)
    assert "no such file and no shipped run" in job.runs.problems["lost.json"]
    assert {NEWEST: shipped_book().id} == job.books.texts


def test_a_pinned_book_and_own_prices_of_an_axis_are_found(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "discounts: [{provider: aws, discount_fraction: 0.28, as_of: 2026-10-01, source: EDP}]", encoding="utf-8"
    )
    job = job_of(
        tmp_path, {"contract": {"none": {"prices": {"book": "shipped"}}, "ours": {"prices.file": "mine.yaml"}}}
    )

    assert shipped_book().id == job.books.texts["shipped"]
    assert "0.28" in job.own_prices.texts["mine.yaml"]


def test_a_job_survives_being_sent(tmp_path: Path) -> None:
    job = job_of(tmp_path, {"model": {"a": {"options.rent.run": "test-run"}, "b": {"options.rent.run": "lost"}}})

    assert job == unpacked(packed(job))


def test_the_scenario_of_a_point_is_the_one_with_its_settings(tmp_path: Path) -> None:
    job = job_of(tmp_path)
    question = of_data(scenario_data(job, choices_at(job.axes, 4)))

    assert (86_400, 0.5) == (question.workload.requests_per_day.value, question.option("rent").price_usd_per_hour.value)
    assert 2.0 == of_data(job.scenario).option("rent").price_usd_per_hour.value, "the base stays as it is"


def test_the_identity_says_what_has_changed(tmp_path: Path) -> None:
    before = identity(job_of(tmp_path))
    others = {
        "axes": job_of(tmp_path, {VOLUME: [1]}),
        "scenario": job_of(tmp_path, horizon_months=24),
    }
    grid_folder(tmp_path)
    save_run(run(run_id="again"), tmp_path / "test-run")
    others["runs"] = make_job(load_grid(tmp_path / "grid.yaml"))

    for name, job in others.items():
        assert {name} == {key for key, value in identity(job).items() if value != before[key]}


def test_comments_and_names_do_not_change_the_identity(tmp_path: Path) -> None:
    path = grid_folder(tmp_path)
    before = identity(make_job(load_grid(path)))
    path.write_text("# why\n" + path.read_text(encoding="utf-8").replace("test grid", "a grid"), encoding="utf-8")

    assert before == identity(make_job(load_grid(path)))


@pytest.mark.parametrize(
    ("axes", "sentence"),
    [
        (
            {"workload.nonsense": [1, 2]},
            "axis 'workload.nonsense': the scenario is valid with none of its values: `workload",
        ),
        ({"options.rented.gpu": ["H100"]}, "no option is called 'rented'; there are: api, rent"),
        ({"options.rent": [{}]}, "`options.rent` names an option; go on with one of its fields"),
        ({"workload.requests_per_day": [-1, -2]}, "-1 is outside 0 or more"),
        ({"name.x": [1]}, "`name` is a value, it has no fields"),
    ],
)
def test_an_axis_that_never_fits_is_refused_at_once(tmp_path: Path, axes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        job_of(tmp_path, axes)

    assert sentence in str(refused.value)


def test_an_axis_that_fits_with_one_of_its_values_is_taken(tmp_path: Path) -> None:
    assert job_of(tmp_path, {RENT: [-1, 1]}).points == 2


def test_axes_may_give_what_the_scenario_lacks(tmp_path: Path) -> None:
    path = grid_folder(tmp_path)
    question = tmp_path / "question.yaml"
    data = yaml.safe_load(question.read_text(encoding="utf-8"))
    del data["workload"]["requests_per_day"]
    question.write_text(yaml.safe_dump(data), encoding="utf-8")

    assert make_job(load_grid(path)).points == 6


def test_a_missing_scenario_is_named(tmp_path: Path) -> None:
    path = grid_folder(tmp_path)
    (tmp_path / "question.yaml").unlink()

    with pytest.raises(InputError, match=r"`scenario`: .*question\.yaml: cannot be read"):
        make_job(load_grid(path))
