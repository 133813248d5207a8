"""Goodputs of sizes and types: what is asked once, what is late for certain, what is too much."""

from __future__ import annotations

import numpy as np
import pytest

from tco.errors import InputError
from tco.mixed_fleet import Means, Wishes
from tco.mixed_fleet import goodputs as room
from tco.mixed_fleet.goodputs import goodputs
from tco.mixed_fleet.question import question_of
from tests.tco.mixed_fleet.small_fleets import goodputs as table_of
from tests.tco.mixed_fleet.small_fleets import question, rented, runs

SMALL, LARGE = rented("small", 1.0), rented("large", 3.0)


def asked(classes, options=(SMALL, LARGE), **changes):
    scenario = question(per_s=10.0, options=list(options), classes=classes, **changes)
    return question_of([scenario], Wishes(), runs=runs("small", "large"))


def test_every_pair_is_asked_once_with_the_promise_of_its_size():
    calls = []
    table = {("small", 100): 1.0, ("small", 300): 2.0, ("large", 100): 3.0, ("large", 300): 4.0}
    told = []
    tools = Means(capacity=table_of(table, calls), progress=lambda done, total: told.append((done, total)))
    found = goodputs(asked({"a": (0.5, 100), "b": (0.5, 300)}), tools)
    assert [[1.0, 3.0], [2.0, 4.0]] == found.array(2, 2).tolist()
    limits = {"ttft_p95_ms": 1000.0}
    assert [("small", 100, limits), ("large", 100, limits), ("small", 300, limits), ("large", 300, limits)] == calls
    assert [(1, 4), (2, 4), (3, 4), (4, 4)] == told


def test_promises_are_scaled_together():
    calls = []
    goodputs(asked({"a": (1.0, 100)}, [SMALL]), Means(capacity=table_of({("small", 100): 1.0}, calls)), scale=0.7)
    assert [{"ttft_p95_ms": 700.0}] == [limits for _, _, limits in calls]


def test_a_throughput_factor_counts_and_is_no_measurement():
    found = goodputs(
        asked({"a": (1.0, 100)}, [{**SMALL, "throughput_factor": 0.5}]), Means(capacity=table_of({("small", 100): 4.0}))
    )
    cell = found.cells[0, 0]
    assert (2.0, "modelled") == (cell.requests_per_s, cell.basis)


@pytest.mark.parametrize(("share", "is_served"), [(0.02, True), (0.03, False)])
def test_a_size_that_is_late_for_certain_is_served_where_its_percentile_can_bear_it(share, is_served):
    # A p95 leaves 5 % free, half of which may be late for certain. Without a promise a replica carries 1/s of them.
    def rate(limits):
        return None if limits else 1.0

    # Sizes of one promise: two lengths of the same class, as a log would have them.
    table = {("small", 100): 5.0, ("small", 9000): rate}
    rows = [[100, 10]] * round(1000 * (1 - share)) + [[9000, 10]] * round(1000 * share)
    scenario = question(per_s=10.0, options=[SMALL])
    one = question_of([scenario], Wishes(), runs=runs("small"), lengths=[np.array(rows)])
    found = goodputs(one, Means(capacity=table_of(table)))
    assert (frozenset({1}) if is_served else frozenset()) == found.late
    assert (1.0 if is_served else pytest.approx(float("nan"), nan_ok=True)) == found.array(2, 1)[1, 0]


def test_a_size_that_does_not_fit_is_never_called_late():
    rows = np.array([[100, 10]] * 990 + [[9000, 10]] * 10)
    one = question_of([question(per_s=10.0, options=[SMALL])], Wishes(), runs=runs("small"), lengths=[rows])
    found = goodputs(one, Means(capacity=table_of({("small", 100): 5.0, ("small", 9000): None})))
    assert frozenset() == found.late
    assert found.cells[1, 0].feasible is False


def test_too_many_pairs_are_refused(monkeypatch):
    monkeypatch.setattr(room, "MAX_CELLS", 3)
    with pytest.raises(
        InputError,
        match=r"2 sizes of requests on 2 types are 4 goodputs to simulate, over 3; take fewer with --buckets",
    ):
        goodputs(asked({"a": (0.5, 100), "b": (0.5, 300)}), Means())


@pytest.mark.slow
def test_processes_give_the_same_answers_in_the_same_order():
    # A real `capacity_of`: the run's own curve, carried to other lengths by its safe bound.
    many = asked({f"c{number}": (1 / 20, 100 + 10 * number) for number in range(20)})
    one, two = (goodputs(many, Means(processes=processes)) for processes in (1, 2))
    assert one.array(20, 2).tolist() == two.array(20, 2).tolist()
    assert one.cells == two.cells
