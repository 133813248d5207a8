"""The files of one set of measurements: what step times are fitted to, and the loads that they are to predict.

A set is a folder. `fit-N.json` are probes of the parts curve, lengths, prefill and context; every other `NAME-N.json` is one load of round N, and with a
`NAME-N.csv` beside it a replay, whose arrivals are in there.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from probes import Run, load_run
from probes.cell import Cell
from tco.capacity.simulator.traffic import Traffic

DATA = Path(__file__).parents[1] / "data" / "capacity_accuracy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One load that was left out of the fit.

    Attributes:
        name: of the load, the same in every round.
        cell: what was measured.
        input_tokens: mean prompt of a closed loop [tokens].
        output_tokens: mean answer of a closed loop [tokens].
        replay: the arrivals of an open loop; None for a closed one.
    """

    name: str
    cell: Cell
    input_tokens: int
    output_tokens: int
    replay: Traffic | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One set.

    Attributes:
        name: of its folder.
        layers: that were run.
        fit: the probe that step times are fitted to; of several rounds, the cells of all.
        held: loads that were left out, one of each round.
    """

    name: str
    layers: int
    fit: Run | None
    held: tuple[Held, ...]


def read_set(folder: Path) -> Measured:
    """Reads a set.

    Args:
        folder: with run files.
    """
    probes = [load_run(path) for path in sorted(folder.glob("fit-*.json"))]
    cells = [cell for probe in probes for cell in probe.cells]
    fit = probes[0].model_copy(update={"cells": cells}) if probes else None
    others = [path for path in sorted(folder.glob("*.json")) if not path.name.startswith("fit-")]
    layers = load_run(next(iter(sorted(folder.glob("*.json"))))).model.layers or 0
    return Measured(name=folder.name, layers=layers, fit=fit, held=tuple(_held(path) for path in others))


def _held(path: Path) -> Held:
    run = load_run(path)
    arrivals = path.with_suffix(".csv")
    return Held(
        name=path.stem.rpartition("-")[0],
        cell=run.cells[0],
        input_tokens=run.workload.input_tokens,
        output_tokens=run.workload.output_tokens,
        replay=_replay(arrivals) if arrivals.exists() else None,
    )


def _replay(path: Path) -> Traffic:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return Traffic(
        arrival_s=np.array([float(row["offset_s"]) for row in rows]),
        input_tokens=np.array([int(row["input_tokens"]) for row in rows], dtype=np.int32),
        output_tokens=np.array([int(row["output_tokens"]) for row in rows], dtype=np.int32),
    )


def figure(cell: Cell, where: str) -> float | None:
    """One number of a cell, such as `ttft_ms.p50`; None where it has none.

    Args:
        cell: a load point.
        where: its name, and within it.
    """
    record, _, name = where.partition(".")
    value = getattr(getattr(cell, record), name)
    return None if value is None else float(value)


def spread(measured: Measured, figures: dict[str, str]) -> dict[str, tuple[float, int]]:
    """How far the machine's own repeats of one load are apart: half of largest less smallest, over their mean; the median of the loads that were repeated.

    Args:
        measured: a set. Its probe measures some loads for more than one purpose, and each round measures all held-out ones again: those are repeats.
        figures: metric, and where it stands in a cell. Throughput of an open loop is what was sent, and is not counted.

    Returns:
        Of each metric: the spread [fraction], and the number of loads that it rests on.
    """
    repeats: dict[object, list[Cell]] = defaultdict(list)
    for cell in measured.fit.cells if measured.fit else []:
        shape = (cell.input_tokens / cell.requests_ok, cell.output_tokens / cell.requests_ok)
        repeats[(cell.concurrency, *shape)].append(cell)
    for held in measured.held:
        repeats[held.name].append(held.cell)
    sent = {held.name for held in measured.held if held.replay is not None}
    found = {}
    for metric, where in figures.items():
        counted = [cells for load, cells in repeats.items() if metric != "requests_per_s" or load not in sent]
        widths = [width for cells in counted if (width := _half_width(cells, where)) is not None]
        if widths:
            found[metric] = (float(np.median(widths)), len(widths))
    return found


def _half_width(cells: list[Cell], where: str) -> float | None:
    values = [value for cell in cells if (value := figure(cell, where)) is not None]
    return None if len(values) < 2 else (max(values) - min(values)) / 2 / float(np.mean(values))
