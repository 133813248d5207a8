"""Monte Carlo: time and memory by the number of draws, beside the sum alone of the arrays that it must touch.

The question: 60 months, 4 options (an API, a hosted model, rented GPUs that follow the hours of the week, servers of one's own), all default ranges. The floor is one
pass over as many numbers: for every option its draws by months of line items, investments and cash flow, summed by numpy in blocks of the same size.

Run `OMP_NUM_THREADS=1 python -m benchmarks.monte_carlo`; it prints a table and writes `benchmarks/data/monte_carlo.txt`.
"""

from __future__ import annotations

import platform
import resource
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tco.compare import Prepared, compare, prepare
from tco.evaluate import evaluate
from tco.ledgers import ledgers_of
from tco.risk.simulate import simulate
from tco.scenario_file import load
from tco.workload.demand import demand

OUT = Path(__file__).parent / "data" / "monte_carlo.txt"
SCENARIO = Path(__file__).parent.parent / "scenarios" / "claim-3-millions-of-queries.yaml"
SETTINGS = ["horizon_months=60", "options.rented-h100.scaling.policy=scheduled"]
DRAWS = (10_000, 100_000, 1_000_000)
BLOCK = 4096
REPEATS = 3


def question() -> Prepared:
    scenario = load(SCENARIO, SETTINGS)
    kept = [option for option in scenario.options if option.name != "small-proprietary-api"]
    return prepare(scenario.model_copy(update={"options": kept}))


def arrays_touched(prepared: Prepared) -> int:
    """Arrays of draws by months: line items and investments of every option, its cash flow, its saving, their running sums."""
    filled = prepared.scenario
    ledgers = ledgers_of([o.name for o in filled.options], filled, prepared.replicas, demand(filled))
    return sum(len(own.line_items) + len(own.investments) + 3 for own in ledgers.values())


def cpu_s(call: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        began = time.process_time()
        call()
        times.append(time.process_time() - began)
    return statistics.median(times)


def floor_s(draws: int, arrays: int, months: int) -> float:
    block = np.random.default_rng(1).random((min(draws, BLOCK), months))
    began = time.process_time()
    for _ in range(arrays * max(1, draws // BLOCK)):
        block.sum()
    return time.process_time() - began


def main() -> None:
    prepared = question()
    months, arrays = prepared.scenario.horizon_months, arrays_touched(prepared)
    simulate(prepared, draws=1000)
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}, one core of {platform.processor() or platform.machine()}, numpy {np.__version__}; CPU time, median of {REPEATS}",
        f"{len(prepared.scenario.options)} options x {months} months, {arrays} arrays of draws x months",
        f"{'draws':>10} {'seconds':>8} {'us/draw':>8} {'floor s':>8} {'ratio':>6} {'peak GiB':>9}",
    ]
    for draws in DRAWS:
        took, least = cpu_s(lambda draws=draws: simulate(prepared, draws=draws)), floor_s(draws, arrays, months)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        lines.append(
            f"{draws:>10,} {took:>8.2f} {took / draws * 1e6:>8.2f} {least:>8.3f} {took / least:>6.1f} {peak:>9.2f}"
        )
    one = statistics.median(_wall(lambda: compare(prepared, prepared.scenario)) for _ in range(31))
    whole = statistics.median(_wall(lambda: evaluate(load(SCENARIO, SETTINGS), searches=False)) for _ in range(11))
    full = statistics.median(_wall(lambda: evaluate(load(SCENARIO, SETTINGS))) for _ in range(5))
    lines += [
        f"one evaluation of a filled scenario, {len(prepared.scenario.options)} options: {one * 1e3:.1f} ms",
        f"a scenario file read, filled and answered, 5 options: {whole * 1e3:.1f} ms; with break-even volumes and the tornado {full * 1e3:.1f} ms",
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    OUT.write_text(text, encoding="utf-8")


def _wall(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
