"""`tco prices path`: how prices may move, three series side by side: same model, same quality, rented GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from pricing.outlook.history import TokenPriceChange, announced_changes, published_rates
from pricing.outlook.paths import KINDS, PricePath, price_path
from pricing.price import PriceNotFound
from tco.cli._prices_book import AsJson, On, Pin, chosen_book, day_of
from tco.cli._shared import console, fail, print_json
from tco.cli._tables import cell, number, print_table

_WHAT = {
    "same-model": "the list price of the same model",
    "same-quality": "the cheapest price of the same quality",
    "gpu-rent": "the rent of the same GPU at the same landlord",
}

_ITEMS = {"same-model": "models", "same-quality": "qualities", "gpu-rent": "offers"}


class PathKind(StrEnum):
    """What `tco prices path --kind` can be."""

    SAME_MODEL = "same-model"
    SAME_QUALITY = "same-quality"
    GPU_RENT = "gpu-rent"


def path_command(
    kind: Annotated[PathKind | None, typer.Option(help="One of the series. [default: all three]")] = None,
    months: Annotated[float, typer.Option(help="How far ahead, 0 to 60 months.")] = 12,
    seller: Annotated[
        str | None, typer.Option(help="Only prices of one seller or landlord, or of the group `vendor` or `host`.")
    ] = None,
    on: On = None,
    pin: Pin = None,
    as_json: AsJson = False,
) -> None:
    """Show how prices may move: what such prices became in the past after as many months, up and down."""
    if seller is not None and kind is None:
        fail(
            "--seller needs --kind: sellers of tokens and landlords of GPUs are two lists. For example --kind same-model."
        )
    day = day_of(on)
    book = chosen_book(pin=pin)
    paths, missing = [], []
    for name in KINDS:
        if kind not in (None, PathKind(name)):
            continue
        try:
            paths.append(price_path(name, months, as_of=day, seller=seller, book=book))
        except ValueError as error:
            fail(str(error))
        except PriceNotFound as error:
            missing.append(str(error))
    if not paths:
        fail(" ".join(missing))
    announced = announced_changes(day, seller, book) if kind in (None, PathKind.SAME_MODEL) else []
    if as_json:
        print_json(
            {
                "on": day.isoformat(),
                "months": months,
                "paths": [_plain(path) for path in paths],
                "missing": missing,
                "announced": [change.model_dump(mode="json") for change in announced],
                "published": [figure.model_dump(mode="json") for figure in published_rates()],
            }
        )
        return
    _print(paths)
    for line in [*map(sentence, paths), *missing, *_announced(announced)]:
        console().print(line, markup=False)


def sentence(path: PricePath) -> str:
    """A path in words.

    Args:
        path: for any number of months.
    """
    stays = 1 - path.fall_fraction - path.rise_fraction
    words = (
        f"In {path.months:g} months {_WHAT[path.kind]} is unchanged in {100 * stays:.0f} of 100 cases, falls in "
        f"{100 * path.fall_fraction:.0f} and rises in {100 * path.rise_fraction:.0f}. In 8 of 10 cases it lies between "
        f"{_times(path.p10_factor)} and {_times(path.p90_factor)} today's; the lowest tenth comes to "
        f"{_times(path.low_factor)}, the highest to {_times(path.high_factor)}. "
        f"From {path.windows} spans of {path.window_months} months of {path.items} {_ITEMS[path.kind]}, {path.first} to {path.last}."
    )
    if path.gone_fraction is not None:
        words += (
            f" {100 * path.gone_fraction:.0f} of 100 models are no longer on sale a year later: "
            "who uses one moves to another, at that one's price."
        )
    return words


def _plain(path: PricePath) -> dict[str, object]:
    yearly = path.yearly_change().model_dump(mode="json") if path.months else None
    return path.model_dump(mode="json") | {"yearly_change": yearly}


def _print(paths: Sequence[PricePath]) -> None:
    columns = (
        "falls",
        "unchanged",
        "rises",
        "1 in 10 below",
        "half below",
        "9 in 10 below",
        "lowest tenth",
        "highest tenth",
    )
    table = Table("series", *columns, "per year", "gone in a year", "spans")
    for path in paths:
        yearly = path.yearly_change() if path.months else None
        shares = (path.fall_fraction, 1 - path.fall_fraction - path.rise_fraction, path.rise_fraction)
        factors = (path.p10_factor, path.p50_factor, path.p90_factor, path.low_factor, path.high_factor)
        cells = (
            path.kind,
            *(f"{share:.0%}" for share in shares),
            *(_times(factor) for factor in factors),
            "" if yearly is None else f"{yearly.value:+.1%} ({yearly.low:+.1%} to {yearly.high:+.1%})",
            "" if path.gone_fraction is None else f"{path.gone_fraction:.0%}",
            str(path.windows),
        )
        table.add_row(*(cell(text) for text in cells))
    print_table(table)


def _times(factor: float) -> str:
    return f"× {factor:.2g}" if factor < 0.1 else f"× {factor:.2f}"  # noqa: PLR2004 - below a tenth two decimals say little


def _announced(changes: Sequence[TokenPriceChange]) -> list[str]:
    return [
        f"Announced, so no forecast: {change.seller}/{change.model} from {change.seen_on} costs "
        f"{number(change.input_usd_per_mtok or 0)} in, {number(change.output_usd_per_mtok or 0)} out USD/Mtok."
        for change in changes
    ]
