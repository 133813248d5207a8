"""The real `vllm bench serve` of the installed engine against a server of known speed: its result file, imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from probes.imports import import_run

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SERVER = Path(__file__).parents[2] / "fake_server.py"
BENCH = (
    "import argparse; from vllm.benchmarks.serve import add_cli_args, main; "
    "parser = argparse.ArgumentParser(); add_cli_args(parser); main(parser.parse_args())"
)


@pytest.fixture
def server():
    command = [sys.executable, str(SERVER), "--prefill-ms", "60", "--tpot-ms", "8"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    process.terminate()
    process.communicate()


@pytest.fixture
def tokenizer(tmp_path):
    """A tokenizer of one word an id, made here."""
    pytest.importorskip("vllm")
    tokenizers = pytest.importorskip("tokenizers")
    transformers = pytest.importorskip("transformers")
    words = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({f"w{number}": number for number in range(500)}, unk_token="w0")
    )
    words.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    folder = tmp_path / "tokenizer"
    transformers.PreTrainedTokenizerFast(tokenizer_object=words, unk_token="w0", eos_token="w1").save_pretrained(folder)
    return folder


@pytest.mark.timeout(120)
def test_what_the_installed_vllm_bench_writes_is_read_and_true(server, tokenizer, tmp_path):
    flags = {
        "--backend": "vllm", "--base-url": server, "--model": "fake-model", "--tokenizer": tokenizer, "--dataset-name": "random",
        "--random-input-len": 32, "--random-output-len": 16, "--num-prompts": 32, "--max-concurrency": 4,
        "--result-dir": tmp_path, "--result-filename": "result.json",
    }  # fmt: skip
    words = [str(word) for pair in flags.items() for word in pair]
    command = [
        sys.executable,
        "-c",
        BENCH,
        *words,
        "--ignore-eos",
        "--disable-tqdm",
        "--save-result",
        "--save-detailed",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr[-2000:]
    cell = import_run(tmp_path / "result.json").cells[0]

    assert cell.usable
    assert (cell.concurrency, cell.requests_ok, cell.input_tokens, cell.output_tokens) == (4, 32, 32 * 32, 32 * 16)
    assert cell.ttft_ms.p50 == pytest.approx(60, rel=0.15)
    assert cell.tpot_ms.p50 == pytest.approx(8, rel=0.05)
