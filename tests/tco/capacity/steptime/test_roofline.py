from __future__ import annotations

import pytest

from pricing import architecture, gpu_spec
from tco.capacity.memory.placement import Placement
from tco.capacity.memory.weights import expert_bytes
from tco.capacity.steptime.roofline import ideal_times, peak_flops_per_s
from tco.errors import InputError

LLAMA, MIXTRAL, QWEN = "Meta-Llama-3.1-8B", "Mixtral-8x7B-v0.1", "Qwen3-30B-A3B"


def on(gpu: str = "H100-SXM", **changes: object) -> Placement:
    return Placement(gpu=gpu_spec(gpu), **changes)


def test_weights_are_read_once_without_the_table_that_is_only_looked_up() -> None:
    """8,030,261,248 weights, 525,336,576 of them looked up: 7,504,924,672 · 2 bytes over 3,350 GB/s."""
    times = ideal_times(architecture(LLAMA), on())

    assert times.weights_s == pytest.approx(7_504_924_672 * 2 / 3.35e12)


def test_a_cached_token_is_keys_and_values_of_every_layer() -> None:
    """2 · 32 layers · 8 heads · 128 · 2 bytes = 131,072 bytes."""
    times = ideal_times(architecture(LLAMA), on())

    assert times.kv_token_s == pytest.approx(131_072 / 3.35e12)


def test_an_fp8_cache_is_half() -> None:
    times = ideal_times(architecture(LLAMA), on(kv_dtype_bytes=1))

    assert times.kv_token_s == pytest.approx(65_536 / 3.35e12)


def test_a_tokens_arithmetic_is_two_operations_a_weight_without_embeddings() -> None:
    """1,342,177,280 of attention, 5,637,144,576 of feed-forward, 266,240 of norms."""
    times = ideal_times(architecture(LLAMA), on())

    assert times.token_compute_s == pytest.approx(2 * (1_342_177_280 + 5_637_144_576 + 266_240) / 989e12)


def test_a_pair_of_tokens_is_four_operations_a_head_dimension_a_layer() -> None:
    times = ideal_times(architecture(LLAMA), on())

    assert times.pair_compute_s == pytest.approx(4 * 32 * 128 * 32 / 989e12)


def test_two_gpus_halve_reading_and_arithmetic_and_send_twice_a_layer() -> None:
    """One message is 2 · (2 − 1) / 2 · 4,096 numbers of 2 bytes; 64 of them over 450 GB/s."""
    one, two = ideal_times(architecture(LLAMA), on()), ideal_times(architecture(LLAMA), on(tensor_parallel_size=2))

    assert (one.all_reduces, two.all_reduces) == (0, 64)
    assert two.weights_s == pytest.approx(one.weights_s / 2)
    assert two.kv_token_s == pytest.approx(one.kv_token_s / 2)
    assert two.token_compute_s == pytest.approx(one.token_compute_s / 2)
    assert two.token_link_s == pytest.approx(64 * 4096 * 2 / 450e9)


def test_key_value_heads_are_not_split_further_than_there_are_heads() -> None:
    """Qwen3-30B-A3B has 4 key-value heads: 8 GPUs keep each of them twice."""
    four = ideal_times(architecture(QWEN), on(tensor_parallel_size=4))
    eight = ideal_times(architecture(QWEN), on(tensor_parallel_size=8))

    assert eight.kv_token_s == four.kv_token_s


def test_a_latent_cache_is_kept_whole_by_every_gpu_of_a_layer() -> None:
    one = ideal_times(architecture("DeepSeek-V3"), on())
    eight = ideal_times(architecture("DeepSeek-V3"), on(tensor_parallel_size=8))

    assert eight.kv_token_s == one.kv_token_s


def test_stages_share_what_grows_with_tokens_but_not_the_reading_of_weights() -> None:
    one, two = ideal_times(architecture(LLAMA), on()), ideal_times(architecture(LLAMA), on(pipeline_parallel_size=2))

    assert two.weights_s == one.weights_s
    assert two.token_compute_s == pytest.approx(one.token_compute_s / 2)
    assert two.kv_token_s == pytest.approx(one.kv_token_s / 2)


def test_routed_experts_stand_apart_from_the_weights_that_every_step_reads() -> None:
    """Mixtral: 45,097,156,608 expert weights of 46,702,792,704; the rest less 131,072,000 looked-up ones."""
    times = ideal_times(architecture(MIXTRAL), on())

    assert times.experts_s == pytest.approx(45_097_156_608 * 2 / 3.35e12)
    assert times.weights_s == pytest.approx((46_702_792_704 - 45_097_156_608 - 131_072_000) * 2 / 3.35e12)
    assert (8, 2) == (times.experts, times.experts_per_token)


def test_experts_in_mxfp4_take_their_share_of_scales_and_keep_biases_in_16_bits() -> None:
    model = architecture("gpt-oss-120b")
    weights = 114_701_598_720 - 39_813_120

    assert expert_bytes(model, "mxfp4") == round(weights * 0.53125) + 2 * 39_813_120


def test_windows_cut_the_cache_and_the_pairs_of_long_prompts() -> None:
    """gpt-oss: 18 of 36 layers see 128 tokens. At 1,024: a quarter less one 64th of the pairs in these, 1/8 of the cache."""
    short = ideal_times(architecture("gpt-oss-120b"), on(), context_tokens=128)
    long = ideal_times(architecture("gpt-oss-120b"), on(), context_tokens=1024)

    assert long.kv_token_s / short.kv_token_s == pytest.approx((18 + 18 / 8) / 36)
    assert long.pair_compute_s / short.pair_compute_s == pytest.approx((18 + 18 * (2 / 8 - 1 / 64)) / 36)


def test_linear_attention_keeps_a_state_instead_of_a_cache() -> None:
    """30 linear layers of 2,146,304 bytes, read and written each step."""
    times = ideal_times(architecture("Qwen3.5-35B-A3B"), on())

    assert times.sequence_state_s == pytest.approx(2 * 30 * 2_146_304 / 3.35e12)


@pytest.mark.parametrize(
    ("gpu", "precision", "tflops"),
    [
        ("H100-SXM", "bf16", 989),
        ("H100-SXM", "fp8", 1979),
        ("H100-SXM", "int4", 989),
        ("H100-SXM", "mxfp4", 989),
        ("A100-80GB-SXM", "fp8", 312),
        ("B200-SXM", "mxfp4", 4500),
    ],
)
def test_weights_without_arithmetic_of_their_own_are_widened(gpu: str, precision: str, tflops: float) -> None:
    assert peak_flops_per_s(gpu_spec(gpu), precision) == tflops * 1e12


def test_no_layer_is_shared_by_more_gpus_than_it_has_heads() -> None:
    with pytest.raises(InputError, match=r"tensor_parallel_size is 64, and Meta-Llama-3\.1-8B has 32 heads"):
        ideal_times(architecture(LLAMA), on(tensor_parallel_size=64))


def test_a_gpu_without_a_known_link_cannot_share_layers() -> None:
    with pytest.raises(InputError, match="no bandwidth between T4 GPUs is known"):
        on("T4", tensor_parallel_size=2)


@pytest.mark.parametrize("changes", [{"tensor_parallel_size": 0}, {"pipeline_parallel_size": 0}, {"kv_dtype_bytes": 3}])
def test_a_placement_that_cannot_be_is_refused(changes: dict[str, int]) -> None:
    with pytest.raises(InputError, match="placement: "):
        on(**changes)


def test_a_label_names_stages_and_a_smaller_cache() -> None:
    label = on(tensor_parallel_size=2, pipeline_parallel_size=2, precision="int4", kv_dtype_bytes=1).label

    assert label == "4 x H100-SXM in 2 stages, int4, fp8 cache"
