"""Which replica a request goes to, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.simulate import Routing, simulate
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.step_time import StepTime
from tco.errors import InputError

SECOND_A_STEP = StepTime(intercept_s=1.0)
LIMITS = EngineLimits(kv_blocks=10_000)


def traffic(arrivals_s: list[float], answers: list[int], groups: list[int] | None = None) -> Traffic:
    """Prompts of 65 tokens, of which 64 may be in common; an answer takes as many seconds as it has tokens."""
    count = len(arrivals_s)
    return Traffic(
        arrival_s=np.array(arrivals_s),
        input_tokens=np.full(count, 65, dtype=np.int32),
        output_tokens=np.array(answers, dtype=np.int32),
        prefix_group=np.array(groups or [-1] * count, dtype=np.int32),
        prefix_tokens=np.full(count, 64, dtype=np.int32),
    )


def chosen(load: Traffic, routing: Routing, replicas: int = 2) -> list[int]:
    return simulate(load, SECOND_A_STEP, LIMITS, replicas=replicas, routing=routing).replica.tolist()


def test_round_robin_goes_in_turn_whatever_the_load() -> None:
    load = traffic([0.0, 0.1, 0.2, 5.0, 5.1], [100, 1, 1, 1, 1])
    assert [0, 1, 2, 0, 1] == chosen(load, "round-robin", replicas=3)


def test_least_loaded_goes_where_the_fewest_are_in_flight() -> None:
    # Replica 0 has a long answer and replica 1 ends the second request at 1.1 s; then both have one, and it is replica 0's turn.
    assert [0, 1, 1, 0] == chosen(traffic([0.0, 0.1, 5.0, 5.1], [100, 1, 100, 1]), "least-loaded")


def test_a_request_counts_until_the_step_ends_that_makes_its_last_token() -> None:
    # Replica 1 ends the second request at 1.1 s. Until then both have one, and it is replica 0's turn.
    assert [0, 1, 0] == chosen(traffic([0.0, 0.1, 1.05], [100, 1, 1]), "least-loaded")
    assert [0, 1, 1] == chosen(traffic([0.0, 0.1, 1.15], [100, 1, 1]), "least-loaded")


def test_prefix_aware_goes_where_the_beginning_is_although_it_is_busier() -> None:
    load = traffic([0.0, 0.1, 5.0, 6.0, 7.0], [100, 1, 1, 1, 1], groups=[0, 1, 0, 1, 2])
    # Beginning 0 is at replica 0, which works, and beginning 1 at replica 1; nobody has beginning 2, and replica 1 is idle at 7.0 s.
    assert [0, 1, 0, 1, 1] == chosen(load, "prefix-aware")


def test_prefix_aware_without_beginnings_is_least_loaded() -> None:
    load = traffic([0.0, 0.1, 5.0, 5.1], [100, 1, 100, 1])
    assert chosen(load, "least-loaded") == chosen(load, "prefix-aware")


def test_prefix_aware_leaves_a_warm_replica_that_has_32_more_than_the_idlest() -> None:
    load = traffic([0.0] + [5.0] * 40, [1] + [100] * 40, groups=[0] * 41)
    # 33 find fewer than 33 ahead of them. From then on the other replica gets every second one: it has computed no beginning yet.
    assert [0] + [0] * 33 + [1, 0, 1, 0, 1, 0, 1] == chosen(load, "prefix-aware")


def test_equal_requests_far_apart_are_answered_alike_by_any_routing() -> None:
    load = traffic([0.0, 10.0, 20.0, 30.0], [3, 3, 3, 3])
    for routing in ("round-robin", "least-loaded", "prefix-aware"):
        found = simulate(load, SECOND_A_STEP, LIMITS, replicas=2, routing=routing)
        np.testing.assert_allclose(found.e2e_s, 3.0, rtol=1e-12)


@pytest.mark.parametrize(("replicas", "routing"), [(0, "round-robin"), (-1, "least-loaded"), (2, "random")])
def test_no_replicas_or_an_unknown_policy_is_refused(replicas: int, routing: Routing) -> None:
    with pytest.raises(InputError, match=f"{replicas} replicas with routing '{routing}'; give at least 1 and one of: "):
        simulate(traffic([0.0], [1]), SECOND_A_STEP, LIMITS, replicas=replicas, routing=routing)
