"""`tco portfolio`: several workloads, each on a fleet of its own and on one fleet together."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from tco import InputError
from tco.cli._shared import console, print_json, refuse
from tco.cli._tables import cell
from tco.format import month_count, months, share, usd
from tco.portfolio import PortfolioAnswer, answer_portfolio, read_portfolio

PORTFOLIO_SCHEMA = 1
"""Number of the format of `--json`."""

_WAYS = {"today": "as today", "separate": "a fleet each", "shared": "one fleet"}


def portfolio(
    file: Annotated[
        Path, typer.Argument(help="Portfolio file (YAML), for example scenarios/portfolios/assistants.yaml.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object on stdout.")] = False,
) -> None:
    """What do several workloads save by sharing one fleet, and what does each of them bear?"""
    try:
        found = answer_portfolio(read_portfolio(file))
    except InputError as error:
        refuse(error, as_json=as_json)
    if as_json:
        print_json(_json(found))
    else:
        _show(found)


def _show(found: PortfolioAnswer) -> None:
    out = console()
    out.print(found.name, style="dim", markup=False)
    out.print(_headline(found), style="bold", markup=False)
    out.print()
    out.print(_ways(found))
    out.print()
    out.print(_members(found))
    out.print(
        f"\nAll together fill {found.peak_replicas:.3g} replicas in their busiest hour, {share(found.coincidence_fraction)} of the sum of their own peaks.",
        markup=False,
    )
    if found.shared_range_usd is not None:
        least, most = found.shared_range_usd
        out.print(
            f"As well and as badly as any mix that was simulated, one fleet costs {usd(least)} to {usd(most)}.",
            markup=False,
        )
    if found.cautions:
        out.print("\nMind:", markup=False)
        for caution in found.cautions:
            out.print(f"• {caution}", style="yellow", markup=False)


def _headline(found: PortfolioAnswer) -> str:
    saved = found.sharing_saves_usd
    sharing = (
        f"sharing saves {usd(saved)}"
        if saved > 0
        else f"sharing costs {usd(-saved)} more"
        if saved < 0
        else "sharing saves nothing"
    )
    best = {"today": "Stay as today", "separate": "A fleet for each", "shared": "One fleet for all"}[found.recommended]
    npv = found.way(found.recommended).npv_usd
    worth = f", worth {usd(npv)}" if found.recommended != "today" else ""
    return f"{best}{worth} over {month_count(found.horizon_months)}; against a fleet for each, {sharing}."


def _ways(found: PortfolioAnswer) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for way in found.ways:
        table.add_column(("→ " if way.name == found.recommended else "") + _WAYS[way.name], justify="right")
    rows: list[tuple[str, list[str]]] = [
        ("whole horizon", [usd(way.total_usd) for way in found.ways]),
        ("NPV saved", ["–" if way.name == "today" else usd(way.npv_usd) for way in found.ways]),
        ("payback", ["–" if way.name == "today" else months(way.payback_months) for way in found.ways]),
        ("replicas", [str(way.replicas) if way.replicas else "–" for way in found.ways]),
        ("GPUs", [str(way.gpus) if way.replicas else "–" for way in found.ways]),
        ("servers", [str(way.servers) if way.replicas else "–" for way in found.ways]),
        ("utilisation", [share(way.utilisation_fraction) for way in found.ways]),
    ]
    for label, texts in rows:
        table.add_row(label, *texts)
    return table


def _members(found: PortfolioAnswer) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("member", overflow="fold")
    for title in ("requests/s a replica", "peak, replicas", "load", "today", "alone", "bears"):
        table.add_column(title, justify="right", overflow="fold")
    for each in found.members:
        table.add_row(
            cell(each.name),
            f"{each.goodput_requests_per_s:.3g}",
            f"{each.peak_replicas:.3g}",
            share(each.load_fraction),
            usd(each.today_usd),
            usd(each.separate_usd),
            usd(each.borne_usd),
        )
    return table


def _json(found: PortfolioAnswer) -> dict[str, Any]:
    return {
        "schema": PORTFOLIO_SCHEMA,
        "name": found.name,
        "horizon_months": found.horizon_months,
        "recommended": found.recommended,
        "sharing_saves_usd": found.sharing_saves_usd,
        "peak_replicas": found.peak_replicas,
        "coincidence_fraction": found.coincidence_fraction,
        "shared_range_usd": None if found.shared_range_usd is None else list(found.shared_range_usd),
        "ways": [asdict(way) for way in found.ways],
        "members": [asdict(member) for member in found.members],
        "cautions": list(found.cautions),
    }
