"""The workload's own rules: lengths once, shares that add up."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tco.workload.asked import RequestClass, Spread, Workload

CHAT = {"share_fraction": 0.8, "input_tokens_per_request": 500, "output_tokens_per_request": 200}
REPORT = {"share_fraction": 0.2, "input_tokens_per_request": 4000, "output_tokens_per_request": 1000}


def workload(**changes: Any) -> Workload:
    return Workload.model_validate({"requests_per_day": 1000, **changes})


def test_means_follow_from_the_classes() -> None:
    asked = workload(classes={"chat": CHAT, "report": REPORT})
    assert (0.8 * 500 + 0.2 * 4000, 0.8 * 200 + 0.2 * 1000) == (asked.mean_input_tokens, asked.mean_output_tokens)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "give `input_tokens_per_request` and `output_tokens_per_request`, or `classes`"),
        ({"classes": {"chat": CHAT, "report": REPORT}, "input_tokens_per_request": 5}, "both given"),
        ({"classes": {"chat": CHAT}}, "add up to 0.8; they must add up to 1"),
    ],
)
def test_lengths_that_are_not_given_once_are_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence.replace("`", "`")):
        workload(**changes)


@pytest.mark.parametrize("given", [{"kind": "lognormal"}, {"kind": "fixed", "spread_fraction": 0.5}])
def test_a_spread_that_does_not_fit_its_kind_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="`lognormal` has more than 0"):
        Spread.model_validate(given)


def test_a_class_moved_in_a_sensitivity_run_keeps_the_mean_between_its_members() -> None:
    asked = workload(classes={"chat": CHAT, "report": REPORT})
    shaken = asked.model_copy(
        update={"classes": {**asked.classes, "chat": RequestClass.model_validate({**CHAT, "share_fraction": 0.6})}}
    )
    assert pytest.approx((0.6 * 500 + 0.2 * 4000) / 0.8) == shaken.mean_input_tokens
