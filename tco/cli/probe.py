"""`tco probe`: what does this machine really do on this traffic?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

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
from tco.cli._probe_options import RunRequest, parse_budget_s
from tco.cli._probe_reporter import Reporter
from tco.cli._probe_request import new_session
from tco.cli._probe_resume import resumed_session
from tco.cli._probe_session import Session, run_session
from tco.cli._probe_text import environment_lines, run_heading, run_table
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

_PIPE_WIDTH = 160

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
ProgressFile = Annotated[
    Path | None, typer.Option("--progress-file", help="Write every event to this file as one JSON line.")
]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the engine; a free one if left out.")]
StartTimeout = Annotated[
    float | None, typer.Option("--start-timeout", min=1, help="Seconds to wait for the engine; 600 if left out.")
]
Budget = Annotated[str | None, typer.Option(help="Time for measuring: 90s, 10m or 1h; the start is not counted.")]


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
    *,
    model: Annotated[
        str | None, typer.Option(help="Shipped name, folder or Hugging Face id; see `tco probe env`.")
    ] = None,
    endpoint: Annotated[str | None, typer.Option(help="Measure this OpenAI-compatible server instead.")] = None,
    served_model: Annotated[str | None, typer.Option(help="Model name that the endpoint serves.")] = None,
    api_key_env: Annotated[str | None, typer.Option(help="Environment variable that holds the endpoint's key.")] = None,
    weights: Annotated[
        Literal["dummy", "real"] | None,
        typer.Option(help="Random weights, or real ones; real where the model comes with some."),
    ] = None,
    dtype: Annotated[str | None, typer.Option(help="Number format; bfloat16 if left out.")] = None,
    quantization: Annotated[str | None, typer.Option(help="vLLM's name of a quantization method.")] = None,
    max_model_len: Annotated[
        int | None, typer.Option(min=1, help="Longest request in tokens; just enough if left out.")
    ] = None,
    tensor_parallel_size: Annotated[
        int | None, typer.Option(min=1, help="GPUs that share one copy of the model.")
    ] = None,
    engine_arg: Annotated[
        list[str] | None, typer.Option(help="Further engine flag, as --engine-arg=--flag=value; repeatable.")
    ] = None,
    concurrency: Annotated[str, typer.Option(help="Load points: requests always in flight.")] = "1,2,4,8,16",
    input_tokens: Annotated[int, typer.Option(min=1, help="Tokens in a prompt.")] = 128,
    output_tokens: Annotated[int, typer.Option(min=1, help="Tokens in an answer.")] = 64,
    repeats: Annotated[int, typer.Option(min=1, help="Repeats of each load point, for its confidence interval.")] = 3,
    requests_per_stream: Annotated[int, typer.Option(min=1, help="Requests of each stream in one repeat.")] = 3,
    budget: Budget = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the prompts; drawn and recorded if left out.")
    ] = None,
    port: Port = None,
    start_timeout: StartTimeout = None,
    out: Annotated[Path | None, typer.Option(help="The run's file; runs/<time>-<model>.json if left out.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    as_json: Json = False,
    progress_file: ProgressFile = None,
) -> None:
    """Start an engine (or reach one), load it at each concurrency, and save the run after each."""
    request = RunRequest(
        model=model,
        endpoint=endpoint,
        served_model=served_model,
        api_key_env=api_key_env,
        weights=weights,
        dtype=dtype,
        quantization=quantization,
        max_model_len=max_model_len,
        tensor_parallel_size=tensor_parallel_size,
        engine_arg=engine_arg or [],
        concurrency=concurrency,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        repeats=repeats,
        requests_per_stream=requests_per_stream,
        budget=budget,
        seed=seed,
        port=port,
        start_timeout_s=start_timeout,
        out=out,
        force=force,
    )
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
    # A pipe has no width; rich would squeeze the table into 80 columns.
    Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(run_table(run))


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
        code, run = run_session(session, reporter)
    if run is not None and as_json:
        typer.echo(run.to_json(), nl=False)
    if code:
        raise typer.Exit(code)


if __name__ == "__main__":
    app()
