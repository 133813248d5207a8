"""The `Quantity`: a number with its range and where it came from.

A bare number in a scenario file is a quantity with evidence `assumption`. The unit is in the name of the field that holds
it, never in the value.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from pricing.price import BOOK, Evidence, Price
from pricing.yaml_file import Day

Numbers = npt.NDArray[np.float64]
"""One number, shape (), or one a draw, shape (draws, 1): months come after draws."""

# Below this a number is a slip, and quotients of such numbers are infinite.
_SMALLEST = 1e-12

Distribution = Literal["triangular", "pert", "lognormal", "uniform", "empirical"]
_MOST_SAMPLES = 10_000


class Quantity(BaseModel):
    """A number, its range, and its evidence.

    Attributes:
        value: best estimate, in the unit that the field's name ends with.
        low: lowest plausible value; `low <= value`.
        high: highest plausible value; `value <= high`.
        distribution: how values spread; null: triangular where there is a range (`tco.risk.distributions`). Of `lognormal`, 95 % lie between `low` and
            `high` and half below `value`; of all others none lies outside.
        samples: of `empirical`: values that are equally likely.
        evidence: class of evidence, best first: measured, invoice, contract, listed, literature, expert, assumption.
        source: URL or document.
        as_of: the day on which the number held.
        note: what a reader must know.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    value: float
    low: float | None = None
    high: float | None = None
    distribution: Distribution | None = None
    samples: Annotated[tuple[float, ...], Field(max_length=_MOST_SAMPLES)] | None = None
    evidence: Evidence = "assumption"
    source: str | None = None
    as_of: Day | None = None
    note: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _accept_a_bare_number(cls, data: Any) -> Any:
        if isinstance(data, bool):
            raise ValueError(f"{data} is not a number")  # noqa: TRY004 - pydantic reports ValueError with its place
        if isinstance(data, int | float):
            return {"value": data}
        if isinstance(data, str):
            raise ValueError(f"{data!r} is text; write a plain number, the unit is in the field's name")  # noqa: TRY004
        return data

    @model_validator(mode="after")
    def _no_dust(self) -> Quantity:
        for number in (self.value, self.low, self.high):
            if number is not None and 0 < abs(number) < _SMALLEST:
                raise ValueError(f"{number:g} is too small to be meant; write 0")
        return self

    @model_validator(mode="after")
    def _range_holds_the_value(self) -> Quantity:
        if (self.low is not None and self.low > self.value) or (self.high is not None and self.high < self.value):
            raise ValueError(f"the range {self.low} to {self.high} does not hold the value {self.value}")
        return self

    @model_validator(mode="after")
    def _the_distribution_is_possible(self) -> Quantity:
        if (self.distribution == "empirical") != (self.samples is not None):
            raise ValueError(
                "`samples` go with `distribution: empirical`, and it needs them: values that are equally likely"
            )
        if self.samples is not None and len(set(self.samples)) < 2:  # noqa: PLR2004 - one value is no spread
            raise ValueError("`samples` need at least two different values; for one write `value` alone")
        if self.distribution is not None and self.bounds is None:
            raise ValueError(
                f"`distribution: {self.distribution}` needs a range; give `low` and `high`, not both at {self.value:g}"
            )
        if self.distribution == "lognormal" and (self.low is None or self.low <= 0):
            raise ValueError(
                "`distribution: lognormal` has only values above 0; give a `low` above 0, or take triangular"
            )
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The published schema allows what the reader allows: a bare number, or the record."""
        record = handler.resolve_ref_schema(handler(core))
        return {"anyOf": [{"type": "number"}, record]}

    @property
    def bounds(self) -> tuple[float, float] | None:
        """`(low, high)` where the range is known and not a single point, else None; samples have their own."""
        ends = (self.value,) if self.samples is None else self.samples
        low = min(ends) if self.low is None else self.low
        high = max(ends) if self.high is None else self.high
        return (low, high) if low < high else None

    @property
    def numbers(self) -> Numbers:
        """The value as an array, for arithmetic that serves one scenario and many draws of it alike."""
        return np.asarray(self.value, dtype=float)

    def at(self, value: float | Numbers) -> Quantity:
        """The same quantity held at one value, without a range: what a sensitivity run evaluates.

        Args:
            value: in the quantity's unit; or one a draw, shape (draws, 1), which is for arithmetic only and is not checked.
        """
        return self.model_copy(
            update={"value": value, "low": None, "high": None, "distribution": None, "samples": None}
        )


def _within(least: float, most: float, hint: str) -> AfterValidator:
    def check(quantity: Quantity) -> Quantity:
        for number in (quantity.value, quantity.low, quantity.high, *(quantity.samples or ())):
            if number is not None and not least <= number <= most:
                raise ValueError(f"{number:g} is outside {hint}")
        return quantity

    return AfterValidator(check)


_LARGEST = 1e15

NonNegative = Annotated[Quantity, _within(0, _LARGEST, "0 or more")]
"""Zero or more."""

Positive = Annotated[Quantity, _within(_SMALLEST, _LARGEST, "more than 0")]
"""More than zero."""

Fraction = Annotated[Quantity, _within(0, 1, "0 to 1; write a fraction, 0.10 for 10 %")]
"""A share between 0 and 1."""

PositiveFraction = Annotated[
    Quantity, _within(_SMALLEST, 1, "more than 0 and up to 1; write a fraction, 0.10 for 10 %")
]
"""A share above 0, by which something is divided."""

Retries = Annotated[
    Quantity, _within(0, 0.95, "0 to 0.95; write a fraction, 0.05 where one request in twenty is sent in vain")
]
"""A share of requests that are sent in vain."""

Availability = Annotated[Quantity, _within(0.5, 0.999999, "0.5 to 0.999999; write a fraction, 0.999 for 99.9 %")]
"""An availability: 1 cannot be promised by any finite number of replicas."""

Change = Annotated[
    Quantity, _within(-0.99, 1, "-0.99 to 1; write a fraction, 0.10 for a rise of 10 %, -0.10 for a fall")
]
"""A relative change per period."""


def listed(price: Price, low: float | None = None, high: float | None = None, note: str | None = None) -> Quantity:
    """A price as an input; the user's own entry that it comes from, or that changed it, is named first in the note.

    Args:
        price: of the book or of the user.
        low: low end, where it is not the price's own.
        high: high end, likewise.
        note: in place of the price's own.
    """
    own = None if price.layer == BOOK else price.layer
    return Quantity(
        value=price.amount,
        low=price.low if low is None else low,
        high=price.high if high is None else high,
        evidence=price.evidence,
        source=price.source,
        as_of=price.as_of,
        note="; ".join(part for part in (own, price.derived, note or price.note) if part) or None,
    )
