"""llama.cpp's own server on a file made here; `make test-engines` builds it first."""

from __future__ import annotations

import subprocess
import sys

import pytest

from probes import load_run, save_run
from probes.engines.llama_cpp import LlamaCppOptions, start_llama_cpp
from probes.engines.process import tree_of
from probes.errors import ProbeError
from tests.probes.engines.real import probe
from tests.stand_in import ROOT

PYTHON = ROOT / ".venv-engines/bin/python"
OUT = ROOT / "runs/llama-cpp-tiny.json"

pytestmark = [
    pytest.mark.engine,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not PYTHON.exists(), reason="`make test-engines` builds llama.cpp's server"),
]


@pytest.fixture
def options(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    command = [
        sys.executable,
        ROOT / "scripts/make_gguf.py",
        tmp_path / "llama-tiny-random.gguf",
        "--layers",
        "8",
        "--hidden",
        "256",
    ]
    subprocess.run(command, check=True, capture_output=True)
    return LlamaCppOptions(gguf=tmp_path / "llama-tiny-random.gguf", python=PYTHON, weights="dummy")


def test_llama_cpp_is_probed_as_any_endpoint_and_its_run_is_kept(options):
    with start_llama_cpp(options) as running:
        run = probe(running, concurrency=[1, 2, 4], run_id="llama-cpp-tiny", output_tokens=64)
        marker = running.process.marker
    OUT.parent.mkdir(exist_ok=True)
    save_run(run, OUT)

    assert [] == tree_of(marker)
    assert run == load_run(OUT)
    assert [1, 2, 4] == [cell.concurrency for cell in run.cells]
    for cell in run.cells:
        assert cell.requests_ok >= 4 * cell.concurrency
        assert {} == cell.failures
        # It says no usage in a stream: one chunk is one token here, since every token is a word.
        assert ("chunks", 64 * cell.requests_ok) == (cell.token_source, cell.output_tokens)
    # One request at a time: of two streams one waits for the other's whole answer.
    first, second = run.cells[:2]
    assert second.ttft_ms.p50 > first.e2e_ms.p50 / 2


def test_a_file_that_is_cut_off_is_told_from_the_log(options):
    options.gguf.write_bytes(options.gguf.read_bytes()[:100_000])
    with pytest.raises(ProbeError, match="cut off") as caught, start_llama_cpp(options):
        pass

    assert caught.value.kind == "unsupported_model"
