"""`tco prices check`: whether the price book can be relied on, for a day."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from pricing.catalog import STALE_AFTER_DAYS
from pricing.price import PriceNotFound
from pricing.upkeep.health import Health, health
from tco.cli._prices_book import AsJson, On, Own, Pin, chosen_book, day_of
from tco.cli._shared import EXIT_FLIPPED, console, fail, print_json
from tco.cli._tables import cell, print_table


def check_command(
    stale_days: Annotated[
        int, typer.Option(min=0, help="A price that was read longer ago than this is too old [days].")
    ] = STALE_AFTER_DAYS,
    on: On = None,
    own: Own = None,
    pin: Pin = None,
    as_json: AsJson = False,
) -> None:
    """Check the book: age, links, jumps, units, guesses. Ends with 4 where there is a problem; cautions do not count."""
    day = day_of(on)
    book = chosen_book(own, pin)
    try:
        report = health(book, on=day, stale_days=stale_days)
    except PriceNotFound as error:
        fail(str(error))
    if as_json:
        print_json(report.model_dump(mode="json") | {"problems": report.problems})
    else:
        _print(report)
    if report.problems:
        raise typer.Exit(EXIT_FLIPPED)


def _print(report: Health) -> None:
    table = Table("level", "part of the book", "what", "for example")
    for finding in report.findings:
        examples = "; ".join(finding.examples[:3])
        table.add_row(*(cell(text) for text in (finding.level, finding.topic, finding.sentence, examples)))
    if report.findings:
        print_table(table)
    cautions = len(report.findings) - report.problems
    console().print(
        f"Book {report.book} for {report.on}: {sum(report.prices.values())} prices, {report.problems} problems, "
        f"{cautions} cautions. Evidence: {', '.join(f'{name} {count}' for name, count in report.evidence.items())}.",
        markup=False,
        soft_wrap=True,
    )
    if any(finding.rule == "stale" for finding in report.findings):
        console().print("What is old can be read anew: `tco prices refresh`, or your own prices over it.", markup=False)
