from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pricing.architectures import architecture, shipped_models
from pricing.architectures.build import build

EXPECTED = {
    row["name"]: row
    for row in csv.DictReader(Path(__file__).with_name("expected.csv").read_text(encoding="utf-8").splitlines())
}
"""`text` and `vision` are exact: counted by transformers 5.19 on the meta device (Kimi K3: summed by hand from vLLM 0.32's modules).
`published_exact` are makers' own counts of stored tensors as public files quote them; the rest is from cards and reports."""

CORRECTION_BIASES = {
    "DeepSeek-R1": 58 * 256,
    "DeepSeek-V3": 58 * 256,
    "Kimi-K2-Instruct": 60 * 384,
    "MiniMax-M2.5": 62 * 256,
    "MiniMax-M2.7": 62 * 256,
}
"""Layers with experts x experts: stored, but not weights of the model class."""

ROUNDED_TO_TWO_DIGITS = {"DeepSeek-V4-Pro": 1600, "Kimi-K2.5": 1000}
"""Published sizes that are coarser than 1 %."""


TINY = {
    "model_type": "llama", "hidden_size": 4, "intermediate_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "vocab_size": 10,
}  # fmt: skip


def test_every_shipped_file_is_in_the_table_and_nothing_else():
    assert set(EXPECTED) == {row.name for row in shipped_models()}
    assert 71 == len(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_counts_are_those_of_the_model_class_to_the_last_weight(name):
    model, row = architecture(name), EXPECTED[name]
    assert int(row["text"]) == model.parameters.text
    assert (int(row["vision"]) if row["vision"] else None) == model.parameters.vision
    assert int(row["active"]) == model.parameters_active


@pytest.mark.parametrize("name", [name for name, row in EXPECTED.items() if row["published_exact"]])
def test_counts_are_the_makers_own_count_of_stored_tensors(name):
    model = architecture(name)
    published = int(EXPECTED[name]["published_exact"]) - CORRECTION_BIASES.get(name, 0)
    assert published in (model.parameters.text, model.parameters_total)


@pytest.mark.parametrize("name", EXPECTED)
def test_counts_are_within_one_percent_of_the_published_size(name):
    model, row = architecture(name), EXPECTED[name]
    left_out = 0.872 if "+" in row["counts"] else 0.0  # Llama 4 Scout's vision tower, counted in its 109 B
    counted = (model.parameters.text if row["counts"].startswith("text") else model.parameters_total) / 1e9 + left_out
    published = float(row["published_exact"] or 0) / 1e9 or float(row["published_total_b"])
    if row["published_exact"]:
        counted = min(
            (model.parameters.text / 1e9, model.parameters_total / 1e9), key=lambda count: abs(count - published)
        )
    if name in ROUNDED_TO_TWO_DIGITS:
        assert ROUNDED_TO_TWO_DIGITS[name] == published
        assert pytest.approx(published, abs=float(row["published_half_digit_b"])) == counted
    else:
        assert pytest.approx(published, rel=0.01) == counted


@pytest.mark.parametrize("name", [name for name, row in EXPECTED.items() if row["published_active_b"]])
def test_published_active_sizes_lie_between_ours_without_and_with_embeddings(name):
    # Makers differ: Mixtral and Qwen count both tables, gpt-oss and Kimi K3 the head only, DeepSeek and GLM neither.
    model, row = architecture(name), EXPECTED[name]
    published, half = float(row["published_active_b"]), float(row["active_half_digit_b"])
    assert (model.parameters_active - model.parameters_embedding) / 1e9 - half <= published
    assert published <= model.parameters_active / 1e9 + half


@pytest.mark.parametrize(
    ("name", "published_b"),
    [("gpt-oss-120b", 5.13), ("gpt-oss-20b", 3.61), ("Kimi-K3", 104.2), ("Kimi-K2-Instruct", 31.7)],
)
def test_active_without_the_input_table_is_what_openai_and_moonshot_publish(name, published_b):
    # gpt-oss: arXiv 2508.10925, table 1; Kimi K3: technical report. Kimi K2's 32 B counts one table: 32.86 - 1.17.
    model = architecture(name)
    assert published_b == round(
        (model.parameters_active - model.parameters.input_embeddings) / 1e9, 2 if "gpt" in name else 1
    )


def test_the_parts_of_gpt_oss_are_those_of_its_model_card():
    # arXiv 2508.10925, table 1: MLP 114.71 B (experts and routers), attention 0.96 B, embed + unembed 1.16 B, total 116.83 B.
    parts = architecture("gpt-oss-120b").parameters
    assert 114.71 == round((parts.experts + parts.router) / 1e9, 2)
    assert 0.96 == round(parts.attention / 1e9, 2)
    assert 1.16 == round(parts.embeddings / 1e9, 2)
    assert 116.83 == round(parts.total / 1e9, 2)


@pytest.mark.parametrize("name", EXPECTED)
def test_parts_add_up_and_nothing_active_is_counted_twice(name):
    parts = architecture(name).parameters
    text = (
        parts.embeddings
        + parts.attention
        + parts.mlp
        + parts.experts
        + parts.shared
        + parts.router
        + parts.norms
        + parts.other
    )
    assert text + (parts.vision or 0) == parts.total
    assert parts.text - parts.active == parts.experts - parts.experts_used


def test_a_dense_model_by_hand():
    # Two layers, hidden 4, MLP 8, 2 heads of 2, 1 KV head, 10 tokens, untied:
    # embeddings 2 x 40; attention (16 + 2 x 8 + 16) x 2; MLP 3 x 32 x 2; norms 2 x 4 x 2 + 4.
    parts = build(TINY, "tiny", config_sha256="", source="test").parameters
    assert (80, 96, 192, 20, 388) == (parts.embeddings, parts.attention, parts.mlp, parts.norms, parts.total)
    tied = build({**TINY, "tie_word_embeddings": True}, "tiny", config_sha256="", source="test").parameters
    assert (40, 348) == (tied.embeddings, tied.total)


def test_the_tower_of_kimi_k3_is_of_the_size_that_its_maker_publishes():
    # MoonViT-V2, 401 million; the merger is 4096 x 4096 + 4096 x 7168 + 7168 more.
    vision = architecture("Kimi-K3").parameters.vision
    assert 401 == round((vision - 4096 * 4096 - 4096 * 7168 - 7168) / 1e6)


def test_a_tower_that_is_not_known_is_left_out_and_said():
    tower = {"model_type": "llama", "vision_config": {"hidden_size": 8}, "text_config": TINY}
    model = build(tower, "tiny", config_sha256="", source="test")
    assert (None, 388, 388) == (model.parameters.vision, model.parameters.text, model.parameters_total)
    assert ("The vision tower that the file describes is left out: its shapes are not known here.",) == model.notes


def test_layers_for_multi_token_prediction_are_left_out_and_said():
    assert any("(1 stated) are not counted" in note for note in architecture("DeepSeek-V3").notes)
