from __future__ import annotations

from dataclasses import replace

import pytest

from probes.cell import CellShape
from probes.findings import ClientFloor, IdlePower
from probes.record import Warn
from probes.run import Plan, Run, WorkloadShape
from probes.run_file import RunError
from probes.stages.ledger import Ledger
from probes.stages.points import Point
from probes.workload.requests import RequestMaker
from tests.factories import cell
from tests.sweeping import HEADER

SHAPE = WorkloadShape(input_tokens=24, output_tokens=8, seed=1)
PLAN = Plan(concurrency=[1, 2])
FLOOR = ClientFloor(
    streams=1, workers=1, transport="plain", ttft_error_p50_ms=0.1, ttft_error_p99_ms=0.2, cpu_s_per_1000_tokens=0.01
)


def _ledger(**more) -> Ledger:
    values = {"shape": SHAPE, "plan": PLAN, "save": lambda _run: None}
    return Ledger(HEADER, **(values | more))


def _interrupted(*cells, **more) -> Run:
    books = _ledger(**more)
    books.cells.extend(cells)
    return books.run("interrupted")


def test_a_seed_is_drawn_once_where_none_is_given_and_kept_where_one_is() -> None:
    drawn = {_ledger(shape=SHAPE.model_copy(update={"seed": None})).shape.seed for _ in range(3)}

    assert 3 == len(drawn)
    assert all(0 <= seed < 2**32 for seed in drawn)
    assert 1 == _ledger().shape.seed


def test_a_resumed_run_keeps_its_seed_id_and_date() -> None:
    before = _interrupted(cell(1, 1.0, 100.0))
    later = replace(HEADER, run_id="run-2", created_at="2027-01-01T00:00:00+00:00")
    books = Ledger(
        later,
        shape=SHAPE.model_copy(update={"seed": None}),
        plan=PLAN,
        save=lambda _run: None,
        existing=before,
    )

    after = books.run(None)

    assert (1, "run-1", HEADER.created_at) == (after.workload.seed, after.run_id, after.created_at)


def test_every_attempt_has_another_number_for_which_prompts_can_be_drawn() -> None:
    before = _interrupted(cell(1, 1.0, 100.0))
    attempts = [0, *(_ledger(existing=before).attempt for _ in range(5))]

    prompts = {
        tuple(RequestMaker(SHAPE, prompt="token_ids", vocab_size=1000, attempt=attempt, cell=1).closed(0, 0).prompt)
        for attempt in attempts
    }

    assert 6 == len(set(attempts)) == len(prompts)


def test_complete_cells_are_kept_and_others_measured_again() -> None:
    good, cut = cell(1, 1.0, 100.0), cell(2, 1.0, 100.0, complete=False, reason="interrupted")
    books = _ledger(existing=_interrupted(good, cut))

    assert good == books.kept(Point(role="curve", concurrency=1))
    assert None is books.kept(Point(role="curve", concurrency=2))
    assert None is books.kept(Point(role="lengths", concurrency=1, shape=CellShape(input_tokens=24, output_tokens=8)))


def test_kept_cells_that_were_not_reached_yet_stay_in_the_file_and_none_is_there_twice() -> None:
    one, two = cell(1, 1.0, 100.0), cell(2, 1.5, 100.0)
    books = _ledger(existing=_interrupted(one, two))

    assert [one, two] == books.run("in progress").cells

    again = cell(2, 1.6, 100.0)
    books.cells.append(again)

    assert [one, again] == books.run(None).cells


def test_the_file_has_the_curve_first_and_each_part_from_the_lightest_load_up() -> None:
    short, long = CellShape(input_tokens=7, output_tokens=2), CellShape(input_tokens=70, output_tokens=2)
    cells = [
        cell(8, 1.0, 100.0, role="prefill", shape=long),
        cell(8, 1.0, 100.0),
        cell(None, 1.0, 100.0, request_rate_per_s=0.5, role="goodput"),
        cell(8, 1.0, 100.0, role="prefill", shape=short),
        cell(2, 1.0, 100.0),
    ]

    found = _interrupted(*cells).cells

    assert [("curve", 2), ("curve", 8), ("goodput", None), ("prefill", 8), ("prefill", 8)] == [
        (one.role, one.concurrency) for one in found
    ]
    assert [short, long] == [one.shape for one in found[3:]]


def test_warnings_of_the_sweep_are_found_anew_and_others_kept() -> None:
    books = _ledger()
    books.warnings += [Warn(code=code, message="x") for code in ("stopped_flat", "goodput_unresolved", "usage_missing")]

    assert ["usage_missing"] == [warn.code for warn in _ledger(existing=books.run("interrupted")).warnings]


def test_what_was_measured_beforehand_is_not_lost_by_a_resume() -> None:
    books = Ledger(
        replace(HEADER, client_floor=FLOOR, idle=IdlePower(driver_idle_watts=60.0)),
        shape=SHAPE,
        plan=PLAN,
        save=lambda _run: None,
    )

    after = _ledger(existing=books.run("interrupted")).run(None)

    assert (FLOOR, 60.0) == (after.client_floor, after.idle.driver_idle_watts)


def test_what_the_endpoint_says_fills_only_what_was_not_known() -> None:
    books = _ledger()
    books.note_engine(kv_cache_tokens=1000, profile="vllm", capabilities={"metrics": True})
    books.note_engine(kv_cache_tokens=2000, profile="other", capabilities={"metrics": False})

    engine = books.run(None).engine

    assert (1000, "vllm", {"metrics": False}) == (engine.kv_cache_tokens, engine.profile, engine.capabilities)


def test_a_failed_save_is_remembered_until_one_succeeds() -> None:
    full = True

    def save(_run: Run) -> None:
        if full:
            raise RunError("no space")

    books = _ledger(save=save)

    assert "no space" == str(books.keep("in progress"))
    full = False
    assert None is books.keep("in progress")
    assert None is books.save_error


@pytest.mark.parametrize("reason", [None, "budget"])
def test_a_run_is_complete_without_a_reason_only(reason: str | None) -> None:
    run = _ledger().run(reason)

    assert (reason is None, reason) == (run.complete, run.incomplete_reason)
