"""`tco fleet`: the cheapest mix of machine types for one workload, or for several that share them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tco import InputError, load
from tco.cli._fleet_text import show_fleet
from tco.cli._shared import EXIT_INTERRUPTED, console, print_json, refuse

if TYPE_CHECKING:
    pass

_WHOLE = "--stock {!r}: write NAME=N, for example h100=4"


def fleet(
    scenarios: Annotated[
        list[Path],
        typer.Argument(help="Scenario files (YAML); workloads of several share the fleet.", show_default=False),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change one input of every file; repeat for more."),
    ] = None,
    types: Annotated[
        str | None, typer.Option("--types", metavar="A,B", help="Options that may be used. [default: all self-hosted]")
    ] = None,
    max_types: Annotated[int | None, typer.Option("--max-types", min=1, help="Types that may be used at most.")] = None,
    stock: Annotated[
        list[str] | None,
        typer.Option("--stock", metavar="NAME=N", help="Replicas of a type that can be had, spares included; repeat."),
    ] = None,
    lengths: Annotated[
        list[Path] | None,
        typer.Option(
            "--lengths",
            metavar="FILE",
            help="Recorded lengths, CSV or JSONL with input and output tokens, in place of the workload's; one for each scenario file, in order.",
        ),
    ] = None,
    buckets: Annotated[
        int, typer.Option("--buckets", min=1, max=200, help="Sizes of requests that a promise is cut into at most.")
    ] = 16,
    month: Annotated[int, typer.Option("--month", min=1, help="Month of the horizon whose demand is covered.")] = 1,
    week: Annotated[
        bool, typer.Option("--week", help="Also what to reserve and what to rent in which hour of the week.")
    ] = False,
    front: Annotated[
        bool, typer.Option("--front", help="Also the cost of tighter and looser promises: the Pareto front.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Processes that simulate. [default: one for each core]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object on stdout.")] = False,
) -> None:
    """The cheapest mix of machine types: how many of each, which lengths go where, checked by simulating the mixed traffic."""
    # The simulator and the solver take seconds to load, which other commands need not wait for.
    from tco.cli._fleet_json import fleet_json  # noqa: PLC0415
    from tco.mixed_fleet import Means, Wishes, plan_fleet, recorded_lengths  # noqa: PLC0415

    try:
        wishes = Wishes(
            types=tuple(name.strip() for name in (types or "").split(",") if name.strip()),
            max_types=max_types,
            stock=_stock(stock or []),
            month=month,
            most_buckets=buckets,
        )
        logs = _logs(lengths or [], scenarios)
        questions = [load(path, settings or []) for path in scenarios]
        with _bar() as bar:
            task = bar.add_task("", total=None)
            means = Means(
                progress=lambda done, total: bar.update(task, completed=done, total=total),
                processes=jobs or os.cpu_count() or 1,
            )
            rows = [recorded_lengths(path) for path in logs]
            answer = plan_fleet(questions, wishes, lengths=rows, means=means, week=week, front=front)
    except InputError as error:
        refuse(error, as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        print_json(fleet_json(answer, questions, wishes))
        return
    show_fleet(answer, questions, wishes)


def _bar() -> Progress:
    """Moves on a terminal and is silent in a pipe."""
    out = console()
    columns = (TextColumn("goodputs"), BarColumn(bar_width=30), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, TextColumn("left"), console=out, transient=True, disable=not out.is_terminal)


def _stock(given: list[str]) -> dict[str, int]:
    found = {}
    for text in given:
        name, equals, number = text.partition("=")
        if not (equals and name.strip() and number.strip().isdecimal()):
            raise InputError(_WHOLE.format(text))
        found[name.strip()] = int(number)
    return found


def _logs(lengths: list[Path], scenarios: list[Path]) -> list[Path]:
    if lengths and len(lengths) != len(scenarios):
        raise InputError(
            f"--lengths: {len(lengths)} files for {len(scenarios)} scenarios; give one for each, in their order, or none"
        )
    return lengths
