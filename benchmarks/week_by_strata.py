"""A week at 1,000 requests/s, 605 million requests, planned by stratified sampling; and what a full simulation of a smaller case says.

Four parts, `python -m benchmarks.week_by_strata`, a few minutes on one core:

1. planned: capacity of a replica, replicas of every hour, and the week checked by strata;
2. beside a full simulation: whole Mondays of a smaller fleet, request by request, and the same Monday by strata: the difference in standard errors;
3. how much smoother a larger pool is than the 8 replicas that are simulated;
4. what Neyman's allocation would gain on the proportional one.

The engine has step times of the size of an 8B model on an H100; they are not measured here, and nothing but the method is judged.
"""

from __future__ import annotations

import math
import os
import resource
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from tco.capacity.engine_model import EngineModel
from tco.capacity.replicas.needed import replicas_for
from tco.capacity.simulated import AskedClass, forget_simulations, random_traffic, simulated_capacity
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.stream import RATIO, SHORTEST_S, LatencyCounts, simulate_stream
from tco.capacity.simulator.summary import Estimate
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.step_time import StepTime
from tco.capacity.week.records import WeekEstimate
from tco.capacity.week.simulate_week import Sampling, simulate_week
from tco.workload.asked import Spread
from tco.workload.profiles import Weights

ENGINE = EngineModel(
    step_time=StepTime(
        intercept_s=0.008,
        per_sequence_s=40e-6,
        per_kv_token_s=60e-9,
        per_prefill_token_s=40e-6,
        per_attention_pair_s=1e-9,
    ),
    limits=EngineLimits(kv_blocks=27_000, max_num_batched_tokens=8192, max_num_seqs=256),
    origin="step times of the size of an 8B model on an H100",
    error_fraction=0.0,
    band_fraction=0.1,
    error_source="not measured",
)
CHAT = AskedClass(
    input_tokens=1000,
    output_tokens=250,
    spread=Spread(kind="lognormal", spread_fraction=0.8),
    limits_ms=(("ttft_p95_ms", 500.0), ("tpot_p95_ms", 40.0)),
)
MEAN_REQUESTS_PER_S = 1000.0
SMALL_REQUESTS_PER_S = 20.0
MONDAY = slice(0, 24)
DAYS = 6
S_PER_HOUR = 3600
SHOWN = (("ttft_s", 50), ("ttft_s", 95), ("ttft_s", 99), ("tpot_s", 95), ("e2e_s", 95))


def main() -> None:
    """Prints all four parts."""
    print(f"# {datetime.now(UTC):%Y-%m-%d}, python -m benchmarks.week_by_strata, {os.cpu_count()} cores, one used")
    goodput = planned(_compile())
    beside_full(goodput)
    pools(goodput)
    allocations(goodput)


def planned(loaded_gib: float) -> float:
    """A week planned and checked; returns the capacity of a replica [requests/s].

    Args:
        loaded_gib: memory of this process before [GiB].
    """
    rates = MEAN_REQUESTS_PER_S * np.array(Weights.from_profile("office-hours").values)
    forget_simulations()
    began, cpu = time.perf_counter(), time.process_time()
    goodput = simulated_capacity(ENGINE, (CHAT,)).requests_per_s
    found_s = time.perf_counter() - began
    replicas = replicas_for(rates, goodput)
    week = simulate_week(ENGINE, (CHAT,), rates, replicas)
    whole_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    print(
        f"\n1. A week of {week.requests:,.0f} requests, office hours, {replicas.min()} to {replicas.max()} replicas by the hour"
    )
    print(
        f"capacity {goodput:.3f} requests/s a replica, found in {found_s:.1f} s; all of it in {whole_s:.1f} s ({cpu_s:.1f} s of one core)"
    )
    print(
        f"{week.requests_counted:,} requests counted, {week.requests_simulated:,} simulated, {len(week.strata)} strata"
    )
    print(f"most memory of this process: {_most_gib():.2f} GiB, {loaded_gib:.2f} GiB of it before")
    _show(week)
    return goodput


def beside_full(goodput: float) -> None:
    """The same Monday twice: every request of it, and by strata."""
    rates = SMALL_REQUESTS_PER_S * np.array(Weights.from_profile("office-hours").values)[MONDAY]
    replicas = int(replicas_for(rates, goodput).max())
    began = time.perf_counter()
    days = np.array([_full_day(rates, replicas, seed) for seed in range(DAYS)])
    full_s = time.perf_counter() - began
    began = time.perf_counter()
    strata = simulate_week(ENGINE, (CHAT,), rates, np.full(rates.size, replicas), sampling=Sampling(requests=400_000))
    strata_s = time.perf_counter() - began
    print(
        f"\n2. A Monday at {rates.mean():.1f} requests/s on {replicas} replicas: {DAYS} full days ({full_s:.0f} s) beside strata ({strata_s:.1f} s)"
    )
    print(f"{'':>10} {'full day, ms':>20} {'strata, ms':>20} {'apart by':>10} {'standard errors':>16}")
    for column, (name, percent) in enumerate(SHOWN):
        mean, error = days[:, column].mean(), days[:, column].std(ddof=1) / math.sqrt(DAYS)
        found = _figure(strata, name, percent)
        both = math.hypot(error, found.standard_error or 0.0)
        print(
            f"{_label(name, percent):>10} {_ms(mean, error):>20} {_ms(found.value, found.standard_error):>20} "
            f"{found.value / mean - 1:>10.2%} {(found.value - mean) / both:>16.1f}"
        )


def pools(goodput: float) -> None:
    """Latencies of pools of several sizes at the same load on each replica."""
    print("\n3. Larger pools at the same load on each replica, against 8")
    for load in (0.8, 1.0):
        found = {
            pool: simulate_week(
                ENGINE, (CHAT,), [goodput * load * pool], [pool], sampling=Sampling(requests=400_000, largest_pool=pool)
            )
            for pool in (1, 2, 4, 8, 32, 128)
        }
        print(f"at {load:.0%} of the capacity, {goodput * load:.2f} requests/s each:")
        for pool, week in found.items():
            parts = []
            for name, percent in SHOWN:
                one, eight = _figure(week, name, percent), _figure(found[8], name, percent)
                parts.append(
                    f"{_label(name, percent)} {_ms(one.value, one.standard_error)} ({one.value / eight.value - 1:+.1%})"
                )
            print(f"  {pool:>4}: " + "; ".join(parts))


def allocations(goodput: float) -> None:
    """Standard error of the proportional allocation over Neyman's: `sqrt(sum W p (1 - p)) / sum W sqrt(p (1 - p))`, p the late share of a stratum."""
    rates = MEAN_REQUESTS_PER_S * np.array(Weights.from_profile("office-hours").values)
    by_hour = replicas_for(rates, goodput)
    print("\n4. Standard error of proportional allocation over Neyman's, for the week's own p95 and p99")
    for words, replicas in (
        ("replicas by the hour", by_hour),
        ("replicas of the busiest hour", np.full(168, by_hour.max())),
    ):
        first = simulate_week(ENGINE, (CHAT,), rates, replicas)
        limits = tuple(
            (f"{name[:-2]}_p{percent}_ms", _figure(first, name, percent).value * 1e3)
            for name in ("ttft_s", "tpot_s")
            for percent in (95, 99)
        )
        week = simulate_week(ENGINE, (replace(CHAT, limits_ms=limits),), rates, replicas, sampling=Sampling(seed=2))
        weights = np.array([stratum.requests for stratum in week.strata]) / week.requests
        late = np.array([[each.value for each in stratum.late_fraction] for stratum in week.strata])
        spread = late * (1 - late)
        ratios = np.sqrt(weights @ spread) / (weights @ np.sqrt(spread))
        print(
            f"  {words}: " + ", ".join(f"{name} {ratio:.2f}" for (name, _), ratio in zip(limits, ratios, strict=True))
        )


def _full_day(rates: npt.NDArray[np.float64], replicas: int, seed: int) -> list[float]:
    found = simulate_stream(_hours(rates, seed), ENGINE.step_time, ENGINE.limits, replicas=replicas)
    counts = {"ttft_s": found.ttft, "tpot_s": found.tpot, "e2e_s": found.e2e}
    return [_percentile_s(counts[name], percent) for name, percent in SHOWN]


def _hours(rates: npt.NDArray[np.float64], seed: int) -> Iterator[Traffic]:
    """Random arrivals hour by hour: more than enough are drawn, and those of the hour are kept."""
    for hour, rate in enumerate(rates.tolist()):
        drawn = random_traffic(ENGINE, (CHAT,), rate, 1000 * seed + hour, math.ceil(1.05 * rate * S_PER_HOUR) + 1000)
        kept = int(np.searchsorted(drawn.arrival_s, S_PER_HOUR))
        yield Traffic(
            arrival_s=drawn.arrival_s[:kept] + hour * S_PER_HOUR,
            input_tokens=drawn.input_tokens[:kept],
            output_tokens=drawn.output_tokens[:kept],
        )


def _percentile_s(counts: LatencyCounts, percent: float) -> float:
    """Between the edges of its bin: the stream's own answer is the middle of it, half a per cent off."""
    cumulated = np.cumsum(counts.counts)
    wanted = percent / 100 * cumulated[-1]
    place = int(np.searchsorted(cumulated, wanted))
    before = int(cumulated[place - 1]) if place else 0
    return float(SHORTEST_S * RATIO ** (place + (wanted - before) / counts.counts[place]))


def _show(week: WeekEstimate) -> None:
    print(
        "  "
        + "; ".join(
            f"{_label(name, percent)} {_ms(one.value, one.standard_error)} ms"
            for name, percent in SHOWN
            for one in [_figure(week, name, percent)]
        )
    )
    print(
        f"  utilisation {week.use.utilisation_fraction:.1%}, {week.use.sequences_mean:.1f} sequences in a batch, KV {week.use.kv_usage_mean_fraction:.1%}"
    )
    for promise in week.classes[0].promises:
        late = promise.late_fraction
        kept = "kept" if promise.is_kept else "broken"
        print(
            f"  {promise.metric} within {promise.limit_ms:g} ms: {kept}, {late.value:.3%} +- {late.standard_error or 0:.3%} later; "
            f"worst hour {promise.worst_hour_ms:.1f} ms; broken in {len(promise.broken_hours)} of 168 hours"
        )


def _figure(week: WeekEstimate, name: str, percent: int) -> Estimate:
    found: Estimate = getattr(getattr(week.classes[0], name), f"p{percent}")
    return found


def _label(name: str, percent: int) -> str:
    return f"{name[:-2].upper()} p{percent}"


def _ms(value: float, error: float | None) -> str:
    return f"{value * 1e3:,.2f} +- {(error or 0.0) * 1e3:,.2f}"


def _most_gib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _compile() -> float:
    """Machine code is made or read once; what is timed is the planning. Returns the memory of this process by then [GiB]."""
    simulate_week(ENGINE, (CHAT,), [1.0], [1], sampling=Sampling(requests=100))
    list_of_one = [random_traffic(ENGINE, (CHAT,), 1.0, 1, 10)]
    simulate_stream(list_of_one, ENGINE.step_time, ENGINE.limits)
    return _most_gib()


if __name__ == "__main__":
    main()
