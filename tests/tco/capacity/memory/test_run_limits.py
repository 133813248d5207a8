"""Limits of a run's engine follow from its arguments and from vLLM's own defaults."""

from __future__ import annotations

from typing import Any

import pytest

from probes.run import Run
from probes.setting import Engine, Environment, Gpu, Model
from tco.capacity.memory.run_limits import limits_of_run
from tco.capacity.simulator.limits import EngineLimits
from tco.errors import InputError
from tests.factories import run

CAMPAIGN = [
    "--dtype",
    "bfloat16",
    "--max-model-len",
    "2048",
    "--max-num-batched-tokens",
    "512",
    "--max-num-seqs",
    "32",
    "--load-format",
    "dummy",
    "--enforce-eager",
    "--skip-tokenizer-init",
    "--no-enable-prefix-caching",
]


def _run(
    args: list[str], *, name: str = "vllm", gpu: str | None = "H100-SXM", tokens: int | None = 400_000, **changes: Any
) -> Run:
    engine = Engine(name=name, version="0.32.0", args=args, started_by_probe=True, kv_cache_tokens=tokens)
    return run(engine=engine.model_copy(update=changes), gpu=gpu, model=Model(name="Qwen3-8B"))


def test_limits_of_a_run_on_the_processor_are_its_flags() -> None:
    found = limits_of_run(_run(CAMPAIGN, name="vllm-cpu", gpu=None, tokens=65_536))
    expected = EngineLimits(
        kv_blocks=512,
        block_tokens=128,
        max_num_batched_tokens=512,
        max_num_seqs=32,
        max_model_len=2048,
        prefix_caching=False,
        async_scheduling=False,
    )
    assert expected == found


def test_what_is_not_stated_is_as_vllm_serve_sets_it_on_an_h100() -> None:
    expected = EngineLimits(
        kv_blocks=25_000,
        block_tokens=16,
        max_num_batched_tokens=8192,
        max_num_seqs=1024,
        max_model_len=40_960,
        prefix_caching=True,
        async_scheduling=True,
    )
    assert expected == limits_of_run(_run([]))


@pytest.mark.parametrize(
    ("gpu", "expected"),
    [("A100-80GB-SXM", (2048, 256)), ("L4", (2048, 256)), ("H200-SXM", (8192, 1024)), ("B200-SXM", (16384, 1024))],
)
def test_a_step_depends_on_the_gpu(gpu: str, expected: tuple[int, int]) -> None:
    limits = limits_of_run(_run([], gpu=gpu))
    assert expected == (limits.max_num_batched_tokens, limits.max_num_seqs)


def test_the_driver_s_memory_comes_before_the_maker_s() -> None:
    probed = _run([], gpu=None).model_copy(
        update={"environment": Environment(gpus=[Gpu(name="NVIDIA H100 MIG", memory_gib=39.0)])}
    )
    assert limits_of_run(probed).max_num_seqs == 256


def test_a_step_of_a_processor_grows_with_its_workers() -> None:
    limits = limits_of_run(_run([], name="vllm-cpu", gpu=None, tensor_parallel_size=2))
    assert (limits.max_num_batched_tokens, limits.max_num_seqs) == (4096, 256)


def test_few_short_sequences_make_a_small_step() -> None:
    limits = limits_of_run(_run(["--max-num-seqs=4", "--max-model-len=256"]))
    assert limits.max_num_batched_tokens == 4 * 256


def test_the_throughput_mode_doubles_the_defaults() -> None:
    limits = limits_of_run(_run(["--performance-mode", "throughput"]))
    assert (limits.max_num_batched_tokens, limits.max_num_seqs) == (16_384, 2048)


def test_a_context_is_never_more_than_the_cache_holds() -> None:
    assert limits_of_run(_run([], tokens=20_000)).max_model_len == 20_000


@pytest.mark.parametrize(("version", "expected"), [("0.13.0", False), ("0.14.0", True), ("0.32.0", True), (None, True)])
def test_scheduling_ahead_came_with_0_14(version: str | None, expected: bool) -> None:
    assert expected is limits_of_run(_run([], version=version)).async_scheduling


def test_scheduling_ahead_can_be_switched_off() -> None:
    assert limits_of_run(_run(["--no-async-scheduling"])).async_scheduling is False


def test_a_run_that_does_not_know_its_cache_says_so() -> None:
    with pytest.raises(InputError, match="run test-run: it does not say how large the KV cache"):
        limits_of_run(_run([], tokens=None))


def test_a_cache_that_is_not_in_the_run_can_be_given() -> None:
    assert limits_of_run(_run([], tokens=None), kv_cache_tokens=1_600).kv_blocks == 100


def test_a_cache_below_one_block_is_refused() -> None:
    with pytest.raises(InputError, match="does not hold one block of 16"):
        limits_of_run(_run([], tokens=8))
