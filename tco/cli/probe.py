"""`tco probe`: what does this machine really do on this traffic?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from probes import (
    ProbeError,
    Run,
    RunError,
    check_machine,
    describe_environment,
    engine_packages,
    load_run,
    shipped_models,
)
from probes.engines import VllmOptions
from tco.cli import _probe_arguments as arguments
from tco.cli._probe_arguments import REQUEST_FIELDS, Budget, Json, Port, ProgressFile, StartTimeout
from tco.cli._probe_compare import compare_command
from tco.cli._probe_config import given_on_command_line, init_command, with_config
from tco.cli._probe_import import import_command
from tco.cli._probe_k8s import k8s_command
from tco.cli._probe_layers import run_layers
from tco.cli._probe_options import RunRequest, parse_budget_s
from tco.cli._probe_plan import PLAN_CONTEXT, plan_command
from tco.cli._probe_quick import quick_command
from tco.cli._probe_reporter import Reporter
from tco.cli._probe_request import new_session
from tco.cli._probe_resume import resumed_session
from tco.cli._probe_session import Session, run_session
from tco.cli._probe_ssh import SshOptions, Wheels, bundle_command, ssh_run
from tco.cli._probe_text import WIDTH, environment_lines, finding_lines, run_heading, run_table
from tco.cli._shared import EXIT_INVALID, EXIT_PREFLIGHT, console, fail, print_json

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(
    name="probe",
    help="Measure what an engine on this machine, or a running endpoint, really delivers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command("env")
def env_command(*, as_json: Json = False) -> None:
    """Show this machine and whether a probe can start here (exit 3 if not)."""
    environment, engines = describe_environment(), engine_packages()
    findings = check_machine(environment, engines)
    if as_json:
        rows = [{"level": row.level, "sentence": row.sentence, "remedy": row.remedy} for row in findings]
        print_json(
            {
                "environment": environment.model_dump(mode="json"),
                "engines": engines,
                "findings": rows,
                "models": shipped_models(),
            }
        )
    else:
        for line in environment_lines(environment, engines, findings):
            typer.echo(line)
        typer.echo(f"\nshipped architectures: {', '.join(shipped_models())}")
    if any(finding.level == "blocker" for finding in findings):
        raise typer.Exit(EXIT_PREFLIGHT)


@app.command("run")
def run_command(
    context: typer.Context,
    *,
    config: Annotated[Path | None, typer.Option(help="Options from a YAML file; `tco probe init` writes one.")] = None,
    ssh: Annotated[str | None, typer.Option(help="Measure on this host, as HOST or USER@HOST.")] = None,
    ssh_python: arguments.SshPython = None,
    ssh_config: arguments.SshConfig = None,
    ssh_install: arguments.SshInstall = True,
    ssh_wheels: Wheels = None,
    model: arguments.Model = None,
    endpoint: arguments.EndpointUrl = None,
    served_model: arguments.ServedModel = None,
    api_key_env: arguments.ApiKeyEnv = None,
    profile: arguments.ProfileName = None,
    weights: arguments.Weights = None,
    dtype: arguments.Dtype = None,
    quantization: arguments.Quantization = None,
    max_model_len: arguments.MaxModelLen = None,
    tensor_parallel_size: arguments.TensorParallel = None,
    pipeline_parallel_size: arguments.PipelineParallel = None,
    layers: arguments.Layers = None,
    engine_arg: arguments.EngineArg = None,
    concurrency: arguments.Concurrency = "1,2,4,8,16",
    rate: arguments.Rate = None,
    arrivals: arguments.ArrivalsKind = "poisson",
    burstiness: arguments.Burstiness = 1.0,
    input_tokens: arguments.InputTokens = 128,
    output_tokens: arguments.OutputTokens = 64,
    lengths: arguments.LengthsSpec = None,
    shared_prefix: arguments.SharedPrefix = 0.0,
    shared_prefixes: arguments.SharedPrefixes = 1,
    turns: arguments.Turns = 1,
    trace: arguments.TraceFile = None,
    trace_speed: arguments.TraceSpeed = 1.0,
    trace_requests: arguments.TraceRequests = None,
    slo: arguments.SloText = None,
    measure: arguments.Measure = None,
    repeats: arguments.Repeats = 3,
    max_repeats: arguments.MaxRepeats = None,
    precision: arguments.Precision = None,
    requests_per_stream: arguments.RequestsPerStream = 3,
    budget: Budget = None,
    host_watts: arguments.HostWatts = None,
    max_usd: arguments.MaxUsd = None,
    max_tokens: arguments.MaxTokens = None,
    usd_per_mtok_input: arguments.UsdInput = None,
    usd_per_mtok_output: arguments.UsdOutput = None,
    client_workers: arguments.ClientWorkers = None,
    seed: arguments.Seed = None,
    port: Port = None,
    start_timeout: StartTimeout = None,
    out: arguments.Out = None,
    force: arguments.Force = False,
    prometheus: arguments.PrometheusFile = None,
    as_json: Json = False,
    progress_file: ProgressFile = None,
) -> None:
    """Start an engine (or reach one), measure it part by part, and save the run after each load point."""
    given = {name: value for name, value in locals().items() if name in REQUEST_FIELDS}
    request = RunRequest(**(given | {"engine_arg": engine_arg or [], "start_timeout_s": start_timeout}))
    try:
        request = with_config(request, config, given_on_command_line(context))
    except ProbeError as error:
        fail(str(error))
    if ssh is not None:
        host = SshOptions(host=ssh, config=ssh_config, python=ssh_python, install=ssh_install, wheels=ssh_wheels)
        ssh_run(request, host, as_json=as_json)
        return
    _finish(_settled(lambda: new_session(request)), progress_file, as_json=as_json)


@app.command("resume")
def resume_command(
    file: Annotated[Path, typer.Argument(help="The file of an interrupted run.")],
    *,
    budget: Budget = None,
    port: Port = None,
    start_timeout: StartTimeout = None,
    as_json: Json = False,
    progress_file: ProgressFile = None,
) -> None:
    """Go on with an interrupted run: same engine, same model, same requests; complete cells are kept."""

    def settle() -> Session:
        return resumed_session(file, port=port, start_timeout_s=start_timeout, budget_s=parse_budget_s(budget))

    _finish(_settled(settle), progress_file, as_json=as_json)


@app.command("show")
def show_command(file: Annotated[Path, typer.Argument(help="A run file.")], *, as_json: Json = False) -> None:
    """Show the cells of a run as a table."""
    try:
        run = load_run(file)
    except RunError as error:
        fail(str(error))
    if as_json:
        typer.echo(run.to_json(), nl=False)
    else:
        _show(run)


def _show(run: Run) -> None:
    for line in run_heading(run):
        typer.echo(line)
    for line in finding_lines(run):
        typer.echo(line)
    # A pipe has no width; rich would squeeze the table into 80 columns.
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH).print(run_table(run))


def _settled(settle: Callable[[], Session]) -> Session:
    try:
        session = settle()
    except RunError as error:
        fail(str(error))
    except ProbeError as error:
        fail(str(error), EXIT_INVALID if error.kind in ("bad_arguments", "model_not_found") else EXIT_PREFLIGHT)
    if isinstance(session.target, VllmOptions):
        _check_machine(session)
    return session


def _check_machine(session: Session) -> None:
    findings = check_machine(session.header.environment, engine_packages())
    for finding in findings:
        if finding.level == "blocker":
            fail(f"{finding.sentence} {finding.remedy}", EXIT_PREFLIGHT)
        if finding.level == "warn":
            console().print(
                f"warning: {finding.sentence} {finding.remedy}", style="yellow", markup=False, soft_wrap=True
            )


def _finish(session: Session, progress_file: Path | None, *, as_json: bool) -> None:
    try:
        reporter = Reporter(progress_file)
    except OSError as error:
        fail(f"--progress-file {progress_file}: cannot be written ({error.strerror}). Name another file.")
    with reporter:
        code, run = run_layers(session, reporter) if session.layers else run_session(session, reporter)
        if run is not None:
            reporter.findings(run)
    if run is not None and as_json:
        typer.echo(run.to_json(), nl=False)
    if code:
        raise typer.Exit(code)


app.command("quick")(quick_command)
app.command("plan", context_settings=PLAN_CONTEXT)(plan_command)
app.command("import")(import_command)
app.command("compare")(compare_command)
app.command("k8s")(k8s_command)
app.command("init")(init_command)
app.command("bundle")(bundle_command)


if __name__ == "__main__":
    app()
