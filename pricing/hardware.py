"""Hardware of one's own: what servers cost and draw, what they still fetch, how long they live, and what stands around them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from datetime import date
from typing import Annotated, Literal, TypeVar, get_args

from pydantic import Field, model_validator

from pricing.book import Book, once_per_book, shipped_book
from pricing.price import Evidence, Figure, Price, PriceNotFound
from pricing.tables import Record, did_you_mean, find_name

ResidualKind = Literal["gpu", "server"]
"""`gpu` is the module or card alone, `server` the complete machine, which keeps less of its price."""

Positive = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
COLOCATION = "colocation_usd_per_kw_month"
"""The figure that `colocation_price` is made of."""
_EVIDENCE_ORDER: tuple[Evidence, ...] = get_args(Evidence)
_Row = TypeVar("_Row")


class Server(Record):
    """One kind of server as it was offered on a day (`pricing/data/servers.csv`).

    Attributes:
        server: the book's name.
        gpu: the book's name of its GPU.
        gpus: GPUs in it.
        price_usd: price of one, before taxes [USD].
        low_usd: low end of what is asked [USD].
        high_usd: high end [USD].
        as_of: the day of the price, or on which it was read.
        source: URL or document.
        evidence: how good the price is.
        max_watts: the maker's maximum power of the whole server [W], or null where no source was found.
        power_source: URL of that.
        note: what a reader must know to use it.
    """

    server: str
    gpu: str
    gpus: Annotated[int, Field(ge=1)]
    price_usd: Positive
    low_usd: Positive
    high_usd: Positive
    as_of: date
    source: str
    evidence: Evidence
    max_watts: Positive | None = None
    power_source: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _range_holds_price(self) -> Server:
        if not self.low_usd <= self.price_usd <= self.high_usd:
            raise ValueError(f"{self.server}: {self.price_usd:g} is outside {self.low_usd:g} to {self.high_usd:g}")
        return self

    @property
    def price(self) -> Price:
        """The price of one server, as listed."""
        return Price(
            item=self.server,
            amount=self.price_usd,
            low=self.low_usd,
            high=self.high_usd,
            per="server",
            provider="street",
            tier="purchase",
            as_of=self.as_of,
            source=self.source,
            evidence=self.evidence,
            note="; ".join(part for part in (f"{self.gpus} x {self.gpu}", self.note) if part),
        )


class _Point(Record):
    kind: ResidualKind
    months: Annotated[float, Field(ge=0)]
    low_fraction: Fraction
    fraction: Fraction
    high_fraction: Fraction
    as_of: date
    source: str
    evidence: Evidence
    note: str | None = None


def server(name: str, on: date, book: Book | None = None) -> Server:
    """A server by its own name or by its GPU's.

    Args:
        name: the book's name (`HGX H100 x8`), or a GPU's (`H100-SXM`), which gives the first server with it in the table, an
            OEM's rather than NVIDIA's own; case, blanks and hyphens do not matter.
        on: the day; the newest reading on or before it counts, and where all are later, the oldest.
        book: the book to read; null: the shipped one.

    Raises:
        PriceNotFound: no such server, and no server with such a GPU.

    Example:
        >>> from datetime import date
        >>> found = server("b200-sxm", date(2026, 11, 23))
        >>> found.server, found.gpus, found.max_watts
        ('HGX B200 x8', 8, 14300.0)
    """
    rows = servers(on, book)
    names = [row.server for row in rows]
    gpus = list(dict.fromkeys(row.gpu for row in rows))
    known, of_gpu = find_name(name, names), find_name(name, gpus)
    found = next((row for row in rows if row.server == known or (known is None and row.gpu == of_gpu)), None)
    if found is None:
        raise PriceNotFound(
            f"no server {name!r} in the book.{did_you_mean(name, [*names, *gpus])} All names: {', '.join(names)}; GPUs: "
            f"{', '.join(gpus)}. Give `server_price_usd` from your quotation in the scenario."
        )
    return found


def server_price(name: str, on: date, book: Book | None = None) -> Price:
    """What one server costs, as the user pays it.

    Args:
        name: as for `server`; or the item of a price per server in the user's own prices file.
        on: the day.
        book: the book to read; null: the shipped one.

    Returns:
        USD for one whole server, GPUs included, with `low` and `high`; without taxes, freight and installation.

    Raises:
        PriceNotFound: nobody states such a price.

    Example:
        >>> from datetime import date
        >>> price = server_price("HGX H100 x8", date(2026, 11, 23))
        >>> price.low, price.amount, price.high
        (250000.0, 285000.0, 320000.0)
    """
    book = book or shipped_book()
    contracts = book.overrides.own_prices(on, name) if book.overrides is not None else []
    own = next((price for price in contracts if price.per == "server"), None)
    return own or book.paid(server(name, on, book).price, on)


def servers(on: date, book: Book | None = None) -> list[Server]:
    """Every server as it was offered on a day, in the table's order.

    Args:
        on: the day; see `server`.
        book: the book to read; null: the shipped one.
    """
    rows = _servers(book or shipped_book())
    return _readings([(row.server, row.as_of, row) for row in rows], on)


def server_names(book: Book | None = None) -> list[str]:
    """The book's names of servers, in the table's order.

    Args:
        book: the book to read; null: the shipped one.
    """
    return list(dict.fromkeys(row.server for row in _servers(book or shipped_book())))


def figure(name: str, on: date, region: str | None = None, book: Book | None = None) -> Figure:
    """A number of owning that is no price of a thing: a PUE, a share of the price per year, a life.

    Args:
        name: one of `figure_names`.
        on: the day; the newest reading on or before it counts, and where all are later, the oldest.
        region: where; a place without a figure of its own gets its country's (`US-VA`: `US`), then the one that holds
            anywhere; the figure's `region` says which it is.
        book: the book to read; null: the shipped one.

    Raises:
        PriceNotFound: no such figure, or none for that region and none that holds anywhere.

    Example:
        >>> from datetime import date
        >>> found = figure("maintenance_fraction_per_year", date(2026, 11, 23))
        >>> found.low, found.value, found.high
        (0.08, 0.1, 0.12)
    """
    named = [row for row in figures(book) if row.name == name.strip().casefold()]
    if not named:
        names = figure_names(book)
        raise PriceNotFound(
            f"no figure {name!r} in the book.{did_you_mean(name, names)} All names: {', '.join(names)}."
        )
    readings = _readings([(row.region, row.as_of, row) for row in named], on)
    for place in _places(region):
        found = next((row for row in readings if (row.region or "").casefold() == place), None)
        if found is not None:
            return found
    there = ", ".join(row.region or "anywhere" for row in readings)
    raise PriceNotFound(f"no {name} for {region or 'anywhere'}; there is: {there}.")


def figures(book: Book | None = None) -> tuple[Figure, ...]:
    """Every row of `hardware_figures.csv`, readings of all days.

    Args:
        book: the book to read; null: the shipped one.
    """
    return _figures(book or shipped_book())


def figure_names(book: Book | None = None) -> list[str]:
    """The names that `figure` knows, in the table's order.

    Args:
        book: the book to read; null: the shipped one.
    """
    return list(dict.fromkeys(row.name for row in figures(book)))


def colocation_price(region: str | None, on: date, book: Book | None = None) -> Price:
    """Rent of space, cooling and power connection in somebody's data centre, as the user pays it; the electricity is extra.

    Args:
        region: as for `figure`.
        on: the day.
        book: the book to read; null: the shipped one.

    Returns:
        USD a month for each kilowatt of IT load that is reserved.

    Example:
        >>> from datetime import date
        >>> price = colocation_price("US-VA", date(2026, 11, 23))
        >>> price.amount, price.region
        (194.95, 'US')
    """
    found = figure(COLOCATION, on, region, book)
    price = Price(
        item="colocation",
        amount=found.value,
        low=found.low,
        high=found.high,
        per="kw_month",
        provider="wholesale average",
        region=found.region,
        tier="standard",
        as_of=found.as_of,
        source=found.source,
        evidence=found.evidence,
        note=found.note,
    )
    return (book or shipped_book()).paid(price, on)


def residual_fraction(months: float, kind: ResidualKind = "gpu", book: Book | None = None) -> Figure:
    """What hardware still fetches after some months, as a share of what it cost [fraction].

    Between the table's points (every 12 months) each of the three curves is a straight line, so that none ever rises. After
    the last point it stays: what is old is scrap of unknown price, so the range is what matters there.

    Args:
        months: since it was bought [months].
        kind: `gpu` or `server`.
        book: the book to read; null: the shipped one.

    Returns:
        The central share with its low and high; the source and the weaker evidence of the two points around it.

    Raises:
        PriceNotFound: no such kind, or a negative age.

    Example:
        >>> round(residual_fraction(30).value, 3)
        0.475
    """
    points = [point for point in _points(book or shipped_book()) if point.kind == kind]
    if not points:
        kinds = ", ".join(sorted({point.kind for point in _points(book or shipped_book())}))
        raise PriceNotFound(f"no resale curve of {kind!r}; there is: {kinds}.")
    if not months >= 0:
        raise PriceNotFound(f"hardware is 0 months old or more, not {months:g}.")
    after = next((point for point in points if point.months >= months), points[-1])
    before = next((point for point in reversed(points) if point.months <= months), points[0])
    width = after.months - before.months
    share = (months - before.months) / width if width > 0 else 0.0
    weaker = max((before, after), key=lambda point: _EVIDENCE_ORDER.index(point.evidence))
    return Figure(
        name=f"residual_fraction/{kind}",
        value=_between(before.fraction, after.fraction, share),
        low=_between(before.low_fraction, after.low_fraction, share),
        high=_between(before.high_fraction, after.high_fraction, share),
        unit="fraction",
        as_of=min(before.as_of, after.as_of),
        source="; ".join(dict.fromkeys(point.source for point in (before, after) if point.months > 0)) or before.source,
        evidence=weaker.evidence,
        note="; ".join(dict.fromkeys(point.note for point in (before, after) if point.note)) or None,
    )


def _between(start: float, end: float, share: float) -> float:
    return start + (end - start) * share


def _places(region: str | None) -> list[str]:
    """Where to look, nearest first: the place, its country, anywhere."""
    if region is None or not region.strip():
        return [""]
    place = region.strip().casefold()
    country = place.partition("-")[0]
    return [place, country, ""] if len(country) == len("us") else [place, ""]


def _readings(rows: Iterable[tuple[Hashable, date, _Row]], on: date) -> list[_Row]:
    """Of each thing the newest reading on or before a day; where all are later, the oldest."""
    dated: dict[Hashable, list[tuple[date, _Row]]] = {}
    for key, day, row in rows:
        dated.setdefault(key, []).append((day, row))
    ordered = [sorted(readings, key=lambda reading: reading[0]) for readings in dated.values()]
    return [next((row for day, row in reversed(readings) if day <= on), readings[0][1]) for readings in ordered]


@once_per_book
def _servers(book: Book) -> tuple[Server, ...]:
    return tuple(Server.model_validate(row) for row in book.table("servers.csv"))


@once_per_book
def _figures(book: Book) -> tuple[Figure, ...]:
    return tuple(Figure.model_validate(row) for row in book.table("hardware_figures.csv"))


@once_per_book
def _points(book: Book) -> tuple[_Point, ...]:
    points = (_Point.model_validate(row) for row in book.table("residuals.csv"))
    return tuple(sorted(points, key=lambda point: point.months))
