"""Comparisons of two runs: what is shown, what is not, and how often a verdict is false."""

from __future__ import annotations

import numpy as np
import pytest

from probes.analysis.batches import repeats_interval
from probes.analysis.percentiles import percentiles
from probes.cell import Cell
from probes.compare import compare
from probes.record import Interval, Percentiles
from probes.run import Lengths, Run, WorkloadShape
from probes.run_file import RunError
from probes.setting import Engine, Environment, Manifest, Model

LOADS = (1, 4, 16)


def cell_of(draw, concurrency, *, speed=1.0, wait=1.0, repeats=5, requests=150):
    rates = draw.normal(100 * concurrency * speed, 3 * concurrency, repeats)
    ttft = percentiles(draw.lognormal(4, 0.3, requests) * wait)
    tpot = percentiles(draw.lognormal(2, 0.1, requests) * wait)
    return Cell(
        concurrency=concurrency, repeats=repeats, duration_s=10, requests_ok=requests, input_tokens=10, output_tokens=10,
        token_source="usage", output_tokens_per_s=repeats_interval(rates), total_tokens_per_s=Interval(mean=1),
        requests_per_s=Interval(mean=1), ttft_ms=ttft, tpot_ms=tpot, itl_ms=Percentiles(), e2e_ms=Percentiles(),
    )  # fmt: skip


def run_of(cells, name="a", **changes):
    values = {
        "run_id": name, "created_at": "", "tool_version": "1", "complete": True, "environment": Environment(),
        "engine": Engine(name="vllm", version="1"), "model": Model(name="org/model", dtype="bfloat16"),
        "workload": WorkloadShape(input_tokens=128, output_tokens=64), "cells": cells,
    }  # fmt: skip
    return Run(**(values | changes))


def drawn(seed, name="a", **changes):
    draw = np.random.default_rng(seed)
    return run_of([cell_of(draw, load, **changes) for load in LOADS], name)


def verdicts(found):
    return {(cell.load, one.metric): one.verdict for cell in found.cells for one in cell.differences}


def test_a_run_is_no_slower_than_itself():
    found = compare(drawn(1), drawn(1))

    assert {"no difference shown"} == set(verdicts(found).values())
    assert (found.verdict, found.tests, found.differing) == ("no difference shown", 15, ())


def test_a_run_of_four_fifths_the_speed_is_slower_everywhere_and_the_other_way_round_faster():
    fast, slow = drawn(1), drawn(2, speed=0.8, wait=1.25)

    assert {"slower"} == set(verdicts(compare(fast, slow)).values())
    assert {"faster"} == set(verdicts(compare(slow, fast)).values())
    assert (compare(fast, slow).verdict, compare(slow, fast).verdict) == ("slower", "faster")


def test_more_throughput_for_longer_waits_is_both_and_counts_as_slower():
    found = compare(drawn(1), drawn(2, speed=1.3, wait=1.3))

    assert verdicts(found)["concurrency 4", "output_tokens_per_s"] == "faster"
    assert verdicts(found)["concurrency 4", "ttft_ms.p50"] == "slower"
    assert found.verdict == "slower"


def test_a_threshold_lets_small_losses_pass():
    found = compare(drawn(1), drawn(2, speed=0.8, wait=1.0))

    assert 3 == len(found.slower_than(0.0)) == len(found.slower_than(0.1))
    assert [] == found.slower_than(0.3)


@pytest.mark.parametrize("families", [150])
def test_two_runs_of_one_engine_are_called_different_in_at_most_one_of_twenty(families):
    # 15 tests a pair; without Holm's rule half of all pairs would have a false verdict.
    wrong = sum(
        compare(drawn(2 * number), drawn(2 * number + 1)).verdict != "no difference shown" for number in range(families)
    )
    assert wrong / families <= 0.05


def test_the_smallest_difference_that_could_have_been_seen_is_said():
    # Five repeats, standard error 1 %: half width t(0.975, 4) = 2.7764. Of the difference: √2 %, 8 degrees of freedom.
    # One test: t(0.975, 8) + t(0.8, 8) = 2.3060 + 0.8889 times √2 %.
    alone = {"ttft_ms": Percentiles(), "tpot_ms": Percentiles()}
    known = Interval(mean=100.0, low=97.2236, high=102.7764, effective_samples=5)
    cell = cell_of(np.random.default_rng(1), 1).model_copy(update={"output_tokens_per_s": known, **alone})
    (found,) = compare(run_of([cell]), run_of([cell])).cells[0].differences

    assert found.detectable_fraction == pytest.approx((2.3060 + 0.8889) * 2**0.5 / 100, rel=1e-3)


def test_the_tail_is_the_highest_that_both_have_bounds_of():
    found = compare(drawn(1, requests=400), drawn(2, requests=150))

    assert [one.metric for one in found.cells[0].differences] == [
        "output_tokens_per_s", "ttft_ms.p50", "ttft_ms.p95", "tpot_ms.p50", "tpot_ms.p95",
    ]  # fmt: skip


def test_a_single_benchmark_cannot_be_tested_and_says_why():
    lone = run_of([cell_of(np.random.default_rng(1), 1, repeats=1)])
    found = compare(lone, lone).cells[0].differences[0]

    assert (found.verdict, found.p_value) == ("not tested", None)
    assert found.reason.startswith("no interval in the first run: 1 repeats have no spread")


def test_an_unusable_cell_carries_no_verdict():
    draw = np.random.default_rng(1)
    bad = cell_of(draw, 1).model_copy(update={"complete": False, "reason": "12 of 100 requests failed"})
    found = compare(run_of([cell_of(draw, 1)]), run_of([bad]))

    assert {"not tested"} == set(verdicts(found).values())
    assert found.cells[0].differences[0].reason == "not usable in the second run: 12 of 100 requests failed"
    assert (found.verdict, found.tests) == ("not tested", 0)


def test_e2e_is_tested_where_its_parts_have_no_bounds():
    draw = np.random.default_rng(1)
    cell = cell_of(draw, 1).model_copy(
        update={"tpot_ms": Percentiles(p50=5.0), "e2e_ms": percentiles(draw.lognormal(4, 1, 100))}
    )
    found = compare(run_of([cell]), run_of([cell]))

    assert verdicts(found)["concurrency 1", "e2e_ms.p50"] == "no difference shown"


def test_loads_of_one_run_only_are_listed():
    draw = np.random.default_rng(1)
    one, two, four = (cell_of(draw, load) for load in (1, 2, 4))
    found = compare(run_of([one, two]), run_of([two, four]))

    assert ["concurrency 2"] == [cell.load for cell in found.cells]
    assert (("concurrency 1",), ("concurrency 4",)) == (found.only_in_first, found.only_in_second)


def test_closed_and_open_loops_are_not_matched():
    draw = np.random.default_rng(1)
    closed = cell_of(draw, 1)
    opened = closed.model_copy(update={"concurrency": None, "request_rate_per_s": 1.0})
    with pytest.raises(
        RunError, match="no load point in common: the first run has concurrency 1, the second 1 requests/s"
    ):
        compare(run_of([closed]), run_of([opened]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": Model(name="org/other")}, "of different models, 'org/model' and 'org/other'"),
        ({"workload": WorkloadShape(input_tokens=256, output_tokens=64)}, "different traffic, prompts of 128 and of 256"),
        ({"workload": WorkloadShape(input_tokens=128, output_tokens=32)}, "different traffic, answers of 64 and of 32"),
        ({"workload": WorkloadShape(input_tokens=128, output_tokens=64, lengths=Lengths(kind="uniform", spread_fraction=0.5))}, "different traffic"),
        ({"workload": WorkloadShape(input_tokens=128, output_tokens=64, turns=3)}, "different traffic"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_and_by_force_named(changes, message):
    first, second = drawn(1), drawn(2).model_copy(update=changes)
    with pytest.raises(RunError, match=message):
        compare(first, second)
    assert ["unlike"] == [one.code for one in compare(first, second, force=True).warnings if one.code == "unlike"]


def test_the_same_model_may_be_called_by_its_path_or_its_owner():
    second = drawn(2).model_copy(update={"model": Model(name="/models/Model", dtype="bfloat16")})
    assert compare(drawn(1), second).tests == 15


def test_what_differs_besides_is_named_and_two_things_forbid_to_ascribe():
    engine = Engine(name="vllm", version="2", args=["--enforce-eager"])
    manifest = Manifest(container="sha256:1")
    found = compare(drawn(1), drawn(2).model_copy(update={"engine": engine, "gpu": "L4", "manifest": manifest}))

    assert [
        ("gpu", "not known", "L4"),
        ("engine.version", "1", "2"),
        ("engine.args", "not known", "--enforce-eager"),
    ] == [(one.name, one.first, one.second) for one in found.differing[:3]]
    assert "several_things_differ" not in [one.code for one in found.warnings]
    quantized = Model(name="org/model", dtype="bfloat16", quantization="fp8")
    found = compare(drawn(1), drawn(2).model_copy(update={"engine": engine, "model": quantized}))
    assert "engine.version, model.quantization" in next(
        one.message for one in found.warnings if one.code == "several_things_differ"
    )
