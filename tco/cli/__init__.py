"""The `tco` command: parse, call, print. No arithmetic lives here."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="tco",
    help="Pay an AI vendor per token, or run open models yourself? Measured, not assumed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Entry point of the `tco` command."""
    app()


__all__ = ["app", "main"]
