"""Sheets that are read and not computed: Cover, Legend, Probe, Sources, Change log."""

from __future__ import annotations

from importlib import metadata

from probes.run import Run
from tco.answer import footing, headline
from tco.lock.records import Lock
from tco.report.evidence import evidence_sentence, source_table
from tco.report.method import inputs_changed, rests_changed
from tco.report.pack import ReportPack
from tco.report.xlsx.cells import Cell, Held
from tco.report.xlsx.expressions import Expr
from tco.report.xlsx.inputs import Inputs
from tco.report.xlsx.sheet import FIRST_ROW, Sheet

_PROBE_COLUMNS = (
    ("Load", "requests in flight or requests/s"), ("Throughput", "requests/s"), ("Output", "tokens/s"), ("TTFT p95", "ms"), ("TPOT p95", "ms"),
    ("E2E p95", "ms"), ("Power", "W"),
)  # fmt: skip

_COLOURS = (
    ("blue on yellow", "input", "An input. It may be changed; the sheet Inputs says what follows."),
    ("black", "formula", "A formula of this sheet's numbers or of several sheets'."),
    ("green", "link", "A number that is taken over from another sheet."),
    ("grey, slanted", "held", "A number of the engine, held at export: no formula works it out."),
)

_RULES = (
    "The same column is the same month on all sheets by month; month m ends in the column of m, column F is time zero.",
    "One formula a row, copied to the right. No names, no OFFSET or INDIRECT, no macros, no links to other files, no functions newer than Excel 2007.",
    "Costs are positive on the sheets Cash flow, savings are positive where they say so. Negative numbers stand in brackets.",
    "Fractions are fractions: 0.10 is 10 %. A month has the hours that the sheet Inputs gives.",
    "Row 2 of every sheet repeats the verdict of the sheet Checks.",
    "Where it is marked `live, mix held`, results follow, but a hybrid's number of replicas stays what was best at export.",
    "Where an input is marked `new export`, a change of it is not answered here in full: change the scenario file and run the tool again.",
)


def cover_of(pack: ReportPack, verdict: Expr, sheets: list[tuple[str, str]]) -> Sheet:
    """The first sheet: which answer this is.

    Args:
        pack: the answer.
        verdict: of the sheet Checks.
        sheets: names and what is on them.
    """
    result, terms = pack.result, pack.brand.terms
    sheet = Sheet(name="Cover", title=result.scenario, about=headline(result), widths={0: 26, 1: 88}, frozen=(0, 0))
    if terms.confidentiality:
        sheet.row(terms.confidentiality, style="heading")
    facts = (
        ("Question", pack.scenario.question),
        ("Prices as of", str(result.as_of)),
        ("Answer", result.answer_id),
        ("Price book", result.price_book.id),
        ("Own prices", result.price_book.own_prices),
        ("Runs", ", ".join(sorted({option.run_id for option in result.options if option.run_id}))),
        ("Tool", f"tco-llm {metadata.version('tco-llm')}"),
        ("Prepared by", terms.name),
        ("For", {"internal": "internal use", "client": "the client", "public": "anybody"}[pack.redaction]),
        ("Evidence", evidence_sentence(result, pack.risk)),
        ("Conventions", footing(result)),
    )
    for label, text in facts:
        if text:
            sheet.text(1, text, "wrapped")
            sheet.row(label)
    if pack.banded:
        sheet.text(1, f"Negotiated prices are shown as the middle of a band: {', '.join(pack.banded)}.", "wrapped")
        sheet.row("Hidden")
    sheet.cell(1, verdict, "check")
    sheet.row("Checks")
    sheet.heading("Sheets")
    for name, about in sheets:
        sheet.text(1, about, "wrapped")
        sheet.row(name)
    if result.warnings:
        sheet.heading("Mind")
        for warning in result.warnings:
            sheet.text(1, warning.message, "wrapped")
            sheet.row(warning.code.replace("_", " "))
    return sheet


def legend_of() -> Sheet:
    """What colours and words mean."""
    sheet = Sheet(
        name="Legend",
        title="Legend",
        about="How to read and change this workbook.",
        widths={0: 26, 1: 88},
        frozen=(0, 0),
    )
    sheet.row("Colours", style="heading")
    samples: dict[str, Expr | Held | float] = {"input": 1.0, "held": Held(1.0, (), "a sample")}
    for name, role, meaning in _COLOURS:
        sheet.text(1, meaning, "wrapped")
        if role in samples:
            sheet.cell(2, samples[role])
        sheet.row(name)
    sheet.heading("Rules")
    for rule in _RULES:
        sheet.text(1, rule, "wrapped")
        sheet.row("")
    sheet.heading("Words")
    for word, meaning in _WORDS:
        sheet.text(1, meaning, "wrapped")
        sheet.row(word)
    return sheet


_WORDS = (
    ("Baseline", "The option that is paid for today; every other one is compared with it."),
    ("Capacity, goodput", "Load at which the latency promise still holds on one replica, as the run or the engine's model of it says; times the throughput factor."),
    ("Replica", "One copy of the model that answers requests: one or more GPUs."),
    ("Spares", "The smallest number of replicas beyond the needed ones, with which enough of them answer for the availability target."),
    ("NPV", "Present value of the savings against the baseline, with what both options leave at the end."),
    ("Payback", "Month from which the cumulative saving stays at or above zero, without what is left; `never` within the horizon."),
    ("IRR", "Only where one rate stands out: a saving that changes its sign often may have several. MIRR exists whenever there are costs and gains."),
    ("Mtok", "Million tokens."),
)  # fmt: skip


def probe_of(pack: ReportPack) -> Sheet:
    """What was measured: setting and load curve of each run."""
    sheet = Sheet(
        name="Probe",
        title="Probe",
        about="The runs behind self-hosted options. What a replica carries within the promise is read from these curves by the engine.",
        widths={0: 34} | dict.fromkeys(range(1, 8), 16),
    )
    runs = {run.run_id: run for run in pack.prepared.runs.values()}
    if not runs:
        sheet.row("No option rests on a run.")
    for run in runs.values():
        _run(sheet, run)
    return sheet


def _run(sheet: Sheet, run: Run) -> None:
    sheet.heading(run.run_id)
    facts = (
        ("Measured", run.created_at), ("Evidence", run.evidence), ("Source", run.source), ("Engine", f"{run.engine.name} {run.engine.version or ''}".strip()),
        ("Model", run.model.name), ("GPU", run.gpu), ("GPUs of a replica", str(run.gpus_per_replica)),
        ("Prompt and answer", f"{run.workload.input_tokens} and {run.workload.output_tokens} tokens, {run.workload.arrivals}"),
        ("Complete", "yes" if run.complete else run.incomplete_reason), ("Tool", run.tool_version),
    )  # fmt: skip
    for label, text in facts:
        if text:
            sheet.row(label, text)
    sheet.header("Cell", *(f"{name} ({unit})" for name, unit in _PROBE_COLUMNS))
    for number, cell in enumerate(run.cells, 1):
        load = cell.concurrency if cell.concurrency is not None else cell.request_rate_per_s
        values = (
            load, cell.requests_per_s.mean, cell.output_tokens_per_s.mean, cell.ttft_ms.p95, cell.tpot_ms.p95, cell.e2e_ms.p95, cell.power_watts,
        )  # fmt: skip
        for column, value in enumerate(values, 1):
            if value is not None:
                sheet.cell(column, Held(float(value), (), "the run"))
        sheet.row(f"{cell.role} {number}")


def sources_of(pack: ReportPack, inputs: Inputs) -> Sheet:
    """Where every number came from."""
    sheet = Sheet(
        name="Sources", title="Sources", about="Every source that an input names, and what the answer rests on.", widths={0: 90, 1: 14, 2: 12, 3: 60}
    )  # fmt: skip
    for column, text in enumerate(("Source", "Evidence", "As of", "Inputs, by their id")):
        sheet.text(column, text, "header", row=FIRST_ROW - 1)
    for source, as_of, evidence, used in source_table(pack).rows:
        sheet.text(0, source, "wrapped")
        sheet.text(3, used, "wrapped")
        sheet.row("", evidence, as_of)
    unsourced = sum(row.source is None for row in pack.result.assumptions)
    sheet.row(f"{unsourced} of {len(inputs.cells)} inputs name no source: they are the scenario's own.")
    return sheet


def changes_of(pack: ReportPack) -> Sheet:
    """What changed since the version before."""
    sheet = Sheet(
        name="Change log",
        title="Change log",
        about="Against the version before."
        if pack.previous
        else "This is the first version; give the version before to see what changed.",
        widths={0: 60, 1: 20, 2: 20, 3: 20},
    )
    if pack.previous is not None:
        _changes(sheet, pack, pack.previous)
    return sheet


def _changes(sheet: Sheet, pack: ReportPack, before: Lock) -> None:
    result = pack.result
    sheet.header("", "Before", "Now")
    sheet.row("Answer", before.answer_id, result.answer_id)
    sheet.row("Recommended", before.answer.recommended or "none", result.recommended or "none")
    for row in rests_changed(pack, before):
        sheet.row(*row)
    sheet.heading("Totals and worth")
    old = {option.name: option for option in before.answer.options}
    for option in result.options:
        for label, name in (("total", "total_usd"), ("NPV", "npv_usd"), ("payback in months", "payback_months")):
            was = getattr(old[option.name], name) if option.name in old else None
            _pair(sheet, f"{option.name}: {label}", was, getattr(option, name))
    here = {option.name for option in result.options}
    for name in (name for name in old if name not in here):
        sheet.row(name, "there", "gone")
    sheet.heading("Inputs that changed")
    for path, which, was, has in inputs_changed(pack, before):
        _pair(sheet, f"{path}{which}", was, has)


def _pair(sheet: Sheet, label: str, before: float | None, now: float | None) -> None:
    cells: list[Cell] = []
    for column, value in ((1, before), (2, now)):
        if value is None:
            sheet.text(column, "–", "absent")
        else:
            cells.append(sheet.cell(column, Held(value, (), "the engine"), "usd" if abs(value) > 1000 else "number"))  # noqa: PLR2004
    sheet.row(label)
