from __future__ import annotations

from dataclasses import replace

import pytest

from tco.capacity.steptime.fit import fit_step_time
from tco.capacity.steptime.fitted import FittedStepTime, Refusal
from tests.tco.capacity.steptime.runs import LIMITS, TRUE, cell, cells, run


def fitted(found: FittedStepTime | Refusal) -> FittedStepTime:
    assert isinstance(found, FittedStepTime), found
    return found


def refused(found: FittedStepTime | Refusal) -> Refusal:
    assert isinstance(found, Refusal)
    return found


def test_known_step_times_are_found_again() -> None:
    found = fitted(fit_step_time(run(cells()), LIMITS))
    names = ("intercept_s", "per_sequence_s", "per_kv_token_s", "per_prefill_token_s", "per_attention_pair_s")
    assert {name: pytest.approx(getattr(TRUE, name), rel=1e-6) for name in names} == {
        name: getattr(found.step_time, name) for name in names
    }
    assert 12 == found.cells_used
    assert 0.0 == pytest.approx(found.residual_fraction, abs=1e-9)
    assert "measured" == found.step_time.basis


def test_a_way_to_the_client_counts_for_a_request_alone_even_where_it_is_merged() -> None:
    found = fitted(fit_step_time(run(cells(replace(TRUE, latency_s=0.003))), LIMITS)).step_time
    # 10 ms + 128 · 0.1 ms + 8256 pairs of 20 ns + 3 ms
    assert 0.02596512 == pytest.approx(found.step_s(0, 0, 128, 8256, 1) + found.latency_s, rel=0.02)


def test_intervals_hold_the_value_and_widen_with_noise() -> None:
    quiet = fitted(fit_step_time(run(cells()), LIMITS))
    shaken = cells()
    for number, sign in ((0, 1), (3, -1), (6, 1), (9, -1)):
        one = shaken[number]
        rate = one.requests_per_s
        shaken[number] = one.model_copy(
            update={
                "requests_per_s": rate.model_copy(update={"mean": rate.mean * (1 + 0.03 * sign)}),
                "ttft_ms": one.ttft_ms.model_copy(update={"p50": (one.ttft_ms.p50 or 0) * (1 - 0.03 * sign)}),
            }
        )
    noisy = fitted(fit_step_time(run(shaken), LIMITS))
    width = {fit: fit.terms[0].high - fit.terms[0].low for fit in (quiet, noisy)}
    assert all(term.low <= term.value <= term.high for term in noisy.terms)
    assert width[quiet] == pytest.approx(0.0, abs=1e-9)
    assert 1e-5 < width[noisy] < 2e-3


def test_two_cells_are_refused_with_what_to_measure() -> None:
    found = refused(fit_step_time(run(cells()[:2])))
    assert "too_few_cells" == found.code
    assert "the run has 2 usable cells of 2 different loads; step times need at least 3" in found.sentence
    assert "tco probe run --model some-model --measure curve,lengths,prefill,context" == found.command
    assert not found.feasible


def test_the_same_load_three_times_is_one_load() -> None:
    assert "too_few_cells" == refused(fit_step_time(run([cells()[0]] * 3))).code


def test_one_shape_without_a_request_alone_is_refused() -> None:
    found = refused(fit_step_time(run([cell("curve", streams, 128, 256) for streams in (4, 8, 16)])))
    assert "one_shape" == found.code
    assert "128 tokens in and 256 out" in found.sentence


def test_one_shape_with_a_request_alone_merges_what_it_cannot_tell() -> None:
    found = fitted(fit_step_time(run([cell("curve", streams, 128, 256) for streams in (1, 4, 16)])))
    left_out = {caution.sentence.split(" cannot")[0] for caution in found.cautions if caution.code == "terms_merged"}
    assert {"what a token of context takes", "what attention within a prompt takes"} <= left_out
    # What is left predicts these lengths all the same: the first token after 10 ms + 128 · 0.1 ms + 8256 pairs.
    prompt = found.step_time.step_s(0, 0, 128, 8256, 1)
    assert 0.010 + 0.0128 + 8256 * 2e-8 == pytest.approx(prompt, rel=0.01)


def test_a_poor_fit_says_so() -> None:
    broken = cells()
    for number in range(0, len(broken), 2):
        rate = broken[number].requests_per_s
        broken[number] = broken[number].model_copy(
            update={"requests_per_s": rate.model_copy(update={"mean": 2 * rate.mean})}
        )
    codes = {caution.code for caution in fitted(fit_step_time(run(broken), LIMITS)).cautions}
    assert "poor_fit" in codes


def test_an_unknown_architecture_is_taken_for_dense_and_said() -> None:
    found = fitted(fit_step_time(run(cells()), LIMITS))
    assert "architecture_unknown" in {caution.code for caution in found.cautions}
    known = fitted(fit_step_time(run(cells(), model="Qwen3-8B"), LIMITS))
    assert "architecture_unknown" not in {caution.code for caution in known.cautions}


def test_a_mixture_has_its_experts_from_the_architecture() -> None:
    true = replace(TRUE, intercept_s=0.004, experts=8, experts_per_token=2, experts_s=0.008)
    found = fitted(fit_step_time(run(cells(true), model="Mixtral-8x7B-v0.1"), LIMITS)).step_time
    assert (8, 2, pytest.approx(0.008, rel=0.01)) == (found.experts, found.experts_per_token, found.experts_s)


def test_tokens_that_hide_behind_the_weights_are_found_where_short_prompts_cost_nothing() -> None:
    hiding = []
    for one in cells():
        # Up to 96 tokens of a step are free, those of the streams that decode beside them included.
        into, streams = one.input_tokens / 100, one.concurrency or 1
        saved_s = 1e-4 * min(into, 96 - (streams - 1))
        rate = 1 / (1 / one.requests_per_s.mean - saved_s)
        first_ms = (one.ttft_ms.p50 or 0) - 1e3 * 1e-4 * min(into, 96)
        hiding.append(
            one.model_copy(
                update={
                    "requests_per_s": one.requests_per_s.model_copy(
                        update={"mean": rate, "low": 0.99 * rate, "high": 1.01 * rate}
                    ),
                    "ttft_ms": one.ttft_ms.model_copy(update={"p50": first_ms}),
                }
            )
        )
    found = fitted(fit_step_time(run(hiding), LIMITS)).step_time
    assert 96 == found.hidden_tokens
    assert 1e-4 == pytest.approx(found.per_prefill_token_s, rel=1e-6)
    assert 0.010 == pytest.approx(found.intercept_s, rel=1e-6)


def test_nothing_hides_where_prompts_say_nothing_of_it() -> None:
    assert 0 == fitted(fit_step_time(run(cells()), LIMITS)).step_time.hidden_tokens


def test_a_fit_knows_how_far_it_reaches() -> None:
    found = fitted(fit_step_time(run(cells()), LIMITS)).reach
    assert (1024, 1280, 16) == (found.prompt_tokens, found.context_tokens, found.streams)
    assert found.beyond(2048, 400, 32) is None
    beyond = found.beyond(2048, 400, 33)
    assert beyond is not None
    assert (
        "33 requests in flight are beyond what the run has seen (16); the step times are carried on" == beyond.sentence
    )
    assert "beyond_the_run" == beyond.code
