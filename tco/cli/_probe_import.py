"""`tco probe import`: results of other benchmarks as a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pricing.gpus import canonical_gpu, gpu_spec
from pricing.price import PriceNotFound
from probes import Run, RunError, save_run
from probes.imports import FORMATS, import_run
from tco.cli._probe_text import cell_line, run_heading
from tco.cli._shared import EXIT_INCOMPLETE, console, fail


def import_command(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Result files of one tool, model and traffic.")
    ],
    *,
    hardware: Annotated[
        Path | None,
        typer.Option(
            help="YAML or JSON that says what the result does not: gpu, gpus_per_replica, engine_version, ..."
        ),
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help=f"{', '.join(FORMATS)}; found from the content if left out.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The run's file; runs/<first file's name>.json if left out.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the run as JSON on stdout.")] = False,
) -> None:
    """Turn results of vllm bench, GuideLLM, AIPerf, InferenceX or llm-d-benchmark into a run (exit 5 if no load point of it can be used)."""
    target = out or Path("runs") / f"{files[0].stem}.json"
    if target.exists() and not force:
        fail(f"{target} exists. Choose another place with --out, or say --force.")
    try:
        run = with_book_name(import_run(files, sidecar=hardware, format=format_))
        save_run(run, target)
    except RunError as error:
        fail(str(error))
    if as_json:
        typer.echo(run.to_json(), nl=False)
    else:
        _show(run, target)
    if not run.usable_cells:
        fail("no load point of it can be used; the reasons are above.", EXIT_INCOMPLETE)


def with_book_name(run: Run) -> Run:
    """The run with its GPU called as in the price book, where the book knows the name.

    Args:
        run: as imported, with the GPU's name as its owner or its driver writes it.
    """
    if run.gpu is None:
        return run
    known = canonical_gpu(run.gpu) or _listed(run.gpu)
    if known is not None:
        return run.model_copy(update={"gpu": known})
    console().print(
        f"warning: the price book has no GPU {run.gpu!r}; a plan cannot price it. See `tco prices list`.",
        style="yellow",
        markup=False,
        soft_wrap=True,
    )
    return run


def _listed(name: str) -> str | None:
    try:
        return gpu_spec(name).gpu
    except PriceNotFound:
        return None


def _show(run: Run, target: Path) -> None:
    for line in run_heading(run):
        typer.echo(line)
    for cell in run.cells:
        typer.echo(cell_line(cell))
        for warning in cell.warnings:
            typer.echo(f"    {warning.code}: {warning.message}")
    typer.echo(f"saved {target}")
