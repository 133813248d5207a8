"""`tco prices managed`: GPU machines as a managed service, with the premium over the bare machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer
from rich.table import Table

from pricing.book import Book
from pricing.managed import ManagedPrice, managed_price, managed_prices
from pricing.price import PriceNotFound
from tco.cli._prices_book import AsJson, On, Own, Pin, chosen_book, day_of
from tco.cli._shared import fail, print_json
from tco.cli._tables import cell, number, print_table, short_source


def managed_command(
    service: Annotated[str | None, typer.Argument(help="One service: sagemaker, vertex-ai, azure-ml ...")] = None,
    gpu: Annotated[str | None, typer.Option(help="One GPU, by its whole name, such as H100-SXM.")] = None,
    region: Annotated[str | None, typer.Option(help="One region, as the service writes it.")] = None,
    on: On = None,
    own: Own = None,
    pin: Pin = None,
    as_json: AsJson = False,
) -> None:
    """Show managed GPU machines beside the bare machine; one SERVICE with a --gpu is its cheapest machine per GPU-hour."""
    day = day_of(on)
    book = chosen_book(own, pin)
    try:
        rows = _rows(service, gpu, region, day, book)
    except PriceNotFound as error:
        fail(str(error))
    if as_json:
        print_json({"on": day.isoformat(), "managed": [row.model_dump(mode="json") for row in rows]})
    else:
        _print(rows)


def _rows(service: str | None, gpu: str | None, region: str | None, day: date, book: Book) -> list[ManagedPrice]:
    everything = managed_prices(day, book)
    if service is not None and gpu is not None:
        return [managed_price(service, gpu, day, region, book)]
    asked = {"service": service, "gpu": gpu, "region": region}
    rows = [
        row
        for row in everything
        if service in (None, row.service) and gpu in (None, row.gpu) and region in (None, row.price.region)
    ]
    if not rows:
        words = " ".join(f"{key} {value!r}" for key, value in asked.items() if value is not None)
        services = ", ".join(sorted({row.service for row in everything}))
        gpus = ", ".join(sorted({row.gpu for row in everything}))
        raise PriceNotFound(f"no managed machine with {words}. Services: {services}. GPUs: {gpus}.")
    return rows


def _print(rows: Sequence[ManagedPrice]) -> None:
    table = Table(
        *(
            "service",
            "GPU",
            "machine",
            "GPUs",
            "region",
            "USD/h",
            "USD/GPU-h",
            "bare machine",
            "bare USD/GPU-h",
            "premium",
        ),
        *("evidence", "how", "as of", "source"),
        title="Managed GPU machines",
        title_justify="left",
    )
    for row in rows:
        table.add_row(*(cell(text) for text in _cells(row)))
    print_table(table)


def _cells(row: ManagedPrice) -> list[str]:
    bare, bare_usd = "", ""
    if row.bare is not None and row.bare.on_demand_usd_per_hour is not None:
        bare = " ".join(part for part in (row.bare.provider, row.bare.instance, row.bare.region) if part)
        bare_usd = number(row.bare.on_demand_usd_per_hour / row.bare.gpu_count)
    return [
        *(row.service, row.gpu, row.instance, str(row.gpu_count), row.price.region or ""),
        *(number(row.usd_per_hour), number(row.usd_per_gpu_hour), bare, bare_usd),
        "" if row.premium_fraction is None else f"{row.premium_fraction:+.0%}",
        *(
            row.price.evidence,
            row.price.derived or "listed",
            row.price.as_of.isoformat(),
            short_source(row.price.source),
        ),
    ]
