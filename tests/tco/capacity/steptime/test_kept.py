from __future__ import annotations

from pathlib import Path

import pytest

from tco.capacity.steptime import kept
from tco.capacity.steptime.fitted import FittedStepTime, Refusal
from tco.capacity.steptime.kept import kept_step_time
from tests.tco.capacity.steptime.runs import LIMITS, cell, cells, run


def test_a_fit_is_made_once_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    probe = run([cell("curve", streams, 128, 64) for streams in (1, 4, 16)])
    first = kept_step_time(probe, LIMITS, tmp_path)
    assert isinstance(first, FittedStepTime)
    monkeypatch.setattr(kept, "step_time_of_run", lambda *_: pytest.fail("fitted again"))
    assert first == kept_step_time(probe, LIMITS, tmp_path)


def test_another_run_or_other_code_is_another_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = run(cells()[:2])
    assert isinstance(kept_step_time(few, LIMITS, tmp_path), Refusal)
    kept_step_time(run(cells()[:1]), LIMITS, tmp_path)
    monkeypatch.setattr(kept, "_code", lambda: "other")
    kept_step_time(few, LIMITS, tmp_path)
    assert 3 == len(list(tmp_path.iterdir()))


def test_a_file_that_is_damaged_is_made_anew(tmp_path: Path) -> None:
    few = run(cells()[:2])
    first = kept_step_time(few, LIMITS, tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_text('{"step_time": ')
    assert first == kept_step_time(few, LIMITS, tmp_path)
    assert path.read_text().startswith('{"code":"too_few_cells"')


def test_a_folder_that_cannot_be_written_to_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert isinstance(kept_step_time(run(cells()[:2]), LIMITS, tmp_path / "file" / "below"), Refusal)
