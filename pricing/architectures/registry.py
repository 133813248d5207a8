"""Which formula belongs to which `model_type`, and what is said about those that have none."""

from __future__ import annotations

from collections.abc import Callable

from pricing.architectures.config import Config
from pricing.architectures.errors import BY_HAND, UnknownArchitecture
from pricing.architectures.families_grouped import dense, mixture
from pricing.architectures.families_hybrid import gemma4, qwen_linear
from pricing.architectures.families_latent import deepseek, deepseek_v4, kimi_linear
from pricing.architectures.families_uneven import llama4, mimo_v2
from pricing.architectures.shapes import Shape

FAMILIES: dict[str, Callable[[Config], Shape]] = {
    "deepseek_v2": deepseek,
    "deepseek_v3": deepseek,
    "deepseek_v32": deepseek,
    "deepseek_v4": deepseek_v4,
    "gemma2": dense,
    "gemma3": dense,
    "gemma4": gemma4,
    "glm4_moe": mixture,
    "glm_moe_dsa": deepseek,
    "gpt_oss": mixture,
    "granite": dense,
    "kimi_k2": deepseek,
    "kimi_linear": kimi_linear,
    "llama": dense,
    "llama4": llama4,
    "mimo": dense,
    "mimo_v2_flash": mimo_v2,
    "minimax_m2": mixture,
    "minimax_m3": mixture,
    "minimax_m3_vl": mixture,
    "ministral3": dense,
    "mistral": dense,
    "mistral4": deepseek,
    "mixtral": mixture,
    "phi3": dense,
    "qwen2": dense,
    "qwen3": dense,
    "qwen3_5": qwen_linear,
    "qwen3_5_moe": qwen_linear,
    "qwen3_moe": mixture,
    "qwen3_next": qwen_linear,
    "qwen3_vl": dense,
    "qwen3_vl_moe": mixture,
    "smollm3": dense,
    "step3p5": mixture,
    "step3p7": mixture,
}
"""By `model_type` of the language half, without `_text`."""


def shape_of(config: Config) -> Shape:
    """Applies the family's formula.

    Raises:
        UnknownArchitecture: no formula for the family.
        ConfigError: a key that the formula needs is missing or makes no sense.
    """
    formula = FAMILIES.get(config.family)
    if formula is None:
        classes = ", ".join(config.architectures) or "no class"
        known = ", ".join(sorted(FAMILIES))
        raise UnknownArchitecture(
            f"{config.name} is a {config.model_type or 'model without model_type'!r} ({classes}): its weight shapes are not known "
            f"here, and they are not guessed. Known are: {known}. For this model {BY_HAND}."
        )
    return formula(config)
