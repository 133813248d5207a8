from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tco.capacity.simulator import heaps

Entry = tuple[int, int, int]
PLACES = 64


def put(heap: np.ndarray, entries: list[Entry]) -> None:
    for size, entry in enumerate(entries):
        heaps.push(heap, size, *entry)


@given(ends=st.lists(st.integers(0, 9), max_size=PLACES), removed=st.lists(st.integers(0, PLACES), max_size=PLACES))
def test_the_first_is_always_the_one_that_ends_next_and_of_equals_the_one_admitted_first(
    ends: list[int], removed: list[int]
) -> None:
    entries = [(end, admission, 100 + admission) for admission, end in enumerate(ends)]
    heap = np.zeros((PLACES, 3), dtype=np.int64)
    put(heap, entries)
    left = set(entries)
    for draw in removed:
        if not left:
            break
        place = draw % len(left)
        gone = tuple(heap[place].tolist())
        heaps.remove(heap, len(left), place)
        left.remove(gone)
        assert left == {tuple(row) for row in heap[: len(left)].tolist()}
        if left:
            assert min(left) == tuple(heap[0].tolist())


@given(order=st.permutations(range(20)))
def test_taking_the_first_again_and_again_sorts(order: list[int]) -> None:
    heap = np.zeros((PLACES, 3), dtype=np.int64)
    put(heap, [(end, end, end) for end in order])
    taken = []
    for size in range(20, 0, -1):
        taken.append(int(heap[0, 2]))
        heaps.remove(heap, size, 0)
    assert sorted(order) == taken


def test_the_one_admitted_last_is_found_wherever_it_stands() -> None:
    heap = np.zeros((PLACES, 3), dtype=np.int64)
    put(heap, [(5, 1, 10), (1, 7, 11), (9, 3, 12), (2, 4, 13)])
    assert 11 == heap[heaps.admitted_last(heap, 4), 2]
