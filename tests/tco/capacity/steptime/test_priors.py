from __future__ import annotations

from dataclasses import fields, replace

import pytest

from pricing import architecture, gpu_spec
from pricing.architectures import shipped_models
from tco.capacity.memory.placement import Placement
from tco.capacity.steptime.priors import BACKTEST, PERFECT, TYPICAL, assemble, overhead_s, prior_step_time, scaled
from tco.capacity.steptime.roofline import ideal_times

LLAMA, MIXTRAL = "Meta-Llama-3.1-8B", "Mixtral-8x7B-v0.1"
TIMES = [
    field.name
    for field in fields(prior_step_time(architecture(LLAMA), Placement(gpu=gpu_spec("H100-SXM"))).low)
    if field.name.endswith("_s")
]


def on(gpu: str = "H100-SXM", **changes: object) -> Placement:
    return Placement(gpu=gpu_spec(gpu), **changes)


def test_a_step_of_one_sequence_reads_the_weights_at_three_quarters_of_the_bandwidth() -> None:
    """15.01 GB / (3,350 GB/s · 0.75) + 32 layers · 3 µs + 0.5 ms + 40 µs + 640 tokens · 131,072 bytes / (3,350 GB/s · 0.75).

    Its share of a full batch's arithmetic beyond the ridge is 8 µs on top.
    """
    found = prior_step_time(architecture(LLAMA), on()).step_time.decode_s(1, 640)

    read = (7_504_924_672 * 2 + 640 * 131_072) / (3.35e12 * 0.75)
    assert found == pytest.approx(read + 32 * 3e-6 + 0.5e-3 + 40e-6 + 8e-6, abs=1e-6)


def test_a_prompt_alone_takes_the_longer_of_reading_and_arithmetic() -> None:
    """The roofline's corner: 100 tokens hide behind the weights, 4,000 do not."""
    model, bare = architecture(LLAMA), replace(PERFECT, bandwidth_fraction=0.5)
    ideal = ideal_times(model, on())
    step = assemble(ideal, on(), bare)

    assert step.step_s(0, 0, prefill_tokens=100) == pytest.approx(ideal.weights_s / 0.5)
    assert step.step_s(0, 0, prefill_tokens=4000) == pytest.approx(4000 * ideal.token_compute_s)


def test_a_full_batch_beyond_the_ridge_takes_its_arithmetic() -> None:
    """At 256 sequences reading hides `hidden_tokens` of them; the others take their time."""
    ideal = ideal_times(architecture(LLAMA), on())
    step = assemble(ideal, on(), replace(PERFECT, compute_16_bit_fraction=0.45))

    assert step.hidden_tokens < 256
    assert step.decode_s(256, 0) == pytest.approx(256 * ideal.token_compute_s / 0.45)


def test_experts_are_read_as_far_as_the_batch_covers_them() -> None:
    """8 tokens of 2 in 8 experts: 1 − (3/4)^8 of them, beside what every step reads."""
    prior = prior_step_time(architecture(MIXTRAL), on("H200-SXM")).step_time

    assert prior.decode_s(8, 0) - prior.intercept_s - 8 * prior.per_sequence_s == pytest.approx(
        (1 - 0.75**8) * 45_097_156_608 * 2 / (4.8e12 * 0.75)
    )


def test_overhead_counts_layers_messages_and_the_step() -> None:
    """32 · (3 + 40) µs + 64 · 10 µs + 0.5 ms."""
    ideal = ideal_times(architecture(MIXTRAL), on(tensor_parallel_size=2))

    assert overhead_s(ideal, TYPICAL) == pytest.approx(32 * 43e-6 + 64 * 10e-6 + 0.5e-3)


def test_fp8_prompts_run_at_the_8_bit_rate_where_there_is_one() -> None:
    h100 = prior_step_time(architecture(LLAMA), on(precision="fp8")).step_time
    a100 = prior_step_time(architecture(LLAMA), on("A100-80GB-SXM", precision="fp8")).step_time

    operations = 2 * 6_979_588_096
    assert h100.per_prefill_token_s == pytest.approx(operations / (1979e12 * 0.30))
    assert a100.per_prefill_token_s == pytest.approx(operations / (312e12 * 0.45))


@pytest.mark.parametrize("gpu", ["H100-SXM", "L4", "MI300X", "B200-SXM"])
@pytest.mark.parametrize("name", [LLAMA, MIXTRAL, "DeepSeek-V3", "Qwen3.5-35B-A3B"])
def test_the_band_holds_the_middle_and_never_beats_the_data_sheet(name: str, gpu: str) -> None:
    model = architecture(name)
    prior = prior_step_time(model, on(gpu, tensor_parallel_size=1))
    best = assemble(ideal_times(model, on(gpu)), on(gpu), PERFECT)

    for time in TIMES:
        low, middle, high = (getattr(step, time) for step in (prior.low, prior.step_time, prior.high))
        assert getattr(best, time) <= low <= middle <= high
        assert high >= 1.5 * middle


def test_every_shipped_model_has_a_prior() -> None:
    for shipped in shipped_models():
        prior = prior_step_time(architecture(shipped.name), on("B200-SXM"))

        assert prior.step_time.basis == "modelled"
        assert prior.low.decode_s(8, 8000) < prior.high.decode_s(8, 8000)


def test_the_sentence_says_that_nobody_measured_it_and_how_far_it_may_be_off() -> None:
    sentence = prior_step_time(architecture(LLAMA), on("A100-80GB-SXM", precision="fp8")).sentence

    assert sentence.startswith("nobody measured Meta-Llama-3.1-8B on 1 x A100-80GB-SXM, fp8")
    assert "75% of the memory bandwidth and 45% of the matrix rate" in sentence
    assert f"missed by {BACKTEST.median_fraction:.0%} in the middle" in sentence
    assert "reckon with 50% or more" in sentence


def test_a_slower_machine_is_slower_in_every_time_and_in_nothing_else() -> None:
    step = prior_step_time(architecture(MIXTRAL), on()).step_time
    slower = scaled(step, 2.0)

    assert slower.decode_s(4, 1000) == pytest.approx(2 * step.decode_s(4, 1000))
    assert (slower.hidden_tokens, slower.experts) == (step.hidden_tokens, step.experts)
