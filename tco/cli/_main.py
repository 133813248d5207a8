"""All commands under one roof."""

from __future__ import annotations

from importlib import metadata
from typing import Annotated

import typer

from tco.cli import prices, probe, usage
from tco.cli.app import app_command
from tco.cli.cases import cases
from tco.cli.check import check
from tco.cli.claims import claims
from tco.cli.commitments import commitments
from tco.cli.curve import curve
from tco.cli.diff import diff
from tco.cli.fit import fit
from tco.cli.fleet import fleet
from tco.cli.grid import grid
from tco.cli.lock import lock
from tco.cli.plan import plan
from tco.cli.portfolio import portfolio
from tco.cli.report import report
from tco.cli.risk import risk
from tco.cli.simulate import simulate
from tco.cli.solve import solve

app = typer.Typer(
    name="tco",
    help="Pay an AI vendor per token, or run open models yourself? Measured, not assumed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(metadata.version("tco-llm"))
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Pay an AI vendor per token, or run open models yourself? Measured, not assumed."""


app.command("plan")(plan)
app.command("lock")(lock)
app.command("solve")(solve)
app.command("risk")(risk)
app.command("diff")(diff)
app.command("report")(report)
app.command("cases")(cases)
app.command("claims")(claims)
app.command("check")(check)
app.command("curve")(curve)
app.command("simulate")(simulate)
app.command("fit")(fit)
app.command("fleet")(fleet)
app.command("commitments")(commitments)
app.command("grid")(grid)
app.command("portfolio")(portfolio)
app.add_typer(probe.app, name="probe")
app.add_typer(prices.app, name="prices")
app.add_typer(usage.app, name="usage")
app.command("app")(app_command)


def main() -> None:
    """Entry point of the `tco` command."""
    app()
