from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from tco.capacity.replicas.spares import (
    at_least,
    share_of_time_enough,
    with_servers,
    with_spares,
    with_spares_each,
)


def enumerated(needed: int, standing: int, replica: float, server: float, per_server: int) -> float:
    """Every server up or down, every replica up or down: the sum over all cases in which enough answer."""
    home = [number // per_server for number in range(standing)]
    total = 0.0
    for servers in itertools.product((0, 1), repeat=max(home) + 1):
        of_servers = math.prod(server if up else 1 - server for up in servers)
        for replicas in itertools.product((0, 1), repeat=standing):
            answering = sum(up and servers[where] for up, where in zip(replicas, home, strict=True))
            of_replicas = math.prod(replica if up else 1 - replica for up in replicas)
            total += of_servers * of_replicas * (answering >= needed)
    return total


@pytest.mark.parametrize(("standing", "per_server"), [(1, 2), (4, 2), (5, 2), (6, 3), (7, 3), (8, 4), (3, 8)])
@pytest.mark.parametrize(("replica", "server"), [(0.9, 0.8), (1.0, 0.95), (0.97, 1.0)])
def test_servers_that_fail_whole_are_every_case_counted(
    standing: int, per_server: int, replica: float, server: float
) -> None:
    for needed in range(1, standing + 1):
        found = share_of_time_enough(needed, standing, replica, server, per_server)

        assert found == pytest.approx(enumerated(needed, standing, replica, server, per_server), abs=1e-12)


def test_servers_that_never_fail_leave_replicas_that_fail_alone() -> None:
    for needed in (1, 7, 30):
        assert with_spares(needed, 0.97, 0.999) == with_servers(needed, 0.97, 0.999, 1.0, 8)


def test_a_server_for_each_replica_is_one_part_in_series() -> None:
    for needed in (1, 7, 30):
        assert with_spares(needed, 0.97 * 0.98, 0.999) == with_servers(needed, 0.97, 0.999, 0.98, 1)


def test_shared_servers_never_need_fewer_than_replicas_that_fail_alone_as_often() -> None:
    """16 replicas of 0.99 · 0.99: alone 18 are enough for 0.999; on servers of 8 a third server must stand, and a fourth has to help."""
    alone, shared = with_spares(16, 0.99 * 0.99, 0.999), with_servers(16, 0.99, 0.999, 0.99, 8)

    assert (19, True) == (alone, shared >= 24)
    assert share_of_time_enough(16, shared, 0.99, 0.99, 8) >= 0.999 - 1e-9
    assert share_of_time_enough(16, shared - 1, 0.99, 0.99, 8) < 0.999


def test_a_thousand_servers_are_as_their_normal_limit() -> None:
    """Of 1,000 servers of 8 at 0.99, at least 7,880 replicas answer: 985 servers, 1.43 standard deviations below the mean with continuity."""
    assert share_of_time_enough(7880, 8000, 1.0, 0.99, 8) == pytest.approx(binom.sf(984, 1000, 0.99), abs=1e-12)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=20), st.floats(0.6, 0.9999), st.floats(0.5, 0.9999))
def test_spares_of_many_are_those_of_each(needed: list[int], available: float, target: float) -> None:
    for asked, count in zip(needed, with_spares_each(np.array(needed), available, target).tolist(), strict=True):
        assert asked == 0 or binom.sf(asked - 1, count, available) >= target - 2e-9
        assert count == asked or binom.sf(asked - 1, count - 1, available) < target


def test_the_shape_of_a_table_stays() -> None:
    table = np.arange(12).reshape(3, 4)

    assert [[with_spares(int(count), 0.99, 0.999) for count in row] for row in table] == with_spares_each(
        table, 0.99, 0.999
    ).tolist()


def test_fewer_than_needed_are_never_enough() -> None:
    assert [0.0, 1.0, 0.81] == pytest.approx(at_least(np.array([3, 0, 2]), np.array([2, 5, 2]), 0.9).tolist())


def test_replicas_that_hardly_ever_answer_are_a_sentence() -> None:
    with pytest.raises(OverflowError, match="how often spot machines are taken back"):
        with_spares(100_000, 1e-4, 0.999)
