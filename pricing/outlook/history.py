"""The three dated histories behind the forecasts: one model's list price, the cheapest of a quality, rented GPUs.

Read from `token_price_changes.csv`, `quality_price_path.csv` and `rental_price_path.csv`; where they come from is in
pricing/data/SOURCES.d/paths.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field

from pricing.book import Book, once_per_book, shipped_book
from pricing.outlook.windows import Track
from pricing.price import Evidence, Figure
from pricing.tables import Record

INPUT_SHARE = 0.75
"""Share of input in a blended price: three tokens in for one out, as the field's published comparisons take it."""

FRESH_DAYS = 45
"""A monthly reading of a rent counts until the next month's would have come."""

KEPT_UP_DAYS = 183
"""A seller's price list counts as read so long after the last release that listed or changed one of its prices."""

MIN_MODELS = 3
"""A quality that fewer models have is one seller's price, not a market's."""

Usd = Annotated[float, Field(gt=0)]


class TokenPriceChange(Record):
    """One step in the list price of one model at one seller.

    Attributes:
        seller: who sells it.
        kind: `vendor` of its own models, or `host` of open ones.
        model: the seller's fixed name of the model; names that move to the newest model are left out.
        seen_on: the day of the change where it is known, else of the first release that shows it.
        input_usd_per_mtok: list price of input from that day on; null once it is gone.
        output_usd_per_mtok: list price of output from that day on; null once it is gone.
        event: `listed` first, `changed`, `gone` (retired, or no longer listed), `announced` (after the last reading).
        dated_by: `release`, `library` (a date that genai-prices states) or `retirement` (a date that the list states).
        source: the release of the package.
        as_of: the day of that release.
    """

    seller: str
    kind: Literal["vendor", "host"]
    model: str
    seen_on: date
    input_usd_per_mtok: Usd | None = None
    output_usd_per_mtok: Usd | None = None
    event: Literal["listed", "changed", "gone", "announced"]
    dated_by: Literal["release", "library", "retirement"]
    source: str
    as_of: date


class QualityPrice(Record):
    """The cheapest blended price at which a quality could be had on a day.

    Attributes:
        arena_rating: the least rating, with style control.
        seen_on: the day.
        usd_per_mtok: blended price of the cheapest model [USD/Mtok].
        seller: who sold it.
        model: which model it was.
        models: how many of the rating were on sale.
        source: of the ratings; prices are those of `token_price_changes.csv`.
        as_of: the day of the ratings.
    """

    arena_rating: int
    seen_on: date
    usd_per_mtok: Usd
    seller: str
    model: str
    models: Annotated[int, Field(ge=1)]
    source: str
    as_of: date


class RentReading(Record):
    """A GPU's rent as it was published for a month.

    Attributes:
        gpu: which GPU.
        provider: the landlord, or `market` for a published index.
        term: `on-demand`, or `contract-1y`, which is for comparison only.
        seen_on: the first day of the month that it was read in.
        usd_per_hour: per GPU-hour.
        evidence: how good it is.
        source: where it was published.
        as_of: the day on which that source was read.
    """

    gpu: str
    provider: str
    term: Literal["on-demand", "contract-1y"]
    seen_on: date
    usd_per_hour: Usd
    evidence: Evidence
    source: str
    as_of: date


def blended_usd_per_mtok(input_usd_per_mtok: float, output_usd_per_mtok: float) -> float:
    """Three parts input and one part output [USD/Mtok].

    >>> blended_usd_per_mtok(2, 10)
    4.0
    """
    return INPUT_SHARE * input_usd_per_mtok + (1 - INPUT_SHARE) * output_usd_per_mtok


def token_price_changes(book: Book | None = None) -> tuple[TokenPriceChange, ...]:
    """Every step of every model's list price, by seller, model and day."""
    return _changes(book or shipped_book())


def quality_prices(book: Book | None = None) -> tuple[QualityPrice, ...]:
    """The cheapest price of each quality, month by month."""
    return _qualities(book or shipped_book())


def rent_readings(book: Book | None = None) -> tuple[RentReading, ...]:
    """Rents of GPUs as published, month by month."""
    return _rents(book or shipped_book())


def announced_changes(as_of: date, seller: str | None = None, book: Book | None = None) -> list[TokenPriceChange]:
    """List prices that sellers have announced for later days: known, so no forecast.

    Args:
        as_of: changes after this day.
        seller: one seller; null: all.
        book: the book to read; null: the shipped one.
    """
    return [
        change
        for change in token_price_changes(book)
        if change.event == "announced" and change.seen_on > as_of and seller in (None, change.seller)
    ]


def published_rates() -> tuple[Figure, ...]:
    """What others found for the same quality, per year: to hold `same-quality` against, not used in it."""
    return (
        Figure(
            name="same-quality price change, cheapest model at one MMLU score",
            value=-0.9,
            unit="fraction_per_year",
            as_of=date(2024, 11, 12),
            source="https://a16z.com/llmflation-llm-inference-cost",
            evidence="literature",
            note="a tenth every year",
        ),
        Figure(
            name="same-quality price change, cheapest model at a score of one of six benchmarks",
            value=-0.975,
            low=-0.9989,
            high=-0.8889,
            unit="fraction_per_year",
            as_of=date(2025, 3, 12),
            source="https://epoch.ai/data-insights/llm-inference-price-trends",
            evidence="literature",
            note="a 9th to a 900th every year, by task; a 40th for GPT-4's score in science questions",
        ),
    )


@once_per_book
def _changes(book: Book) -> tuple[TokenPriceChange, ...]:
    return tuple(TokenPriceChange.model_validate(row) for row in book.table("token_price_changes.csv"))


@once_per_book
def _qualities(book: Book) -> tuple[QualityPrice, ...]:
    return tuple(QualityPrice.model_validate(row) for row in book.table("quality_price_path.csv"))


@once_per_book
def _rents(book: Book) -> tuple[RentReading, ...]:
    return tuple(RentReading.model_validate(row) for row in book.table("rental_price_path.csv"))


def same_model_tracks(changes: Iterable[TokenPriceChange]) -> list[Track]:
    """The blended price of each model at each seller; changes that are only announced are left out.

    A seller's prices count as read until half a year after the last release that listed or changed one of them: a table that
    nobody keeps up shows no changes, which is not the same as there being none.

    Args:
        changes: steps in any order.
    """
    steps = sorted((change for change in changes if change.event != "announced"), key=lambda change: change.seen_on)
    newest = max((change.as_of for change in steps), default=date.min)
    kept_up = {
        change.seller: min(newest, change.seen_on + timedelta(days=KEPT_UP_DAYS))
        for change in steps
        if change.event != "gone"
    }
    by_model: dict[tuple[str, str], list[TokenPriceChange]] = defaultdict(list)
    for change in steps:
        by_model[change.seller, change.model].append(change)
    tracks = []
    for (seller, model), dated in by_model.items():
        prices = [
            (change.seen_on, blended_usd_per_mtok(change.input_usd_per_mtok, change.output_usd_per_mtok))
            for change in dated
            if change.input_usd_per_mtok is not None and change.output_usd_per_mtok is not None
        ]
        gone = next((change.seen_on for change in dated if change.event == "gone"), None)
        if prices:
            tracks.append(Track(seller, model, *_columns(prices), gone, kept_up[seller]))
    return tracks


def same_quality_tracks(prices: Iterable[QualityPrice]) -> list[Track]:
    """One track for each quality, from when three models had it.

    Args:
        prices: readings in any order.
    """
    by_quality: dict[int, list[tuple[date, float]]] = defaultdict(list)
    for price in prices:
        if price.models >= MIN_MODELS:
            by_quality[price.arena_rating].append((price.seen_on, price.usd_per_mtok))
    return [
        Track(f"rating {rating}", f"rating {rating}", *_columns(sorted(dated)), None, max(dated)[0], FRESH_DAYS)
        for rating, dated in sorted(by_quality.items())
    ]


def rent_tracks(readings: Iterable[RentReading]) -> list[Track]:
    """One track for each landlord and GPU, on demand.

    Args:
        readings: readings in any order; contracts and published indices are left out.
    """
    by_offer: dict[tuple[str, str], list[tuple[date, float]]] = defaultdict(list)
    for reading in readings:
        if reading.term == "on-demand" and reading.provider != "market":
            by_offer[reading.provider, reading.gpu].append((reading.seen_on, reading.usd_per_hour))
    return [
        Track(provider, gpu, *_columns(sorted(dated)), None, max(dated)[0], FRESH_DAYS)
        for (provider, gpu), dated in sorted(by_offer.items())
    ]


def _columns(dated: list[tuple[date, float]]) -> tuple[tuple[date, ...], tuple[float, ...]]:
    return tuple(day for day, _ in dated), tuple(price for _, price in dated)
