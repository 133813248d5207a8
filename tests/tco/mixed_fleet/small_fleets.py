"""Fleets that can be worked out by hand: goodputs from a table, a simulation whose latencies are arithmetic."""

from __future__ import annotations

import numpy as np

from tco.capacity.engine_model import EngineModel
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.outcome import Outcome
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.slo_capacity import SloCapacity
from tco.capacity.step_time import StepTime
from tco.mixed_fleet import Means
from tco.scenario import Scenario
from tests.factories import API, RENT, run, scenario_data

FAST_TTFT_MS = 100.0


def engine(held):
    return EngineModel(
        step_time=StepTime(intercept_s=0.01),
        limits=EngineLimits(kv_blocks=1000),
        origin=held.run_id,
        error_fraction=0.1,
        band_fraction=0.2,
        error_source="by hand",
    )


def runs(*names):
    return {name: run(run_id=name) for name in names}


def rented(name, usd_per_hour, **changes):
    return {
        **RENT,
        "name": name,
        "run": name,
        "price_usd_per_hour": usd_per_hour,
        "availability_target_fraction": 0.5,
    } | changes


def question(name="test", *, per_s, options, classes=None, slo=None, profile="flat", **changes):
    """So many requests a second, flat over the week; each class is (share, input tokens) with its own promise where it has one."""
    data = scenario_data()
    workload = data["workload"] | {"requests_per_day": 86_400.0 * per_s, "slo": slo or {"ttft_p95_ms": 1000.0}}
    workload |= {"profile": profile, "lengths": {"kind": "fixed"}}
    if classes:
        del workload["input_tokens_per_request"], workload["output_tokens_per_request"]
        workload["classes"] = {
            kind: {
                "share_fraction": share,
                "input_tokens_per_request": into,
                "output_tokens_per_request": 10,
                "slo": own[0] if own else None,
            }
            for kind, (share, into, *own) in classes.items()
        }
    return Scenario.model_validate(data | {"name": name, "workload": workload, "options": [API, *options]} | changes)


def goodputs(table, calls=None):
    """Requests/s by name of the run and prompt length; None: cannot."""

    def capacity(replica, workload):
        if calls is not None:
            calls.append((replica.run.run_id, workload.mean_input_tokens, workload.slo.limits()))
        rate = table[replica.run.run_id, round(workload.mean_input_tokens)]
        if callable(rate):
            rate = rate(workload.slo.limits())
        return (
            SloCapacity(
                requests_per_s=0.0, feasible=False, reasons=(f"too slow for {workload.mean_input_tokens:g} tokens",)
            )
            if rate is None
            else SloCapacity(requests_per_s=rate)
        )

    return capacity


def filled(table):
    """Latency of a world in which sizes do not disturb each other: 1,000 ms where a replica is just full, less where it is not."""

    def ttft_ms(name, rates):
        return 1000.0 * (1 - 1e-9) * sum(rate / table[name, tokens] for tokens, rate in rates.items())

    return ttft_ms


def breaking(breaks, slow_ms=5000.0):
    """Latency that is within the promise unless `breaks(run, {prompt tokens: requests/s})`."""
    return lambda name, rates: slow_ms if breaks(name, rates) else FAST_TTFT_MS


def simulation(ttft_ms):
    """Every request gets its first token after `ttft_ms(run, {prompt tokens: requests/s of one replica})`."""

    def simulate(held, classes, requests_per_s, _seed):
        shares = np.array([kind.share for kind in classes]) / sum(kind.share for kind in classes)
        count, all_at_once = 1000, np.isinf(requests_per_s)
        numbers = np.searchsorted(np.cumsum(shares), (np.arange(count) * 0.618034) % 1.0).astype(np.int32)
        rates = {
            round(kind.input_tokens): float(requests_per_s * share) for kind, share in zip(classes, shares, strict=True)
        }
        arrival = np.zeros(count) if all_at_once else np.arange(count) / requests_per_s
        ones = np.full(count, 10, dtype=np.int32)
        first = arrival + (0.0 if all_at_once else ttft_ms(held.origin, rates) / 1e3)
        traffic = Traffic(arrival_s=arrival, input_tokens=ones, output_tokens=ones, request_class=numbers)
        outcome = Outcome(
            sent_s=arrival,
            first_token_s=first,
            finish_s=first + 0.001,
            output_tokens=ones,
            replica=np.zeros(count, dtype=np.int32),
            use=(),
        )
        return traffic, outcome

    return simulate


def means(table, *, ttft_ms=None, **more):
    """A table of goodputs and, unless told otherwise, a simulation that agrees with it."""
    return Means(capacity=goodputs(table), engine=engine, simulate=simulation(ttft_ms or filled(table)), **more)
