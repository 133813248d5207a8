from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from pricing.architectures import architecture, shipped_models
from pricing.architectures.build import build
from pricing.architectures.registry import FAMILIES

VARIANTS = json.loads(Path(__file__).with_name("variants.json").read_text(encoding="utf-8"))
"""Small configs that switch on what the shipped files do not (biases, windows, shared caches, tied heads), with the counts of
transformers 5.19 on the meta device."""

SHIPPED = Path(__file__).parents[3] / "pricing" / "data" / "architectures"
NO_CLASS = {"kimi_k2": "deepseek_v3", "mimo": "qwen2", "minimax_m3": "minimax_m3_vl_text"}
"""Families without a class of their own in transformers, and the class of the same shapes."""

NOT_IN_TRANSFORMERS = {"Kimi-K3"}
OF_VISION = ("vision", "visual", "multi_modal", "mm_projector")
OUTER_ONLY = {"Step-3.7-Flash", "Step-3.7-Flash-FP8", "Mistral-Small-4-119B-2603"}
"""transformers builds these in a wrapper or by name only; their counts were taken once, see expected.csv."""


def named(variant):
    config = variant["config"]
    return f"{config['model_type']}-{variant['text']}"


@pytest.mark.parametrize("variant", VARIANTS, ids=named)
def test_counts_of_small_variants_are_those_of_the_model_class(variant):
    parts = build(variant["config"], "variant", config_sha256="", source="test").parameters
    assert (variant["text"], variant["vision"]) == (parts.text, parts.vision)


def test_every_family_is_checked_against_a_model_class_or_a_maker():
    checked = {architecture(row.name).model_type.removesuffix("_text") for row in shipped_models()}
    for variant in VARIANTS:
        config = variant["config"]
        checked.add(config.get("text_config", config)["model_type"].removesuffix("_text"))
    assert set(FAMILIES) <= checked


def weights_of_class(config):
    """What transformers builds from a config, counted without memory for the weights."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    changed = copy.deepcopy(config)
    for part in (changed, changed.get("text_config", {})):
        part.pop("quantization_config", None)
    changed["model_type"] = NO_CLASS.get(changed["model_type"], changed["model_type"])
    stated = transformers.AutoConfig.for_model(**changed)
    with torch.device("meta"):
        for auto in ("AutoModelForImageTextToText", "AutoModelForCausalLM", "AutoModel"):
            try:
                model = getattr(transformers, auto).from_config(stated)
                break
            except ValueError:
                continue
    model.tie_weights()
    return {name: weight.numel() for name, weight in model.named_parameters()}


def language_and_vision(counted):
    """Weights of the two halves; SigLIP's pooling head, which Gemma 3's files switch off, is in neither."""
    seeing = {name: count for name, count in counted.items() if any(part in name for part in OF_VISION)}
    pooling = sum(count for name, count in seeing.items() if ".head." in name)
    return sum(counted.values()) - sum(seeing.values()), sum(seeing.values()) - pooling


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("variant", VARIANTS, ids=named)
def test_frozen_counts_of_variants_are_still_those_of_transformers(variant):
    language, _ = language_and_vision(weights_of_class(variant["config"]))
    assert variant["text"] == language


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted({row.name for row in shipped_models()} - NOT_IN_TRANSFORMERS - OUTER_ONLY))
def test_frozen_counts_of_shipped_models_are_still_those_of_transformers(name):
    config = json.loads((SHIPPED / f"{name}.json").read_text(encoding="utf-8"))
    counted, parts = weights_of_class(config), architecture(name).parameters
    language, vision = language_and_vision(counted)
    assert language == parts.text
    if "vision_config" in config and vision:
        assert vision == parts.vision
