from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from pricing import rental_price
from tco.cli._prices_book import day_of
from tco.cli.fit import fit

APP = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
APP.command()(fit)
DAY = ("--on", "2026-11-23")


def run(*words):
    return CliRunner().invoke(APP, [*words, *DAY])


def answer(*words):
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_every_gpu_that_holds_the_model_is_listed_cheapest_first():
    found = answer("Meta-Llama-3.1-70B")
    rents = [fit["usd_per_hour"] for fit in found["fits"] if fit["usd_per_hour"] is not None]

    assert ("Meta-Llama-3.1-70B", "bf16", 8192) == (found["model"], found["precision"], found["needed_tokens"])
    assert rents == sorted(rents)
    h100 = next(fit for fit in found["fits"] if fit["gpu"] == "H100-SXM")
    assert (2, 2, 1) == (h100["gpus"], h100["tensor_parallel_size"], h100["pipeline_parallel_size"])
    assert 2 * rental_price("H100-SXM", on=day_of(DAY[1])).price.amount == h100["usd_per_hour"]
    # 70,553,706,496 parameters of two bytes over two GPUs; 80 layers x 8 heads x 128 x 2 x 2 bytes of cache over two.
    assert 70_553_706_496 / 2**30 == pytest.approx(h100["weights_gib"], abs=0.01)
    assert 163_840 == h100["kv_bytes_per_token"]


def test_one_gpu_shows_where_its_memory_goes_and_the_terms_add_up():
    found = answer("Meta-Llama-3.1-8B", "--gpu", "H100-SXM", "--input-tokens", "900", "--output-tokens", "250")
    memory = found["memory"]

    assert sum(term["gib"] for term in memory["terms"]) == pytest.approx(memory["kv_cache_gib"])
    # 54.73 GiB are 28,021 blocks of 2 MiB; 900 + 125 tokens take 65 blocks, 1,150 take 72.
    assert 28_021 == memory["kv_blocks"]
    assert (28_021 // 65, 28_021 // 72) == (
        memory["sequences"]["mean_sequences"], memory["sequences"]["peak_sequences"],
    )  # fmt: skip
    assert found["misfit"] is None
    assert [] == found["remedies"]


def test_tables_are_for_people():
    text = run("Qwen3-32B", "--gpu", "H100-SXM", "--gpus", "1", "--context", "40000").stdout

    assert "left for the KV cache" in text
    assert "2,135 blocks of 16 tokens at 262,144 bytes a token: 34,160 tokens" in text
    assert "does not fit on 1 x H100-SXM: 1.4 GiB a GPU are missing" in text
    assert "--max-model-len 34160" in text
    assert "docs/capacity-memory.md" in text


def test_without_a_gpu_the_table_says_the_rent():
    text = run("Qwen3-8B", "--input-tokens", "1000", "--output-tokens", "200").stdout

    assert "smallest layout of each GPU, cheapest by the hour first" in text
    assert "RTX 4090" in text


def test_what_does_not_fit_gets_a_code_a_path_and_three_remedies():
    found = answer("Qwen3-32B", "--gpu", "H100-SXM", "--gpus", "1", "--context", "40000")

    assert ("does_not_fit", "gpus_per_replica") == (found["misfit"]["code"], found["misfit"]["path"])
    assert ["shorter_context", "higher_share", "fp8_cache"] == [one["code"] for one in found["remedies"]]


def test_the_published_precision_is_the_default():
    assert "mxfp4" == answer("gpt-oss-120b", "--gpu", "H100-SXM")["precision"]
    assert "fp8" == answer("DeepSeek-V3", "--gpu", "H200-SXM")["precision"]


def test_engine_arguments_and_the_caches_type_count():
    sixteen = answer("Qwen3-8B", "--gpu", "L4")["memory"]
    eight = answer("Qwen3-8B", "--gpu", "L4", "--kv-cache-dtype", "fp8")["memory"]
    larger = answer("Qwen3-8B", "--gpu", "L4", "--args", "--gpu-memory-utilization 0.97")["memory"]

    assert 2 * sixteen["kv_bytes_per_token"] ** -1 == eight["kv_bytes_per_token"] ** -1
    # 5 % of 22.08 GiB.
    assert 0.05 * 24 * 0.92 == pytest.approx(larger["kv_cache_gib"] - sixteen["kv_cache_gib"], abs=1e-6)


def test_requests_longer_than_the_context_raise_it():
    assert 20_500 == answer("Qwen3-8B", "--input-tokens", "20000", "--output-tokens", "500")["needed_tokens"]


def test_a_config_on_disk_is_a_model_too(tmp_path):
    config = {
        "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "vocab_size": 128256,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")

    own, shipped = answer(str(tmp_path), "--gpu", "L40S"), answer("Meta-Llama-3.1-8B", "--gpu", "L40S")
    assert shipped["memory"]["kv_cache_tokens"] == own["memory"]["kv_cache_tokens"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no-such-model"], "neither a shipped model nor a file"),
        (["Qwen3-8B", "--gpu", "H9000"], "no GPU 'H9000' in the book"),
        (["Qwen3-8B", "--context", "50000"], "longer than the context of Qwen3-8B, 40,960 tokens; shorten it"),
        (["Qwen3-8B", "--gpu", "L4", "--context", "50000"], "context_beyond_model, context_tokens"),
        (["Qwen3-8B", "--precision", "fp7"], "write bf16, fp8, int4, mxfp4"),
        (["Qwen3-8B", "--kv-cache-dtype", "fp4"], "write bf16 or fp8"),
        (["Qwen3-8B", "--input-tokens", "5"], "go together"),
        (["Qwen3-8B", "--args", "--max-num-seqs ten"], "'ten' is no whole number"),
        (["Qwen3-8B", "--args", "'"], "close every quotation mark"),
        (["Qwen3-8B", "--gpu", "L4", "--gpus", "37"], "vLLM takes no layout of Qwen3-8B over so many"),
        (["Qwen3-8B", "--context", "0"], "--context"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(words, said):
    result = run(*words)

    assert 2 == result.exit_code
    assert said in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_with_json_a_context_beyond_the_model_has_code_and_path():
    result = run("Qwen3-8B", "--context", "50000", "--json")

    assert 2 == result.exit_code
    assert {"code": "context_beyond_model", "path": "context_tokens"}.items() <= json.loads(result.stdout)[
        "error"
    ].items()


def test_a_model_that_fits_no_listed_gpu_is_bad_input(tmp_path):
    """A mixture of 100,000 experts: 128 of the largest GPUs have 37 TB."""
    config = {
        "model_type": "mixtral", "hidden_size": 8192, "intermediate_size": 32768, "num_hidden_layers": 64, "num_attention_heads": 64,
        "num_key_value_heads": 8, "vocab_size": 32000, "num_local_experts": 1024, "num_experts_per_tok": 2,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    everywhere, here = run(str(tmp_path)), run(str(tmp_path), "--gpu", "B200-SXM")

    assert (2, 2) == (everywhere.exit_code, here.exit_code)
    assert "no_listed_gpu, gpu" in everywhere.output
    assert "no_listed_gpu, gpu" in here.output
