"""`transformers serve`, a second real engine beside vLLM: about half a minute, most of it two imports of torch."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import psutil
import pytest

from probes.architectures import resolve_model
from probes.engines.process import tree_of
from probes.engines.transformers_serve import TransformersOptions, start_transformers
from probes.errors import ProbeError
from tests.probes.engines.real import probe
from tests.stand_in import ROOT

# Looked for, not imported: it brings torch, and every process of every stage collects this file.
_HAS_EXTRA = importlib.util.find_spec("accelerate") is not None

pytestmark = [
    pytest.mark.engine,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not _HAS_EXTRA, reason="needs the transformers extra"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("model") / "tiny"
    subprocess.run([sys.executable, ROOT / "scripts/make_tiny_model.py", out], check=True, capture_output=True)
    return out


@pytest.fixture
def options(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return TransformersOptions(model=resolve_model(str(folder)), weights="dummy", device="cpu", start_timeout_s=120)


def test_transformers_serve_is_probed_as_any_endpoint_and_leaves_nothing(options):
    with start_transformers(options) as running:
        run = probe(running, concurrency=[1, 2])
        marker = running.process.marker

    assert [] == tree_of(marker)
    assert run.complete, run.incomplete_reason
    # 2 repeats of at least 2 requests a stream, each of 32 words in (one token each) and 16 tokens out, as the server itself counts them.
    for cell in run.cells:
        assert cell.requests_ok >= 4 * cell.concurrency
        assert (32 * cell.requests_ok, 16 * cell.requests_ok) == (cell.input_tokens, cell.output_tokens)
        assert cell.token_source == "usage"
        assert {} == cell.failures
    assert ("transformers", True, "dummy", 2) == (
        run.engine.name,
        run.engine.started_by_probe,
        run.model.weights,
        run.model.layers,
    )
    assert run.engine.start_s > 0.5  # it is asked twice a second
    assert running.endpoint.served_model_name == "local/tiny"


def test_a_model_that_cannot_be_read_is_told_from_the_log(options, folder):
    weights = folder / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:1000])
    try:
        with pytest.raises(ProbeError) as caught, start_transformers(options):
            pass
    finally:
        weights.write_bytes(content)

    assert caught.value.kind == "engine_exited"
    assert "SafetensorError" in str(caught.value)
    assert [] == [p for p in psutil.Process().children(recursive=True) if "transformers" in " ".join(p.cmdline())]
