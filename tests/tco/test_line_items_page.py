"""The example of docs/line-items.md runs, and the page has every line that an option can have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import tco
from tco.scenario_file import of_data
from tests.factories import API, OWN, scenario_data
from tests.tco.costs.test_draws import OPTIONS, costs_of, question

PAGE = (Path(__file__).parents[2] / "docs" / "line-items.md").read_text(encoding="utf-8")


def test_the_example_of_the_page_runs() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    data = scenario_data(
        options=yaml.safe_load(block),
        workload__reasoning_tokens_per_request=30.0,
        workload__slo={},
        horizon_months=24,
    )
    result = tco.evaluate(of_data(data), searches=False)
    api, rented = result.options

    # Every line of the API's page section is charged.
    assert {name for name, months in api.line_items.items() if not any(months)} == {
        "cached_input_tokens",
        "cache_write_tokens",
        "retraining",
        "support",
    }
    assert rented.feasible, rented.reasons
    # All that always stands is agreed.
    assert sum(rented.line_items["gpu_rent"]) == 0
    assert sum(rented.line_items["committed_rent"]) > 0
    assert rented.investments["fine_tuning"][0] > 0
    assert [month for month, usd in enumerate(rented.line_items["migrations"]) if usd] == [12]


@pytest.mark.parametrize("name", [option["name"] for option in OPTIONS])
def test_the_page_has_every_line(name: str) -> None:
    own = costs_of(name, question())
    named = {*API.get("one_off_usd", {}), "move", "rest", "one_off"}

    missing = [line for line in (*own.line_items, *own.investments) if line not in named and f"`{line}`" not in PAGE]
    assert missing == []


def test_options_made_of_others_leave_it_to_their_parts() -> None:
    mixed = {"name": "both", "kind": "hybrid", "base": "own", "overflow": "api", "retry_fraction": 0.1}

    with pytest.raises(tco.InputError, match="retry_fraction"):
        of_data(scenario_data(options=[API, OWN, mixed]))
