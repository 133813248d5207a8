"""How often an option solves a task, and where goes what it does not solve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from tco.quantity import Fraction, NonNegative, Quantity
from tco.workload.asked import Name

HUMAN = "human"
"""In place of an option's name: a person solves it."""

_ROUNDING = 1e-9


class Success(BaseModel):
    """What becomes of a hundred tasks that an option is given, one request each.

    `success_fraction` of them it solves by itself; `escalation_fraction` is seen to be unsolved and handed to `escalates_to`, another option or `human`; the
    rest is wrong and nobody notices. A person solves whatever comes, at `human_usd_per_task`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    success_fraction: Fraction
    escalation_fraction: Fraction = Quantity(value=0.0)
    escalates_to: Name | None = None
    human_usd_per_task: NonNegative | None = None

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        total = self.success_fraction.value + self.escalation_fraction.value
        if total > 1 + _ROUNDING:
            raise ValueError(
                f"`success_fraction` {self.success_fraction.value:g} and `escalation_fraction` {self.escalation_fraction.value:g} add up to {total:g}; "
                "a task is solved or handed on, so together they are 1 at most"
            )
        return self

    @model_validator(mode="after")
    def _target_fits(self) -> Self:
        if self.escalation_fraction.value > 0 and self.escalates_to is None:
            raise ValueError(
                f"`escalation_fraction` is given, but not where to; name an option, or `{HUMAN}`, in `escalates_to`"
            )
        if self.escalates_to == HUMAN and self.human_usd_per_task is None:
            raise ValueError(
                f"`escalates_to` is `{HUMAN}`; say what a person costs for one task in `human_usd_per_task`"
            )
        if self.escalates_to != HUMAN and self.human_usd_per_task is not None:
            raise ValueError(
                f"`human_usd_per_task` is given, but nothing goes to a person; write `escalates_to: {HUMAN}`, or leave it out"
            )
        return self


def refuse_bad_escalations(by_name: Mapping[str, Success | None]) -> None:
    """Refuses escalations that lead nowhere or in a circle.

    Args:
        by_name: of every option, by its name.

    Raises:
        ValueError: a target that is no option, an option that is called like a person, or a circle.

    >>> refuse_bad_escalations({"a": Success(success_fraction=0.5, escalation_fraction=0.5, escalates_to="a")})
    Traceback (most recent call last):
    ...
    ValueError: escalations go in a circle: a, a; let the last one go to `human`, or nowhere
    """
    targets = {name: success.escalates_to for name, success in by_name.items() if success and success.escalates_to}
    if HUMAN in targets.values() and HUMAN in by_name:
        raise ValueError(
            f"an option is named {HUMAN!r}, which in `escalates_to` means a person; give the option another name"
        )
    for name, target in targets.items():
        if target not in by_name and target != HUMAN:
            raise ValueError(
                f"option {name!r} escalates to {target!r}, which is no option; choose one of: {', '.join([*by_name, HUMAN])}"
            )
    for name in targets:
        way = [name]
        while way[-1] in targets:
            way.append(targets[way[-1]])
            if way.count(way[-1]) > 1:
                raise ValueError(
                    f"escalations go in a circle: {', '.join(way)}; let the last one go to `{HUMAN}`, or nowhere"
                )
