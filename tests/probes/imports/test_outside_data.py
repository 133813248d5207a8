"""Result files are outside data: whatever is in one, there is a run or one sentence, never anything else."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probes.imports import import_run, read_hardware, reading
from probes.run_file import RunError, run_from_json

DATA = Path(__file__).parents[2] / "data" / "imports"
NAMES = [
    "aiperf_closed.json",
    "aiperf_open.json",
    "guidellm.json",
    "inferencex.json",
    "llm_d.yaml",
    "vllm_detailed.json",
    "vllm_open.json",
]
OBJECTS = {name: (yaml.safe_load if name.endswith("yaml") else json.loads)((DATA / name).read_text()) for name in NAMES}
ODD = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        1,
        0.5,
        1e14,
        1e300,
        10**400,
        float("nan"),
        float("inf"),
        -float("inf"),
        "",
        "inf",
        "x" * 600,
        [],
        [1],
        [None],
        {},
        {"a": 1},
    ]
)


def places(value, path=()):
    """Paths of everything in an object, of long lists only the first two."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, part in inner:
        yield from places(part, (*path, key))


PLACES = {name: [path for path in places(data) if path] for name, data in OBJECTS.items()}


def changed(data, path, action, value):
    """A copy of an object in which one thing is dropped, renamed or replaced."""
    data = copy.deepcopy(data)
    holder = data
    for key in path[:-1]:
        holder = holder[key]
    if action == "replace":
        holder[path[-1]] = value
    elif action == "scale" and isinstance(holder[path[-1]], int | float):
        holder[path[-1]] = holder[path[-1]] * 1000
    elif isinstance(holder, dict):
        old = holder.pop(path[-1])
        if action == "rename":
            holder[f"{path[-1]}_"] = old
    return data


@st.composite
def mutants(draw):
    name = draw(st.sampled_from(NAMES))
    data = OBJECTS[name]
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(PLACES[name]))
        action = draw(st.sampled_from(["replace", "drop", "rename", "scale"]))
        try:
            data = changed(data, path, action, draw(ODD))
        except (KeyError, IndexError, TypeError):  # an earlier change took the place away
            continue
    return data


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=mutants())
def test_a_damaged_sample_is_a_run_or_a_sentence(data, tmp_path):
    file = tmp_path / "result.json"
    file.write_text(json.dumps(data, default=str))
    sentence = None
    try:
        run = import_run(file)
    except RunError as error:
        sentence = str(error)
    if sentence is None:
        assert run == run_from_json(run.to_json())
    else:
        assert "result.json" in sentence
        assert "\n" not in sentence


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.text(max_size=60), st.binary(max_size=60)), suffix=st.sampled_from([".json", ".yaml"]))
def test_any_text_is_a_run_or_a_sentence(text, suffix, tmp_path):
    file = tmp_path / f"result{suffix}"
    file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    with pytest.raises(RunError, match=r"result\."):
        import_run(file)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty; there is no result in it"),
        (b"\xff\xfe\x00", "not a text file"),
        (b"<html>", "not valid JSON"),
        (b'{"duration": 1', "the file may be cut off"),
        (b"[" * 100_000, "nested too deeply"),
        (b"3", "a result is a JSON object, this holds a number"),
        (b'[{"a": 1}, "b"]', "a result is a JSON object, this holds a text"),
        (b'{"a": 1}', r"not a result that is known here \(its first fields: a\)"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not valid JSON"),
    ],
)
def test_what_is_no_result_is_said_in_one_sentence(content, message, tmp_path):
    file = tmp_path / "result.json"
    file.write_bytes(content)
    with pytest.raises(RunError, match=message):
        import_run(file)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"duration": None}, "`duration`: is missing"),
        ({"duration": "2 s"}, "`duration`: a number is needed, this is a text"),
        ({"duration": float("nan")}, "`duration`: NaN is not a number that a run may carry"),
        ({"duration": -1}, r"`duration`: -1 is out of range \(0 to 1e\+15\)"),
        ({"completed": 3.5}, "`completed`: a whole number is needed, this is 3.5"),
        ({"completed": True}, "`completed`: a number is needed, this is true or false"),
        ({"latencies": [1.0, "x"]}, "`latencies.1`: a number is needed, this is a text"),
        ({"model_id": 7}, "`model_id`: a text is needed, this is a number"),
    ],
)
def test_a_wrong_field_is_named_with_its_path(change, message, tmp_path):
    file = tmp_path / "result.json"
    file.write_text(json.dumps(OBJECTS["vllm_open.json"] | change))
    with pytest.raises(RunError, match=message):
        import_run(file)


def test_nan_in_a_field_that_nobody_needs_is_harmless(tmp_path):
    file = tmp_path / "result.json"
    file.write_text(json.dumps(OBJECTS["vllm_open.json"] | {"rtfx": float("nan")}))
    assert import_run(file).cells[0].usable


def test_which_of_several_appended_results_is_wrong_is_said(tmp_path):
    file = tmp_path / "result.json"
    good = OBJECTS["vllm_open.json"]
    file.write_text(json.dumps(good) + "\n" + json.dumps(good | {"duration": "x"}))
    with pytest.raises(RunError, match=r"result\.json \(object 2\): `duration`"):
        import_run(file)


def test_a_file_too_large_is_not_read(monkeypatch, tmp_path):
    file = tmp_path / "result.json"
    file.write_text("{}" * 100)
    monkeypatch.setattr(reading, "MAX_JSON_BYTES", 100)
    with pytest.raises(RunError, match=r"larger than 0\.0001 MB"):
        import_run(file)


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(RunError, match="cannot be read"):
        import_run(tmp_path / "none.json")
    with pytest.raises(RunError, match="cannot be read"):
        import_run(tmp_path)
    with pytest.raises(RunError, match="no file is named"):
        import_run([])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gpu: [1]", "`gpu`: Input should be a valid string"),
        ("gpus_per_replica: -1", "`gpus_per_replica`: Input should be greater"),
        ("weights: perhaps", "`weights`: Input should be 'dummy', 'real' or 'unknown'"),
        ("&a [*a]", "a result is a JSON object"),
        ("!!python/object/apply:os.system ['true']", "not valid YAML"),
        ("1: 2", "`1` is no field of a hardware file"),
    ],
)
def test_a_damaged_hardware_file_is_a_sentence(text, message, tmp_path):
    file = tmp_path / "hardware.yaml"
    file.write_text(text)
    with pytest.raises(RunError, match=message):
        read_hardware(file)
