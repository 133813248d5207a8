from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import jsonschema
import pytest
import yaml

from pricing import shipped_book
from pricing.upkeep.snapshots import FOLDER_VARIABLE, write_snapshot
from probes.run_file import save_run
from scripts.write_schemas import schema_text
from tco.errors import InputError
from tco.evaluate import evaluate
from tco.lock import Lock, default_path, evaluate_locked, lock_of, read_lock, write_lock
from tco.scenario_file import load
from tests.factories import run, scenario_data

CONTRACT = (
    "prices:\n  - {{item: openai/gpt-6.1-sol, per: mtok_input, amount: {}, as_of: 2026-09-01, source: contract}}\n"
)


@pytest.fixture
def question(tmp_path: Path) -> Path:
    save_run(run(), tmp_path / "test-run")
    path = tmp_path / "question.yaml"
    write(path)
    return path


def write(path: Path, comment: str = "", **changes: object) -> None:
    path.write_text(f"# {comment}\n" + yaml.safe_dump(scenario_data(**changes)), encoding="utf-8")


def locked(question: Path) -> Lock:
    lock = lock_of(load(question))
    write_lock(lock, default_path(question))
    return read_lock(default_path(question))


def test_a_lock_survives_the_way_to_the_disk_and_back(question):
    lock = lock_of(load(question))
    write_lock(lock, default_path(question))

    assert lock == read_lock(default_path(question))
    assert question.with_suffix(".lock") == default_path(question)
    jsonschema.validate(json.loads(default_path(question).read_text()), json.loads(schema_text("lock")))


def test_a_lock_holds_what_the_answer_rests_on(question):
    lock, result = locked(question), evaluate(load(question))

    assert (result.answer_id, result.price_book.id) == (lock.answer_id, lock.price_book.id)
    assert {row.path: row.value for row in result.assumptions} == {
        path: each.value for path, each in lock.quantities.items()
    }
    assert {option.name: (option.total_usd, option.npv_usd) for option in result.options} == {
        option.name: (option.total_usd, option.npv_usd) for option in lock.answer.options
    }
    assert [("rent", "test-run")] == [(each.option, each.run_id) for each in lock.runs]


def test_the_locked_answer_is_the_answer(question):
    assert evaluate(load(question)) == evaluate_locked(load(question), locked(question))


def test_comments_are_no_change(question):
    lock = locked(question)
    write(question, comment="another comment")

    assert lock.answer_id == evaluate_locked(load(question), lock).answer_id


def refused(question: Path, lock: Lock, case: str | None = None) -> str:
    with pytest.raises(InputError) as told:
        evaluate_locked(load(question), lock, case)
    assert "lock_broken" == told.value.code
    return str(told.value)


def test_a_changed_scenario_is_refused_with_the_input(question):
    lock = locked(question)
    write(question, workload__requests_per_day=50_000.0)
    message = refused(question, lock)

    assert "Changed: the scenario 'test'." in message
    assert "workload.requests_per_day 86,400 → 50,000" in message
    assert lock.answer_id in message


def test_a_changed_run_is_refused_with_its_option(question):
    lock = locked(question)
    save_run(run(curve=((1, 0.5, 100.0), (2, 0.9, 150.0), (4, 1.5, 250.0))), question.parent / "test-run")
    message = refused(question, lock)

    assert "Changed: the run of 'rent' (test-run, " in message


def test_changed_prices_of_ones_own_are_refused(question):
    prices = question.parent / "prices.yaml"
    prices.write_text(CONTRACT.format(1.5), encoding="utf-8")
    write(question, prices={"file": "prices.yaml"})
    lock = locked(question)
    prices.write_text(CONTRACT.format(1.6), encoding="utf-8")

    assert "Changed: your own prices (" in refused(question, lock)


def test_another_tool_is_refused(question):
    lock = locked(question)
    older = lock.model_copy(update={"tool": lock.tool.model_copy(update={"version": "0.0.9"})})
    edited = lock.model_copy(update={"tool": lock.tool.model_copy(update={"code_sha256": "0" * 64})})

    assert "the tool (0.0.9 → 0.1.0)" in refused(question, older)
    assert "the tool's code (of the same version 0.1.0)" in refused(question, edited)


def test_another_case_is_refused(question):
    assert "the case (none → low; see --case)" in refused(question, locked(question), "low")


def test_numbers_that_differ_from_the_same_parts_are_refused(question):
    lock = locked(question)
    option = lock.answer.options[1].model_copy(update={"total_usd": 1.0})
    answer = lock.answer.model_copy(update={"options": [lock.answer.options[0], option]})
    with pytest.raises(InputError, match=r"rent's total_usd 1 → 17,532.*libraries are the same") as told:
        evaluate_locked(load(question), lock.model_copy(update={"answer": answer}))
    assert "lock_numbers_differ" == told.value.code
    libraries = lock.tool.model_copy(update={"libraries": lock.tool.libraries | {"numpy": "1.0"}})
    with pytest.raises(InputError, match=r"Libraries differ: numpy 1\.0 → "):
        evaluate_locked(load(question), lock.model_copy(update={"answer": answer, "tool": libraries}))


def test_a_lock_that_was_edited_is_refused(question):
    lock = locked(question)
    dear = lock.quantities | {
        "options.rent.price_usd_per_hour": lock.quantities["options.rent.price_usd_per_hour"].model_copy(
            update={"value": 3.0}
        )
    }
    for edited, sentence in (
        (lock.model_copy(update={"quantities": dear}), "options.rent.price_usd_per_hour 3 → 2"),
        (lock.model_copy(update={"answer_id": "0" * 12}), "answer_id 000000000000 → "),
    ):
        with pytest.raises(InputError, match=sentence) as told:
            evaluate_locked(load(question), edited)
        assert "lock_numbers_differ" == told.value.code


def test_a_newer_price_book_does_not_change_a_locked_answer(question, tmp_path, monkeypatch):
    # The API's price comes from the book.
    listed = {"name": "api", "kind": "api", "model": "openai/gpt-6.1-sol"}
    write(question, options=[listed, scenario_data()["options"][1]])
    lock, before = locked(question), evaluate(load(question))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "prices"))
    newer = shipped_book().text("electricity.csv") + "\n"
    info = write_snapshot(
        {"electricity.csv": newer.encode()}, as_of=date(2026, 11, 29), created_at=datetime(2026, 11, 29, tzinfo=UTC), tool="test", parent=shipped_book(),
    )  # fmt: skip

    assert info.id == evaluate(load(question)).price_book.id
    assert before == evaluate_locked(load(question), lock)


def test_a_price_book_that_is_not_here_is_told(question):
    lock = locked(question)
    gone = lock.model_copy(update={"price_book": lock.price_book.model_copy(update={"id": "2001-01-01-000000000000"})})
    with pytest.raises(InputError, match=r"no price book '2001-01-01-000000000000'"):
        evaluate_locked(load(question), gone)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not a lock file"),
        ("[]", "is not a lock file"),
        ('{"schema": 99}', "newer than 1"),
        ('{"schema": 1}', "`answer_id`: Field required"),
        ("[" * 100_000, "is not a lock file"),
    ],
)
def test_a_broken_lock_is_one_sentence(tmp_path, text, sentence):
    (tmp_path / "x.lock").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=sentence):
        read_lock(tmp_path / "x.lock")


def test_a_lock_that_is_not_there_is_told_with_the_way_to_make_it(tmp_path):
    with pytest.raises(InputError, match="make it with `tco lock"):
        read_lock(tmp_path / "none.lock")


def test_a_folder_cannot_be_written_over(question):
    with pytest.raises(InputError, match="cannot be written"):
        write_lock(lock_of(load(question)), question.parent)
