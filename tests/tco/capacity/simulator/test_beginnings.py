"""Beginnings of different length in one group, by hand: what is in use stays, and the rest waits in the line of free blocks."""

from __future__ import annotations

import numpy as np
import pytest

from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.simulate import simulate
from tco.capacity.simulator.traffic import Traffic
from tests.tco.capacity.simulator.reference import replay
from tests.tco.capacity.simulator.test_blocks import STEP_TIME, hits, one_by_one


def test_a_longer_one_is_still_found_after_a_shorter_one() -> None:
    load = one_by_one([129, 65, 129], [0, 0, 0], [128, 64, 128])
    assert [0, 64, 128] == hits(load, EngineLimits(kv_blocks=100))


@pytest.mark.parametrize(("between", "found"), [(96, 128), (97, 112), (144, 80), (160, 64), (161, 48)])
def test_what_only_the_longer_one_used_is_pushed_out_first(between: int, found: int) -> None:
    """Of 14 blocks a beginning has 8, and the 4 in front were used again. Others take the 6 that hold nothing, then the other 4 from the last on, then these."""
    load = one_by_one([129, 65, between, 129], [0, 0, -1, 0], [128, 64, 0, 128])
    assert found == hits(load, EngineLimits(kv_blocks=14))[-1]


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize(("answers", "found"), [([2, 200], 64), ([200, 2], 128)], ids=["shorter-stays", "longer-stays"])
def test_as_much_stays_as_the_longest_one_in_use(answers: list[int], found: int, ahead: bool) -> None:
    """A longer and a shorter one come at once, and one of them answers for long. Two others take 6 blocks each meanwhile; then the longer one is asked for again.

    The others give whole blocks back to the end of the line. If its 4 last blocks are in it, the second of the others takes them.
    """
    load = Traffic(
        arrival_s=np.array([0.0, 0.01, 1.0, 1.2, 1.5]),
        input_tokens=np.array([129, 65, 95, 95, 129], dtype=np.int32),
        output_tokens=np.array([*answers, 2, 2, 2], dtype=np.int32),
        prefix_group=np.array([0, 0, -1, -1, 0], dtype=np.int32),
        prefix_tokens=np.array([128, 64, 0, 0, 128], dtype=np.int32),
    )
    limits = EngineLimits(kv_blocks=22, async_scheduling=ahead)
    use = simulate(load, STEP_TIME, limits).use[0]
    assert 0 == use.preemptions
    # The shorter one found its 64 tokens in any case.
    assert 64 + found == use.prefix_hit_tokens == replay(load, STEP_TIME, limits).pool.hit_tokens
