import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.workload.turns import fit_turn

tokens = st.integers(1, 10_000)


@pytest.mark.parametrize(
    ("said", "new", "out", "limit", "expected"),
    [
        (0, 10, 20, None, (10, 20)),
        (70, 10, 20, 100, (10, 20)),
        (71, 10, 20, 100, (9, 20)),
        (98, 10, 20, 100, (1, 1)),
        (99, 1, 1, 100, None),
        (500, 1, 1, 100, None),
        (0, 1, 9_999, 100, (1, 99)),
        (0, 9_999, 1, 100, (99, 1)),
    ],
)
def test_a_turn_is_shortened_to_what_is_left_of_the_context(said, new, out, limit, expected):
    assert expected == fit_turn(said, new, out, limit)


@given(said=st.integers(0, 10_000), new=tokens, out=tokens, limit=st.integers(2, 10_000))
def test_a_turn_that_is_shortened_fills_the_context(said, new, out, limit):
    fitted = fit_turn(said, new, out, limit)
    if fitted is None:
        assert limit - said < 2
    elif fitted != (new, out):
        assert (limit, True) == (said + sum(fitted), min(fitted) >= 1)
    else:
        assert said + new + out <= limit
