"""Sizing of a 168-hour profile by 36 months once one replica's capacity is known, beside a plain loop over the same 6,048 cells.

Ours is the whole call that a plan makes, `size_fleet`, with spares, start-up and cool-down. The loop does less: for each cell whole replicas, then one more until
enough answer, with the same binomial of scipy. `python -m benchmarks.slo_sizing`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np
from scipy.special import bdtrc

import tco
from tco.capacity.fleet import Fleet, size_fleet
from tco.capacity.fleet_rules import load_of
from tco.capacity.replica import Replica, probed
from tco.capacity.replicas.needed import Counts
from tco.capacity.slo_capacity import SloCapacity
from tco.runs import find_runs
from tco.scenario import RentOption, Scenario
from tco.workload.demand import demand
from tco.workload.profiles import Weights

SCENARIO = Path(__file__).resolve().parent.parent / "scenarios" / "support-chat-eu.yaml"
OPTION = "rented-h100"
CAPACITY = SloCapacity(requests_per_s=2.0)
AVAILABILITY, TARGET = 0.99, 0.999
LIMIT_S = 0.1
REPEATS = 9
REQUESTS_PER_DAY = {"a few replicas": 400_000, "hundreds": 40_000_000}
Answer = TypeVar("Answer")


def main() -> None:
    """Prints times, their spread, and the ratio to the loop."""
    print(f"\nsizing 36 months of 168 hours, {REPEATS} times each: median (fastest to slowest)")
    for words, volume in REQUESTS_PER_DAY.items():
        question, replica = asked("scheduled", volume)
        plain_s, counts = timed(lambda question=question: plain(question), repeats=3)
        print(f"{words}, up to {counts.max():,}: plain loop over {counts.size:,} cells {_shown(plain_s)}")
        for policy in ("fixed", "scheduled", "reactive"):
            question, replica = asked(policy, volume)
            ours_s, fleet = timed(lambda question=question, replica=replica: sized(question, replica))
            assert fleet.replicas.tolist() == counts.max(axis=1).tolist()
            limit = "within" if max(ours_s) < LIMIT_S else "NOT within"
            ratio = median(plain_s) / median(ours_s)
            print(f"  {policy:<10}{_shown(ours_s)}, {ratio:,.0f} times faster, {limit} {1000 * LIMIT_S:.0f} ms")


def asked(policy: str, requests_per_day: int) -> tuple[Scenario, Replica]:
    """Offices of two continents, no two hours alike, growing by 3 % a month."""
    week = np.array(Weights.from_profile("office-hours-two-continents").values)
    profile = (week * np.random.default_rng(1).uniform(0.9, 1.1, week.size)).round(6).tolist()
    settings = {
        "workload.requests_per_day": requests_per_day,
        "workload.growth_per_month_fraction": 0.03,
        "workload.batchable_fraction": 0,
        "workload.profile": profile,
        f"options.{OPTION}.availability_target_fraction": TARGET,
        f"options.{OPTION}.replica_availability_fraction": AVAILABILITY,
        f"options.{OPTION}.throughput_factor": 1,
        f"options.{OPTION}.scaling": {"policy": policy, "start_up_minutes": 8, "cool_down_minutes": 16},
    }
    question = tco.load(SCENARIO, [f"{path}={value}" for path, value in settings.items()])
    return question, probed(find_runs(question)[OPTION])


def sized(question: Scenario, replica: Replica) -> Fleet:
    """All cells at once."""
    option = question.option(OPTION)
    assert isinstance(option, RentOption)
    return size_fleet(option, replica, question.workload, demand(question), CAPACITY)


def plain(question: Scenario) -> Counts:
    """One cell after the other."""
    load = load_of(question.workload, demand(question)).covered_requests_per_s
    found = np.zeros(load.shape, dtype=np.int64)
    for month, row in enumerate(load.tolist()):
        for hour, rate in enumerate(row):
            needed = count = int(np.ceil(rate / CAPACITY.requests_per_s - 1e-9))
            while bdtrc(needed - 1, count, AVAILABILITY) < TARGET:
                count += 1
            found[month, hour] = count
    return found


def timed(work: Callable[[], Answer], repeats: int = REPEATS) -> tuple[list[float], Answer]:
    """Seconds of each repeat, and the last answer."""
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        answer = work()
        seconds.append(time.perf_counter() - began)
    return seconds, answer


def _shown(seconds: list[float]) -> str:
    low, middle, high = (1000 * value for value in (min(seconds), median(seconds), max(seconds)))
    return f"{middle:,.1f} ms ({low:,.1f} to {high:,.1f})"


if __name__ == "__main__":
    main()
