"""One option under one constraint, asked as a plan asks it."""

from __future__ import annotations

from typing import Any

import tco
from tco.constraint_result import ConstraintFinding
from tests.factories import API, OWN, RENT, run, scenario

RUNS = {"test-run": run()}
OPTIONS = {"api": API, "rent": RENT, "own": OWN}


def answer(constraints: dict[str, Any] | None, *options: dict[str, Any], **changes: Any) -> tco.Result:
    """The whole answer; without options, the API, a rented and an owned one."""
    asked = scenario(options=list(options or OPTIONS.values()), constraints=constraints, **changes)
    return tco.evaluate(asked, RUNS, searches=False)


def finding(constraints: dict[str, Any], option: dict[str, Any], **changes: Any) -> ConstraintFinding:
    """What one option, the only one, is found to do."""
    result = answer(constraints, option, baseline=option["name"], **changes)
    assert result.constraints is not None
    (found,) = result.constraints.findings
    return found


def with_terms(kind: str, option: dict[str, Any] | None = None, **terms: Any) -> dict[str, Any]:
    """An option of that kind with terms."""
    return OPTIONS[kind] | (option or {}) | {"terms": terms}
