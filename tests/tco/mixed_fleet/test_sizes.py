"""Sizes of requests and hours of demand: nothing is lost, the peak is that of plans, logs are read."""

from __future__ import annotations

import numpy as np
import pytest

from tco.errors import InputError
from tco.mixed_fleet import recorded_lengths
from tco.mixed_fleet.sizes import required_requests_per_s, sizes_of
from tco.workload.demand import demand
from tests.factories import run, scenario
from tests.tco.mixed_fleet.small_fleets import question, rented


@pytest.mark.parametrize("batch", [0.0, 0.4, 0.95])
def test_the_busiest_hour_is_the_peak_that_fixed_fleets_are_sized_for(batch):
    asked = scenario(
        workload__profile="office-hours", workload__peak_headroom_fraction=0.2, workload__batchable_fraction=batch
    )
    needed = required_requests_per_s(asked, 3)
    assert (168,) == needed.shape
    assert demand(asked).peak_requests_per_s[2] == pytest.approx(needed.max())


def test_requests_and_tokens_of_every_class_are_kept():
    asked = question(per_s=1.0, options=[rented("one", 1.0)], classes={"a": (0.75, 400), "b": (0.25, 3000)})
    workload = asked.workload
    kinds = {
        name: kind.model_copy(update={"lengths": type(workload.lengths)(kind="lognormal", spread_fraction=0.8)})
        for name, kind in workload.classes.items()
    }
    asked = asked.model_copy(update={"workload": workload.model_copy(update={"classes": kinds})})
    found = sizes_of(asked, run(), 8.0, rows=None, most=9, is_alone=True)
    assert ["a", "b"] == [promise.name for promise, _ in found]
    assert all(len(buckets) <= 9 for _, buckets in found)
    assert [6.0, 2.0] == pytest.approx([sum(b.requests_per_s for b in buckets) for _, buckets in found])
    means = [
        sum(b.requests_per_s * b.input_tokens for b in buckets) / sum(b.requests_per_s for b in buckets)
        for _, buckets in found
    ]
    assert [400, 3000] == pytest.approx(means, rel=1e-4)
    assert {"test"} == {bucket.workload for _, buckets in found for bucket in buckets}


def test_lengths_that_do_not_vary_are_one_size_and_names_say_whose_they_are_when_shared():
    asked = question("mine", per_s=1.0, options=[rented("one", 1.0)])
    ((promise, buckets),) = sizes_of(asked, run(), 3.0, rows=None, most=9, is_alone=False)
    assert ("mine", ["mine: 64-128 in, 0-64 out"]) == (promise.name, [bucket.name for bucket in buckets])
    assert (3.0, 100.0, 50.0) == (buckets[0].requests_per_s, buckets[0].input_tokens, buckets[0].output_tokens)


def test_a_log_gives_the_lengths_and_the_scenario_the_rate(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(
        "TIMESTAMP,ContextTokens,GeneratedTokens\n1,100,10\n2,100,10\n3,3000,20\n4,5000,40\n", encoding="utf-8"
    )
    rows = recorded_lengths(path)
    assert [[100, 10], [100, 10], [3000, 20], [5000, 40]] == rows.tolist()
    asked = question(per_s=1.0, options=[rented("one", 1.0)])
    ((_, buckets),) = sizes_of(asked, run(), 8.0, rows=rows, most=9, is_alone=True)
    assert [(4.0, 100), (2.0, 3000), (2.0, 5000)] == [(b.requests_per_s, b.input_tokens) for b in buckets]


def test_a_log_beside_classes_is_refused():
    asked = question(per_s=1.0, options=[rented("one", 1.0)], classes={"a": (1.0, 400)})
    with pytest.raises(InputError, match="the log does not say which request is of which"):
        sizes_of(asked, run(), 8.0, rows=np.array([[1, 1]]), most=9, is_alone=True)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("time,words\n1,2\n", "no column for input_tokens"),
        ("input_tokens,output_tokens\n10,0\n", "each must be at least 1"),
        ("input_tokens,output_tokens\n10,x\n", "a number is needed"),
        ("", "empty"),
    ],
)
def test_a_log_that_cannot_be_read_is_a_sentence(tmp_path, text, sentence):
    path = tmp_path / "log.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=f"--lengths: .*{sentence}"):
        recorded_lengths(path)


def test_a_log_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        recorded_lengths(tmp_path / "none.csv")
