"""`tco commitments`: which hours of a rented fleet to reserve for years, which to take on demand, which as spot."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from tco import InputError, load
from tco.cli._shared import console, print_json, refuse
from tco.cli._tables import cell
from tco.format import share, usd

if TYPE_CHECKING:
    from tco.commitments import CommitmentAnswer, MixCost

_SAME_USD = 0.5


def commitments(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML) with an option of kind `rent`.")],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change one input; repeat for more."),
    ] = None,
    option: Annotated[
        str | None,
        typer.Option("--option", metavar="NAME", help="Rented option whose fleet it is. [default: the only one]"),
    ] = None,
    price: Annotated[
        list[str] | None,
        typer.Option(
            "--price",
            metavar="TIER=USD",
            help="Your own price of a GPU-hour in a tier, over the book's; repeat. reserved-1y=1.80",
        ),
    ] = None,
    spot_share: Annotated[
        float, typer.Option("--spot-share", help="Largest share of an hour's replicas that may be spot; 0 for none.")
    ] = 0.25,
    passed_on: Annotated[
        bool,
        typer.Option(
            "--passed-on", help="A term that outlives the horizon is passed on there; else it is paid to its end."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object on stdout.")] = False,
) -> None:
    """The cheapest mix of three years, one year, on demand and spot for a rented fleet that follows the week."""
    # The solver takes a second to load, which other commands need not wait for.
    from tco.commitments import Wishes, commitment_question  # noqa: PLC0415
    from tco.commitments import commitments as answered  # noqa: PLC0415

    try:
        wishes = Wishes(
            option=option,
            spot_share_fraction=spot_share,
            prices_usd_per_hour=dict(_price(text) for text in price or []),
            is_due=not passed_on,
        )
        answer = answered(commitment_question(load(scenario, settings or []), wishes))
    except InputError as error:
        refuse(error, as_json=as_json)
    if as_json:
        print_json({"schema": 1} | answer.model_dump(mode="json"))
        return
    show(answer)


def show(answer: CommitmentAnswer) -> None:
    """Prints the mix and, beside it, each tier alone."""
    out = console()
    out.print(f"\n{answer.scenario}, {answer.option}", style="dim", markup=False)
    out.print(_headline(answer), style="bold", markup=False)
    out.print()
    out.print(_terms(answer))
    out.print()
    out.print(_ways(answer))
    out.print(f"\n{_prices(answer)}", style="dim", markup=False)
    for note in answer.notes:
        out.print(f"• {note}", style="yellow", markup=False)


def _headline(answer: CommitmentAnswer) -> str:
    mix = answer.mix
    saves = [
        f"{usd(other.cost_npv_usd - mix.cost_npv_usd)} less than {other.name}"
        for other in answer.others
        if other.cost_npv_usd - mix.cost_npv_usd > _SAME_USD
    ]
    against = f", {', '.join(saves)}" if saves else ", as cheap as the cheapest tier alone"
    return f"The cheapest mix has a present value of {usd(mix.cost_npv_usd)}{against}."


def _terms(answer: CommitmentAnswer) -> Table:
    """What stands by stretches of months that are alike."""
    mix = answer.mix
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("months", "needed", "reserved 3 y", "reserved 1 y", "on demand, mean", "spot, mean"):
        table.add_column(title, justify="left" if title == "months" else "right")
    rows = list(
        zip(
            zip(answer.needed_least, answer.needed_most, strict=True),
            mix.standing_reserved_3y,
            mix.standing_reserved_1y,
            (round(mean, 1) for mean in mix.mean_on_demand),
            (round(mean, 1) for mean in mix.mean_spot),
            strict=True,
        )
    )
    for row, months in groupby(range(len(rows)), key=lambda month: rows[month]):
        stretch = list(months)
        span = f"{stretch[0] + 1}" if len(stretch) == 1 else f"{stretch[0] + 1} to {stretch[-1] + 1}"
        (least, most), *counts = row
        table.add_row(span, f"{least} to {most}", *(f"{count:g}" for count in counts))
    return table


def _ways(answer: CommitmentAnswer) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for title in ("present value", "all payments", "due after the horizon", "terms begun"):
        table.add_column(title, justify="right")
    for way in (answer.mix, *answer.others):
        table.add_row(cell(way.name), usd(way.cost_npv_usd), usd(way.total_usd), usd(way.due_usd), str(_starts(way)))
    return table


def _starts(way: MixCost) -> int:
    return sum(way.starts_reserved_3y) + sum(way.starts_reserved_1y)


def _prices(answer: CommitmentAnswer) -> str:
    unit = answer.gpu or "machine"
    told = [
        f"{price.tier} {price.usd_per_hour:.4g}"
        + (f" (there {share(price.available_fraction)} of the time)" if price.available_fraction < 1 else "")
        for price in answer.prices
    ]
    size = f", {answer.machines_per_replica} a replica" if answer.machines_per_replica > 1 else ""
    return (
        f"USD an hour of one {unit}{size}: {'; '.join(told)}. The fleet follows the hours of the week with its spares; "
        f"at most {share(answer.spot_share_fraction)} of an hour's replicas are spot. A term is paid around the clock at the price of the month in which it starts."
    )


def _price(text: str) -> tuple[str, float]:
    tier, equals, amount = text.partition("=")
    try:
        return tier.strip(), float(amount) if equals else float("nan")
    except ValueError:
        raise InputError(f"--price {text!r}: write TIER=USD, for example reserved-1y=1.80") from None
