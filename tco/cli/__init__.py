"""The `tco` command: parse, call, print. No arithmetic lives here."""

from tco.cli._main import app, main

__all__ = ["app", "main"]
