"""Options that follow one another: what is taken later than today, and what is taken after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field

from tco.workload.asked import Name


class Then(BaseModel):
    """What an option is followed by: rent first and buy later, for example.

    From the end of month `after_months` on, counted from the start of the horizon, `option` serves in its place.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    option: Name
    after_months: Annotated[int, Field(ge=0, le=120)]


class InSequence(Protocol):
    """An option, as far as its place in time goes."""

    @property
    def name(self) -> str:
        """Of the option."""

    @property
    def starts_after_months(self) -> int:
        """Months in which the baseline still serves."""

    @property
    def then(self) -> Then | None:
        """What it is followed by."""


def refuse_bad_sequences(options: Sequence[InSequence], baseline: str) -> None:
    """Refuses sequences that name no option, go on for ever, or have no time.

    Args:
        options: all options of a scenario.
        baseline: name of what is paid for today.

    Raises:
        ValueError: with what was given, what is allowed and what to do.
    """
    by_name = {option.name: option for option in options}
    if by_name[baseline].starts_after_months:
        raise ValueError(
            f"the baseline {baseline!r} is what is paid for today, so it cannot start after {by_name[baseline].starts_after_months} months; "
            "leave out its `starts_after_months`"
        )
    for option in options:
        if option.then is not None:
            _refuse(option, option.then, by_name)


def _refuse(option: InSequence, then: Then, by_name: dict[str, InSequence]) -> None:
    if then.option not in by_name:
        others = ", ".join(name for name in by_name if name != option.name) or "none, add one"
        raise ValueError(
            f"option {option.name!r} is followed by {then.option!r}, which is no option; choose one of: {others}"
        )
    follower = by_name[then.option]
    if follower is option or follower.then is not None or follower.starts_after_months:
        raise ValueError(
            f"option {option.name!r} is followed by {then.option!r}; what follows has no `then` and no `starts_after_months` of its own and is another option"
        )
    if then.after_months < option.starts_after_months:
        raise ValueError(
            f"option {option.name!r} starts after {option.starts_after_months} months and is followed by {then.option!r} after {then.after_months}; "
            "both are counted from the start, so the second must not be smaller"
        )
