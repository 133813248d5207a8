"""The load at which the latency promise still holds in a simulated engine: for lengths and loads that were not probed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tco.capacity.engine_model import EngineModel, slower
from tco.capacity.simulator.outcome import Outcome
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.slo_capacity import SloCapacity, infeasible
from tco.format import limit_title, milliseconds
from tco.number_style import Notation, local, notation
from tco.workload.asked import Spread

REQUESTS = 3_000
"""Requests of one simulated load; a p99 has 27 of them beyond it after the warm-up."""
SEEDS = (1, 2, 3)
"""Loads are drawn three times: their spread is the sampling error."""
WARM_UP_FRACTION = 0.1
PRECISION = 0.01
"""The rate is found to this fraction: draws differ by more."""
_NEAR = 1.25
"""The rate of another draw, or of a slightly slower engine, is looked for within this factor first."""
_QUIET_REQUESTS = 200
_Z95 = 1.959964
FIXED = Spread()
"""Lengths that do not vary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedClass:
    """One kind of request, as the simulator draws it.

    Attributes:
        name: for sentences; empty where there is one kind.
        share: of all requests [fraction].
        input_tokens: mean prompt length [tokens].
        output_tokens: mean answer length [tokens].
        spread: how lengths vary.
        limits_ms: its promise, as pairs of name (`ttft_p95_ms`) and limit [ms].
    """

    name: str = ""
    share: float = 1.0
    input_tokens: float
    output_tokens: float
    spread: Spread = FIXED
    limits_ms: tuple[tuple[str, float], ...] = ()


def simulated_capacity(engine: EngineModel, classes: tuple[AskedClass, ...]) -> SloCapacity:
    """Goodput of one replica under the promises of all classes, for requests that arrive at random (Poisson).

    The same draws of gaps and lengths are played at different rates: the highest rate at which every percentile of every class keeps its limit is found
    by bisection, below the rate at which the engine works without pause. It is found for several draws; their mean is the answer. Its range is that of
    step times that are slower and faster by `band_fraction`, with the draws' own spread.

    Args:
        engine: how the replica works.
        classes: what comes, and what it was promised.

    Returns:
        The capacity, basis `modelled`. Not feasible where even an idle engine breaks a limit, with the bound; and where a request does not fit.
    """
    return _told(engine, classes, notation())


def forget_simulations() -> None:
    """Simulates everything anew from now on."""
    _told.cache_clear()
    _rates.cache_clear()


@lru_cache(maxsize=512)
def _told(engine: EngineModel, classes: tuple[AskedClass, ...], _style: Notation) -> SloCapacity:
    """With a sentence in the notation that is in force."""
    too_long = _too_long(engine, classes)
    if too_long:
        return infeasible(*too_long)
    broken = _broken_when_idle(engine, classes)
    if broken:
        return infeasible(broken, "slo_below_single_request")
    rates, ends = _rates(engine, classes)
    mean = float(np.mean(rates))
    sampling = _Z95 * float(np.std(rates, ddof=1)) / math.sqrt(len(rates)) / mean
    return SloCapacity(
        requests_per_s=mean,
        relative_low=max(0.0, min(1.0, ends[0]) - sampling),
        relative_high=max(1.0, ends[1]) + sampling,
        basis="modelled",
        error_fraction=engine.error_fraction,
        band_fraction=engine.band_fraction,
        reasons=(_sentence(engine, sampling),),
        code="simulated",
    )


@lru_cache(maxsize=512)
def _rates(engine: EngineModel, classes: tuple[AskedClass, ...]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The highest rate of each draw [requests/s], and what that of the first becomes where steps are slower and faster, as factors."""
    first = _highest_rate(engine, classes, SEEDS[0])
    rates = (first, *(_highest_rate(engine, classes, seed, near=first) for seed in SEEDS[1:]))
    ends = tuple(
        _highest_rate(_at_speed(engine, 1 + sign * engine.band_fraction), classes, SEEDS[0], near=first) / first
        for sign in (1, -1)
    )
    return rates, ends


def simulate_load(
    engine: EngineModel, classes: tuple[AskedClass, ...], requests_per_s: float, seed: int, requests: int = REQUESTS
) -> tuple[Traffic, Outcome]:
    """Random arrivals at a rate, and what becomes of them.

    Args:
        engine: how the replica works.
        classes: what comes.
        requests_per_s: mean rate [requests/s]; infinite lets all come at once.
        seed: of the draws; the same seed gives the same gaps and lengths at every rate.
        requests: how many.
    """
    # Compiled code is loaded when it is first needed: most answers need none.
    from tco.capacity.simulator.simulate import simulate  # noqa: PLC0415

    traffic = random_traffic(engine, classes, requests_per_s, seed, requests)
    return traffic, simulate(traffic, engine.step_time, engine.limits)


def latency_ms(traffic: Traffic, outcome: Outcome, metric: str, number: int) -> float:
    """A percentile such as `ttft_p95_ms` of one class after the warm-up [ms]; nan where no request of the class has it.

    Args:
        traffic: what came.
        outcome: what became of it.
        metric: of which latency, which percentile.
        number: of the class.
    """
    name, share, _ = metric.split("_")
    values = {"ttft": outcome.ttft_s, "tpot": outcome.tpot_s, "e2e": outcome.e2e_s}[name]
    counted = np.arange(values.size) >= WARM_UP_FRACTION * values.size
    if traffic.request_class.size:
        counted &= traffic.request_class == number
    kept = values[counted & np.isfinite(values)]
    return float(np.percentile(kept, float(share[1:])) * 1e3) if kept.size else math.nan


def random_traffic(
    engine: EngineModel, classes: tuple[AskedClass, ...], rate: float, seed: int, requests: int
) -> Traffic:
    """Requests that come at random (Poisson), of all classes in their shares; what is longer than the context or the whole cache is cut to it.

    Args:
        engine: whose context and cache bound the lengths.
        classes: what comes.
        rate: mean rate [requests/s]; infinite lets all come at once.
        seed: of the draws; the same seed gives the same gaps and lengths at every rate.
        requests: how many.
    """
    rng = np.random.default_rng([seed, requests])
    gaps = rng.exponential(size=requests)
    shares = np.array([kind.share for kind in classes])
    kinds = rng.choice(len(classes), size=requests, p=shares / shares.sum()).astype(np.int32)
    normals = rng.standard_normal((2, requests))
    into, out = np.zeros(requests), np.zeros(requests)
    for number, kind in enumerate(classes):
        its = kinds == number
        into[its], out[its] = _lengths(kind, normals[:, its])
    longest = min(engine.limits.max_model_len, engine.limits.kv_tokens)
    out = np.clip(np.rint(out), 1, longest - 1)
    into = np.clip(np.rint(into), 1, longest - out)
    return Traffic(
        arrival_s=np.zeros(requests) if math.isinf(rate) else np.cumsum(gaps) / rate,
        input_tokens=into.astype(np.int32),
        output_tokens=out.astype(np.int32),
        request_class=kinds,
    )


def _lengths(kind: AskedClass, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log-normal lengths of the class's means; two normals with the correlation that gives ranks theirs (Pearson's 2 sin(pi rho / 6))."""
    if kind.spread.kind == "fixed":
        return np.full(normals.shape[1], kind.input_tokens), np.full(normals.shape[1], kind.output_tokens)
    linear = 2 * math.sin(math.pi * kind.spread.correlation / 6)
    sigma = math.sqrt(math.log1p(kind.spread.spread_fraction**2))
    first, second = normals[0], linear * normals[0] + math.sqrt(1 - linear**2) * normals[1]
    factors = [np.exp(sigma * each - sigma**2 / 2) for each in (first, second)]
    return kind.input_tokens * factors[0], kind.output_tokens * factors[1]


def _highest_rate(
    engine: EngineModel, classes: tuple[AskedClass, ...], seed: int, *, near: float | None = None
) -> float:
    """Bisection in the logarithm of the rate, below the rate of an engine that never waits for work; first around a rate that is near, if there is one."""
    _, all_at_once = simulate_load(engine, classes, math.inf, seed)
    saturated = REQUESTS / float(all_at_once.finish_s.max())
    if not any(kind.limits_ms for kind in classes) or _keeps(engine, classes, saturated, seed):
        return saturated
    keeps, breaks = saturated / 1024, saturated
    for guess in () if near is None else (near / _NEAR, near * _NEAR):
        if keeps < guess < breaks:
            keeps, breaks = (guess, breaks) if _keeps(engine, classes, guess, seed) else (keeps, guess)
    while breaks / keeps > 1 + PRECISION:
        middle = math.sqrt(keeps * breaks)
        keeps, breaks = (middle, breaks) if _keeps(engine, classes, middle, seed) else (keeps, middle)
    return keeps


def _keeps(engine: EngineModel, classes: tuple[AskedClass, ...], rate: float, seed: int) -> bool:
    return _first_broken(engine, classes, rate, seed, REQUESTS) is None


def _first_broken(
    engine: EngineModel, classes: tuple[AskedClass, ...], rate: float, seed: int, requests: int
) -> tuple[AskedClass, str, float, float] | None:
    """The first limit that does not hold: class, its name, the limit and what was found [ms]."""
    traffic, outcome = simulate_load(engine, classes, rate, seed, requests)
    for number, kind in enumerate(classes):
        for name, limit in kind.limits_ms:
            found = latency_ms(traffic, outcome, name, number)
            if found > limit:
                return kind, name, limit, found
    return None


def _broken_when_idle(engine: EngineModel, classes: tuple[AskedClass, ...]) -> str | None:
    """Whether a limit is broken by requests that come one at a time: then no load keeps it."""
    longest = engine.step_time.step_s(1, 0, engine.limits.max_model_len) * engine.limits.max_model_len
    broken = _first_broken(engine, classes, 1 / longest, SEEDS[0], _QUIET_REQUESTS)
    if broken is None:
        return None
    kind, name, limit, found = broken
    name = limit_title(name)
    whose = f" of {kind.name!r}" if kind.name else ""
    return (
        f"no load keeps the promise: one request at a time already has {name} {milliseconds(found)}{whose}, and the limit is {milliseconds(limit)} "
        f"(simulated; {engine.origin}). Promise {milliseconds(math.ceil(found))} or more, use a faster GPU or a smaller model"
    )


def _too_long(engine: EngineModel, classes: tuple[AskedClass, ...]) -> tuple[str, str] | None:
    """Why a mean request can never be answered, and the code of that; None where all can."""
    limits = engine.limits
    for kind in classes:
        length = kind.input_tokens + kind.output_tokens
        if length > limits.max_model_len:
            return (
                (
                    f"a mean request of {local(length):,.0f} tokens is longer than the context that the engine was started with, {local(limits.max_model_len):,} tokens; "
                    "shorten the requests, or probe with a larger --max-model-len"
                ),
                "context_too_long",
            )
        if length > limits.kv_tokens:
            return (
                (
                    f"a mean request of {local(length):,.0f} tokens does not fit into the cache of {local(limits.kv_tokens):,} tokens; use more GPUs a replica, a GPU with "
                    "more memory, or a cache of fewer bytes a token (--kv-cache-dtype fp8)"
                ),
                "cache_too_small",
            )
    return None


def _at_speed(engine: EngineModel, factor: float) -> EngineModel:
    return EngineModel(
        step_time=slower(engine.step_time, max(factor, 0.05)),
        limits=engine.limits,
        origin=engine.origin,
        error_fraction=engine.error_fraction,
        band_fraction=engine.band_fraction,
        error_source=engine.error_source,
    )


def _sentence(engine: EngineModel, sampling: float) -> str:
    return (
        f"capacity is simulated with random arrivals: {engine.origin}; such a model missed what was measured by {engine.error_fraction:.0%} typically and "
        f"{engine.band_fraction:.0%} nine times in ten at most ({engine.error_source}); draws of the simulation differ by {local(sampling):.1%}"
    )
