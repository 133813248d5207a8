"""Decoding sequences by the step in which they end: a binary heap of (counter at the end, admission, slot) in an array."""

from __future__ import annotations

from tco.capacity.simulator.compiled import compiled
from tco.capacity.simulator.state import Whole


@compiled
def push(heap: Whole, size: int, ends_at: int, admission: int, slot: int) -> None:
    """Adds an entry to a heap of `size` entries."""
    place = size
    while place > 0:
        parent = (place - 1) >> 1
        if not _before(ends_at, admission, heap[parent, 0], heap[parent, 1]):
            break
        _move(heap, parent, place)
        place = parent
    _put(heap, place, ends_at, admission, slot)


@compiled
def remove(heap: Whole, size: int, place: int) -> None:
    """Removes the entry at `place` from a heap of `size` entries."""
    last = size - 1
    if place == last:
        return
    ends_at, admission, slot = heap[last, 0], heap[last, 1], heap[last, 2]
    while place > 0:
        parent = (place - 1) >> 1
        if not _before(ends_at, admission, heap[parent, 0], heap[parent, 1]):
            break
        _move(heap, parent, place)
        place = parent
    while True:
        child = 2 * place + 1
        if child >= last:
            break
        other = child + 1
        if other < last and _before(heap[other, 0], heap[other, 1], heap[child, 0], heap[child, 1]):
            child = other
        if not _before(heap[child, 0], heap[child, 1], ends_at, admission):
            break
        _move(heap, child, place)
        place = child
    _put(heap, place, ends_at, admission, slot)


@compiled
def admitted_last(heap: Whole, size: int) -> int:
    """Place of the entry with the latest admission."""
    found = 0
    for place in range(1, size):
        if heap[place, 1] > heap[found, 1]:
            found = place
    return found


@compiled
def _before(ends_at: int, admission: int, other_ends_at: int, other_admission: int) -> bool:
    return ends_at < other_ends_at or (ends_at == other_ends_at and admission < other_admission)


@compiled
def _move(heap: Whole, source: int, target: int) -> None:
    heap[target, 0], heap[target, 1], heap[target, 2] = heap[source, 0], heap[source, 1], heap[source, 2]


@compiled
def _put(heap: Whole, place: int, ends_at: int, admission: int, slot: int) -> None:
    heap[place, 0], heap[place, 1], heap[place, 2] = ends_at, admission, slot
