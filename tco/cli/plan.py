"""`tco plan`: a scenario in, the answer out, as text, JSON or a chart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from tco import InputError, OptionResult, Result, evaluate, load
from tco.answer import explain, footing, headline
from tco.cli._plan_cash import money_sentences, show_years
from tco.cli._plan_handover import hand_over, show_handover
from tco.cli._plan_replicas import draw_replicas
from tco.cli._shared import console, fail, print_json, refuse
from tco.constraint_words import constraint_sentences
from tco.format import months, share, usd, volume
from tco.lock import default_path, evaluate_locked, read_lock
from tco.option_rows import payback_words
from tco.result import Capacity
from tco.words import driver_sentence, driver_title

_SHOWN_DRIVERS = 3


def plan(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML), for example scenarios/demo.yaml.")],
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="PATH=VALUE", help="Change one input; repeat for more. workload.requests_per_day=20000"
        ),
    ] = None,
    case: Annotated[
        str | None,
        typer.Option("--case", metavar="NAME", help="Answer one of the file's cases instead of the file as it stands."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object on stdout.")] = False,
    yearly: Annotated[
        bool,
        typer.Option(
            "--yearly", help="Also print what each option asks for in each year: laid out, running, lenders, taxes."
        ),
    ] = False,
    lock: Annotated[
        Path | None,
        typer.Option(
            "--lock", metavar="FILE", help="Only the answer of this lock file; refused with what has changed."
        ),
    ] = None,
    locked: Annotated[
        bool, typer.Option("--locked", help="Likewise, of the lock file beside the scenario (see tco lock).")
    ] = False,
    chart: Annotated[
        Path | None,
        typer.Option("--chart", help="Also write the chart: FILE.svg or FILE.png ([report] extra), or FILE.json."),
    ] = None,
    replicas_chart: Annotated[
        Path | None,
        typer.Option(
            "--replicas-chart",
            metavar="FILE",
            help="Also draw what the first hybrid costs by its number of replicas; endings as of --chart.",
        ),
    ] = None,
    deploy: Annotated[
        Path | None,
        typer.Option(
            "--deploy",
            metavar="DIR",
            help="Also write what was costed, ready to run, a folder for each option: vLLM arguments, Kubernetes, KEDA, Ray Serve.",
        ),
    ] = None,
    option: Annotated[
        str | None, typer.Option("--option", metavar="NAME", help="With --deploy: only this option.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="With --deploy: write over an earlier deployment.")] = False,
) -> None:
    """Answer a scenario: capacity, cost, payback of every option against the baseline."""
    if deploy is None and (option is not None or force):
        fail(f"{'--option' if option is not None else '--force'} goes with --deploy DIR; give the folder to write to")
    try:
        question = load(scenario, settings or [], case)
        held = lock if lock is not None else default_path(scenario) if locked else None
        result = evaluate(question) if held is None else evaluate_locked(question, read_lock(held), case)
        if chart is not None:
            # Drawing loads pandas and Altair, two seconds that an answer in text need not wait for.
            from tco.charts import cumulative_cost, save_chart  # noqa: PLC0415

            save_chart(cumulative_cost(result), chart)
        if replicas_chart is not None:
            draw_replicas(result, replicas_chart)
        handed = None if deploy is None else hand_over(question, result, deploy, option=option, force=force)
    except InputError as error:
        refuse(error, as_json=as_json)
    if as_json:
        print_json(result.model_dump(mode="json", by_alias=True))
        return
    show(result, yearly=yearly)
    for drawn in (chart, replicas_chart):
        if drawn is not None:
            console().print(f"\nChart: {drawn}", markup=False)
    if handed is not None:
        show_handover(handed, console())


def show(result: Result, *, yearly: bool = False) -> None:
    """Prints the answer for people: the sentence, the options side by side, money by year if wanted, drivers, warnings."""
    out = console()
    out.print(f"\n{result.scenario} ({result.as_of}), answer {result.answer_id}", style="dim", markup=False)
    out.print(headline(result), style="bold", markup=False)
    out.print()
    out.print(_table(result))
    for option in result.options:
        out.print(f"• {explain(result, option)}", markup=False)
    for sentence in money_sentences(result):
        out.print(f"• {sentence}", markup=False)
    if yearly:
        show_years(result, out)
    if result.drivers:
        out.print(f"\nWhat moves it most (NPV of {result.contender} against {result.baseline}):", markup=False)
        for driver in result.drivers[:_SHOWN_DRIVERS]:
            out.print(f"• {driver_title(driver)}, {driver_sentence(driver)}", markup=False)
    if result.constraints:
        out.print("\nWhat the constraints cost:", markup=False)
        for sentence in constraint_sentences(result.constraints, result.conventions.horizon_months):
            out.print(f"• {sentence}", markup=False)
    if result.warnings:
        out.print("\nMind:", markup=False)
        for warning in result.warnings:
            out.print(f"• {warning.message}", style="yellow", markup=False)
    out.print(f"\n{footing(result)}", style="dim", markup=False)


def _table(result: Result) -> Table:
    """Options side by side as columns, so that it fits 80 characters."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for option in result.options:
        table.add_column(
            ("→ " if option.name == result.recommended else "") + option.name, justify="right", overflow="fold"
        )
    for label, cell in _ROWS:
        cells = [cell(option, result) for option in result.options]
        if label not in _WHERE_KNOWN or set(cells) != {"–"}:
            table.add_row(label, *cells)
    return table


def _served(text: Callable[[OptionResult], str]) -> Callable[[OptionResult, Result], str]:
    return lambda option, _: text(option) if option.feasible else "–"


def _compared(text: Callable[[OptionResult], str]) -> Callable[[OptionResult, Result], str]:
    """A figure against the baseline; none where the baseline itself is ruled out."""
    return lambda option, result: text(option) if option.npv_usd is not None and option.name != result.baseline else "–"


def _basis(capacity: Capacity) -> str:
    """How the number was had, with how far such models missed what was measured."""
    missed = capacity.model_error_fraction
    return capacity.basis if missed is None else f"{capacity.basis} ±{share(missed)}"


def _irr(option: OptionResult) -> str:
    return "several" if option.irr_status == "several" else share(option.irr_per_year)


def _replicas(capacity: Capacity) -> str:
    """Those of the busiest hour; where a policy scales them, from the quietest hour on."""
    if capacity.policy == "fixed":
        return str(capacity.replicas)
    return f"{min(capacity.least_replicas_by_month, default=0)} to {capacity.replicas}, {capacity.policy}"


def _late(capacity: Capacity) -> str:
    return f"{capacity.late_fraction:.2%}" if capacity.policy == "reactive" else "–"


def _per_user(option: OptionResult) -> str:
    return usd(option.unit_costs.usd_per_user_month) if option.unit_costs else "–"


def _per_task(option: OptionResult) -> str:
    return usd(option.task_cost.usd_per_successful_task) if option.task_cost else "–"


def _split(option: OptionResult) -> str:
    """Cost of a million tokens in, and of a million out."""
    if option.unit_costs is None:
        return "–"
    return f"{usd(option.unit_costs.input_usd_per_mtok)} / {usd(option.unit_costs.output_usd_per_mtok)}"


_LATE, _USER, _TASK = "  late by start-up", "per user and month", "per solved task"
_WHERE_KNOWN = {_LATE, _USER, _TASK}
"""Shown only where some option scales reactively, where the users are known, where success is."""

_ROWS: tuple[tuple[str, Callable[[OptionResult, Result], str]], ...] = (
    ("evidence", lambda option, _: option.evidence),
    ("capacity basis", _served(lambda option: _basis(option.capacity) if option.capacity else "–")),
    ("replicas", _served(lambda option: _replicas(option.capacity) if option.capacity else "–")),
    (_LATE, _served(lambda option: _late(option.capacity) if option.capacity else "–")),
    (
        "requests/s a replica",
        _served(lambda option: f"{option.capacity.goodput_requests_per_s:.3g}" if option.capacity else "–"),
    ),
    ("utilisation", _served(lambda option: share(option.capacity.utilisation_fraction) if option.capacity else "–")),
    ("  idle, paid for", _served(lambda option: usd(option.capacity.idle_usd) if option.capacity else "–")),
    ("up front", _served(lambda option: usd(option.capex_usd))),
    ("first month", _served(lambda option: usd(option.monthly_usd[0]))),
    ("whole horizon", _served(lambda option: usd(option.total_usd))),
    ("per million tokens", _served(lambda option: usd(option.usd_per_mtok))),
    ("  in / out", _served(_split)),
    ("  if fully loaded", _served(lambda option: usd(option.usd_per_mtok_at_full_load))),
    ("per request", _served(lambda option: usd(option.usd_per_request))),
    (_USER, _served(_per_user)),
    (_TASK, _served(_per_task)),
    ("payback", payback_words),
    ("  discounted", _compared(lambda option: months(option.discounted_payback_months))),
    ("NPV saved", _compared(lambda option: usd(option.npv_usd))),
    ("IRR a year", _compared(_irr)),
    ("break-even requests/day", _compared(lambda option: volume(option.breakeven_requests_per_day))),
)
