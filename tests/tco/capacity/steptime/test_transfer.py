from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from pricing import architecture, gpu_spec
from tco.capacity.memory.placement import Placement
from tco.capacity.step_time import StepTime
from tco.capacity.steptime.priors import TYPICAL, assemble
from tco.capacity.steptime.roofline import ideal_times
from tco.capacity.steptime.transfer import BAND_FRACTION, transfer
from tco.errors import InputError

LLAMA, MIXTRAL, QWEN = "Meta-Llama-3.1-8B", "Mixtral-8x7B-v0.1", "Qwen3-30B-A3B"


carry = partial(transfer, trust_fraction=1.0)
"""All of a fitted efficiency, so that a term can be reckoned by hand."""


def on(gpu: str = "H100-SXM", **changes: object) -> Placement:
    return Placement(gpu=gpu_spec(gpu), **changes)


def measured(name: str, place: Placement, **reached: float) -> StepTime:
    """What a fit would find of an engine that reaches given efficiencies."""
    fitted = assemble(ideal_times(architecture(name), place), place, replace(TYPICAL, **reached))
    return replace(fitted, basis="measured")


def test_an_engine_that_reaches_the_same_everywhere_is_carried_over_exactly() -> None:
    """Half the bandwidth and a third of the rate reached on both parts: the transfer must find the target's own step time."""
    for source, target in [
        (on(), on("A100-80GB-SXM")),
        (on(), on(tensor_parallel_size=4)),
        (on("A100-80GB-SXM"), on("A100-80GB-SXM", precision="int4")),
        (on("A100-80GB-SXM", tensor_parallel_size=2), on("H200-SXM", kv_dtype_bytes=1)),
    ]:
        reached = {"bandwidth_fraction": 0.5, "compute_16_bit_fraction": 0.45}
        found = carry(measured(LLAMA, source, **reached), architecture(LLAMA), source, target)

        expected = measured(LLAMA, target, **reached)
        for name in ("intercept_s", "per_kv_token_s", "per_prefill_token_s", "per_attention_pair_s", "hidden_tokens"):
            assert getattr(found.step_time, name) == pytest.approx(getattr(expected, name), rel=1e-9), name
        assert found.step_time.per_sequence_s == pytest.approx(expected.per_sequence_s, rel=0.2)
        assert found.bandwidth_fraction == pytest.approx(0.5)


def test_what_is_read_goes_by_bandwidth_and_what_is_multiplied_by_rate() -> None:
    """H100 to A100 SXM: 3,350 / 2,039 GB/s and 989 / 312 TFLOP/s."""
    fitted = StepTime(intercept_s=6e-3, per_kv_token_s=5e-8, per_prefill_token_s=30e-6, per_attention_pair_s=1e-9)
    found = carry(fitted, architecture(LLAMA), on(), on("A100-80GB-SXM")).step_time

    overhead = 32 * 3e-6 + 0.5e-3
    assert found.intercept_s == pytest.approx(overhead + (6e-3 - overhead) * 3350 / 2039)
    assert found.per_kv_token_s == pytest.approx(5e-8 * 3350 / 2039)
    assert found.per_prefill_token_s == pytest.approx(30e-6 * 989 / 312)
    assert found.per_attention_pair_s == pytest.approx(1e-9 * 989 / 312)


def test_what_is_waited_for_stays() -> None:
    fitted = StepTime(intercept_s=6e-3, per_prefill_token_s=30e-6, per_chunk_s=2e-4, latency_s=9e-3, dispatch_s=1e-3)
    found = carry(fitted, architecture(LLAMA), on(), on("A100-80GB-SXM")).step_time

    assert (2e-4, 9e-3, 1e-3) == (found.per_chunk_s, found.latency_s, found.dispatch_s)


def test_a_processor_bound_engine_gains_little_from_a_faster_memory() -> None:
    """A sequence's 100 µs are the processor's but for the arithmetic beyond the ridge; H200 has the same rate and more bandwidth."""
    fitted = StepTime(intercept_s=6e-3, per_sequence_s=100e-6, per_prefill_token_s=30e-6)
    found = carry(fitted, architecture(LLAMA), on(), on("H200-SXM")).step_time

    assert found.per_sequence_s == pytest.approx(100e-6, abs=15e-6)


def test_to_fp8_weights_halve_and_prompts_gain_what_8_bit_rates_reach() -> None:
    """1979 / 989 of the rate, of which 0.30 is reached instead of 0.45."""
    fitted = StepTime(intercept_s=6e-3, per_prefill_token_s=30e-6)
    found = carry(fitted, architecture(LLAMA), on(), on(precision="fp8")).step_time

    assert found.per_prefill_token_s == pytest.approx(30e-6 * 989 / 1979 * 0.45 / 0.30)
    assert 0.5 < found.intercept_s / 6e-3 < 0.65  # the head stays in 16 bits, overhead stays


def test_from_a_dense_model_to_a_mixture_experts_are_read_as_the_weights_were() -> None:
    """Half the bandwidth was reached: Mixtral's 90.2 GB of experts take 90.2 / (3,350 · 0.5) s, covered or not."""
    place, into = on(), architecture(MIXTRAL)
    fitted = measured(LLAMA, place, bandwidth_fraction=0.5)
    found = carry(fitted, architecture(LLAMA), place, place, target_model=into)

    assert found.kinds == ("model",)
    assert found.step_time.experts_s == pytest.approx(45_097_156_608 * 2 / (3.35e12 * 0.5))
    assert (8, 2) == (found.step_time.experts, found.step_time.experts_per_token)
    assert found.step_time.intercept_s == pytest.approx(
        measured(MIXTRAL, place, bandwidth_fraction=0.5).intercept_s, rel=1e-9
    )


def test_from_a_mixture_to_a_dense_model_no_experts_are_left() -> None:
    place = on()
    fitted = measured(MIXTRAL, place, bandwidth_fraction=0.6)
    found = carry(fitted, architecture(MIXTRAL), place, place, target_model=architecture(LLAMA)).step_time

    assert (0, 0, 0.0) == (found.experts, found.experts_per_token, found.experts_s)
    assert found.intercept_s == pytest.approx(measured(LLAMA, place, bandwidth_fraction=0.6).intercept_s)


def test_between_mixtures_weights_and_experts_go_each_by_their_bytes() -> None:
    place = on(tensor_parallel_size=2)
    fitted = measured(MIXTRAL, place)
    found = carry(fitted, architecture(MIXTRAL), place, place, target_model=architecture(QWEN)).step_time

    assert found.experts_s == pytest.approx(fitted.experts_s * 28_991_029_248 / 45_097_156_608)


def test_a_term_the_fit_left_at_zero_stays_zero() -> None:
    fitted = StepTime(intercept_s=6e-3, per_sequence_s=1e-4)
    found = carry(fitted, architecture(LLAMA), on(), on("A100-80GB-SXM", tensor_parallel_size=2)).step_time

    assert (0.0, 0.0, 0.0) == (found.per_kv_token_s, found.per_prefill_token_s, found.per_attention_pair_s)


def test_a_fit_that_beats_the_data_sheet_a_little_is_noise_and_reaches_all_of_it() -> None:
    """4.48 ms is the least for reading the weights; 4.4 ms were fitted."""
    found = carry(StepTime(intercept_s=4.4e-3), architecture(LLAMA), on(), on("A100-80GB-SXM"))

    assert found.bandwidth_fraction == 1.0
    assert found.step_time.intercept_s == pytest.approx(4.4e-3 * 3350 / 2039)


def test_a_fit_that_beats_the_data_sheet_by_far_is_of_something_else() -> None:
    with pytest.raises(InputError, match=r"a step takes 2 ms, and reading the weights alone takes 4\.48 ms"):
        carry(StepTime(intercept_s=2e-3), architecture(LLAMA), on(), on("A100-80GB-SXM"))


def test_half_of_what_sets_a_fit_apart_is_carried_over() -> None:
    """Half the bandwidth was reached and three quarters are usual: sqrt(0.50 · 0.75) on the target."""
    model, target = architecture(LLAMA), on("A100-80GB-SXM")
    fitted = replace(measured(LLAMA, on(), bandwidth_fraction=0.5), latency_s=0.1)
    found = transfer(fitted, model, on(), target).step_time

    least = 131_072 / 2.039e12
    assert found.per_kv_token_s == pytest.approx(least / (0.5 * 0.75) ** 0.5)
    assert found.latency_s == 0.1


def test_no_trust_in_the_fit_leaves_the_data_sheet() -> None:
    target = on("A100-80GB-SXM")
    found = transfer(
        measured(LLAMA, on(), bandwidth_fraction=0.5), architecture(LLAMA), on(), target, trust_fraction=0.0
    )

    expected = measured(LLAMA, target)
    assert found.step_time.decode_s(16, 8000) == pytest.approx(expected.decode_s(16, 8000))


def test_nothing_differs_and_nothing_changes() -> None:
    fitted = measured(LLAMA, on())
    found = transfer(fitted, architecture(LLAMA), on(), on(), fit_error_fraction=0.04)

    assert found.step_time is fitted
    assert ((), 0.04) == (found.kinds, found.band_fraction)


def test_bands_of_several_differences_add_in_squares() -> None:
    found = transfer(
        measured(LLAMA, on()), architecture(LLAMA), on(), on("A100-80GB-SXM", precision="fp8"), fit_error_fraction=0.1
    )

    assert found.kinds == ("gpu", "precision")
    assert found.band_fraction == pytest.approx(
        (0.1**2 + BAND_FRACTION["gpu"] ** 2 + BAND_FRACTION["precision"] ** 2) ** 0.5
    )


def test_the_sentence_names_both_ends_and_how_far_such_transfers_missed() -> None:
    sentence = transfer(measured(LLAMA, on(), bandwidth_fraction=0.5), architecture(LLAMA), on(), on("L40S")).sentence

    assert "step times of Meta-Llama-3.1-8B on 1 x L40S, bf16 were carried over from" in sentence
    assert "another GPU" in sentence
    assert "(50% of it was reached there)" in sentence
    assert f"by up to {BAND_FRACTION['gpu']:.0%} nine times in ten" in sentence
