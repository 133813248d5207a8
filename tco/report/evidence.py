"""How good the inputs of an answer are: the assumptions register, how many are measured, what share of the spread rests on assumptions, sources."""

from __future__ import annotations

from collections.abc import Iterator

from tco.format import share, usd
from tco.report.blocks import Column, Table
from tco.report.pack import ReportPack
from tco.result import Assumption, Result
from tco.risk.records import Risk
from tco.words import amount, evidence_counts, label, number

ASSUMED = frozenset({"assumption", "expert"})
"""Evidence that nobody outside can check."""


def ranks(result: Result) -> dict[str, int]:
    """Inputs by how far they move the answer over their own range, 1 the farthest; inputs that do not move it have no rank.

    Args:
        result: the answer, with drivers.
    """
    return {driver.path: place for place, driver in enumerate(result.drivers, start=1)}


def row_ids(result: Result) -> dict[str, str]:
    """Names of the register's rows by path: `A01`, in the order of the scenario.

    Args:
        result: the answer.
    """
    digits = max(2, len(str(len(result.assumptions))))
    return {row.path: f"A{place:0{digits}d}" for place, row in enumerate(result.assumptions, start=1)}


def assumed_share_fraction(result: Result, risk: Risk | None) -> float | None:
    """Share of the NPV's variance that rests on assumptions: that of inputs with such evidence, of what single inputs explain [fraction].

    Args:
        result: the answer.
        risk: its simulation.

    Special cases: None without a simulation, or where no input explains anything.
    """
    if risk is None or not risk.shares:
        return None
    classes = {row.path: row.evidence for row in result.assumptions}
    told = sum(each.share_fraction for each in risk.shares)
    assumed = sum(each.share_fraction for each in risk.shares if classes.get(each.path, "assumption") in ASSUMED)
    return assumed / told if told > 0 else None


def evidence_sentence(result: Result, risk: Risk | None) -> str:
    """How many inputs are measured, listed, published, assumed, and what share of the spread rests on assumptions.

    Args:
        result: the answer.
        risk: its simulation; None: there is none.
    """
    counts = evidence_counts(result)
    kinds = ", ".join(f"{counts.get(kind, 0)} {kind}" for kind in ("measured", "listed", "published", "assumed"))
    told = f"Of {len(result.assumptions)} inputs, {kinds}."
    assumed = assumed_share_fraction(result, risk)
    if assumed is None:
        return told
    certain = sum(row.evidence in ASSUMED and row.low is None for row in result.assumptions)
    # What has no range explains no variance, however much it is assumed: without these words a plan without ranges would look sure.
    words = "has no range and counts as certain" if certain == 1 else "have no range and count as certain"
    kept = f"; {certain} assumed {'input' if certain == 1 else 'inputs'} {words}" if certain else ""
    return f"{told} {share(assumed)} of the variance of the NPV rests on assumptions{kept}."


def register_table(pack: ReportPack) -> Table:
    """Every input with range, evidence, source, day and rank.

    Args:
        pack: of the report.
    """
    placed, names = ranks(pack.result), row_ids(pack.result)
    return Table(
        columns=(
            Column("Id", weight=0.9),
            Column("Input", weight=4.4),
            Column("Value", "right", 1.5),
            Column("Unit", weight=1.5),
            Column("Low", "right", 1.3),
            Column("High", "right", 1.3),
            Column("Evidence", weight=1.7),
            Column("Source", weight=4.0),
            Column("As of", weight=1.6),
            Column("Rank", "right", 0.9),
            Column("Note", weight=3.2),
        ),
        rows=tuple(_register_row(row, names[row.path], placed.get(row.path)) for row in pack.result.assumptions),
        note="Rank: 1 is the input that moves the NPV of the best alternative most over its own range. "
        "The second line of an input is its path in the scenario file. “–”: not given.",
    )


def _register_row(row: Assumption, name: str, rank: int | None) -> tuple[str, ...]:
    return (
        name,
        f"{label(row.path).rpartition(' (')[0]}\n{row.path}",
        number(row.value),
        row.unit,
        "–" if row.low is None else number(row.low),
        "–" if row.high is None else number(row.high),
        row.evidence,
        row.source or "–",
        "–" if row.as_of is None else row.as_of.isoformat(),
        "–" if rank is None else str(rank),
        row.note or "–",
    )


def source_table(pack: ReportPack) -> Table:
    """Every source once, with its day and the inputs that rest on it, runs among them.

    Args:
        pack: of the report.
    """
    return Table(
        columns=(
            Column("Source", weight=5.2),
            Column("As of", weight=1.4),
            Column("Evidence", weight=1.4),
            Column("For", weight=2.6),
        ),
        rows=tuple(_source_rows(pack)),
        note="Prices change: look at the source before you sign.",
    )


def _source_rows(pack: ReportPack) -> Iterator[tuple[str, ...]]:
    names = row_ids(pack.result)
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in pack.result.assumptions:
        if row.source:
            day = "–" if row.as_of is None else row.as_of.isoformat()
            found.setdefault((row.source, day, row.evidence), []).append(names[row.path])
    for (source, day, evidence), inputs in found.items():
        yield source, day, evidence, ", ".join(inputs)
    runs: dict[str, list[str]] = {}
    for option, run in pack.prepared.runs.items():
        runs.setdefault(run.run_id, []).append(option)
    by_id = {run.run_id: run for run in pack.prepared.runs.values()}
    for run_id, options in runs.items():
        run = by_id[run_id]
        source = f"Run {run_id}" + (f": {run.source}" if run.source else "")
        yield source, run.created_at[:10], run.evidence, f"throughput of {', '.join(options)}"


def driver_rows(pack: ReportPack, most: int) -> Iterator[tuple[str, ...]]:
    """Inputs that move the answer most, with what it is at both ends.

    Args:
        pack: of the report.
        most: rows.
    """
    units = {row.path: row.unit for row in pack.result.assumptions}
    for place, driver in enumerate(pack.result.drivers[:most], start=1):
        unit = units[driver.path]
        yield (
            str(place),
            label(driver.path).rpartition(" (")[0],
            amount(driver.low, unit),
            amount(driver.high, unit),
            *(_npv(at) for at in (driver.npv_at_low_usd, driver.npv_at_high_usd)),
            "yes" if driver.flips else "no",
        )


def _npv(amount_usd: float | None) -> str:
    return "cannot serve" if amount_usd is None else usd(amount_usd)
