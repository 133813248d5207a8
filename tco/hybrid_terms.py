"""Options that are made of others: base load on one's own replicas with the rest at an API, and a small model with a large one behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tco.quantity import Fraction, NonNegative, Quantity
from tco.scaling import ReplicaCount
from tco.workload.asked import Name

OF_PARTS = "of-its-parts"
"""A model that is the parts': `tco.fill` writes their names in its place."""

OPTIMAL = "optimal"

_SELF_HOSTED = ("rent", "own")
_PER_TOKEN = ("api", "hosted")
_MIXED = ("hybrid", "cascade")


class HybridTerms(BaseModel):
    """Base load on the replicas of one option, what goes beyond them to another that is paid per token.

    `replicas` serve, spares of the base's own availability target come on top: `optimal`, one number over the horizon, or one a month (the last one goes on).
    `optimal` is the number with the lowest present value of all costs; where the base is rented by the hour, each month's own.

    `sensitive_fraction` of the requests may not leave: the base must carry their busiest hour, and never sends them on.

    With `spares: overflow` no replica stands by: what one that fails does not serve goes to the overflow, and only the sensitive requests have spares.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)

    base: Name
    overflow: Name
    replicas: Literal["optimal"] | ReplicaCount | Annotated[list[ReplicaCount], Field(min_length=1, max_length=120)] = (
        "optimal"
    )
    sensitive_fraction: Fraction = Quantity(value=0.0)
    spares: Literal["base", "overflow"] = "base"

    @field_validator("replicas", mode="before")
    @classmethod
    def _replicas_are_said(cls, given: object) -> object:
        """One sentence in place of one for each form that it could have."""
        each = given if isinstance(given, list) else [given]
        whole = [isinstance(count, int) and not isinstance(count, bool) and count >= 0 for count in each]
        if given != OPTIMAL and not (each and all(whole)):
            raise ValueError(
                f"{given!r} is no number of replicas; write `optimal`, a whole number of 0 or more, or a list of such, one a month"
            )
        return given

    @property
    def parts(self) -> tuple[str, str]:
        """Names of the options that it is made of, the one whose machines carry it first."""
        return self.base, self.overflow


class CascadeTerms(BaseModel):
    """Every request goes to a small model first; what it does not do well enough is sent again to a large one, so that both are paid for.

    `escalation_fraction` of the requests is sent again. `judge_usd_per_request` is what it costs to tell, for every request; zero where the small model
    says so itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)

    small: Name
    large: Name
    escalation_fraction: Fraction
    judge_usd_per_request: NonNegative = Quantity(value=0.0)

    @property
    def parts(self) -> tuple[str, str]:
        """Names of the options that it is made of, the small model's first."""
        return self.small, self.large


class AnyOption(Protocol):
    """An option, as far as being a part of another goes."""

    @property
    def name(self) -> str:
        """Of the option."""

    @property
    def kind(self) -> str:
        """Which way it is bought."""

    @property
    def starts_after_months(self) -> int:
        """Months in which the baseline still serves."""

    @property
    def then(self) -> object | None:
        """What it is followed by."""


def refuse_bad_parts(options: Sequence[AnyOption]) -> None:
    """Refuses options that are made of what is not there, of themselves, or of what cannot take the part.

    Args:
        options: all options of a scenario.

    Raises:
        ValueError: with what was given, what is allowed and what to do.
    """
    kinds = {option.name: option.kind for option in options}
    for option in options:
        if isinstance(option, HybridTerms):
            _require(option.name, "base", option.base, kinds, _SELF_HOSTED, "machines that carry the base load")
            _require(option.name, "overflow", option.overflow, kinds, _PER_TOKEN, "a seller that takes any overflow")
        elif isinstance(option, CascadeTerms):
            _require(option.name, "small", option.small, kinds, (*_PER_TOKEN, *_SELF_HOSTED), "a model of its own")
            _require(option.name, "large", option.large, kinds, (*_PER_TOKEN, *_SELF_HOSTED), "a model of its own")
            if option.small == option.large:
                raise ValueError(
                    f"option {option.name!r}: `small` and `large` are both {option.small!r}; escalation goes to another option"
                )
        else:
            continue
        _refuse_sequences(option, options)


def _require(name: str, field: str, part: str, kinds: Mapping[str, str], allowed: tuple[str, ...], what: str) -> None:
    fitting = [other for other, kind in kinds.items() if kind in allowed]
    choose = f"choose one of: {', '.join(fitting)}" if fitting else f"add an option of kind {' or '.join(allowed)}"
    if part == name:
        raise ValueError(f"option {name!r}: `{field}` is the option itself; it needs {what}, {choose}")
    if part not in kinds:
        raise ValueError(f"option {name!r}: `{field}` is {part!r}, which is no option; {choose}")
    if kinds[part] in _MIXED:
        raise ValueError(
            f"option {name!r}: `{field}` is {part!r}, which is made of other options itself; parts of parts are not followed, {choose}"
        )
    if kinds[part] not in allowed:
        raise ValueError(f"option {name!r}: `{field}` is {part!r} of kind {kinds[part]}; it needs {what}, {choose}")


def _refuse_sequences(option: HybridTerms | CascadeTerms, options: Sequence[AnyOption]) -> None:
    for part in options:
        if part.name in option.parts and (part.then is not None or part.starts_after_months):
            raise ValueError(
                f"option {part.name!r} is a part of another one and has a `then` or `starts_after_months` of its own; "
                "give these to the option that is made of it"
            )
