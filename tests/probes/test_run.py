import errno
import json
import os
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.cell import Cell
from probes.record import Interval, Percentiles, Warn
from probes.run import SCHEMA, Plan, Run, WorkloadShape
from probes.run_file import MAX_RUN_FILE_BYTES, RunError, load_run, run_from_json, save_run
from probes.setting import Engine, Environment, Gpu, Model
from scripts.write_schemas import FOLDER, schema_text

RATE = Interval(mean=100.0, low=90.0, high=110.0)
LATENCY = Percentiles(mean=11.0, p50=10.0, p90=12.0, p95=13.0, p99=None)


def _cell(**changes) -> Cell:
    values = {
        "concurrency": 4,
        "repeats": 3,
        "duration_s": 12.5,
        "requests_ok": 36,
        "requests_failed": 1,
        "failures": {"http_429": 1},
        "input_tokens": 3600,
        "output_tokens": 1800,
        "token_source": "usage",
        "output_tokens_per_s": RATE,
        "total_tokens_per_s": RATE,
        "requests_per_s": RATE,
        "ttft_ms": LATENCY,
        "itl_ms": LATENCY,
        "tpot_ms": LATENCY,
        "e2e_ms": LATENCY,
        "power_watts": 310.0,
        "warnings": [Warn(code="preemptions", message="m", observed=2.0)],
    }
    return Cell(**(values | changes))


def _run(**changes) -> Run:
    values = {
        "run_id": "run-1",
        "created_at": "2026-01-02T03:04:05+00:00",
        "tool_version": "0.1.0",
        "complete": True,
        "environment": Environment(cpu="c", gpus=[Gpu(name="H100", memory_gib=80)]),
        "engine": Engine(name="vllm", version="0.32.0", args=["--dtype", "bfloat16"]),
        "model": Model(name="tiny", weights="dummy"),
        "workload": WorkloadShape(input_tokens=100, output_tokens=50, seed=1),
        "plan": Plan(concurrency=[4]),
        "cells": [_cell()],
    }
    return Run(**(values | changes))


def _data(**changes) -> dict:
    return json.loads(_run().to_json()) | changes


def _refused(data: object) -> str:
    with pytest.raises(RunError) as caught:
        run_from_json(data if isinstance(data, str) else json.dumps(data), "x.json")
    return str(caught.value)


def test_a_run_comes_back_from_its_file_as_it_went(tmp_path):
    save_run(_run(), tmp_path / "deep" / "run.json")
    assert load_run(tmp_path / "deep" / "run.json") == _run()


def test_the_stable_names_of_the_file():
    data = _data()
    assert {
        "schema", "run_id", "created_at", "tool_version", "complete", "incomplete_reason", "environment", "engine",
        "model", "workload", "warnings", "cells",
    } - set(data) == set()  # fmt: skip
    assert {
        "concurrency", "request_rate_per_s", "duration_s", "requests_ok", "requests_failed", "input_tokens",
        "output_tokens", "token_source", "output_tokens_per_s", "total_tokens_per_s", "requests_per_s", "ttft_ms",
        "itl_ms", "tpot_ms", "e2e_ms", "power_watts", "energy_joules", "kv_cache_usage_fraction", "preemptions",
        "prefix_cache_hit_fraction", "client_cpu_fraction", "client_bound", "complete", "reason",
    } - set(data["cells"][0]) == set()  # fmt: skip


@given(st.integers(min_value=0, max_value=2000))
def test_a_file_cut_off_anywhere_is_refused_by_name(length):
    text = _run().to_json()
    whole = text.rstrip()
    message = _refused(whole[: min(length, len(whole) - 1)])
    assert (message.startswith("x.json"), "tco probe resume" in message) == (True, True)


def test_a_newer_schema_says_to_upgrade():
    assert f"schema {SCHEMA + 1} is newer than {SCHEMA}" in _refused(_data(schema=SCHEMA + 1))


@pytest.mark.parametrize("schema", [None, "1", 1.0, True])
def test_without_a_schema_number_it_is_not_a_run(schema):
    assert "not a run file" in _refused(_data(schema=schema))


def test_a_schema_below_one_is_refused():
    assert "`schema`" in _refused(_data(schema=0))


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_refused(word):
    text = _run().to_json().replace('"duration_s": 12.5', f'"duration_s": {word}')
    assert f"holds {word}" in _refused(text)


def test_a_number_too_large_for_a_float_is_refused():
    assert "duration_s" in _refused(_run().to_json().replace('"duration_s": 12.5', '"duration_s": 1e999'))


def test_a_nan_cannot_even_be_made():
    with pytest.raises(ValueError, match="finite number"):
        _cell(duration_s=float("nan"))


def test_an_unknown_key_is_refused_with_its_place():
    data = _data()
    data["cells"][0]["tokens_per_sec"] = 5
    assert "`cells.0.tokens_per_sec`" in _refused(data)


def test_a_missing_key_is_refused_with_its_place_and_the_number_of_others():
    data = _data()
    del data["engine"], data["model"]
    message = _refused(data)
    assert ("`engine`: Field required" in message, "(and 1 more)" in message) == (True, True)


@pytest.mark.parametrize(
    ("key", "value"), [("requests_ok", -1), ("duration_s", -0.1), ("repeats", 0), ("token_source", "guess")]
)
def test_a_value_out_of_range_is_refused(key, value):
    data = _data()
    data["cells"][0][key] = value
    assert f"`cells.0.{key}`" in _refused(data)


@pytest.mark.parametrize("both", [{"concurrency": None}, {"request_rate_per_s": 2.0}])
def test_a_cell_has_a_concurrency_or_a_rate_and_not_both(both):
    data = _data()
    data["cells"][0] |= both
    assert "exactly one of" in _refused(data)


@pytest.mark.parametrize("name", ["ttft_ms", "itl_ms", "tpot_ms", "e2e_ms"])
def test_percentiles_that_fall_are_refused(name):
    data = _data()
    data["cells"][0][name] = {"mean": 1, "p50": 10, "p90": None, "p95": 9, "p99": 11}
    assert f"`cells.0.{name}`: percentiles must not fall" in _refused(data)


def test_percentiles_that_differ_by_rounding_only_are_accepted():
    data = _data()
    data["cells"][0]["ttft_ms"] = {"mean": 1, "p50": 0.3, "p90": 0.1 + 0.2, "p95": 0.3, "p99": None}
    assert run_from_json(json.dumps(data)).cells[0].ttft_ms.p50 == 0.3


@pytest.mark.parametrize("text", ["[]", "5", "null", '"x"'])
def test_what_is_no_object_is_refused(text):
    assert "one JSON object" in _refused(text)


def test_endless_nesting_is_refused_and_not_a_crash():
    assert "not valid JSON" in _refused("[" * 200_000)


def test_a_missing_file_a_folder_and_a_binary_file_are_refused_by_name(tmp_path):
    (tmp_path / "b.json").write_bytes(b"\xff\xfe\x00")
    for name, word in (("none.json", "No such file"), ("", "cannot be read"), ("b.json", "not a text file")):
        with pytest.raises(RunError, match=word):
            load_run(tmp_path / name)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(MAX_RUN_FILE_BYTES + 1)
    with pytest.raises(RunError, match="Is it the right file"):
        load_run(path)


@pytest.mark.parametrize(("owner", "call"), [(os, "fsync"), (Path, "open")])
def test_a_full_disk_leaves_the_earlier_file_and_no_litter(tmp_path, monkeypatch, owner, call):
    path = tmp_path / "run.json"
    save_run(_run(), path)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(owner, call, full)
    with pytest.raises(RunError, match="No space left on device"):
        save_run(_run(run_id="run-2"), path)
    monkeypatch.undo()
    assert ([entry.name for entry in tmp_path.iterdir()], load_run(path)) == (["run.json"], _run())


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunError, match="choose another place"):
        save_run(_run(), tmp_path / "file" / "run.json")


def test_what_was_there_is_replaced_in_one_step(tmp_path):
    path = tmp_path / "run.json"
    save_run(_run(), path)
    with path.open(encoding="utf-8") as reader:
        save_run(_run(run_id="run-2"), path)
        assert json.loads(reader.read())["run_id"] == "run-1"
    assert load_run(path).run_id == "run-2"


def test_only_complete_answered_cells_that_the_client_kept_up_with_are_usable():
    bad = [_cell(complete=False), _cell(requests_ok=0), _cell(client_bound=True)]
    assert _run(cells=[*bad, _cell()]).usable_cells == [_cell()]


def test_load_points_have_names_for_people():
    labels = [_cell().label, _cell(concurrency=None, request_rate_per_s=2.5).label]
    assert labels == ["concurrency 4", "2.5 requests/s"]


def test_the_published_schema_is_current():
    path = FOLDER / "run.schema.json"
    assert path.read_text(encoding="utf-8") == schema_text("run"), "run: python scripts/write_schemas.py"


def test_a_written_run_satisfies_the_published_schema():
    schema = json.loads(Path(FOLDER / "run.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(_data())) == []
    assert [tuple(error.path) for error in jsonschema.Draft202012Validator(schema).iter_errors(_data(schema=0))] == [
        ("schema",)
    ]


def test_a_file_of_the_first_schema_is_read_and_what_came_later_is_not_known():
    run = load_run(Path(__file__).parents[1] / "data" / "run_schema_1.json")

    assert (1, 7) == (run.schema_, len(run.cells))
    assert {None} == {cell.steady for cell in run.cells}
