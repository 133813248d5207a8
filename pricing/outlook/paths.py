"""How prices may move: the same model's list price, the cheapest price of the same quality, the rent of a GPU.

Three different series, and none is "the price decline of AI". Each is the spread of what prices of the past became after
as many months, on both sides; `benchmarks/price_paths.py` tests it against what came.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import Field

from pricing.book import Book, once_per_book, shipped_book
from pricing.outlook.history import (
    quality_prices,
    rent_readings,
    rent_tracks,
    same_model_tracks,
    same_quality_tracks,
    token_price_changes,
)
from pricing.outlook.spread import Manner, spread
from pricing.outlook.windows import MONTHS_PER_YEAR, Track, Window, add_months, windows
from pricing.price import Figure, PriceNotFound
from pricing.tables import Record, did_you_mean

Kind = Literal["same-model", "same-quality", "gpu-rent"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MIN_WINDOWS = 24
MIN_ITEMS = 3
MAX_MONTHS = 60
DAYS_PER_YEAR = 365.25
WINDOW_MONTHS = (MONTHS_PER_YEAR, 6)
"""Lengths of window, best first: the shorter one is used where a young history has too few years."""

_SOURCES = {
    "same-model": "pricing/data/token_price_changes.csv: list prices in monthly releases of litellm, tokencost, genai-prices",
    "same-quality": "pricing/data/quality_price_path.csv: the same list prices by Arena rating of 2025-12-17",
    "gpu-rent": "pricing/data/rental_price_path.csv: archived price lists by github.com/henryzhangpku/gpu-price-index",
}

Share = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(gt=0)]


class PricePath(Record):
    """What a price may have become after so many months, as a factor on today's.

    Attributes:
        kind: which series.
        months: the horizon.
        as_of: nothing after this day was looked at.
        seller: one seller or group of sellers; null: all.
        p10_factor: in 1 case of 10 the price is at or below this times today's.
        p50_factor: in half of the cases.
        p90_factor: in 9 cases of 10.
        typical_factor: geometric mean over the cases.
        mean_factor: mean over the cases.
        low_factor: mean over the lowest tenth of the cases.
        high_factor: mean over the highest tenth.
        tenth_factors: mean of each tenth of the cases, lowest first: ten factors that are equally likely; empty where they were not kept.
        fall_fraction: share of cases in which the price falls by more than 1 %.
        rise_fraction: share of cases in which it rises by more than 1 %.
        gone_fraction: share of models that are no longer sold after 12 months, which the other figures leave out; null where
            the series has none.
        windows: spans of the past that it rests on.
        window_months: their length.
        items: models, qualities or offers that they belong to.
        first: when the first of the spans began.
        last: when the last of them ended.
        source: where the prices come from.
        note: what a reader must know.
    """

    kind: Kind
    months: Annotated[float, Field(ge=0, le=MAX_MONTHS)]
    as_of: date
    seller: str | None = None
    p10_factor: Factor
    p50_factor: Factor
    p90_factor: Factor
    typical_factor: Factor
    mean_factor: Factor
    low_factor: Factor
    high_factor: Factor
    tenth_factors: tuple[Factor, ...] = ()
    fall_fraction: Share
    rise_fraction: Share
    gone_fraction: Share | None = None
    windows: int
    window_months: int
    items: int
    first: date
    last: date
    source: str
    note: str

    def yearly_change(self) -> Figure:
        """The change per year as a figure for `price_change_per_year_fraction` [fraction per year].

        The value is the geometric mean of the cases; the range is the mean of the lowest tenth of the cases to the mean of the highest. A path that
        is longer or shorter than a year gives the yearly rate that leads there: `factor^(12 / months) − 1`.

        Raises:
            ValueError: the path has no length.
        """
        low, value, high = (self._yearly(factor) for factor in (self.low_factor, self.typical_factor, self.high_factor))
        return Figure(
            name=f"price_change_per_year_fraction ({self.kind})",
            value=value,
            low=min(low, value),
            high=max(high, value),
            unit="fraction_per_year",
            as_of=self.last,
            source=self.source,
            evidence="literature",
            note=self.note,
        )

    def yearly_changes(self) -> tuple[float, ...]:
        """The changes per year that lead to `tenth_factors`: ten that are equally likely, the lowest first [fraction per year].

        Raises:
            ValueError: the path has no length.
        """
        return tuple(self._yearly(factor) for factor in self.tenth_factors)

    def _yearly(self, factor: float) -> float:
        if self.months == 0:
            raise ValueError("a path of 0 months has no yearly change; ask for 12")
        return float(round(factor ** (MONTHS_PER_YEAR / self.months) - 1, 4)) + 0.0  # never -0.0


class History(NamedTuple):
    """What a forecast rests on.

    Attributes:
        tracks: the prices.
        manner: how such prices move.
    """

    tracks: Sequence[Track]
    manner: Manner


def price_path(
    kind: Kind,
    months: float = MONTHS_PER_YEAR,
    *,
    as_of: date,
    history: History | None = None,
    seller: str | None = None,
    book: Book | None = None,
) -> PricePath:
    """The spread of a price after so many months, from what such prices became in the past.

    Survivors only: a model that is no longer sold at the end of a span has no price there. `gone_fraction` says how often
    that happens; who uses such a model must move to another, at that one's price.

    Args:
        kind: `same-model`, `same-quality` or `gpu-rent`.
        months: the horizon, 0 to 60; how the spread grows with it is in `pricing.outlook.spread`.
        as_of: the day from which one looks ahead; later prices are not looked at.
        history: other prices than the book's.
        seller: one seller; of `same-model` also `vendor` (of their own models) or `host` (of open ones); null: all.
        book: the book to read; null: the shipped one.

    Raises:
        ValueError: no such kind, or months out of range.
        PriceNotFound: too few spans of the past for a forecast, or a trend would be carried on for longer than it was watched.
    """
    _check(kind, months)
    used = history or history_of(kind, book)
    tracks = _of_seller(kind, used.tracks, seller, book) if seller else used.tracks
    seen, window_months = _enough(kind, tracks, as_of, seller)
    if used.manner == "trends":
        _refuse_further_than_seen(kind, seen, window_months, months)
    cases = spread(used.manner, seen, window_months=window_months, months=months)
    fall, rise = cases.moved()
    low, high = cases.tail_means()
    gone = sum(window.log_factor is None for window in seen) / len(seen)
    live = [window for window in seen if window.log_factor is not None]
    return PricePath(
        kind=kind,
        months=months,
        as_of=as_of,
        seller=seller,
        p10_factor=cases.factor_at(0.1),
        p50_factor=cases.factor_at(0.5),
        p90_factor=cases.factor_at(0.9),
        typical_factor=cases.typical_factor(),
        mean_factor=cases.mean_factor(),
        low_factor=low,
        high_factor=high,
        tenth_factors=cases.tenth_means(),
        fall_fraction=fall,
        rise_fraction=rise,
        gone_fraction=1 - (1 - gone) ** (MONTHS_PER_YEAR / window_months) if used.manner == "jumps" else None,
        windows=len(live),
        window_months=window_months,
        items=len({(window.seller, window.item) for window in live}),
        first=min(window.start for window in live),
        last=max(add_months(window.start, window_months) for window in live),
        source=_SOURCES[kind],
        note=_note(kind, live, window_months),
    )


def history_of(kind: Kind, book: Book | None = None) -> History:
    """The prices that a forecast of the book rests on.

    Args:
        kind: `same-model`, `same-quality` or `gpu-rent`.
        book: the book to read; null: the shipped one.
    """
    used = book or shipped_book()
    return {"same-model": _same_model, "same-quality": _same_quality, "gpu-rent": _gpu_rent}[kind](used)


def yearly_change(kind: Kind, as_of: date, book: Book | None = None) -> Figure:
    """The change per year of a kind of price, ready for `price_change_per_year_fraction`.

    Looked up in `price_paths.csv`, one forecast a quarter, so that nothing is fitted: the newest on or before `as_of`. A day
    before the first of them takes the first, whose `as_of` says so.

    Args:
        kind: `same-model`, `same-quality` or `gpu-rent`.
        as_of: the day of the plan.
        book: the book to read; null: the shipped one.

    Raises:
        ValueError: no such kind.
    """
    _check(kind, MONTHS_PER_YEAR)
    quarters = _figures(book or shipped_book())[kind]
    return next((figure for day, figure in reversed(quarters) if day <= as_of), quarters[0][1])


@once_per_book
def _figures(book: Book) -> dict[str, list[tuple[date, Figure]]]:
    paths = [PricePath.model_validate(row) for row in book.table("price_paths.csv")]
    return {kind: [(path.as_of, path.yearly_change()) for path in paths if path.kind == kind] for kind in KINDS}


@once_per_book
def _same_model(book: Book) -> History:
    return History(same_model_tracks(token_price_changes(book)), "jumps")


@once_per_book
def _same_quality(book: Book) -> History:
    return History(same_quality_tracks(quality_prices(book)), "trends")


@once_per_book
def _gpu_rent(book: Book) -> History:
    return History(rent_tracks(rent_readings(book)), "wanders")


def _check(kind: str, months: float) -> None:
    if kind not in KINDS:
        raise ValueError(f"no price path {kind!r}.{did_you_mean(kind, KINDS)} There is: {', '.join(KINDS)}.")
    if not 0 <= months <= MAX_MONTHS:
        raise ValueError(f"{months:g} months is out of range: the history is short, so 0 to {MAX_MONTHS}.")


def _of_seller(kind: Kind, tracks: Sequence[Track], seller: str, book: Book | None) -> list[Track]:
    groups = {change.seller: change.kind for change in token_price_changes(book)} if kind == "same-model" else {}
    chosen = [track for track in tracks if seller in (track.seller, groups.get(track.seller))]
    if not chosen:
        names = [*sorted(set(groups.values())), *sorted({track.seller for track in tracks})]
        raise PriceNotFound(
            f"no price history of {seller!r} ({kind}).{did_you_mean(seller, names)} There is: {', '.join(names)}."
        )
    return chosen


def _enough(kind: Kind, tracks: Sequence[Track], as_of: date, seller: str | None) -> tuple[list[Window], int]:
    for length in WINDOW_MONTHS:
        seen = windows(tracks, until=as_of, months=length)
        live = [window for window in seen if window.log_factor is not None]
        items = len({(window.seller, window.item) for window in live})
        if len(live) >= MIN_WINDOWS and items >= MIN_ITEMS:
            return seen, length
    asked = f"{kind} of {seller}" if seller else kind
    raise PriceNotFound(
        f"too little history for a price path ({asked}) on {as_of}: {len(live)} spans of {length} months of {items} items, "
        f"and a forecast needs {MIN_WINDOWS} of {MIN_ITEMS}. Take a later day or all sellers, or give your own "
        "`price_change_per_year_fraction` with a range."
    )


def _refuse_further_than_seen(kind: Kind, seen: Sequence[Window], window_months: int, months: float) -> None:
    """A trend is not carried on for longer than it was watched: at the rate of two years, nothing would cost anything in five."""
    last = max(add_months(window.start, window_months) for window in seen)
    watched = round((last - min(window.start for window in seen)).days * MONTHS_PER_YEAR / DAYS_PER_YEAR)
    if months > watched:
        raise PriceNotFound(
            f"the history of {kind} prices covers {watched} months, and a trend is not carried on for longer than it was "
            f"watched: ask for at most {watched}, not {months:g}"
        )


def _note(kind: Kind, live: Sequence[Window], window_months: int) -> str:
    first = min(window.start for window in live)
    last = max(add_months(window.start, window_months) for window in live)
    what = {
        "same-model": "list price of one model, three parts input and one part output, models still sold at the end",
        "same-quality": "cheapest list price at an Arena rating, so models change; no rating newer than 2025-12",
        "gpu-rent": "on-demand list prices of one landlord for one GPU",
    }[kind]
    return f"{what}; {len(live)} spans of {window_months} months between {first} and {last}"
