"""`tco app`: the pages in a browser, served on this machine only."""

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
from tco.cli._shared import EXIT_INTERRUPTED, fail
from tco.shipped import streamlit_config
from tco.views import SCENARIO_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTRY = Path(views.__file__).parent / "main.py"
_ALWAYS = ("--server.address=127.0.0.1", "--browser.gatherUsageStats=false")


def app_command(
    scenario: Annotated[
        Path | None, typer.Argument(help="Scenario file to open; the shipped demo if left out.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port; 8501 or the next free one if left out.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
) -> None:
    """Open the pages in a browser; Ctrl-C ends them. Probes save their runs to `runs/` in this folder."""
    if scenario is not None:
        try:
            load(scenario)
        except InputError as error:
            fail(str(error))
    given = {} if scenario is None else {SCENARIO_VARIABLE: str(scenario.resolve())}
    try:
        ended = subprocess.run(app_arguments(port, browser=browser), env=os.environ | given, check=False)  # noqa: S603 - our own command
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    raise typer.Exit(ended.returncode)


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
    return [sys.executable, "-m", "streamlit", "run", str(ENTRY), *flags, *_ALWAYS, *port_flag, *headless]


def _flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every setting by its full name, lists and truth values as JSON."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value if isinstance(value, str) else json.dumps(value)
