"""What one kilowatt-hour costs a business, by country or US state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import computed_field

from pricing.book import Book, once_per_book, shipped_book
from pricing.price import Price, PriceNotFound
from pricing.tables import Record, did_you_mean

if TYPE_CHECKING:
    from datetime import date

Sector = Literal["industrial", "commercial"]
"""Who buys: `industrial` is the usual rate of a data centre, `commercial` that of an office's server room."""


class ElectricityQuote(Record):
    """A price of electricity, with the range that the table states.

    Attributes:
        region: ISO country or `US-` and a state.
        sector: who buys.
        price: the central figure [USD/kWh].
        low_usd_per_kwh: the price's low end [USD/kWh], or null where the source gives one average only.
        high_usd_per_kwh: its high end [USD/kWh], or null likewise.
    """

    region: str
    sector: Sector
    price: Price

    @computed_field  # type: ignore[prop-decorator]
    @property
    def low_usd_per_kwh(self) -> float | None:
        """Low end of the price [USD/kWh]."""
        return self.price.low

    @computed_field  # type: ignore[prop-decorator]
    @property
    def high_usd_per_kwh(self) -> float | None:
        """High end of the price [USD/kWh]."""
        return self.price.high


def electricity_price(
    region: str, *, on: date, sector: Sector = "industrial", book: Book | None = None
) -> ElectricityQuote:
    """The price of one kilowatt-hour for a business, as the user pays it.

    The table holds readings of several years; `on` picks the newest on or before that day, and where the only readings are
    later, the oldest. In Europe `industrial` is a site of 2 to 20 GWh a year (0.2 to 2 MW) and `commercial` one of 20 to
    500 MWh (one server draws some 90), each with the next bands as its range, without recoverable taxes; in the US both are
    means over all such customers of a state.

    Args:
        region: ISO 3166 country (`DE`), `EU` for the mean of the Union, or US state (`US-VA`); case does not matter.
        on: the day.
        sector: `industrial` or `commercial`.
        book: the book to read; null: the shipped one.

    Raises:
        PriceNotFound: no such region, or none for that sector.

    Example:
        >>> from datetime import date
        >>> electricity_price("US-OH", on=date(2026, 11, 23)).price.amount
        0.079
    """
    quotes = [quote for quote in electricity_quotes(book) if quote.region == region.strip().upper()]
    if not quotes:
        regions = sorted({quote.region for quote in electricity_quotes(book)})
        raise PriceNotFound(
            f"no electricity price for {region!r}: an ISO country such as DE, or a US state such as US-VA, is expected."
            f"{did_you_mean(region, regions)} Give `electricity_usd_per_kwh` from your contract in the scenario."
        )
    of_sector = sorted((quote for quote in quotes if quote.sector == sector), key=lambda quote: quote.price.as_of)
    if not of_sector:
        there = sorted({quote.sector for quote in quotes})
        raise PriceNotFound(
            f"no {sector} electricity price for {quotes[0].region}; there is: {', '.join(there)}. "
            "Give `electricity_usd_per_kwh` from your contract in the scenario."
        )
    known = [quote for quote in of_sector if quote.price.as_of <= on]
    quote = known[-1] if known else of_sector[0]
    paid = (book or shipped_book()).paid(quote.price, on)
    return quote if paid is quote.price else quote.model_copy(update={"price": paid})


def electricity_quotes(book: Book | None = None) -> tuple[ElectricityQuote, ...]:
    """Every row of `electricity.csv`, as listed.

    Args:
        book: the book to read; null: the shipped one.
    """
    return _quotes(book or shipped_book())


@once_per_book
def _quotes(book: Book) -> tuple[ElectricityQuote, ...]:
    return tuple(_quote(row) for row in book.table("electricity.csv"))


def _quote(row: dict[str, str | None]) -> ElectricityQuote:
    price = {
        "item": "electricity",
        "amount": row["usd_per_kwh"],
        "low": row["low_usd_per_kwh"],
        "high": row["high_usd_per_kwh"],
        "per": "kwh",
        "provider": f"{row['sector']} average",
        "region": row["region"],
        "tier": "standard",
        **{key: row[key] for key in ("as_of", "source", "evidence", "note")},
    }
    return ElectricityQuote.model_validate({"region": row["region"], "sector": row["sector"], "price": price})
