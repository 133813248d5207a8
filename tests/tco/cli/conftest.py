"""A question on disk that can be worked out by hand; commands are slow tests."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from probes.run_file import save_run
from tests.factories import run, scenario_data


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Whole commands, from the words to the text: a tenth of a second each, too long for tests that are run after every change.
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def question(tmp_path: Path) -> Path:
    save_run(run(), tmp_path / "test-run")
    path = tmp_path / "question.yaml"
    path.write_text(yaml.safe_dump(scenario_data()), encoding="utf-8")
    return path
