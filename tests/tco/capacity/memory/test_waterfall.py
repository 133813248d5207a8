from __future__ import annotations

from dataclasses import replace

import pytest

from pricing import architecture, gpu_spec
from tco.capacity.memory.kv_cache import sequence_bytes
from tco.capacity.memory.layout import Layout
from tco.capacity.memory.occupancy import RequestLengths, occupancy
from tco.capacity.memory.overheads import GIB, Overheads, prior_overheads, usable_bytes
from tco.capacity.memory.settings import EngineSettings, settings_on
from tco.capacity.memory.waterfall import Waterfall, waterfall
from tco.capacity.memory.weights import stage_weight_bytes
from tco.errors import InputError

H100 = gpu_spec("H100-SXM")
LLAMA = architecture("Meta-Llama-3.1-8B")
NOTHING = Overheads(activation_bytes=0, non_torch_bytes=0, graphs_bytes=0, source="nothing")


def of(model: str = "Meta-Llama-3.1-8B", layout: Layout | None = None, **settings: object) -> Waterfall:
    return waterfall(architecture(model), H100, layout or Layout(), replace(settings_on(H100), **settings))


def test_the_terms_add_up_to_the_pool_and_the_pool_to_whole_blocks():
    found = of()

    assert found.pool_bytes == sum(term.size_bytes for term in found.terms)
    # 80 GiB x 0.99 x 0.92 - 16,060,522,496 bytes of weights (8,030,261,248 parameters in two bytes each) - overheads.
    overheads = prior_overheads(LLAMA, Layout(), found.settings).total_bytes
    assert round(80 * 2**30 * 0.99 * 0.92) - 2 * 8_030_261_248 - overheads == pytest.approx(found.pool_bytes, abs=2)
    # 32 layers x 8 heads x 128 numbers x keys and values x 2 bytes = 131,072 bytes a token.
    assert found.pool_bytes // (16 * 131_072) == found.kv_blocks
    assert 16 * found.kv_blocks == found.kv_tokens


def test_weights_are_cut_by_tensor_and_dealt_by_stage():
    whole = stage_weight_bytes(LLAMA, "bf16", Layout())[0]
    # Norms are copied: 65 of 4,096 numbers.
    norms = 2 * 65 * 4096
    assert (whole - norms) / 4 + norms == pytest.approx(
        stage_weight_bytes(LLAMA, "bf16", Layout(tensor_parallel_size=4))[0], abs=2
    )
    stages = stage_weight_bytes(LLAMA, "bf16", Layout(pipeline_parallel_size=4))
    # The first has the embedding, the last the head, 128,256 x 4,096 numbers of two bytes each.
    assert 2 * 128_256 * 4_096 == stages[0] - stages[1] == stages[3] - stages[2]
    assert sum(stages) == pytest.approx(whole, abs=4)


def test_a_tied_head_is_held_by_the_last_stage_too():
    model = architecture("Llama-3.2-1B")
    two = stage_weight_bytes(model, "bf16", Layout(pipeline_parallel_size=2))

    assert 2 * 128_256 * 2_048 == pytest.approx(sum(two) - model.weight_bytes(), abs=2)


def test_experts_that_do_not_divide_are_dealt_out_in_whole_ones():
    """160 experts over 3 GPUs (heads 96): the fullest has 54, not 53.3."""
    model = architecture("Qwen3-Coder-480B-A35B-Instruct")
    cut = stage_weight_bytes(model, "bf16", Layout(tensor_parallel_size=3))[0]
    dealt = stage_weight_bytes(model, "bf16", Layout(tensor_parallel_size=3, expert_parallel=True))[0]

    assert 2 * model.parameters.experts * (54 / 160 - 1 / 3) == pytest.approx(dealt - cut, abs=4)


@pytest.mark.parametrize("precision", ["bf16", "fp8", "int4", "mxfp4"])
@pytest.mark.parametrize("name", ["DeepSeek-V3", "gpt-oss-120b", "Qwen3.5-27B", "gemma-3-27b-it", "Kimi-K3"])
def test_one_gpu_holds_all_weights(name, precision):
    model = architecture(name)

    assert model.weight_bytes(precision) == pytest.approx(stage_weight_bytes(model, precision, Layout())[0], abs=2)


def test_keys_and_values_are_shared_as_far_as_there_are_heads_and_a_latent_is_kept_whole():
    sixteen, latent = Layout(tensor_parallel_size=16), architecture("DeepSeek-V3")

    assert sequence_bytes(LLAMA, 1000, layout=Layout()) / 8 == sequence_bytes(LLAMA, 1000, layout=sixteen)
    # 61 layers x (512 + 64) numbers x 2 bytes, on every GPU of a layer.
    assert (
        1000 * 61 * 576 * 2
        == sequence_bytes(latent, 1000, layout=sixteen)
        == sequence_bytes(latent, 1000, layout=Layout())
    )


def test_a_window_keeps_no_more_than_itself():
    """gpt-oss-20b: 12 layers of 128 tokens, 12 of all; 8 heads x 64 numbers x 2 x 2 bytes a token and layer."""
    model = architecture("gpt-oss-20b")

    assert 12 * 2048 * (128 + 8192) == sequence_bytes(model, 8192, layout=Layout())


def test_a_state_does_not_grow_with_the_sequence():
    model = architecture("Qwen3.5-27B")
    grown = sequence_bytes(model, 2000, layout=Layout()) - sequence_bytes(model, 1000, layout=Layout())

    # 16 of 64 layers keep keys and values of 4 heads x 256 numbers; 48 a state of 3,207,168 bytes.
    assert 1000 * 16 * 2 * 4 * 256 * 2 == grown
    assert 48 * 3_207_168 == sequence_bytes(model, 1000, layout=Layout()) - grown


def test_stages_keep_their_own_layers_and_the_tightest_counts():
    four = of(layout=Layout(pipeline_parallel_size=4))

    # The last stage holds the head and samples; each keeps a quarter of the cache.
    assert "stage 4 of 4" in next(term.formula for term in four.terms if term.name == "weights")
    assert 131_072 / 4 == four.kv_bytes_per_token
    assert 0.25 == four.pool_share_fraction


def test_a_cache_in_fp8_holds_twice_the_tokens_in_the_same_pool():
    two, one = of(), of(kv_dtype_bytes=1)

    assert two.pool_bytes == one.pool_bytes
    assert 2 * two.kv_tokens == pytest.approx(one.kv_tokens, abs=16)


def test_graphs_count_since_0_21_and_not_in_eager_mode():
    def graphs(**settings: object) -> float:
        return next(-term.gib for term in of(**settings).terms if term.name == "recorded graphs")

    assert (1.04, 0.0, 0.0) == pytest.approx((graphs(), graphs(cuda_graphs=False), graphs(version="0.20.2")), abs=1e-6)


def test_fewer_sequences_leave_more_for_the_cache():
    """Sampling for 1,024 sequences takes 14.2 bytes for each of 128,256 tokens of the vocabulary; at 256 the step itself is larger, 8,192 x 2 x (3 x 14,336 + 2 x 4,096)."""
    freed = of(max_num_seqs=256).pool_bytes - of().pool_bytes

    assert 14.2 * 1024 * 128_256 - 8192 * 2 * (3 * 14_336 + 2 * 4_096) == pytest.approx(freed, abs=2)


@pytest.mark.parametrize(
    ("name", "shown_gib"),
    [
        ("H100-SXM", 79.19),
        ("H200-SXM", 139.80),
        ("A100-80GB-SXM", 79.15),
        ("L40S", 44.5),
        ("L4", 22.05),
        ("A10G", 22.06),
    ],
)
def test_memory_that_cuda_shows_is_met_within_one_percent(name, shown_gib):
    assert shown_gib == pytest.approx(usable_bytes(gpu_spec(name)) / GIB, rel=0.01)


def test_what_does_not_fit_has_a_negative_pool_and_no_blocks():
    found = of("Meta-Llama-3.1-70B")

    assert 0 > found.pool_bytes
    assert (0, 0, 0) == (found.kv_blocks, found.kv_tokens, found.longest_tokens)
    assert not found.holds(1)


def test_the_longest_request_is_a_whole_number_of_blocks_that_fits_and_one_more_block_does_not():
    found = of("Qwen3-32B")

    assert found.longest_tokens == found.kv_tokens
    assert found.holds(found.longest_tokens)
    assert not found.holds(found.longest_tokens + 1)


def test_a_layout_that_vllm_does_not_take_is_refused():
    with pytest.raises(InputError, match="32 attention heads, which 3 GPUs cannot share evenly; choose another number"):
        of(layout=Layout(tensor_parallel_size=3))


@pytest.mark.parametrize(
    ("field", "value"),
    [("kv_dtype_bytes", 3), ("gpu_memory_utilization_fraction", 1.2), ("max_num_seqs", 0), ("block_tokens", 0)],
)
def test_settings_that_no_engine_takes_are_refused(field, value):
    with pytest.raises(InputError, match="engine settings"):
        EngineSettings(**{field: value})


def ten_blocks() -> Waterfall:
    """A pool of exactly ten blocks of Llama 3.1 8B."""
    return replace(of(), pool_bytes=10 * 16 * 131_072, kv_blocks=10)


def test_sequences_hold_half_their_answer_on_the_average_and_all_of_it_at_their_end():
    """20 + 24 / 2 = 32 tokens are two blocks, so five run on the average; 20 + 24 = 44 are three, so three at the end."""
    found = occupancy(ten_blocks(), [RequestLengths(input_tokens=20, output_tokens=24)])

    assert (5, 3) == (found.mean_sequences, found.peak_sequences)


def test_kinds_weigh_by_how_long_they_stay():
    """Answers of 16 tokens after 16 (24 -> 2 blocks) and of 48 after 16 (40 -> 3 blocks), half of the requests each: 2 x 1/4 + 3 x 3/4 = 2.75 blocks."""
    found = occupancy(
        ten_blocks(),
        [
            RequestLengths(input_tokens=16, output_tokens=16, share_fraction=0.5),
            RequestLengths(input_tokens=16, output_tokens=48, share_fraction=0.5),
        ],
    )

    assert 3 == found.mean_sequences


def test_the_engines_own_limit_counts_too():
    held = replace(ten_blocks(), settings=replace(ten_blocks().settings, max_num_seqs=2))
    found = occupancy(held, [RequestLengths(input_tokens=8, output_tokens=8)])

    assert (2, 2, 10, 10) == (
        found.mean_sequences, found.peak_sequences, found.cache_mean_sequences, found.cache_peak_sequences,
    )  # fmt: skip


@pytest.mark.parametrize("mix", [[], [RequestLengths(input_tokens=0, output_tokens=1)]])
def test_an_empty_mix_or_an_empty_request_is_refused(mix):
    with pytest.raises(InputError, match="at least one"):
        occupancy(of(), mix)
