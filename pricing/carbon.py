"""How much CO2 a kilowatt-hour causes, by country, US state, Chinese province or cloud region.

Yearly means of the grid at the place. They say nothing of the hour, of a contract for green power, or of what one more kilowatt-hour
causes. Facts from codecarbon 3.3.2 (MIT), which takes them from the sources that each figure names.
"""

from __future__ import annotations

from pricing.book import Book, once_per_book, shipped_book
from pricing.price import Figure, PriceNotFound
from pricing.tables import did_you_mean

GRAMS_PER_POUND = 453.59237
"""By definition (international yard and pound agreement of 1959)."""

_KWH_PER_MWH = 1000


def carbon_intensity(region: str, book: Book | None = None) -> Figure:
    """The mean carbon intensity of the grid at a place [g/kWh].

    Countries and cloud regions count CO2 and the other greenhouse gases as CO2 equivalents (countries over the fuel's whole
    life), US states those of burning, Chinese provinces CO2 alone; the note says which.

    Args:
        region: ISO 3166 country (`DE`), US state (`US-VA`), Chinese province (`CN-BJ`) or cloud region (`gcp/europe-west3`);
            case does not matter.
        book: the book to read; null: the shipped one.

    Raises:
        PriceNotFound: no such region. A state that is missing is not replaced by its country.

    Example:
        >>> carbon_intensity("DE").value
        380.95
        >>> round(carbon_intensity("US-VA").value, 2)
        244.76
    """
    figures = _figures(book or shipped_book())
    found = figures.get(region.strip().casefold())
    if found is None:
        near = did_you_mean(region.strip(), carbon_regions(book))
        raise PriceNotFound(
            f"no carbon intensity for {region!r}: an ISO country such as DE, a US state such as US-VA, a Chinese province such "
            f"as CN-BJ or a cloud region such as gcp/europe-west3 is expected.{near}"
        )
    return found


def carbon_regions(book: Book | None = None) -> list[str]:
    """The regions that there is a carbon intensity of, in the table's order.

    Args:
        book: the book to read; null: the shipped one.
    """
    return [str(figure.region) for figure in _figures(book or shipped_book()).values()]


def grams_per_kwh(pounds_per_mwh: float) -> float:
    """Pounds per megawatt-hour as grams per kilowatt-hour: `lb · 453.59237 / 1000` [g/kWh].

    Args:
        pounds_per_mwh: as the US Environmental Protection Agency publishes it [lb/MWh].

    Example:
        >>> grams_per_kwh(1000)
        453.59237
    """
    return pounds_per_mwh * GRAMS_PER_POUND / _KWH_PER_MWH


@once_per_book
def _figures(book: Book) -> dict[str, Figure]:
    figures = [_figure(row) for row in book.table("carbon.csv")]
    return {str(figure.region).casefold(): figure for figure in figures}


def _figure(row: dict[str, str | None]) -> Figure:
    value = float(str(row["value"]))
    note = f"{row['name']}; {row['note']}"
    if row["unit"] == "lb_per_mwh":
        value, note = grams_per_kwh(value), f"{note}; {row['value']} lb/MWh x {GRAMS_PER_POUND} / {_KWH_PER_MWH}"
    return Figure.model_validate(
        {
            "name": "carbon_intensity",
            "value": value,
            "unit": "g_per_kwh",
            "region": row["region"],
            "as_of": row["as_of"],
            "source": row["source"],
            "evidence": "literature",
            "note": note,
        }
    )
