"""`tco curve`: what a token costs at every load, with the steps of whole replicas."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from tco import InputError, load
from tco.cli._shared import console, print_json, refuse
from tco.cli._tables import cell
from tco.compare import Prepared, compare, prepare
from tco.format import share, usd, volume
from tco.load_curve import LoadCurve, LoadPoint, load_curve

_LOADS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
"""Shares of today's fleet's load that are printed; `--json` has all points."""

_MOST_SHOWN = 12


def curve(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML), for example scenarios/support-chat-eu.yaml.")],
    option: Annotated[
        str | None,
        typer.Option("--option", metavar="NAME", help="Whose curve. [default: the best option with machines]"),
    ] = None,
    low: Annotated[
        float | None,
        typer.Option("--low", metavar="X", help="Lowest requests a day. [default: 1% of what today's fleet carries]"),
    ] = None,
    high: Annotated[
        float | None, typer.Option("--high", metavar="X", help="Highest requests a day. [default: twice that fleet]")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change one input first; repeat for more."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the curve as one JSON object on stdout.")] = False,
    chart: Annotated[
        Path | None,
        typer.Option("--chart", help="Also write the chart: FILE.svg or FILE.png ([report] extra), or FILE.json."),
    ] = None,
) -> None:
    """What does a token cost at every load? With the steps of whole replicas and servers, and where the option crosses the baseline."""
    try:
        prepared = prepare(load(scenario, settings or []))
        found = load_curve(prepared, option or _with_machines(prepared), least=low, most=high)
        if chart is not None:
            # Drawing loads pandas and Altair, two seconds that an answer in text need not wait for.
            from tco.charts import save_chart  # noqa: PLC0415
            from tco.curve_charts import cost_over_load  # noqa: PLC0415

            save_chart(cost_over_load(found), chart)
    except InputError as error:
        refuse(error, as_json=as_json)
    if as_json:
        print_json(_json(prepared, found))
        return
    _show(found)
    if chart is not None:
        console().print(f"\nChart: {chart}", markup=False)


def _with_machines(prepared: Prepared) -> str:
    """The option with machines that costs least at the scenario's volume; any of them where none can serve, the contender where there are none."""
    found = compare(prepared, prepared.scenario)
    machines = [each for each in found.options if each.kind in {"rent", "own"}]
    if not machines:
        return found.contender or found.options[0].name
    return min(machines, key=lambda each: each.total_usd if each.total_usd is not None else float("inf")).name


def _show(found: LoadCurve) -> None:
    out = console()
    out.print(_sentence(found), style="bold", markup=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("requests/day", "load", "replicas", found.option, found.baseline, ""):
        table.add_column(title, justify="right", overflow="fold")
    for point, note in _rows(found):
        table.add_row(*(cell(text) for text in (*_figures(point), note)))
    out.print(table)
    for line in _notes(found):
        out.print(line, style="dim", markup=False)


def _sentence(found: LoadCurve) -> str:
    if found.option == found.baseline:
        return f"{found.option} is the baseline; a token costs this at every load."
    if not found.crossings:
        is_cheaper = next((point.is_cheaper for point in found.points if point.is_cheaper is not None), None)
        if is_cheaper is None:
            return f"{found.baseline} cannot serve any of these loads; {found.option} costs this."
        return f"{found.option} is {'cheaper' if is_cheaper else 'dearer'} than {found.baseline} at every load that was tried."
    changes = [f"{each.becomes} from {volume(each.requests_per_day)} requests a day" for each in found.crossings]
    return f"{found.option} is {', '.join(changes)}, by the cost of a token over the horizon."


def _rows(found: LoadCurve) -> list[tuple[LoadPoint, str]]:
    """The points that are printed: some loads, today, and both sides of steps while there are few."""
    picked: dict[LoadPoint, str] = {}
    for load_fraction in _LOADS:
        picked.setdefault(min(found.points, key=lambda point: abs(point.load_fraction - load_fraction)), "")
    for step in found.steps if len(found.steps) <= _MOST_SHOWN else ():
        picked[step.before], picked[step.after] = "before a step", "after it"
    if found.now in found.points:
        picked[found.now] = "today"
    for each in found.crossings:
        nearest = min(found.points, key=lambda point: abs(point.requests_per_day - each.requests_per_day))
        picked.setdefault(nearest, "")
    return sorted(picked.items(), key=lambda pair: pair[0].requests_per_day)


def _figures(point: LoadPoint) -> tuple[str, ...]:
    own = "cannot serve" if point.usd_per_mtok is None else usd(point.usd_per_mtok)
    return (
        f"{point.requests_per_day:,.0f}",
        share(point.load_fraction),
        str(point.replicas) if point.replicas else "–",
        own,
        usd(point.baseline_usd_per_mtok),
    )


def _notes(found: LoadCurve) -> list[str]:
    carried = found.full_load_requests_per_day
    load_of = (
        "today's volume" if carried is None else f"the {volume(carried)} requests a day that today's fleet carries"
    )
    notes = [
        f"USD per million tokens, input and output together, over the horizon and not discounted; load of {load_of}."
    ]
    if found.steps_passed > len(found.steps) and not found.steps:
        notes.append(f"The fleet grows {found.steps_passed} times over these loads, too often to name each step.")
    return notes


def _json(prepared: Prepared, found: LoadCurve) -> dict[str, Any]:
    return {
        "schema": 1,
        "scenario": prepared.scenario.name,
        "as_of": prepared.scenario.as_of,
        **asdict(found),
        "sentence": _sentence(found),
    }
