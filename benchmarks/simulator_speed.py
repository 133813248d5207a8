"""Requests that a simulator answers in a second of processor time: ours, step by step, beside two that know requests only.

    pip install --target DIR simpy; PYTHONPATH=DIR python -m benchmarks.simulator_speed --trace AzureLLMInferenceTrace_conv_2023.csv --fleet-sim FOLDER

- The trace is Azure's conversations of 2023 (19,366 requests, https://github.com/Azure/AzurePublicDataset); with 8 replicas it comes 8 times as fast.
- SimPy: customers of M/M/8, as plain as its own examples: a seat, a service time.
- fleet-sim: `src/fleet-sim` of https://github.com/vllm-project/semantic-router. A request takes one of a GPU's seats for a time that is set when it begins: no steps.
  The saved output has commit 3d48f8c of 22 August 2026.
- `--beside NAME=FIGURE` holds ours against figures that were measured elsewhere; they are printed as given.

All run in turn, so that a busy machine slows them alike; a figure is the median of the rounds, a ratio that of the rounds' ratios.
Then the trace is simulated once and 20 times over, and memory must not grow.
"""

from __future__ import annotations

import argparse
import importlib
import os
import resource
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from probes.workload.traces import read_trace
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.simulate import Routing, simulate
from tco.capacity.simulator.stream import simulate_stream
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.step_time import StepTime

# Of the size of an 8B model on an H100; they are not measured here, and only the speed is judged.
STEP_TIME = StepTime(
    intercept_s=0.008,
    per_sequence_s=40e-6,
    per_kv_token_s=60e-9,
    per_prefill_token_s=40e-6,
    per_attention_pair_s=1e-9,
)
LIMITS = EngineLimits(kv_blocks=27_000, max_num_batched_tokens=8192, max_num_seqs=256)
CONTEXT_TOKENS = 16_384
BEGINNINGS, BEGINNING_TOKENS = 64, 256
PIECE = 2_000
FLEET_SIM = "fleet-sim, {} GPU"
"""Its names in the table, for 1 and for 8."""


@dataclass(frozen=True)
class Subject:
    """One way to simulate; `prepare` makes what is run, and only the run is timed.

    Attributes:
        name: in the table.
        servers: 1 or 8.
        requests: in a run.
        prepare: returns the run, which returns how many requests it answered.
    """

    name: str
    servers: int
    requests: int
    prepare: Callable[[], Callable[[], int]]


def main() -> None:
    """Prints speeds, ratios and memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trace", type=Path, required=True, help="Azure's AzureLLMInferenceTrace_conv of 2023")
    parser.add_argument("--fleet-sim", type=Path, help="the folder src/fleet-sim of vllm-project/semantic-router")
    parser.add_argument("--beside", action="append", default=[], metavar="NAME=FIGURE", help="requests/s of another")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    print(f"# {datetime.now(UTC):%Y-%m-%d}, python -m benchmarks.simulator_speed, {os.cpu_count()} cores, one used")
    traffic = recorded(given.trace)
    subjects = [*ours(traffic), *simpy_line(traffic.requests), *fleet_sim(given.fleet_sim, traffic)]
    speeds = measured(subjects, given.rounds)
    show(subjects, speeds)
    beside(speeds, given.beside)
    memory(traffic)


def recorded(path: Path) -> Traffic:
    """The trace as traffic."""
    arrivals = read_trace(path).arrivals
    return Traffic(
        arrival_s=np.array([each.offset_s for each in arrivals]),
        input_tokens=np.array([each.input_tokens for each in arrivals], dtype=np.int32),
        output_tokens=np.array([each.output_tokens for each in arrivals], dtype=np.int32),
    )


def ours(traffic: Traffic) -> Iterator[Subject]:
    """The simulator with one replica, and with 8 for each routing."""
    faster = replace(traffic, arrival_s=traffic.arrival_s / 8)
    rng = np.random.default_rng(1)
    common = replace(
        faster,
        prefix_group=rng.integers(0, BEGINNINGS, traffic.requests).astype(np.int32),
        prefix_tokens=np.full(traffic.requests, BEGINNING_TOKENS, dtype=np.int32),
    )
    yield _ours("ours, 1 replica", traffic, 1, "round-robin")
    yield _ours("ours, 8 replicas, round-robin", faster, 8, "round-robin")
    yield _ours("ours, 8 replicas, least-loaded", faster, 8, "least-loaded")
    yield _ours(f"ours, 8 replicas, prefix-aware, {BEGINNINGS} beginnings", common, 8, "prefix-aware")


def _ours(name: str, traffic: Traffic, replicas: int, routing: Routing) -> Subject:
    def run() -> int:
        found = simulate(traffic, STEP_TIME, LIMITS, replicas=replicas, routing=routing)
        return int(np.isfinite(found.finish_s).sum())

    return Subject(name, replicas, traffic.requests, lambda: run)


def simpy_line(customers: int) -> list[Subject]:
    """M/M/8 at 80 % of its capacity."""
    try:
        simpy = importlib.import_module("simpy")
    except ModuleNotFoundError:
        print("SimPy is left out: pip install --target DIR simpy, and put DIR into PYTHONPATH")
        return []
    rng = np.random.default_rng(1)
    gaps, services = rng.exponential(1.0, customers).tolist(), rng.exponential(8 * 0.8, customers).tolist()

    def run() -> int:
        environment = simpy.Environment()
        seats, done = simpy.Resource(environment, capacity=8), [0]

        def customer(service: float):  # noqa: ANN202, SimPy has no name for what a process yields
            with seats.request() as seat:
                yield seat
                yield environment.timeout(service)
            done[0] += 1

        def source():  # noqa: ANN202
            for gap, service in zip(gaps, services, strict=True):
                yield environment.timeout(gap)
                environment.process(customer(service))

        environment.process(source())
        environment.run()
        return done[0]

    return [Subject(f"SimPy {simpy.__version__}, M/M/8", 8, customers, lambda: run)]


def fleet_sim(folder: Path | None, traffic: Traffic) -> list[Subject]:
    """The same trace through fleet-sim's own event loop, on its own H100."""
    if folder is None:
        print("fleet-sim is left out: clone vllm-project/semantic-router and give --fleet-sim .../src/fleet-sim")
        return []
    sys.path.insert(0, str(folder))
    fleet = importlib.import_module("fleet_sim.core.fleet")
    request = importlib.import_module("fleet_sim.core.request").Request
    gpu = importlib.import_module("fleet_sim.gpu_profiles.profiles").H100_80GB
    rows = list(
        zip(traffic.arrival_s.tolist(), traffic.input_tokens.tolist(), traffic.output_tokens.tolist(), strict=True)
    )

    def prepare(gpus: int) -> Callable[[], int]:
        pool = fleet.PoolConfig("all", gpu, gpus, CONTEXT_TOKENS, lb_strategy="least_loaded")
        config = fleet.FleetConfig(pools=[pool], router_type="LeastLoadedRouter")
        arrivals = [
            (at_s / gpus, request(number, at_s / gpus, into, out)) for number, (at_s, into, out) in enumerate(rows)
        ]
        return lambda: len(fleet.Fleet(config).run(arrivals).completed)

    return [Subject(FLEET_SIM.format(gpus), gpus, traffic.requests, lambda gpus=gpus: prepare(gpus)) for gpus in (1, 8)]


def measured(subjects: list[Subject], rounds: int) -> dict[str, list[float]]:
    """Requests in a second of processor time, by subject and round; the first round of all is not counted."""
    speeds: dict[str, list[float]] = {subject.name: [] for subject in subjects}
    for number in range(rounds + 1):
        for subject in subjects:
            run = subject.prepare()
            began = time.process_time()
            answered = run()
            took_s = time.process_time() - began
            if answered != subject.requests:
                print(f"{subject.name}: {answered:,} of {subject.requests:,} were answered")
            if number:
                speeds[subject.name].append(answered / took_s)
    return speeds


def show(subjects: list[Subject], speeds: dict[str, list[float]]) -> None:
    """A row a subject, and its ratio to fleet-sim with as many servers."""
    print(f"\n{'':50} {'requests/CPU-s':>15} {'lowest':>10} {'highest':>10} {'times fleet-sim':>16}")
    for subject in subjects:
        own, other = speeds[subject.name], speeds.get(FLEET_SIM.format(subject.servers))
        ratio = f"{statistics.median(a / b for a, b in zip(own, other, strict=True)):.2f}" if other else "-"
        print(f"{subject.name:50} {statistics.median(own):>15,.0f} {min(own):>10,.0f} {max(own):>10,.0f} {ratio:>16}")


def beside(speeds: dict[str, list[float]], figures: list[str]) -> None:
    """Ours over figures that are given, not measured in this run."""
    for figure in figures:
        name, _, value = figure.partition("=")
        ratios = [statistics.median(own) / float(value) for each, own in speeds.items() if each.startswith("ours")]
        print(
            f"{name}: {float(value):,.0f} requests/CPU-s as given with --beside, not measured in this run; "
            f"ours is {min(ratios):,.0f} to {max(ratios):,.0f} times as fast"
        )


def memory(traffic: Traffic) -> None:
    """The trace once and 20 times over, in pieces that are made as they are needed."""
    print(f"\nthe trace over and over, in pieces of {PIECE:,} requests")
    most_mib = []
    for times in (1, 20):
        before = _most_mib()
        tracemalloc.start()
        found = simulate_stream(_pieces(traffic, times), STEP_TIME, LIMITS)
        most_mib.append(tracemalloc.get_traced_memory()[1] / 2**20)
        tracemalloc.stop()
        print(
            f"{times:>3} times, {found.requests:>9,} requests: at most {most_mib[-1]:.2f} MiB of arrays and objects; "
            f"the process grew by {_most_mib() - before:.1f} MiB to {_most_mib():.0f} MiB"
        )
    print(f"20 times the traffic takes {most_mib[1] / most_mib[0]:.3f} times the memory")


def _pieces(traffic: Traffic, times: int) -> Iterator[Traffic]:
    span_s = float(traffic.arrival_s[-1]) + 1.0
    for turn in range(times):
        for first in range(0, traffic.requests, PIECE):
            part = slice(first, first + PIECE)
            yield Traffic(
                arrival_s=traffic.arrival_s[part] + turn * span_s,
                input_tokens=traffic.input_tokens[part],
                output_tokens=traffic.output_tokens[part],
            )


def _most_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
