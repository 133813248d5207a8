from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner

from tco.cli.prices import app


def run(*words):
    return CliRunner().invoke(app, ["model", *words])


def answer(*words):
    result = run(*words, "--json")
    assert result.exit_code == 0
    return json.loads(result.stdout)


def row(text, beginning):
    """The cells of the table row that begins so."""
    line = next(line for line in text.splitlines() if re.match(rf"[│┃|\s]*{re.escape(beginning)}", line))
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_json_has_the_record_and_what_follows_from_it():
    shown = answer("Qwen/Qwen3-8B", "--context", "8192")
    assert (8190735360, 8190735360, 2 * 151936 * 4096) == (
        shown["parameters_total"], shown["parameters_active"], shown["parameters_embedding"],
    )  # fmt: skip
    assert {"2": 147456.0, "1": 73728.0} == shown["kv_bytes_per_token"]
    assert {"2": 147456 * 8192, "1": 73728 * 8192} == shown["kv_bytes"]
    assert 2 * 8190735360 == shown["weight_bytes"]["bf16"]
    assert {"bf16", "fp8", "int4", "mxfp4"} == set(shown["weight_bytes"])
    assert "huggingface.co/Qwen/Qwen3-8B" in shown["source"]


def test_the_tables_show_layers_parameters_weights_cache_and_source():
    result = run("gpt-oss-120b", "--context", "131072")
    assert result.exit_code == 0
    text = result.stdout
    assert row(text, "layers")[1] == "36: 18 sliding_attention, 18 full_attention"
    assert row(text, "total")[1] == "116.829"
    assert row(text, "mxfp4")[1:] == ["65.2", "60.8"]
    # 18 x 2048 bytes x 128 tokens of window are 0.004 GiB; x 131072 tokens 4.5 GiB.
    assert row(text, "sliding_attention: keys_values")[1:] == [
        "18",
        "the last 128 tokens",
        "36,864",
        "18,432",
        "0.004",
        "0.002",
    ]
    assert row(text, "full_attention: keys_values")[2:] == ["every token", "36,864", "18,432", "4.500", "2.250"]
    assert "Source: https://github.com/ai-dynamo/aiconfigurator" in text


def test_states_chunks_and_strides_are_said():
    assert "a state of 3,207,168 bytes a layer" in run("Qwen3.5-27B").stdout
    assert "chunks of 8,192 tokens" in run("Llama-4-Scout-17B-16E-Instruct").stdout
    assert "one entry for 128 tokens" in run("DeepSeek-V4-Pro").stdout


def test_without_a_name_every_shipped_model_is_listed():
    listed = answer()["models"]
    assert 71 == len(listed)
    result = run("--context", "1000")
    assert row(result.stdout, "DeepSeek-V3 ")[1:6] == ["671.03", "37.55", "673", "70.3", "0.07"]


def test_a_path_to_a_config_works(tmp_path):
    config = {
        "model_type": "llama", "hidden_size": 4, "intermediate_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 1, "vocab_size": 10,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert 388 == answer(str(tmp_path))["parameters_total"]
    assert "not stated" in row(run(str(tmp_path / "config.json")).stdout, "max context")[1]


def test_a_tower_that_is_left_out_is_said(tmp_path):
    inner = {
        "model_type": "llama", "hidden_size": 4, "intermediate_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 1, "vocab_size": 10,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps({"text_config": inner, "vision_config": {}}), encoding="utf-8")
    shown = run(str(tmp_path)).stdout
    assert row(shown, "vision")[1] == "left out"
    assert "The vision tower that the file describes is left out" in shown


def test_text_from_a_file_cannot_command_the_terminal(tmp_path):
    config = {"model_type": "\x1b[31mred", "architectures": ["\x1b]0;title\x07"], "hidden_size": 4}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    result = run(str(tmp_path))
    assert result.exit_code == 2
    assert "\x1b" not in result.stderr + result.stdout
    assert "its weight shapes are not known here" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["Qwen3-9B"], "Near names: Qwen3-8B"),
        ([""], "the model's name is empty"),
        (["Qwen3-8B", "--context", "0"], "Invalid value for '--context'"),
        (["Qwen3-8B", "--context", "10000000000"], "makes no sense: write 0 to 1,000,000,000"),
    ],
)
def test_a_miss_ends_with_code_2_and_says_what_there_is(words, message):
    result = run(*words)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert result.stdout == ""
