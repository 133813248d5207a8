"""`tco grid`: every combination of a grid's values answered, over processes or a cluster; interrupted, it goes on later."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tco import InputError
from tco.cli._grid_progress import GridProgress
from tco.cli._grid_text import show_grid
from tco.cli._shared import EXIT_INCOMPLETE, EXIT_INTERRUPTED, console, print_json, refuse
from tco.cli._signals import stop_signals

if TYPE_CHECKING:
    from tco.grid import Job, ResultsFile

SUMMARY_SCHEMA = 1
"""Number of the format of `--json`."""


class BackendChoice(StrEnum):
    """Where points are answered."""

    LOCAL = "local"
    RAY = "ray"
    DASK = "dask"


class MeasureChoice(StrEnum):
    """By what points are compared."""

    NPV = "npv"
    TOTAL = "total"
    MTOK = "mtok"
    PAYBACK = "payback"


def grid(
    file: Annotated[Path, typer.Argument(help="Grid file (YAML), for example scenarios/grids/model-gpu-volume.yaml.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE.jsonl", help="Where results are kept; what is there is gone on with.")
    ],
    jobs: Annotated[
        int | None, typer.Option("--jobs", help="Worker processes. [default: one for each core, all of a cluster]")
    ] = None,
    backend: Annotated[BackendChoice, typer.Option(help="Where: this machine, or a cluster ([scale] extra).")] = (
        BackendChoice.LOCAL
    ),
    address: Annotated[
        str | None, typer.Option(help="Of a running cluster: tcp://HOST:8786 (Dask), ray://HOST:10001 or auto (Ray).")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Start anew, whatever --out holds.")] = False,
    by: Annotated[
        MeasureChoice,
        typer.Option(help="Best is: most NPV, least total cost, least per million tokens, soonest payback."),
    ] = MeasureChoice.NPV,
    best: Annotated[int, typer.Option(min=1, max=1000, help="So many of the best points are shown.")] = 10,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Also write a table: a row for each option and point.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object on stdout.")] = False,
) -> None:
    """Answer a grid of scenarios: models, GPUs, workloads, policies, every combination.

    Each point is kept as soon as it is known: after Ctrl-C the same command goes on. The results are the same for any number
    of jobs and any backend.
    """
    # joblib and the model take seconds to load, which other commands need not wait for.
    from tco.grid import load_grid, make_job, open_results  # noqa: PLC0415

    try:
        job = make_job(load_grid(file))
        with stop_signals(), open_results(out, job, force=force) as results:
            code, failures = _run(job, results, backend=backend, jobs=jobs, address=address)
            _report(job, results, by=by, best=best, csv=csv, as_json=as_json, failures=failures)
    except InputError as error:
        refuse(error, as_json=as_json)
    except KeyboardInterrupt:
        console().print(f"Interrupted: {out} has what was known; the same command goes on with it.", markup=False)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if code:
        raise typer.Exit(code)


def _run(
    job: Job, results: ResultsFile, *, backend: BackendChoice, jobs: int | None, address: str | None
) -> tuple[int, tuple[str, ...]]:
    """Answers what is missing.

    Returns:
        The exit code, and what the program itself failed with.
    """
    from tco.grid import WorkerError, run_grid  # noqa: PLC0415

    try:
        with GridProgress(job.points, results.taken_up) as progress:
            ended = run_grid(job, results, backend=backend.value, jobs=jobs, address=address, on_point=progress.done)
    except (WorkerError, OSError) as error:
        reason = f"{results.path}: cannot be written ({error.strerror})" if isinstance(error, OSError) else str(error)
        console().print(f"error: {reason}.", style="bold red", markup=False, soft_wrap=True)
        return EXIT_INCOMPLETE, ()
    return (EXIT_INCOMPLETE if ended.failed_points else 0), ended.failures


def _report(
    job: Job,
    results: ResultsFile,
    *,
    by: MeasureChoice,
    best: int,
    csv: Path | None,
    as_json: bool,
    failures: tuple[str, ...],
) -> None:
    from tco.grid import summarise, write_table  # noqa: PLC0415

    summary = summarise(job.axes, results.points(), measure=by.value, best=best)
    points = [results.point(index) for index in summary.best]
    if csv is not None:
        write_table(csv, job.axes, results.points())
    if as_json:
        kept = {
            "schema": SUMMARY_SCHEMA,
            "grid": job.name,
            "results": str(results.path),
            "complete": summary.done == summary.points,
            "failures": list(failures),
        }
        # `best` as whole points: an index alone would need the results file.
        print_json({**kept, **asdict(summary), "best": [point.model_dump(mode="json") for point in points]})
        return
    show_grid(job, summary, points, failures)
    console().print(
        f"\nResults: {results.path}" + (f"   Table: {csv}" if csv else ""), style="dim", markup=False, soft_wrap=True
    )
