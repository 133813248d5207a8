from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from probes.engines import llama_cpp
from probes.engines.llama_cpp import LlamaCppOptions, diagnose_llama_cpp, start_llama_cpp
from probes.errors import ProbeError
from probes.run_file import load_run


@pytest.fixture
def options(tmp_path):
    (tmp_path / "m.gguf").write_bytes(b"GGUF....")
    return LlamaCppOptions(gguf=tmp_path / "m.gguf", python=Path("/nowhere/python"))


def test_the_run_of_a_real_server_that_was_kept_reads_as_it_was_measured():
    run = load_run(Path(__file__).parents[2] / "data/run_llama_cpp.json")

    assert ("llama.cpp", "dummy", "llama-cpp-python 0.3.36") == (run.engine.name, run.model.weights, run.engine.version)
    for cell in run.cells:
        assert (64 * cell.requests_ok, "chunks") == (cell.output_tokens, cell.token_source)
        # It says no usage in a stream, and the record says so.
        assert {"tokens_counted_by_chunks", "input_tokens_as_sent"} <= {warning.code for warning in cell.warnings}
    # One request at a time: with a second stream, the first token waits for the other's answer.
    first, second = run.cells[:2]
    assert second.ttft_ms.p50 > first.e2e_ms.p50 > first.ttft_ms.p50


def refused(options):
    with pytest.raises(ProbeError) as caught, start_llama_cpp(options):
        pass
    return caught.value


def test_a_python_that_is_not_there_or_lacks_the_package_is_told_with_the_remedy(options):
    for python in (options.python, Path(sys.executable)):
        error = refused(replace(options, python=python))

        assert error.kind == "missing_engine"
        assert "make test-engines" in str(error)


def test_a_file_that_is_no_gguf_is_refused_before_anything_starts(options, monkeypatch):
    monkeypatch.setattr(llama_cpp, "_version", lambda _python: "1")
    options.gguf.write_bytes(b"PK\x03\x04")
    assert "not a GGUF file" in str(refused(options))
    options.gguf.unlink()

    assert "cannot be read (No such file or directory)" in str(refused(options))


def test_answers_are_not_broken_off_by_the_next_request(options):
    command = llama_cpp._launch(options).command(9)

    assert ["--interrupt_requests", "false"] == command[-2:]
    assert ["--host", "127.0.0.1", "--port", "9", "--n_ctx", "512"] == command[7:13]


@pytest.mark.parametrize(
    ("log", "kind"),
    [
        ("ModuleNotFoundError: No module named 'sse_starlette'", "missing_engine"),
        (
            "llama_model_load: error loading model: tensor 'blk.1.ffn_up.weight' data is not within the file bounds",
            "unsupported_model",
        ),
        ("ValueError: Failed to load model from file: m.gguf", "unsupported_model"),
        (
            "[Errno 98] error while attempting to bind on address ('127.0.0.1', 80): address already in use",
            "port_taken",
        ),
    ],
)
def test_why_it_ended_is_read_from_its_log(log, kind):
    assert kind == diagnose_llama_cpp(log, 1).kind
