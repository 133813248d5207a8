"""The deployment as an application of Ray Serve LLM.

Names as in Ray 2.60 (`ray.serve.llm.LLMConfig`, `ray.serve.config.AutoscalingConfig`; https://docs.ray.io/en/latest/serve/llm/user-guides/configuration.html). The file is for
`serve run ray-serve.yaml` and for the `serveConfigV2` of a KubeRay RayService.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from tco.handover.flags import Flag, read_flags
from tco.handover.hardware import RAY_ACCELERATORS
from tco.handover.kubernetes import first_replicas
from tco.handover.records import Deployment

UPSCALE_DELAY_S = 30
"""Ray's own: as often as the other autoscalers look."""

_HEADROOM = 1.25
_INT = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")


def serve_config(made: Deployment) -> dict[str, Any]:
    """The config file of Ray Serve.

    Args:
        made: the deployment.
    """
    return {
        "applications": [
            {
                "name": made.slug,
                "route_prefix": "/",
                "import_path": "ray.serve.llm:build_openai_app",
                "args": {"llm_configs": [llm_config(made)]},
            }
        ]
    }


def llm_config(made: Deployment) -> dict[str, Any]:
    """The fields of `LLMConfig`.

    Args:
        made: the deployment.
    """
    config: dict[str, Any] = {
        "model_loading_config": {"model_id": made.model_id, "model_source": made.model_id},
        "engine_kwargs": engine_kwargs(made.engine.arguments),
        "deployment_config": _deployment_config(made),
    }
    accelerator = RAY_ACCELERATORS.get(made.hardware.gpu or "")
    if made.hardware.gpus_per_replica == 0:
        config["placement_group_config"] = {"bundle_per_worker": {"CPU": made.hardware.cpu_cores or 1}}
    elif accelerator is not None:
        config["accelerator_type"] = accelerator
    if made.engine.environment:
        config["runtime_env"] = {"env_vars": dict(made.engine.environment)}
    return config


def engine_kwargs(arguments: tuple[str, ...]) -> dict[str, Any]:
    """Arguments of a command line as keyword arguments: `--no-x` is `x: false`, numbers and JSON objects are what they say.

    >>> engine_kwargs(("--max-model-len", "1280", "--no-enable-prefix-caching", "--gpu-memory-utilization", "0.9", "--enforce-eager"))
    {'max_model_len': 1280, 'enable_prefix_caching': False, 'gpu_memory_utilization': 0.9, 'enforce_eager': True}
    """
    flags, _ = read_flags(arguments)
    kwargs: dict[str, Any] = {}
    for flag in flags:
        name = flag.name.lstrip("-").replace("-", "_")
        if name == "distributed_executor_backend":
            # Ray Serve brings its own, and takes no other.
            continue
        if flag.value is None and name.startswith("no_"):
            kwargs[name.removeprefix("no_")] = False
        else:
            kwargs[name] = _value(flag)
    return kwargs


def _value(flag: Flag) -> Any:
    text = flag.value
    if text is None:
        return True
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if text.startswith(("{", "[")):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _deployment_config(made: Deployment) -> dict[str, Any]:
    scaling = made.scaling
    # Without a known number of requests in flight Ray's own defaults stand.
    limits: dict[str, Any] = {}
    target: dict[str, Any] = {}
    if scaling.in_flight_per_replica is not None:
        target = {"target_ongoing_requests": max(1, math.floor(scaling.in_flight_per_replica))}
        # What may wait in time, or a quarter more than the target, whichever is more: fewer would hide a queue from the autoscaler.
        most = max(
            scaling.in_flight_per_replica + scaling.waiting_per_replica, _HEADROOM * scaling.in_flight_per_replica
        )
        limits = {"max_ongoing_requests": math.ceil(most)}
    if not scaling.autoscaled:
        return {"num_replicas": scaling.max_replicas, **limits}
    return {
        "autoscaling_config": {
            "min_replicas": scaling.min_replicas,
            "initial_replicas": first_replicas(made),
            "max_replicas": scaling.max_replicas,
            **target,
            "upscale_delay_s": UPSCALE_DELAY_S,
            "downscale_delay_s": scaling.scale_down_s,
        },
        **limits,
    }
