"""A small grid in a folder: two options that can be worked out by hand, one run, two axes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from probes.run_file import save_run
from tco.grid import Job, load_grid, make_job
from tests.factories import run, scenario_data

VOLUME = "workload.requests_per_day"
RENT = "options.rent.price_usd_per_hour"
AXES: dict[str, Any] = {VOLUME: [43_200, 86_400], RENT: [0.1, 0.5, 2.0]}


def grid_folder(folder: Path, axes: dict[str, Any] | None = None, **changes: Any) -> Path:
    """Writes run, scenario and grid, and returns the grid's path."""
    save_run(run(), folder / "test-run")
    (folder / "question.yaml").write_text(yaml.safe_dump(scenario_data(**changes)), encoding="utf-8")
    path = folder / "grid.yaml"
    path.write_text(yaml.safe_dump(grid_data(axes), sort_keys=False), encoding="utf-8")
    return path


def grid_data(axes: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return {"name": "test grid", "scenario": "question.yaml", "axes": AXES if axes is None else axes} | changes


def job_of(folder: Path, axes: dict[str, Any] | None = None, **changes: Any) -> Job:
    return make_job(load_grid(grid_folder(folder, axes, **changes)))
