"""Members that can be worked out by hand: a replica carries 1.6 requests/s and costs 2 USD an hour."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from probes.run_file import save_run
from tco.portfolio import PortfolioAnswer, answer_portfolio, read_portfolio
from tests.factories import run, scenario_data

Asked = Callable[..., PortfolioAnswer]


def written(folder: Path, members: dict[str, dict[str, Any]], /, **terms: Any) -> Path:
    """A portfolio; of each member, keys of the portfolio file, and under `data` what differs from the usual scenario."""
    save_run(run(), folder / "test-run")
    rows = []
    for name, member in members.items():
        data = scenario_data(**member.get("data", {}))
        (folder / f"{name}.yaml").write_text(json.dumps(data), encoding="utf-8")
        rows.append({"scenario": f"{name}.yaml"} | {key: value for key, value in member.items() if key != "data"})
    path = folder / "portfolio.yaml"
    path.write_text(json.dumps({"name": "test", "option": "rent", "members": rows} | terms), encoding="utf-8")
    return path


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    return lambda members, **terms: answer_portfolio(read_portfolio(written(tmp_path, members, **terms)))
