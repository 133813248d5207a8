"""A question on disk that can be worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from probes.run_file import save_run
from tests.factories import run, scenario_data


@pytest.fixture
def question(tmp_path: Path) -> Path:
    save_run(run(), tmp_path / "test-run")
    path = tmp_path / "question.yaml"
    path.write_text(yaml.safe_dump(scenario_data()), encoding="utf-8")
    return path
