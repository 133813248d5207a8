"""Builds the dated price histories behind `pricing.outlook.paths` from released packages and the Arena's catalogue.

    python -m scripts.build_price_paths fetch CACHE            prices of one release a month of each package
    python -m scripts.build_price_paths tokens CACHE           pricing/data/token_price_changes.csv
    python -m scripts.build_price_paths quality ARENA_CLONE    pricing/data/quality_price_path.csv
    python -m scripts.build_price_paths table                  pricing/data/price_paths.csv, from the histories

ARENA_CLONE is a clone of https://github.com/lmarena/arena-catalog. `pricing/data/rental_price_path.csv` is kept by hand.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from pricing.book import SHIPPED_ON
from pricing.outlook.history import same_model_tracks, token_price_changes
from pricing.outlook.paths import KINDS, price_path
from pricing.outlook.windows import Track, month_starts
from pricing.price import PriceNotFound
from scripts import price_readings
from scripts.price_readings import HOSTS, Key, Reading

DATA = Path(__file__).parents[1] / "pricing" / "data"
QUALITIES = (1200, 1250, 1300, 1350, 1400)
FIRST_QUARTER = date(2025, 1, 1)
RATED_ON = date(2025, 12, 17)
ARENA = "https://github.com/lmarena/arena-catalog data/leaderboard-text-style-control.json"
MODE = re.compile(r"-(high|thinking-\d+k|no-thinking|thinking|bf16|fp8|preview-02-24)$")
"""Endings of the Arena's names that are a way of using one model, at one price."""


def tokens(cache: Path) -> None:
    """Writes the change points of every fixed model name."""
    table = price_readings.read_tables(cache)
    began = min(rows[0].day for rows in table.by_model.values())
    cleaned = {key: price_readings.without_corrections(rows, began) for key, rows in table.by_model.items()}
    dated = price_readings.dated_by_library(cache)
    rows: list[dict[str, Any]] = []
    for key, points in price_readings.without_twins(cleaned).items():
        rows += _steps(key, _redated(points, dated.get(key, [])), table.gone.get(key), table.newest)
    for key in sorted(dated.keys() - table.by_model.keys()):
        rows += _steps(key, dated[key][1:], None, table.newest)
    _write("token_price_changes.csv", sorted(rows, key=lambda row: (row["seller"], row["model"], row["seen_on"])))


def _redated(points: list[Reading], known: list[Reading]) -> list[Reading]:
    """The library's own dates in place of the releases', where it has them."""
    if not known:
        return points
    listed = min(points[0].day, *(point.day for point in known))
    later = [point for point in known[1:] if point.day > listed]
    return [known[len(known) - len(later) - 1]._replace(day=listed, dated_by="release"), *later]


def _steps(key: Key, points: list[Reading], gone: date | None, newest: date) -> Iterator[dict[str, Any]]:
    for number, point in enumerate(points):
        if gone is None or point.day < gone:
            event = "announced" if point.day > newest else "changed" if number else "listed"
            yield _row(key, point, event, newest)
    if gone is not None:
        yield _row(key, points[-1]._replace(day=gone, dated_by="retirement"), "gone", newest, priced=False)


def _row(key: Key, point: Reading, event: str, newest: date, *, priced: bool = True) -> dict[str, Any]:
    return {
        "seller": key[0],
        "kind": "host" if key[0] in HOSTS.values() else "vendor",
        "model": key[1],
        "seen_on": point.day,
        "input_usd_per_mtok": point.input if priced else "",
        "output_usd_per_mtok": point.output if priced else "",
        "event": event,
        "dated_by": point.dated_by,
        "source": point.source,
        "as_of": newest,
    }


def quality(arena: Path) -> None:
    """Writes the cheapest blended price of each quality on the first of every month up to the day of the ratings."""
    board = json.loads((arena / "data/leaderboard-text-style-control.json").read_text(encoding="utf-8"))["full"]
    ratings: dict[str, float] = {}
    families: dict[str, float] = {}
    for name, row in board.items():
        model, rating = MODE.sub("", name), row["rating"]
        ratings[_plain_name(model)] = max(rating, ratings.get(_plain_name(model), 0))
        families[_family(model)] = min(rating, families.get(_family(model), rating))
    rated = []
    for track in same_model_tracks(token_price_changes()):
        rating = ratings.get(_plain_name(track.item)) or families.get(_family(track.item))
        if rating is not None:
            rated.append((rating, track))
    rows = [
        row for least in QUALITIES for row in _cheapest(least, [track for rating, track in rated if rating >= least])
    ]
    _write("quality_price_path.csv", rows)


def _plain_name(name: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", name.lower().rsplit("/", 1)[-1])


def _family(name: str) -> str:
    """The name without its date: what a seller's undated name is looked up by, at the least rating of its versions."""
    return _plain_name(price_readings.VARIANT.sub("", name.lower()))


def _cheapest(least: int, tracks: list[Track]) -> Iterator[dict[str, Any]]:
    for day in month_starts(date(2023, 11, 1), RATED_ON):
        priced = [(price, track) for track in tracks if (price := track.price_on(day)) is not None]
        if priced:
            price, track = min(priced, key=lambda pair: (pair[0], pair[1].seller, pair[1].item))
            yield {
                "arena_rating": least,
                "seen_on": day,
                "usd_per_mtok": round(price, 6),
                "seller": track.seller,
                "model": track.item,
                "models": len(priced),
                "source": ARENA,
                "as_of": RATED_ON,
            }


def quarterly_rows() -> Iterator[dict[str, Any]]:
    """Each kind's forecast for 12 months as of the first day of every quarter and of the book's own day."""
    quarters = [day for day in month_starts(FIRST_QUARTER, SHIPPED_ON) if day.month % 3 == 1]
    for kind in KINDS:
        for day in [*quarters, SHIPPED_ON]:
            try:
                path = price_path(kind, as_of=day)
            except PriceNotFound:
                continue
            # The table serves a look-up of the change and its ends; draws take the path itself.
            fields = path.model_dump(exclude={"tenth_factors"}).items()
            yield {name: round(value, 6) if isinstance(value, float) else value for name, value in fields}


def _write(name: str, rows: Iterable[dict[str, Any]]) -> None:
    rows = list(rows)
    with (DATA / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{name}: {len(rows)} rows, {(DATA / name).stat().st_size:,} bytes")


def main() -> None:
    """Runs one step."""
    steps = {"fetch": price_readings.fetch, "tokens": tokens, "quality": quality}
    match sys.argv[1:]:
        case ["table"]:
            # So that looking one up needs no fit.
            _write("price_paths.csv", quarterly_rows())
        case [step, folder] if step in steps:
            steps[step](Path(folder))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
