from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pricing import architecture, gpu_spec, rental_price, shipped_book
from tco.capacity.memory.fits import (
    Wish,
    beyond_model,
    fits_by_gpu,
    fits_on,
    misfit,
    nothing_fits,
    replica_usd_per_hour,
    settings_of,
)
from tco.capacity.memory.layout import Layout
from tco.capacity.memory.remedies import remedies
from tco.capacity.memory.waterfall import Waterfall, waterfall

BOOK, DAY = shipped_book(), date(2026, 11, 23)
H100 = gpu_spec("H100-SXM")


def wish(model: str = "Qwen3-32B", tokens: int = 8192, **changes: object) -> Wish:
    return Wish(**{"model": architecture(model), "needed_tokens": tokens, **changes})  # type: ignore[arg-type]


def alone(asked: Wish, gpu: str = "H100-SXM", layout: Layout | None = None) -> Waterfall:
    part = gpu_spec(gpu)
    return waterfall(
        asked.model, part, layout or Layout(), settings_of(asked, part), context_tokens=asked.needed_tokens
    )


def test_the_smallest_layout_holds_the_request_and_no_smaller_one_does():
    asked = wish("Meta-Llama-3.1-70B")
    found = fits_on(asked, H100)

    # 141 GB of weights: two GPUs of 79 GiB leave some for the cache, one has none.
    assert found is not None
    assert Layout(tensor_parallel_size=2) == found.layout
    assert found.holds(8192)
    assert not alone(asked).holds(8192)


def test_every_gpu_is_listed_with_its_rent_cheapest_first():
    found = fits_by_gpu(wish("Qwen3-8B"), BOOK, DAY)
    priced = [fit.usd_per_hour for fit in found if fit.usd_per_hour is not None]

    assert priced == sorted(priced)
    assert [None] * (len(found) - len(priced)) == [fit.usd_per_hour for fit in found[len(priced) :]]
    by_name = {fit.memory.gpu.gpu: fit for fit in found}
    assert rental_price("H100-SXM", on=DAY).price.amount == by_name["H100-SXM"].usd_per_hour
    assert 1 == by_name["L4"].memory.layout.gpus
    assert 2 == by_name["T4"].memory.layout.gpus


def test_rent_is_for_all_gpus_of_the_replica_and_none_where_nobody_lets_the_part():
    two = alone(wish(), layout=Layout(tensor_parallel_size=2))

    assert 2 * rental_price("H100-SXM", on=DAY).price.amount == replica_usd_per_hour(two, BOOK, DAY)
    unheard = replace(two, gpu=H100.model_copy(update={"gpu": "unheard-of"}))
    assert replica_usd_per_hour(unheard, BOOK, DAY) is None


def test_a_context_beyond_the_model_is_said_with_code_and_path():
    found = beyond_model(wish(tokens=50_000))

    assert found is not None
    assert ("context_beyond_model", "context_tokens") == (found.code, found.path)
    assert "50,000 tokens is longer than the context of Qwen3-32B, 40,960 tokens; shorten it" in found.sentence
    assert beyond_model(wish(tokens=40_960)) is None


def test_what_does_not_fit_names_the_smallest_layout_that_would():
    asked = wish("Meta-Llama-3.1-70B")
    found = misfit(asked, alone(asked))

    assert ("does_not_fit", "gpus_per_replica") == (found.code, found.path)
    assert "does not fit on 1 x H100-SXM" in found.sentence
    assert found.sentence.endswith("the smallest layout that holds it is 2 x H100-SXM (2 GPUs (TP 2))")


def test_where_the_gpu_itself_never_holds_it_another_is_named():
    asked = wish("Kimi-K3")
    found = misfit(asked, alone(asked, "L4"))

    # 128 L4 have 2,600 GiB for 5,178 of weights.
    assert "does_not_fit" == found.code
    assert found.sentence.endswith(", for no replica of up to 128 L4 does")
    assert "the smallest layout that holds it is 22 x " in found.sentence


def test_a_model_that_no_listed_gpu_holds_is_said():
    found = nothing_fits(wish("Kimi-K3"))

    assert ("no_listed_gpu", "gpu") == (found.code, found.path)
    assert "no replica of up to 128 GPUs holds its 5,178 GiB of weights" in found.sentence


def test_what_fits_needs_no_remedy():
    asked = wish("Qwen3-8B")

    assert () == remedies(asked, alone(asked), BOOK, DAY)


def test_remedies_are_ranked_by_cost_and_each_alone_is_enough():
    asked = wish(tokens=40_000)
    found = remedies(asked, alone(asked), BOOK, DAY, most=20)

    ranks = [("free", "slower", "quality", "money").index(one.cost) for one in found]
    assert ranks == sorted(ranks)
    assert {"shorter_context", "higher_share", "fp8_cache", "fp8_weights", "int4_weights", "more_gpus"} <= {
        one.code for one in found
    }
    # 40,000 tokens of 262,144 bytes are 9.77 GiB, and 8.34 are left: 1.43 GiB are missing; half of the weights, or of the cache, is more than that.
    by_code = {one.code: one for one in found}
    assert 1.42 == pytest.approx(by_code["shorter_context"].frees_bytes / 2**30, abs=0.01)
    assert 40_000 * 131_072 == by_code["fp8_cache"].frees_bytes
    assert asked.model.weight_bytes("bf16") - asked.model.weight_bytes("fp8") == pytest.approx(
        by_code["fp8_weights"].frees_bytes, abs=2
    )
    assert rental_price("H100-SXM", on=DAY).price.amount == pytest.approx(by_code["more_gpus"].extra_usd_per_hour)


def test_the_three_cheapest_are_given():
    asked = wish(tokens=40_000)

    assert ["shorter_context", "higher_share", "fp8_cache"] == [
        one.code for one in remedies(asked, alone(asked), BOOK, DAY)
    ]


def test_weights_that_are_far_too_large_leave_quality_and_money():
    asked = wish("Meta-Llama-3.1-70B")
    found = remedies(asked, alone(asked), BOOK, DAY)

    # 131 GiB in 72.9; at fp8 67.7 and 3.2 of the engine's own leave 2.0 for 2.5 of cache.
    assert ["int4_weights", "other_gpu", "more_gpus"] == [one.code for one in found]
    assert [0.0, 2.72 - 3.83, 3.83] == pytest.approx([one.extra_usd_per_hour for one in found], abs=0.005)


def test_fewer_sequences_are_a_remedy_where_sampling_takes_what_is_missing():
    """Sampling for 1,024 sequences took 5.6 GiB in vLLM 0.16; 30,000 tokens need 7.3 GiB, and 71.3 - 61.0 - 0.1 - 5.6 are left."""
    asked = wish(tokens=30_000, version="0.16.0")
    found = {one.code: one for one in remedies(asked, alone(asked), BOOK, DAY, most=20)}

    assert ("--max-num-seqs", "256") == found["fewer_sequences"].flags
    assert "free" == found["fewer_sequences"].cost
