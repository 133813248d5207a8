"""`tco app`: the pages in a browser, served on this machine only, or to a team (`--hosted`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tco import InputError, load, views
from tco.cli._hosted import Serving, hosted_settings
from tco.cli._shared import EXIT_INTERRUPTED, fail
from tco.cli._signals import stop_signals
from tco.hosting import HOSTED
from tco.shipped import streamlit_config
from tco.views import SCENARIO_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTRY = Path(views.__file__).parent / "main.py"
_START = """
import gc, threading
gc.disable()
from streamlit.web import cli
def warm():
    try:
        from tco.views import _warm
        _warm.begin()
    finally:
        gc.freeze()
        gc.enable()
threading.Thread(target=warm, daemon=True).start()
cli.main(prog_name="streamlit")
"""
"""Streamlit's own command, with what the pages need loading beside it. Streamlit is loaded first: two threads must not load one library.

What is loaded stays. Python's garbage collector would go over all of it again and again while it grows, a third of the time until it is there; and
Streamlit collects after every run of a page, 0.15 s each time where it looks at all libraries too. Frozen, they are passed over.
"""

_ALWAYS = ("--server.address=127.0.0.1", "--browser.gatherUsageStats=false")


def app_command(
    scenario: Annotated[
        Path | None, typer.Argument(help="Scenario file to open; the shipped demo if left out.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port; 8501 or the next free one if left out.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
    hosted: Annotated[
        bool, typer.Option("--hosted", help="Serve other people: no probes, limits, sign-in. See docs/hosting.md.")
    ] = False,
    address: Annotated[
        str | None, typer.Option(help="With --hosted: address to bind to, e.g. 0.0.0.0 in a container.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="With --hosted: where visitors open it.")] = None,
    login: Annotated[
        bool, typer.Option("--login/--no-login", help="With --hosted: visitors sign in, or everybody may come in.")
    ] = True,
    secrets: Annotated[
        Path | None, typer.Option(help="With --hosted: file with [auth]; .streamlit/secrets.toml if left out.")
    ] = None,
    allow: Annotated[
        list[str] | None, typer.Option(help="With --hosted: who may come in, ann@example.org or @example.org.")
    ] = None,
    allow_file: Annotated[
        Path | None, typer.Option(help="With --hosted: file of such entries, one a line; read anew each time.")
    ] = None,
    unverified_email: Annotated[
        bool,
        typer.Option("--unverified-email", help="With --hosted: trust addresses that the provider has not verified."),
    ] = False,
) -> None:
    """Open the pages in a browser; Ctrl-C ends them. Probes save their runs to `runs/` in this folder."""
    said = {"--address": address, "--url": url, "--secrets": secrets, "--allow": allow, "--allow-file": allow_file}
    try:
        if scenario is not None:
            load(scenario)
        if hosted:
            flags, told = hosted_settings(
                Serving(
                    address=address,
                    url=url,
                    login=login,
                    secrets=secrets,
                    allow=tuple(allow or ()),
                    allow_file=allow_file,
                    unverified=unverified_email,
                ),
                dict(os.environ),
            )
        else:
            _require_hosted([name for name, value in said.items() if value])
            flags, told = [], {HOSTED: "0"}
    except InputError as error:
        fail(str(error))
    given = told if scenario is None else told | {SCENARIO_VARIABLE: str(scenario.resolve())}
    command = [*app_arguments(port, browser=browser and not hosted), *flags]
    try:
        # Whoever ends this command ends the server with it.
        with stop_signals():
            ended = subprocess.run(command, env=os.environ | given, check=False)  # noqa: S603 - our own command
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    raise typer.Exit(ended.returncode)


def _require_hosted(said: list[str]) -> None:
    if said:
        raise InputError(
            f"{', '.join(said)}: only with --hosted; without it the app stays on 127.0.0.1 and lets its visitor probe"
        )


def app_arguments(port: int | None = None, *, browser: bool = True) -> list[str]:
    """The command line that serves the app.

    Streamlit looks for its `config.toml` in the folder that it is started in and beside the script. `tco app` is started
    anywhere, and an installed package has no such folder, so the file's values are passed as flags.

    Args:
        port: None takes Streamlit's own choice.
        browser: whether a window is opened.
    """
    config = tomllib.loads(streamlit_config().read_text(encoding="utf-8"))
    flags = [f"--{name}={value}" for name, value in _flat(config)]
    port_flag = [] if port is None else [f"--server.port={port}"]
    headless = [] if browser else ["--server.headless=true"]
    return [sys.executable, "-c", _START, "run", str(ENTRY), *flags, *_ALWAYS, *port_flag, *headless]


def _flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every setting by its full name, lists and truth values as JSON."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value if isinstance(value, str) else json.dumps(value)
