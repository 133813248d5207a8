"""Variables that the measured engine had and that decide its speed; what belongs to the probe or its machine is left out."""

from __future__ import annotations

import math
import re

from pricing import Architecture
from probes.run import Run
from tco.handover.flags import read_flags

KV_SPACE = "VLLM_CPU_KVCACHE_SPACE"
GIB = 2**30

_NAME = re.compile(r"VLLM_[A-Z0-9_]{1,80}")
_VALUE = re.compile(r"[A-Za-z0-9_.,:;|+-]{1,200}")
_NOT_KEPT = re.compile(
    r"VLLM_(?:MOE_ROUTING_SIMULATION_STRATEGY|NO_USAGE_STATS|DO_NOT_TRACK|API_KEY|HOST_IP|PORT|CPU_OMP_THREADS_BIND|RPC_.*|.*_(?:ROOT|DIR|PATH|TOKEN|KEY))"
)


def deployed_environment(run: Run, shape: Architecture | None, *, on_cpu: bool) -> dict[str, str]:
    """Variables of the engine's container.

    Kept are vLLM's own, but for the probe's (even routing of random gates), for secrets, addresses and paths, and for the binding to the measured machine's cores. On a
    processor the size of the KV cache is a variable; where the run does not have it, it follows from the tokens that the cache held.

    Args:
        run: what was measured.
        shape: the model's architecture, for the size of its cache; None where it is not known.
        on_cpu: whether the replica has no accelerator.
    """
    measured = run.manifest.engine_environment if run.manifest is not None else {}
    kept = {
        name: value
        for name, value in sorted(measured.items())
        if _NAME.fullmatch(name) and not _NOT_KEPT.fullmatch(name) and _VALUE.fullmatch(value)
    }
    if on_cpu and KV_SPACE not in kept and shape is not None and run.engine.kv_cache_tokens:
        bytes_per_token = shape.kv_bytes_per_token(_cache_bytes(run))
        kept[KV_SPACE] = str(math.ceil(run.engine.kv_cache_tokens * bytes_per_token / GIB))
    return kept


def memory_gib(environment: dict[str, str], weights_bytes: int | None) -> int | None:
    """Main memory that weights and KV cache take on a processor [GiB]; None where either is not known. The engine itself needs more.

    >>> memory_gib({"VLLM_CPU_KVCACHE_SPACE": "2"}, 1_192_099_840), memory_gib({}, 1_192_099_840)
    (4, None)
    """
    space = environment.get(KV_SPACE, "")
    if weights_bytes is None or not space.isdecimal():
        return None
    return math.ceil(weights_bytes / GIB) + int(space)


def _cache_bytes(run: Run) -> int:
    """Bytes of one number in the measured KV cache."""
    kinds = [flag.value or "" for flag in read_flags(run.engine.args)[0] if flag.name == "--kv-cache-dtype"]
    return 1 if any(kind.startswith("fp8") for kind in kinds) else 2
