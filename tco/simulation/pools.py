"""Prompts and answers in pools of their own, beside as many replicas that do both."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tco.capacity.memory.engine_args import value_of
from tco.capacity.memory.known import known_architecture
from tco.capacity.simulator.disaggregated import Pool, simulate_disaggregated
from tco.capacity.simulator.simulate import Routing
from tco.capacity.week.simulate_week import Play, Progress, Sampling, simulate_week
from tco.errors import InputError
from tco.replicas_of import model_of
from tco.simulation.loads import REQUESTS, load_of_peak
from tco.simulation.question import Asked
from tco.simulation.records import Answer

MOST_REPLICAS = 64
"""Of both pools together: all of them are simulated, and larger ones take minutes."""
_BYTES_PER_GB = 1e9
_KV_BYTES = {"bf16": 2, "fp8": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Pools of their own.

    Attributes:
        prefill_replicas: that compute prompts.
        decode_replicas: that make answers.
        transfer_gb_per_s: bandwidth from one to the other [GB/s].
        kv_bytes_per_token: of one token's cache in all layers; None: that of the option's model [bytes].
    """

    prefill_replicas: int
    decode_replicas: int
    transfer_gb_per_s: float
    kv_bytes_per_token: float | None = None

    def __post_init__(self) -> None:
        """Refuses pools that cannot be.

        Raises:
            InputError: as said.
        """
        whole = self.prefill_replicas + self.decode_replicas
        if min(self.prefill_replicas, self.decode_replicas) < 1 or whole > MOST_REPLICAS:
            raise InputError(
                f"{self.prefill_replicas} prefill and {self.decode_replicas} decode replicas cannot be simulated; give at least 1 of each and at most {MOST_REPLICAS} "
                "together, with a load that is smaller in proportion"
            )
        for name in ("transfer_gb_per_s", "kv_bytes_per_token"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} is {value}; give a number above 0")


def simulate_split(
    asked: Asked,
    split: Split,
    *,
    requests_per_s: float | None = None,
    routing: Routing = "least-loaded",
    seed: int = 1,
    progress: Progress | None = None,
) -> Answer:
    """What users see where one pool computes prompts and another makes answers (`simulate_disaggregated`), beside as many replicas that do both.

    Args:
        asked: the option; both pools are of its replicas.
        split: the pools.
        requests_per_s: the load [requests/s]; None: the peak that the plan covers in its first month.
        routing: among the replicas of each pool.
        seed: of the draws.
        progress: is told after each replication.

    Raises:
        InputError: the cache of a token is not known; what `simulate_week` refuses.
    """
    whole = split.prefill_replicas + split.decode_replicas
    load = load_of_peak(asked, "split", whole, requests_per_s, routing, seed)
    bytes_per_token = kv_bytes_per_token(asked) if split.kv_bytes_per_token is None else split.kv_bytes_per_token
    sampling = Sampling(requests=REQUESTS, seed=seed, largest_pool=whole)
    found, beside = (
        simulate_week(
            asked.engine,
            asked.classes,
            [load.requests_per_s],
            [whole],
            sampling=sampling,
            play=play,
            progress=_half(progress, part),
        )
        for part, play in enumerate((_split(asked, split, bytes_per_token, routing), None))
    )
    busy = load.requests_per_s * _mean_prompt(asked) * bytes_per_token / _BYTES_PER_GB
    caution = (
        f"{bytes_per_token:,.0f} bytes of cache for each prompt token go over {split.transfer_gb_per_s:g} GB/s, {busy:,.3g} GB/s in all: transfers do not slow each other "
        "in the simulation"
    )
    return Answer(load=load, found=found, beside=beside, cautions=(caution,))


def kv_bytes_per_token(asked: Asked) -> float:
    """Cache of a token of a mean prompt, all layers of a replica together [bytes].

    Args:
        asked: the option.

    Raises:
        InputError: the architecture of its model is not known.
    """
    name = model_of(asked.option, asked.replica.run)
    model = known_architecture(name, asked.book)
    if model is None:
        raise InputError(
            f"the architecture of {name!r} is not known, so how much cache goes from one pool to the other is not either; `tco prices model` lists those that are known, or "
            "give --kv-bytes-per-token"
        )
    said = value_of(asked.replica.run.engine.args, "--kv-cache-dtype") or ""
    kind = asked.option.kv_cache_dtype
    number_bytes = _KV_BYTES.get(kind, 1 if said.startswith("fp8") else 2)
    tokens = max(1, round(_mean_prompt(asked)))
    return model.kv_bytes(tokens, number_bytes) / tokens


def _mean_prompt(asked: Asked) -> float:
    return asked.scenario.workload.mean_input_tokens


def _split(asked: Asked, split: Split, bytes_per_token: float, routing: Routing) -> Play:
    step_time, limits = asked.engine.step_time, asked.engine.limits
    prefill = Pool(step_time=step_time, limits=limits, replicas=split.prefill_replicas, routing=routing)
    decode = Pool(step_time=step_time, limits=limits, replicas=split.decode_replicas, routing=routing)
    seconds = bytes_per_token / (split.transfer_gb_per_s * _BYTES_PER_GB)
    return lambda traffic, _: simulate_disaggregated(traffic, prefill, decode, transfer_s_per_token=seconds)


def _half(progress: Progress | None, part: int) -> Progress | None:
    return None if progress is None else lambda done, total: progress(part * total + done, 2 * total)
