from __future__ import annotations

from typing import Any

import pytest

from tco import evaluate
from tests.factories import API, OWN, RENT, run, scenario


def told(**sequence: Any) -> list[str]:
    """Of a horizon of twelve months."""
    asked = scenario(options=[API, OWN, {**RENT, **sequence}])
    result = evaluate(asked, {"test-run": run()}, searches=False)
    return [warning.message for warning in result.warnings if warning.code.startswith("never_")]


@pytest.mark.parametrize(
    ("sequence", "sentence"),
    [
        (
            {"starts_after_months": 12},
            "rent: it would start after 12 months, past the horizon of 12; its costs are those of api",
        ),
        (
            {"then": {"option": "own", "after_months": 24}},
            "rent: own would follow after 24 months, past the horizon of 12; it never serves",
        ),
        (
            {"then": {"option": "own", "after_months": 0}},
            "rent: it is followed at once, so its costs are those of what follows it",
        ),
    ],
)
def test_what_never_comes_to_serve_is_told(sequence: dict[str, Any], sentence: str) -> None:
    assert told(**sequence) == [sentence]


def test_nothing_is_told_of_what_serves() -> None:
    assert told() == told(starts_after_months=6) == told(then={"option": "own", "after_months": 6}) == []
