from __future__ import annotations

import numpy as np
import pytest

from tco.capacity.week.strata import MOST_STRATA, allocation, strata_of
from tco.errors import InputError


def test_hours_with_the_same_load_on_each_replica_are_one_stratum():
    # 10 on 2, 20 on 4 and 5 on 1 are 5 on each; pools of 2, 4 and 1 smooth differently and stay apart.
    strata = strata_of([10.0, 20.0, 5.0, 10.0], [2, 4, 1, 2], largest_pool=8)

    assert [(0, 3), (1,), (2,)] == [stratum.hours for stratum in strata]
    assert [2, 4, 1] == [stratum.pool_replicas for stratum in strata]
    assert [5.0, 5.0, 5.0] == [stratum.replica_requests_per_s for stratum in strata]
    assert [72_000, 72_000, 18_000] == [stratum.requests for stratum in strata]
    assert [4, 4, 1] == [stratum.replica_hours for stratum in strata]


def test_pools_beyond_the_largest_are_one_stratum_at_the_same_load_on_each():
    (stratum,) = strata_of([100.0, 200.0], [10, 20], largest_pool=8)

    assert ((0, 1), 8, 80.0, 30.0) == (
        stratum.hours,
        stratum.pool_replicas,
        stratum.pool_requests_per_s,
        stratum.replica_hours,
    )


def test_hours_without_requests_are_in_no_stratum_even_without_replicas():
    (stratum,) = strata_of([0.0, 4.0, 0.0], [0, 1, 3], largest_pool=8)

    assert ((1,), 4 * 3600) == (stratum.hours, stratum.requests)


def test_many_loads_are_rounded_up_to_steps_of_the_largest_and_no_request_is_lost():
    loads = np.linspace(1.0, 10.0, 168)
    strata = strata_of(loads, np.full(168, 1), largest_pool=8)

    assert len(strata) <= MOST_STRATA
    assert sum(stratum.requests for stratum in strata) == pytest.approx(3600 * loads.sum())
    by_hour = {hour: stratum.replica_requests_per_s for stratum in strata for hour in stratum.hours}
    raised = np.array([by_hour[hour] for hour in range(168)]) - loads
    assert raised.min() > -1e-9
    assert raised.max() < 10.0 / MOST_STRATA
    assert by_hour[167] == 10.0
    assert any(stratum.is_raised for stratum in strata)


def test_few_loads_are_simulated_as_they_are():
    assert not any(s.is_raised for s in strata_of([3.0, 7.0, 0.1], [3, 1, 1], largest_pool=8))


def test_requests_are_shared_out_in_proportion_with_a_floor():
    strata = strata_of([6.0, 3.0, 1.0], [1, 1, 1], largest_pool=8)

    assert (600, 300, 150) == allocation(strata, 1000, 150)


@pytest.mark.parametrize(
    ("rates", "replicas", "sentence"),
    [
        ([1.0, 2.0], [1], "2 loads and 1 numbers of replicas"),
        ([1.0, -2.0], [1, 1], "negative or no number"),
        ([1.0, float("nan")], [1, 1], "negative or no number"),
        ([0.0, 0.0], [1, 1], "no hour has a request"),
        ([1.0, 2.0], [1, 0], "hour 1 has 2 requests/s and no replica"),
    ],
)
def test_what_cannot_be_simulated_is_refused_in_a_sentence(rates, replicas, sentence):
    with pytest.raises(InputError, match=sentence):
        strata_of(rates, replicas, largest_pool=8)


def test_a_pool_of_none_is_refused():
    with pytest.raises(InputError, match="at least 1"):
        strata_of([1.0], [1], largest_pool=0)
