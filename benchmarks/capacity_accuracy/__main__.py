"""Table of errors: step times are fitted to a probe of one engine, and other loads of the same engine are predicted from them.

    python -m benchmarks.capacity_accuracy                       # from the files in benchmarks/data/capacity_accuracy
    python -m benchmarks.capacity_accuracy --collect runs/accuracy --layers 8 --rounds 1

The held-out loads have other concurrencies, other lengths, random arrivals at three rates, lengths that vary, and arrivals and lengths of a recorded trace.
Throughput of open loops is what was sent, so it is not counted.
"""

from __future__ import annotations

import argparse
from itertools import groupby
from pathlib import Path

import numpy as np

from benchmarks.capacity_accuracy.loads import DATA, Measured, read_set, spread
from benchmarks.capacity_accuracy.predict import FIGURES, Miss, misses
from tco.capacity.memory.run_limits import limits_of_run
from tco.capacity.steptime.depth import to_full_depth
from tco.capacity.steptime.fitted import FittedStepTime
from tco.capacity.steptime.of_run import step_time_of_run

GOALS = {"requests_per_s": 0.05, "tpot_p50": 0.05, "ttft_p50": 0.10, "ttft_p99": 0.15}


def main() -> None:
    """Reads the arguments, measures where asked, prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of sets")
    parser.add_argument("--collect", type=Path, help="measure anew into this folder first, then read it")
    parser.add_argument("--layers", type=int, default=8, help="layers that are run")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--trace", type=Path, help="Azure's AzureLLMInferenceTrace_conv.csv, to replay its beginning")
    given = parser.parse_args()
    if given.collect is not None:
        from benchmarks.capacity_accuracy.collect import collect

        collect(given.collect / f"{given.layers}-layers", layers=given.layers, rounds=given.rounds, trace=given.trace)
    sets = [read_set(folder) for folder in sorted((given.collect or given.data).iterdir()) if folder.is_dir()]
    fitted = {measured.name: fit for measured in sets if (fit := _fitted(measured)) is not None}
    for measured in sets:
        if measured.name in fitted and measured.held:
            _table(measured, fitted[measured.name])
    _across_depths(sets, fitted)


def _fitted(measured: Measured) -> FittedStepTime | None:
    if measured.fit is None:
        return None
    fit = step_time_of_run(measured.fit, limits_of_run(measured.fit))
    if not isinstance(fit, FittedStepTime):
        print(f"{measured.name}: {fit.sentence}")
        return None
    print(
        f"{measured.name}: fitted to {fit.cells_used} cells, {fit.method}; misses them by {fit.residual_fraction:.1%}"
    )
    for term in fit.terms:
        print(f"  {term.name:22} {term.value:10.4g}   95 %: {term.low:.4g} to {term.high:.4g}")
    for error in fit.errors:
        print(f"  {error.sentence}")
    for caution in fit.cautions:
        print(f"  {caution.code}: {caution.sentence}")
    return fit


def _table(measured: Measured, fit: FittedStepTime) -> None:
    assert measured.fit is not None
    found = misses(measured, fit.step_time, limits_of_run(measured.fit))
    print(f"\n{measured.name}: predicted over measured, less 1, on {len(measured.held)} loads that were not fitted")
    _print_misses(found)
    spreads = spread(measured, FIGURES)
    print(f"{'own spread (half range)':24}" + "".join(_cell(spreads.get(metric, (None, 0))[0]) for metric in FIGURES))
    print(f"{'  from loads':24}" + "".join(f"{spreads.get(metric, (0, 0))[1]:>16}" for metric in FIGURES))
    print(f"{'goal':24}" + "".join(_cell(GOALS.get(metric)) for metric in FIGURES) + "\n")


def _print_misses(found: list[Miss]) -> None:
    print(f"{'load':24}" + "".join(f"{metric:>16}" for metric in FIGURES))
    for load, group in groupby(found, key=lambda miss: miss.load):
        by_metric: dict[str, list[Miss]] = {}
        for miss in group:
            by_metric.setdefault(miss.metric, []).append(miss)
        print(f"{load:24}" + "".join(_signed(by_metric.get(metric, [])) for metric in FIGURES))
    for name, summary in (("median, without sign", np.median), ("worst", np.max)):
        sizes = {metric: [abs(miss.fraction) for miss in found if miss.metric == metric] for metric in FIGURES}
        print(f"{name:24}" + "".join(_cell(float(summary(sizes[m])) if sizes[m] else None) for m in FIGURES))


def _signed(group: list[Miss]) -> str:
    if not group:
        return f"{'':>16}"
    measured = float(np.mean([miss.measured for miss in group]))
    return f"{measured:>9,.4g} {np.mean([miss.fraction for miss in group]):>+6.1%}"


def _cell(value: float | None) -> str:
    return f"{'':>16}" if value is None else f"{value:>16.1%}"


def _across_depths(sets: list[Measured], fitted: dict[str, FittedStepTime]) -> None:
    """Step times of the sets that were fitted, carried over layers to a set that was only measured."""
    depths = {m.name: m.fit.model.layers for m in sets if m.fit is not None and m.name in fitted}
    slices = [(layers, fitted[name].step_time) for name, layers in depths.items() if layers]
    for measured in sets:
        if measured.fit is not None or not measured.held or len(slices) < 2:
            continue
        like = next(m for m in sets if m.name in fitted)
        assert like.fit is not None
        carried = to_full_depth(slices, measured.layers)
        print(f"{measured.name}: predicted from step times at {' and '.join(str(n) for n, _ in slices)} layers")
        _print_misses(misses(measured, carried.step_time, limits_of_run(like.fit)))


if __name__ == "__main__":
    main()
