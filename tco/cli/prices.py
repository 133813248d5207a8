"""`tco prices`: what the price book holds, and where each number comes from."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

import pricing
from pricing.tables import near_names
from pricing.tokens.names import NoSuchModel
from tco.cli._prices_architecture import model_command
from tco.cli._prices_book import AsJson, On, Own, Pin, chosen_book, day_of
from tco.cli._prices_check import check_command
from tco.cli._prices_diff import diff_command, snapshots_command
from tco.cli._prices_licence import licence_command
from tco.cli._prices_managed import managed_command
from tco.cli._prices_path import path_command
from tco.cli._prices_quality import quality_command
from tco.cli._prices_refresh import refresh_command
from tco.cli._prices_rental import GroupBy, print_groups, rental_groups
from tco.cli._prices_tokens import crosscheck_command, history_command
from tco.cli._shared import console, fail, print_json
from tco.cli._tables import cell, number, print_table, short_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pricing import Book, Price

app = typer.Typer(
    name="prices",
    help="What things cost, as listed, on a date, with the source.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command("list")
def list_command(
    gpu: Annotated[
        str | None, typer.Option(help="GPUs whose name begins so: H100 finds H100-SXM, H100-PCIe ...")
    ] = None,
    by: Annotated[
        GroupBy | None, typer.Option(help="Group GPU hours: lowest, median, highest, age and sources of each group.")
    ] = None,
    provider: Annotated[
        str | None, typer.Option(help="One seller: aws, lambda ...; an API seller lists its tokens.")
    ] = None,
    on: On = None,
    own: Own = None,
    pin: Pin = None,
    as_json: AsJson = False,
) -> None:
    """List prices by item, cheapest first. API token prices only for one --provider: there are thousands."""
    day = day_of(on)
    book = chosen_book(own, pin)
    prices = pricing.list_prices(on=day, item=gpu, provider=provider, book=book)
    if gpu is not None:
        prices = [price for price in prices if price.per in ("gpu_hour", "gpu")]
    if not prices:
        fail(_nothing(gpu, provider, day, book))
    if by is not None:
        groups = rental_groups(prices, by)
        if not groups:
            fail("--by groups GPU hours, and there are none here. Leave --by away, or name a --gpu.")
        if as_json:
            print_json({"on": day.isoformat(), "by": by.value, "groups": groups})
        else:
            print_groups(groups)
    elif as_json:
        print_json({"on": day.isoformat(), "prices": [price.model_dump(mode="json") for price in prices]})
    else:
        _print_prices(prices, day)


@app.command("show")
def show_command(
    name: Annotated[str, typer.Argument(help="A GPU (H100-SXM), an API model (openai/gpt-5) or electricity/REGION.")],
    on: On = None,
    own: Own = None,
    pin: Pin = None,
    as_json: AsJson = False,
) -> None:
    """Show all that the book knows about one thing."""
    day = day_of(on)
    try:
        record, prices = _about(name, day, chosen_book(own, pin))
    except pricing.PriceNotFound as error:
        fail(str(error))
    if as_json:
        print_json({"name": name, "on": day.isoformat(), **record})
        return
    _print_record(record)
    _print_prices(prices, day)


def _nothing(gpu: str | None, provider: str | None, day: date, book: Book) -> str:
    rents = pricing.rental_prices(day, book)
    gpus, sellers = sorted({price.item for price in rents}), sorted({price.provider for price in rents})
    asked = " ".join(f"--{key} {value}" for key, value in (("gpu", gpu), ("provider", provider)) if value is not None)
    near = pricing.did_you_mean(gpu, gpus) if gpu is not None else ""
    near += pricing.did_you_mean(provider, [*sellers, *pricing.api_sellers(book)]) if provider is not None else ""
    return (
        f"no price with {asked}.{near} GPUs: {', '.join(gpus)}. Sellers of GPU hours: {', '.join(sellers)}. "
        f"Sellers of tokens: {', '.join(pricing.api_sellers(book))}."
    )


def _about(name: str, day: date, book: Book) -> tuple[dict[str, Any], list[Price]]:
    """What JSON says about a thing, and its prices for the table."""
    kind, slash, rest = name.partition("/")
    if slash and kind.casefold() == "electricity":
        sectors = [quote.sector for quote in pricing.electricity_quotes(book) if quote.region == rest.strip().upper()]
        quotes = [
            pricing.electricity_price(rest, on=day, sector=sector, book=book) for sector in sectors or ["industrial"]
        ]
        return {"electricity": [quote.model_dump(mode="json") for quote in quotes]}, [quote.price for quote in quotes]
    if slash:
        return _about_tokens(name, day, book)
    try:
        return _about_gpu(name, day, book)
    except pricing.PriceNotFound as no_gpu:
        try:
            return _about_tokens(name, day, book)
        except NoSuchModel:
            near = ", ".join(near_names(name, pricing.api_models(book=book))) if name else ""
            raise pricing.PriceNotFound(f"{no_gpu}{f' Near API models: {near}.' if near else ''}") from None


def _about_tokens(name: str, day: date, book: Book) -> tuple[dict[str, Any], list[Price]]:
    tokens = pricing.token_prices(name, day, book)
    return {"tokens": tokens.model_dump(mode="json")}, tokens.prices


def _about_gpu(name: str, day: date, book: Book) -> tuple[dict[str, Any], list[Price]]:
    rents = pricing.rental_prices(day, book)
    known = pricing.find_name(name, [*pricing.gpu_names(book), *(price.item for price in rents)])
    if known is None:
        raise pricing.PriceNotFound(
            f"nothing is called {name!r}.{pricing.did_you_mean(name, pricing.gpu_names(book))} Write a GPU (H100-SXM), "
            "an API model (openai/gpt-5) or a place's power (electricity/DE); `tco prices list` shows what there is."
        )
    spec = pricing.gpu_spec(known, book).model_dump(mode="json") if known in pricing.gpu_names(book) else None
    prices = [price for price in pricing.list_prices(on=day, item=known, book=book) if price.item == known]
    rental = rental_groups(prices, GroupBy.CLASS)
    return {"gpu": spec, "rental": rental, "prices": [price.model_dump(mode="json") for price in prices]}, prices


def _print_record(record: dict[str, Any]) -> None:
    """The facts that are no price of one seller: a GPU's specification, and its rents by kind of landlord."""
    if record.get("gpu"):
        facts = Table("fact", "value", title=record["gpu"]["gpu"], title_justify="left")
        for key, value in record["gpu"].items():
            if value not in (None, []) and not key.startswith(("src_", "purchase_")) and key != "gpu":
                facts.add_row(key, Text(", ".join(value) if isinstance(value, list) else str(value)))
        print_table(facts)
    if record.get("rental"):
        print_groups(record["rental"])


def _print_prices(prices: Sequence[Price], day: date) -> None:
    own = any(price.layer != pricing.BOOK for price in prices)
    heads = ["item", "amount", "unit", "provider", "class", "region", "tier", "as of", "evidence", "source", "note"]
    # Only where some price is the user's: the book's name in every row would say nothing.
    table = Table(*heads, *(["whose"] if own else []))
    for price in prices:
        cells = (
            price.item,
            number(price.amount),
            f"{price.currency}/{price.per}",
            price.provider,
            price.provider_class or "",
            price.region or "",
            price.tier,
            price.as_of.isoformat(),
            price.evidence,
            short_source(price.source),
            price.note or "",
        )
        table.add_row(*(cell(text) for text in (*cells, *([price.layer] if own else []))))
    print_table(table)
    old = len(pricing.stale(prices, day))
    if old:
        console().print(
            f"{old} of {len(prices)} prices were read more than {pricing.STALE_AFTER_DAYS} days before {day}."
        )


app.command("check")(check_command)
app.command("crosscheck")(crosscheck_command)
app.command("diff")(diff_command)
app.command("history")(history_command)
app.command("licence")(licence_command)
app.command("managed")(managed_command)
app.command("model")(model_command)
app.command("path")(path_command)
app.command("quality")(quality_command)
app.command("refresh")(refresh_command)
app.command("snapshots")(snapshots_command)
