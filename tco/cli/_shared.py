"""What every command shares: where text goes, how errors end, how `--json` prints.

Human text goes to stderr, so that `--json` on stdout can be piped. Exit codes: 0 ok, 2 usage or invalid input,
3 preflight failed, 4 a threshold or decision flipped, 5 incomplete or quality gate failed, 130 interrupted.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import typer
from rich.console import Console

from tco.errors import InputError

EXIT_INVALID = 2
EXIT_PREFLIGHT = 3
EXIT_FLIPPED = 4
EXIT_INCOMPLETE = 5
EXIT_INTERRUPTED = 130


def console() -> Console:
    """A console on stderr; rich honours `NO_COLOR` and plain pipes by itself."""
    return Console(stderr=True, highlight=False)


def fail(message: str, code: int = EXIT_INVALID) -> NoReturn:
    """Ends the command with one plain message on stderr and an exit code, never a traceback.

    Args:
        message: what was given, what is allowed, what to do.
        code: one of the `EXIT_` numbers.
    """
    console().print(f"error: {message}", style="bold red", markup=False, soft_wrap=True)
    raise typer.Exit(code)


def refuse(error: InputError, *, as_json: bool) -> NoReturn:
    """Ends the command with an input that cannot be used: a sentence for people and, with `--json`, its code and path for machines.

    Args:
        error: the input.
        as_json: whether the command was asked for JSON.
    """
    if as_json:
        print_json({"error": {"code": error.code, "message": str(error), "path": error.path}})
    fail(str(error))


def print_json(data: Any) -> None:
    """Prints one JSON document on stdout; NaN is a bug and raises."""
    typer.echo(json.dumps(data, indent=2, allow_nan=False, ensure_ascii=False, default=str))
