"""How far adding up is from the truth: what one replica carries of several sizes of requests at once, against what each alone would leave room for.

A mixed fleet is found with the assumption that sizes of requests do not disturb each other: `Σ rate_i / goodput_i ≤ 1` on a replica. Here each mix is played
to one simulated replica, and the highest rate at which its promises hold is found by bisection: the ratio of both is what the assumption costs. Below 1 a
fleet that is sized by adding up breaks its promise; above 1 it is larger than it need be.

    python -m benchmarks.mix_additivity        # about five minutes on one core
"""

from __future__ import annotations

import math
from datetime import date

import numpy as np

import pricing
from tco.mixed_fleet import Means, Wishes
from tco.mixed_fleet.check import promises_at
from tco.mixed_fleet.goodputs import goodputs
from tco.mixed_fleet.question import question_of
from tco.mixed_fleet.records import FleetProblem
from tco.mixed_fleet.solve import problem_of
from tco.scenario import Scenario
from tco.scenario_file import parse

RUN = "h100-llama-3.1-8b-fp8"
GPUS = ("H200-SXM", "L40S")
MOST_BUCKETS = 10

CHAT = "{share_fraction: %s, input_tokens_per_request: 400, output_tokens_per_request: 200, lengths: {kind: lognormal, spread_fraction: 0.8}, slo: {ttft_p95_ms: %d, tpot_p95_ms: %d}}"
DOCUMENTS = "{share_fraction: %s, input_tokens_per_request: 4000, output_tokens_per_request: 300, lengths: {kind: lognormal, spread_fraction: 0.6}, slo: {ttft_p95_ms: %d, tpot_p95_ms: %d}}"
AGENTS = "{share_fraction: %s, input_tokens_per_request: 2000, output_tokens_per_request: 40, lengths: {kind: lognormal, spread_fraction: 0.5}, slo: {ttft_p95_ms: %d, tpot_p95_ms: %d}}"
WRITERS = "{share_fraction: %s, input_tokens_per_request: 200, output_tokens_per_request: 1000, lengths: {kind: lognormal, spread_fraction: 0.5}, slo: {ttft_p95_ms: %d, tpot_p95_ms: %d}}"

LOOSE, TIGHT = (1000, 60), (500, 30)
"""TTFT p95 and TPOT p95 [ms]."""

MIXES = {
    "chat alone": ((CHAT, 1.0),),
    "chat 80 %, documents 20 %": ((CHAT, 0.8), (DOCUMENTS, 0.2)),
    "chat 50 %, writers 50 %": ((CHAT, 0.5), (WRITERS, 0.5)),
    "writers 90 %, documents 10 %": ((WRITERS, 0.9), (DOCUMENTS, 0.1)),
    "writers 70 %, agents 30 %": ((WRITERS, 0.7), (AGENTS, 0.3)),
    "chat, documents, agents, writers": ((CHAT, 0.25), (DOCUMENTS, 0.25), (AGENTS, 0.25), (WRITERS, 0.25)),
}

SCENARIO = """
name: mix
as_of: {day}
baseline: it
workload:
  requests_per_day: 86400
  profile: flat
  peak_headroom_fraction: 0
  classes: {{{classes}}}
options:
  - {{name: it, kind: rent, model: Meta-Llama-3.1-8B, run: {run}, gpu: {gpu}, price_usd_per_hour: 1}}
"""


def scenario(gpu: str, parts: tuple[tuple[str, float], ...], limits: tuple[int, int]) -> Scenario:
    """One request a second of a mix, on one GPU."""
    classes = ", ".join(f"c{number}: {text % (share, *limits)}" for number, (text, share) in enumerate(parts))
    return parse(SCENARIO.format(day=date(2026, 11, 23), classes=classes, run=RUN, gpu=gpu))


def factor(problem: FleetProblem, means: Means) -> float | None:
    """Highest rate at which a simulated replica keeps the promises, over the rate up to which adding up would fill it; None where a size cannot be served."""
    rates = problem.question.rates
    if not np.isfinite(problem.goodput).all():
        return None
    full = rates / float((rates / problem.goodput[:, 0]).sum())
    keeps, breaks = 0.125, 4.0
    while breaks / keeps > 1.01:
        middle = math.sqrt(keeps * breaks)
        holds = all(kept.is_kept for kept in promises_at(problem, full * middle, [1], means))
        keeps, breaks = (middle, breaks) if holds else (keeps, middle)
    return keeps


def main() -> None:
    """Prints a row for each mix, GPU and promise."""
    book, means = pricing.shipped_book(), Means()
    found = []
    print(f"{'mix':36} {'GPU':9} {'TTFT/TPOT p95':>14}  simulated / added up")
    for name, parts in MIXES.items():
        for gpu in GPUS:
            for limits in (LOOSE, TIGHT):
                question = question_of([scenario(gpu, parts, limits)], Wishes(most_buckets=MOST_BUCKETS), book=book)
                problem = problem_of(question, goodputs(question, means))
                ratio = factor(problem, means)
                told = "a size cannot be served" if ratio is None else f"{ratio:.2f}"
                print(f"{name:36} {gpu:9} {limits[0]:>6} / {limits[1]:<5}  {told}", flush=True)
                if ratio is not None:
                    found.append(ratio)
    low, median, high = np.quantile(found, [0.0, 0.5, 1.0])
    print(
        f"\n{len(found)} mixes: {low:.2f} to {high:.2f}, median {median:.2f}; adding up breaks a promise in {sum(r < 0.99 for r in found)}."
    )


if __name__ == "__main__":
    main()
