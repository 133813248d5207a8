from __future__ import annotations

from importlib import metadata

from typer.testing import CliRunner

from tco.cli import app


def test_the_version_is_the_packages() -> None:
    done = CliRunner().invoke(app, ["--version"])

    assert (0, metadata.version("tco-llm")) == (done.exit_code, done.stdout.strip())


def test_help_names_every_command() -> None:
    done = CliRunner().invoke(app, ["--help"])

    assert done.exit_code == 0
    assert all(name in done.stdout for name in ("plan", "probe", "prices", "app"))


def test_an_unknown_command_is_exit_2() -> None:
    assert CliRunner().invoke(app, ["nonsense"]).exit_code == 2
