from __future__ import annotations

import pytest

from tco.capacity.step_time import StepTime
from tco.capacity.steptime.depth import to_full_depth
from tco.errors import InputError


def sliced(layers: int, **changes: float) -> tuple[int, StepTime]:
    """Every term affine in layers, with known coefficients."""
    terms = {
        "intercept_s": 1e-3 + 2e-4 * layers,
        "per_sequence_s": 1e-5 + 1e-6 * layers,
        "per_kv_token_s": 1e-9 * layers,
        "per_prefill_token_s": 2e-6 + 1e-6 * layers,
        "latency_s": 3e-3,
    }
    return layers, StepTime(**terms | changes)


def test_terms_that_are_affine_in_layers_are_carried_exactly() -> None:
    full = to_full_depth([sliced(8), sliced(4)], 32)

    _, expected = sliced(32)
    for term in ("intercept_s", "per_sequence_s", "per_kv_token_s", "per_prefill_token_s", "latency_s"):
        assert getattr(full.step_time, term) == pytest.approx(getattr(expected, term), rel=1e-9)
    assert ((4, 8), 32, ()) == (full.layers_measured, full.layers_full, full.bent)
    assert full.step_time.basis == "modelled"


def test_what_hides_behind_the_weights_is_carried_as_time() -> None:
    """Weights and a token's arithmetic both grow with layers: 100 tokens at 4 layers, 100 at 8, and 100 at 32."""
    full = to_full_depth(
        [(n, StepTime(intercept_s=1e-4 * n, per_prefill_token_s=1e-6 * n, hidden_tokens=100)) for n in (4, 8)], 32
    )

    assert full.step_time.hidden_tokens == pytest.approx(100)


def test_a_term_that_falls_with_depth_is_held_level_and_named() -> None:
    """3 µs at 4 layers and 1 µs at 8: noise; the non-negative line is their mean, not −11 µs."""
    full = to_full_depth([sliced(4, per_sequence_s=3e-6), sliced(8, per_sequence_s=1e-6)], 32)

    assert full.step_time.per_sequence_s == pytest.approx(2e-6)
    assert full.bent == ("per_sequence_s",)
    assert "per_sequence_s did not grow like one" in full.sentence


def test_a_line_that_starts_below_nothing_goes_through_it() -> None:
    """1 ms at 4 layers, 3 ms at 8 would leave −1 ms for none: least squares through the origin, (4 · 1 + 8 · 3) / (16 + 64) ms a layer."""
    full = to_full_depth([sliced(4, intercept_s=1e-3), sliced(8, intercept_s=3e-3)], 20)

    assert full.step_time.intercept_s == pytest.approx(20 * 28 / 80 * 1e-3)
    assert full.bent == ("intercept_s",)


def test_the_error_is_the_runs_own_or_the_worst_that_was_measured() -> None:
    cut = [sliced(4), sliced(8)]

    assert to_full_depth(cut, 32, error_fraction=0.07).band_fraction == 0.07
    assert to_full_depth(cut, 32).band_fraction == 0.177
    assert "by up to 17.7%" in to_full_depth(cut, 32).sentence


def test_mixtures_keep_their_experts() -> None:
    cut = [sliced(n, experts_s=1e-3 * n, experts=8, experts_per_token=2) for n in (2, 4)]

    full = to_full_depth(cut, 32).step_time

    assert (8, 2) == (full.experts, full.experts_per_token)
    assert full.experts_s == pytest.approx(32e-3)


@pytest.mark.parametrize(
    ("slices", "layers", "message"),
    [
        ([sliced(4), sliced(4)], 32, r"slices of \[4\] layers; measure two depths"),
        ([sliced(4), sliced(8)], 6, "slices of 4 to 8 layers of a model of 6"),
        ([sliced(4), sliced(8)], 81, "measure a slice of at least 9 layers"),
        ([sliced(4), sliced(8, experts=8, experts_per_token=2)], 32, "different mixtures of experts"),
    ],
)
def test_slices_that_say_nothing_are_refused(slices: list, layers: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        to_full_depth(slices, layers)
