"""Deployments for tests, made from the small records of `tests.factories` as the product makes them."""

from __future__ import annotations

from typing import Any

import tco
from probes.run import Run
from probes.setting import Engine, Model
from tco.handover import Deployment, ReplicaBounds, handovers
from tests.factories import OWN, RENT, run, scenario

ARGS = ["--dtype", "bfloat16", "--max-model-len", "4096", "--load-format", "dummy", "--skip-tokenizer-init"]
ENGINE = Engine(name="vllm", version="0.32.0", args=ARGS, started_by_probe=True, start_s=90.0)
MODEL = Model(name="Qwen/Qwen3-8B", weights="dummy", dtype="bfloat16")


def measured(**changes: Any) -> Run:
    return run(**({"engine": ENGINE, "model": MODEL} | changes))


def made(
    held: Run | None = None,
    option: dict[str, Any] | None = None,
    bounds: ReplicaBounds | None = None,
    **changes: Any,
) -> Any:
    """What is handed over for one option; `changes` are of the scenario."""
    held = held or measured()
    mine = {**(OWN if (option or {}).get("kind") == "own" else RENT), "model": "Qwen3-8B", **(option or {})}
    question = scenario(options=[mine], baseline=mine["name"], **changes)
    result = tco.evaluate(question, runs={mine["run"]: held})
    policies = {} if bounds is None else {mine["name"]: bounds}
    return handovers(question, {mine["name"]: held}, result, policies=policies)[0]


def deployment(held: Run | None = None, option: dict[str, Any] | None = None, **changes: Any) -> Deployment:
    found = made(held, option, **changes)
    assert isinstance(found, Deployment), found
    return found


def growing(**changes: Any) -> Deployment:
    """One request/s growing 10 % a month: one replica, and from month 6 on three (one spare, see test_fleet)."""
    return deployment(workload__growth_per_month_fraction=0.1, **changes)


def on_cpu(**changes: Any) -> Deployment:
    engine = ENGINE.model_copy(update={"name": "vllm-cpu", "kv_cache_tokens": 14_563})
    held = measured(engine=engine, gpu=None, gpus_per_replica=0)
    return deployment(held, {"machine_usd_per_hour": 0.1}, **changes)


def across_machines(**changes: Any) -> Deployment:
    """A replica of 16 GPUs on servers of 8."""
    engine = ENGINE.model_copy(
        update={
            "args": [*ARGS, "--tensor-parallel-size", "8", "--pipeline-parallel-size", "2"],
            "tensor_parallel_size": 8,
            "pipeline_parallel_size": 2,
        }
    )
    return deployment(measured(engine=engine, gpus_per_replica=16), {"kind": "own"}, **changes)
