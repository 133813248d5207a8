from __future__ import annotations

from typing import Any

import pytest

from pricing import architecture, gpu_spec
from probes.run import Run
from probes.setting import Engine, Model
from tco.capacity.memory.fits import Misfit
from tco.capacity.memory.known import is_same_model, known_architecture
from tco.capacity.memory.limits_on import carried_args, kv_tokens_of_run, limits_on, overheads_of_run
from tco.capacity.memory.overheads import GIB
from tco.capacity.memory.placement import Placement
from tco.capacity.simulator.limits import EngineLimits
from tests.factories import run

LLAMA = architecture("Meta-Llama-3.1-8B")
H100 = Placement(gpu=gpu_spec("H100-SXM"))


def measured(*args: str, tokens: int | None = None, **engine: Any) -> Run:
    values = {"name": "vllm", "version": "0.19.0", "args": list(args), "kv_cache_tokens": tokens} | engine
    return run(engine=Engine(**values), model=Model(name="meta-llama/Llama-3.1-8B-Instruct"))


def limits(*args: str, on: Placement = H100, needed: int = 1000, **engine: Any) -> EngineLimits:
    found = limits_on(LLAMA, on, needed_tokens=needed, run=measured(*args, **engine))
    assert isinstance(found, EngineLimits)
    return found


def test_what_nobody_states_is_vllms_own():
    found = limits()

    # 0.90 of 79.2 GiB before vLLM 0.22, less 14.96 + 1.89 + 0.25: 54.2 GiB, without graphs before 0.21.
    assert 54.17 == pytest.approx(found.kv_blocks * 16 * 131_072 / GIB, abs=0.02)
    assert (16, 8192, 1024, 131_072, True, True) == (
        found.block_tokens, found.max_num_batched_tokens, found.max_num_seqs, found.max_model_len, found.prefix_caching,
        found.async_scheduling,
    )  # fmt: skip


def test_the_runs_own_arguments_are_carried_over():
    found = limits(
        "--max-num-seqs", "64", "--max-num-batched-tokens", "4096", "--max-model-len", "2048", "--block-size", "32",
        "--no-enable-prefix-caching", "--no-async-scheduling",
    )  # fmt: skip

    assert (32, 4096, 64, 2048, False, False) == (
        found.block_tokens, found.max_num_batched_tokens, found.max_num_seqs, found.max_model_len, found.prefix_caching,
        found.async_scheduling,
    )  # fmt: skip


def test_a_processors_arguments_and_another_engines_are_not():
    assert () == carried_args(measured("--max-num-seqs", "8", name="vllm-cpu"))
    assert () == carried_args(measured("--ctx-size", "8", name="llama.cpp"))
    assert () == carried_args(None)
    assert 1024 == limits("--max-num-seqs", "8", name="vllm-cpu").max_num_seqs


def test_another_gpu_has_its_own_defaults():
    found = limits(on=Placement(gpu=gpu_spec("L4")))

    assert (2048, 256) == (found.max_num_batched_tokens, found.max_num_seqs)
    # 24 GiB hold less than the model's context.
    assert found.kv_tokens == found.max_model_len < 131_072


def test_a_step_has_room_for_a_token_of_every_sequence():
    found = limits("--max-num-batched-tokens", "512", "--max-num-seqs", "600")

    assert (600, 600) == (found.max_num_batched_tokens, found.max_num_seqs)


def test_two_gpus_hold_twice_the_tokens_and_more():
    two = limits(on=Placement(gpu=gpu_spec("H100-SXM"), tensor_parallel_size=2))

    assert two.kv_tokens > 2 * limits().kv_tokens


def test_a_model_that_does_not_fit_is_a_misfit_with_the_smallest_layout():
    found = limits_on(architecture("Meta-Llama-3.1-70B"), H100, needed_tokens=1000)

    assert isinstance(found, Misfit)
    assert ("does_not_fit", "gpus_per_replica") == (found.code, found.path)
    assert "2 x H100-SXM" in found.sentence


def test_a_layout_that_vllm_refuses_is_a_misfit():
    found = limits_on(LLAMA, Placement(gpu=gpu_spec("H100-SXM"), tensor_parallel_size=3), needed_tokens=1000)

    assert isinstance(found, Misfit)
    assert "layout_refused" == found.code
    assert "32 attention heads" in found.sentence


def test_requests_beyond_the_model_are_a_misfit():
    found = limits_on(LLAMA, H100, needed_tokens=200_000)

    assert isinstance(found, Misfit)
    assert "context_beyond_model" == found.code


def test_overheads_are_what_is_missing_of_a_runs_own_cache():
    """Published: 0.95 of the memory, a cache of 476,016 tokens, activations of 1.89 and 0.25 GiB of CUDA's own."""
    found = overheads_of_run(measured("--gpu-memory-utilization", "0.95", tokens=476_016), LLAMA, H100)

    assert found is not None
    # 0.95 x 79.2 - 14.96 - 476,016 x 131,072 bytes (58.107 GiB) = 2.174.
    assert 2.174 == pytest.approx(found.total_bytes / GIB, abs=0.002)
    assert "run test-run, whose engine had a cache of 476,016 tokens" == found.source


def test_overheads_of_a_run_are_carried_into_the_limits():
    held = measured("--gpu-memory-utilization", "0.95", tokens=476_016)
    found = limits_on(LLAMA, H100, needed_tokens=1000, run=held, overheads=overheads_of_run(held, LLAMA, H100))

    assert isinstance(found, EngineLimits)
    assert 476_016 == found.kv_tokens


@pytest.mark.parametrize(
    ("held", "model"),
    [
        (measured(), LLAMA),
        (measured(tokens=10_000_000), LLAMA),
        (measured(tokens=100_000), architecture("gpt-oss-20b")),
        (measured(tokens=100_000, name="vllm-cpu"), LLAMA),
    ],
    ids=["no size", "more than there is room for", "windows", "a processor"],
)
def test_overheads_are_not_told_by_every_run(held, model):
    assert overheads_of_run(held, model, H100) is None


def test_a_cache_whose_size_a_run_does_not_say_is_the_waterfalls():
    assert 400_000 == kv_tokens_of_run(measured(tokens=400_000), LLAMA, H100)
    assert limits().kv_tokens == kv_tokens_of_run(measured(), LLAMA, H100)


def test_names_of_one_model_are_one_model_and_paths_are_never_read():
    assert is_same_model("meta-llama/Llama-3.1-8B-Instruct", "Meta-Llama-3.1-8B")
    assert is_same_model("my-own", "My Own")
    assert not is_same_model("my-own", "your-own")
    assert known_architecture("./Qwen3-8B") is None
