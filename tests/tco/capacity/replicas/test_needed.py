from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tco.capacity.replicas.needed import MAX_REPLICAS, replicas_for, replicas_needed


@given(arrays(float, (3, 7), elements=st.floats(0, 1e4)), st.floats(0.5, 50))
def test_a_table_of_loads_is_each_load_by_itself(loads: np.ndarray, goodput: float) -> None:
    alone = [[replicas_needed(load, goodput) for load in row] for row in loads.tolist()]

    assert alone == replicas_for(loads, goodput).tolist()


def test_a_load_of_just_so_many_replicas_needs_no_further_one() -> None:
    assert [0, 1, 2, 3, 3] == replicas_for(np.array([0.0, 0.05, 0.2, 0.3, 0.3 * (1 + 1e-12)]), 0.1).tolist()


def test_one_absurd_hour_is_a_sentence() -> None:
    with pytest.raises(OverflowError, match=rf"needs 2,000,000 replicas, more than {MAX_REPLICAS:,}; check the units"):
        replicas_for(np.array([[1.0, 2e6]]), 1.0)


def test_no_hours_need_nothing() -> None:
    assert replicas_for(np.zeros((0, 168)), 1.0).shape == (0, 168)
