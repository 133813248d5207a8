"""Hardware of one's own beyond the price of the server: network, installation, spares, hosting, software, repairs, resale."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from tco.quantity import Fraction, NonNegative
from tco.terms.record import Record, number_or_name

BOOK = "book"
"""In place of a number: the price book's figure."""

Age = Annotated[str, Field(pattern=r"^\d{1,3}$")]
"""Whole months since the purchase, as text."""


_Book = Annotated[Literal["book"], Tag("name")]


def _ages_as_text(value: Any) -> Any:
    """YAML reads a key of digits as a number."""
    if not isinstance(value, dict):
        return value
    return {str(age) if isinstance(age, int) else age: share for age, share in value.items()}


_Curve = Annotated[dict[Age, Fraction], Field(min_length=1, max_length=60), BeforeValidator(_ages_as_text)]

AmountOrBook = Annotated[Annotated[NonNegative, Tag("number")] | _Book, Discriminator(number_or_name)]
FractionOrBook = Annotated[Annotated[Fraction, Tag("number")] | _Book, Discriminator(number_or_name)]
CurveOrBook = Annotated[Annotated[_Curve, Tag("number")] | _Book, Discriminator(number_or_name)]
AmountOrFabric = Annotated[
    Annotated[NonNegative, Tag("number")] | Annotated[Literal["infiniband", "ethernet"], Tag("name")],
    Discriminator(number_or_name),
]


class Hardware(Record):
    """What servers of one's own cost besides their price; `book` takes the price book's figure, what is left out costs nothing.

    Once for each server that is bought: `network_usd_per_gpu` (`infiniband` and `ethernet` take the book's), `frontend_network_usd_per_server`,
    `installation_usd_per_server`, and parts on the shelf, `spares_fraction` of the price. Each year: `hosting_usd_per_server_per_year` where a rack is paid by the server,
    `software_usd_per_gpu_per_year` (NVIDIA AI Enterprise, for example), and `failures_per_gpu_per_year` repaired at `repair_usd_per_gpu` where maintenance does not cover
    them (null: the price of a GPU). `resale_fraction` is what a server fetches by its age in months, in place of the straight line to `residual_fraction`.
    """

    network_usd_per_gpu: AmountOrFabric | None = None
    frontend_network_usd_per_server: AmountOrBook | None = None
    installation_usd_per_server: AmountOrBook | None = None
    spares_fraction: FractionOrBook | None = None
    hosting_usd_per_server_per_year: NonNegative | None = None
    software_usd_per_gpu_per_year: NonNegative | None = None
    failures_per_gpu_per_year: AmountOrBook | None = None
    repair_usd_per_gpu: NonNegative | None = None
    resale_fraction: CurveOrBook | None = None

    @model_validator(mode="after")
    def _repairs_follow_failures(self) -> Self:
        if self.repair_usd_per_gpu is not None and self.failures_per_gpu_per_year is None:
            raise ValueError(
                "`repair_usd_per_gpu` is given, but nothing says how often; give `failures_per_gpu_per_year`, or `book` for the price book's figure"
            )
        return self
