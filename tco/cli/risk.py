"""`tco risk`: all ranges of a scenario at once, by Monte Carlo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from tco import InputError, load
from tco.cli._parts_progress import PartsProgress
from tco.cli._shared import EXIT_INTERRUPTED, console, fail, print_json, refuse
from tco.cli._tables import cell
from tco.compare import prepare
from tco.format import share, usd
from tco.risk.records import OptionRisk, Risk
from tco.risk.simulate import DEFAULT_DRAWS, simulate
from tco.risk.two_way import TwoWay, two_way
from tco.risk_words import likely, measuring_sentence, no_saving, npv_range, paid_back, risk_headline
from tco.words import label, number

_SHOWN = 6


def risk(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML), for example scenarios/support-chat-eu.yaml.")],
    draws: Annotated[int, typer.Option("--draws", metavar="N", help="How many runs.")] = DEFAULT_DRAWS,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="The same seed gives the same runs.", min=0)] = 1,
    option: Annotated[
        str | None,
        typer.Option("--option", metavar="NAME", help="Whose spread is explained. [default: the best alternative]"),
    ] = None,
    over: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--map",
            metavar="PATH PATH",
            help="Instead: the NPV over two inputs, such as workload.requests_per_day options.rented.price_usd_per_hour.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change one input first; repeat for more."),
    ] = None,
    chart: Annotated[
        Path | None,
        typer.Option("--chart", help="Also write the chart: FILE.svg or FILE.png ([report] extra), or FILE.json."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object on stdout.")] = False,
) -> None:
    """How sure is the answer? Every input is drawn from its own range, thousands of times: how often it saves, by when it pays back, and what the spread comes from."""
    if over is not None and chart is not None:
        fail("--chart draws the runs, and --map makes none; leave one of them out")
    try:
        prepared = prepare(load(scenario, settings or []))
        if over is not None:
            grid = two_way(prepared, over, option)
            print_json(_map_json(grid)) if as_json else _show_map(grid)
            return
        with PartsProgress("answering again and again", "runs made") as progress:
            found = simulate(prepared, draws=draws, seed=seed, option=option, on_runs=progress.done)
        if chart is not None:
            # Drawing loads pandas and Altair, two seconds that an answer in text need not wait for.
            from tco.charts import save_chart  # noqa: PLC0415
            from tco.risk_charts import paid_back_chart  # noqa: PLC0415

            save_chart(paid_back_chart(found), chart)
    except InputError as error:
        refuse(error, as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        print_json(found.model_dump(mode="json", by_alias=True))
        return
    _show(found)
    if chart is not None:
        console().print(f"\nChart: {chart}", markup=False)


def _show(found: Risk) -> None:
    out = console()
    out.print(f"\n{found.scenario} ({found.as_of})", style="dim", markup=False)
    out.print(risk_headline(found), style="bold", markup=False)
    out.print()
    out.print(_options(found))
    if found.shares:
        out.print(f"\nWhere the spread of {found.option}'s NPV comes from:", markup=False)
        for each in found.shares[:_SHOWN]:
            out.print(f"• {share(each.share_fraction)}: {label(each.path)}", markup=False)
        if found.unexplained_fraction:
            out.print(f"• {share(found.unexplained_fraction)}: inputs acting together, and noise", markup=False)
    if found.measuring is not None:
        out.print(f"\n{measuring_sentence(found.measuring)}", markup=False)
    for warning in found.warnings:
        out.print(f"• {warning.message}", style="yellow", markup=False)
    out.print(
        f"\n{found.draws:,} runs, seed {found.seed}; {len(found.inputs)} inputs with a range were drawn, each from its own distribution; all others were kept. "
        f"Payback without residual value, NPV with it. Price book {found.price_book.id}.",
        style="dim",
        markup=False,
    )


def _options(found: Risk) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("option", overflow="fold")
    for title in ("best of all in", "saves in", "payback", "NPV, nine runs in ten"):
        table.add_column(title, justify="right", overflow="fold")
    for option in found.options:
        table.add_row(*(cell(text) for text in _row(option, found)))
    return table


def _row(option: OptionRisk, found: Risk) -> tuple[str, ...]:
    name = f"{option.name} (today)" if option.name == found.baseline else option.name
    best = likely(option.best).removesuffix(" of the runs")
    if option.npv_usd is None or option.saves is None:
        why = no_saving(option, found)
        return name, best, why, why, why
    return (
        name,
        best,
        likely(option.saves).removesuffix(" of the runs"),
        paid_back(option, found.horizon_months),
        npv_range(option.npv_usd),
    )


def _show_map(grid: TwoWay) -> None:
    out = console()
    out.print(f"NPV of {grid.option} against the baseline", style="bold", markup=False)
    out.print(f"across: {label(grid.paths[0])}; down: {label(grid.paths[1])}", markup=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", justify="right")
    for value in grid.across:
        table.add_column(cell(number(value)), justify="right", overflow="fold")
    for value, row in zip(grid.down, grid.npv_usd, strict=True):
        cells = [cell("cannot serve" if npv is None else usd(npv)) for npv in row]
        table.add_row(cell(number(value)), *cells)
    out.print(table)


def _map_json(grid: TwoWay) -> dict[str, Any]:
    return {
        "schema": 1,
        "option": grid.option,
        "across": {"path": grid.paths[0], "unit": grid.units[0], "values": list(grid.across)},
        "down": {"path": grid.paths[1], "unit": grid.units[1], "values": list(grid.down)},
        "npv_usd": [list(row) for row in grid.npv_usd],
    }
