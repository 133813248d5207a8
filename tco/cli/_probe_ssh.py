"""`tco probe run --ssh HOST` and `tco probe bundle`: measure on a machine that does not have this tool."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import probes
from probes import ProbeError, Run, RunError, run_from_json, save_run
from probes.prometheus import write_prometheus
from probes.remote.bundle import build_bundle, needs_of
from probes.remote.link import RemoteResult
from probes.remote.ssh import RemoteRequest, SshHost, check_host, run_on_host
from tco.cli._probe_options import parse_budget_s, parse_concurrency
from tco.cli._shared import EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_INVALID, EXIT_PREFLIGHT, console, fail
from tco.cli._signals import stop_signals

if TYPE_CHECKING:
    from tco.cli._probe_options import RunRequest

# Modules that `tco probe run` imports, the distributions that bring them, and the oldest that do (as in pyproject.toml).
NEEDS = (
    "aiohttp:aiohttp>=3.11",
    "httptools:httptools>=0.6",
    "lazy_loader:lazy-loader>=0.4",
    "numpy:numpy>=1.26",
    "platformdirs:platformdirs>=4.3",
    "prometheus_client:prometheus-client>=0.21",
    "psutil:psutil>=6.0",
    "pydantic:pydantic>=2.10",
    "pynvml:nvidia-ml-py>=12.560",
    "rich:rich>=13.9",
    "scipy:scipy>=1.14",
    "typer:typer>=0.15",
    "uvloop:uvloop>=0.21",
    "yaml:pyyaml>=6.0",
)
OPTIONAL = ("nvidia-ml-py",)

# Options of the probe that are settled here, or whose flag is not the field's name.
_NOT_SENT = {"out", "force", "prometheus"}
_THERE = re.compile(r"tco-probe-\w+/run\.json")
_FLAGS = {"start_timeout_s": "--start-timeout"}

Wheels = Annotated[
    Path | None,
    typer.Option("--ssh-wheels", help="Folder of *.whl to bring along, for a host without a package index."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SshOptions:
    """The options of `tco probe run` that begin with `--ssh`.

    Attributes:
        host: `--ssh`: host or user@host.
        config: `--ssh-config`: another configuration file for ssh.
        python: `--ssh-python`: which Python measures there.
        install: `--ssh-install/--no-ssh-install`: whether missing packages may be installed, into a folder that is removed.
        wheels: `--ssh-wheels`: wheels to bring along.
    """

    host: str
    config: Path | None = None
    python: str | None = None
    install: bool = True
    wheels: Path | None = None


def bundle_bytes(wheels: Path | None = None) -> bytes:
    """The tool as one file, from the packages that run here.

    Args:
        wheels: folder of wheels to bring along.

    Raises:
        ProbeError: the wheels are not there.
    """
    return build_bundle(
        Path(probes.__file__).parents[1],
        packages=("pricing", "probes", "tco"),
        command=("tco.cli", "probe", "run"),
        needs=needs_of(NEEDS, optional=OPTIONAL),
        distribution="tco-llm",
        wheels=wheels,
    )


def run_arguments(request: RunRequest) -> list[str]:
    """The command line that says the same as a request; what was left out stays out, and so do files, which go along by themselves.

    Args:
        request: the options.
    """
    words: list[str] = []
    for field in dataclasses.fields(request):
        value: Any = getattr(request, field.name)
        if (
            field.name in _NOT_SENT
            or isinstance(value, Path)
            or value is None
            or value is False
            or value == field.default
        ):
            continue
        flag = _FLAGS.get(field.name, "--" + field.name.replace("_", "-"))
        values = value if isinstance(value, (list, tuple)) else [value]
        words += [flag if item is True else f"{flag}={item}" for item in values]
    return words


def ssh_run(request: RunRequest, options: SshOptions, *, as_json: bool = False) -> None:
    """Runs a probe on another machine and saves its record here.

    Args:
        request: the options of `tco probe run`.
        options: where, and how to get there.
        as_json: print the run on stdout.

    Raises:
        typer.Exit: with the exit code of the probe there: 0, 2, 3, 5 or 130.
    """
    try:
        check_host(options.host)
        parse_concurrency(request.concurrency)
        parse_budget_s(request.budget)
        out = _out_file(request, options.host)
        bundle = bundle_bytes(options.wheels)
    except ProbeError as error:
        fail(str(error))
    result = _on_host(request, options, bundle)
    code, run = _keep(result, out, options.host, request.prometheus)
    if run is not None and as_json:
        typer.echo(run.to_json(), nl=False)
    if code:
        raise typer.Exit(code)


def _on_host(request: RunRequest, options: SshOptions, bundle: bytes) -> RemoteResult:
    screen = console()
    screen.print(f"{options.host}: copying the probe ({len(bundle) / 1e6:.1f} MB) ...", markup=False, soft_wrap=True)
    asked = RemoteRequest(
        args=run_arguments(request),
        files=[
            ("--" + name.replace("_", "-"), value)
            for name, value in dataclasses.asdict(request).items()
            if isinstance(value, Path) and name not in _NOT_SENT
        ],
        needs_engine=request.endpoint is None,
        python=options.python,
        install=options.install,
        key_env=request.api_key_env,
    )
    host = SshHost(name=options.host, config=options.config)

    def say(text: str) -> None:
        # The file there is gone a moment later; where the record is now is said at the end.
        if not _THERE.search(text):
            screen.print(text, markup=False, soft_wrap=True)

    try:
        with stop_signals():
            return run_on_host(host, asked, bundle, on_line=say)
    except KeyboardInterrupt:
        fail(f"interrupted; {options.host} ends its probe by itself. Nothing was fetched.", EXIT_INTERRUPTED)
    except ProbeError as error:
        fail(str(error), EXIT_INVALID if error.kind == "bad_arguments" else EXIT_PREFLIGHT)


def _keep(result: RemoteResult, out: Path, host: str, prometheus: Path | None) -> tuple[int, Run | None]:
    """Checks and saves what came back: a machine that we do not own may send anything."""
    if result.record is None:
        console().print(f"{host}: no run came back (exit code {result.exit_code}).", markup=False, soft_wrap=True)
        # 0 would claim that a run exists.
        return result.exit_code or EXIT_INCOMPLETE, None
    try:
        run = run_from_json(result.record, f"the run from {host}")
        save_run(run, out)
        if prometheus is not None:
            write_prometheus(run, prometheus)
    except RunError as error:
        fail(str(error), EXIT_INCOMPLETE)
    state = "complete" if run.complete else f"incomplete ({run.incomplete_reason})"
    console().print(f"{out}: {len(run.cells)} cells from {host}, {state}.", markup=False, soft_wrap=True)
    return result.exit_code, run


def _out_file(request: RunRequest, host: str) -> Path:
    out = request.out
    if out is None:
        name = re.sub(r"[^\w.-]+", "-", f"{request.served_model or request.model or 'model'}-{host.rpartition('@')[2]}")
        out = Path("runs") / f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}-{name.strip('-.')}.json"
    if out.exists() and not request.force:
        raise ProbeError("bad_arguments", f"--out {out} exists already. Add --force to overwrite it, or name another.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProbeError("bad_arguments", f"--out {out}: the folder cannot be made ({error.strerror}).") from None
    return out


def bundle_command(
    *,
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("tco-probe.pyz"),
    wheels: Annotated[
        Path | None, typer.Option(help="Folder of *.whl to bring along, for a machine without a package index.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write the probe as one file, for a machine that nothing can reach: `python3 tco-probe.pyz run --out r.json ...`, then carry r.json back."""
    if out.exists() and not force:
        fail(f"--out {out} exists already. Add --force to overwrite it.")
    try:
        data = bundle_bytes(wheels)
        out.write_bytes(data)
    except ProbeError as error:
        fail(str(error))
    except OSError as error:
        fail(f"--out {out}: cannot be written ({error.strerror}). Name another file.")
    for line in (
        f"{out}: {len(data) / 1e6:.1f} MB. On the other machine:",
        f"  python3 {out.name} check                    what it has and lacks",
        f"  python3 {out.name} run --out run.json ...   the options of `tco probe run`; then bring run.json back",
    ):
        console().print(line, markup=False, soft_wrap=True)
