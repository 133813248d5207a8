from __future__ import annotations

import json

import jsonschema
import pytest
import yaml

from probes import ProbeError
from probes.probe_config import ProbeConfig, example_config, load_config, parse_config


def refused(text):
    with pytest.raises(ProbeError) as caught:
        parse_config(text)
    assert "bad_arguments" == caught.value.kind
    return str(caught.value)


def test_an_empty_file_leaves_everything_out():
    assert {} == parse_config("").model_dump(exclude_none=True, exclude={"schema_"})
    assert parse_config("# nothing\n") == parse_config("")


def test_values_are_read_as_they_are_meant():
    config = parse_config(
        "schema: 1\nmodel: no\ndtype: 'float16'\nconcurrency: [1, 8]\nbudget_s: 1.5e2\nslo: {ttft_p95_ms: 2000}\nengine_arg:\n  - --a=1\n"
    )

    # YAML 1.1 would have read the Norwegian model as false.
    assert ("no", "float16", [1, 8], 150.0) == (config.model, config.dtype, config.concurrency, config.budget_s)
    assert ({"ttft_p95_ms": 2000.0}, ["--a=1"]) == (config.slo, config.engine_arg)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("conurrency: [1]", ["line 1", "`conurrency` is not an option", "Near names: concurrency"]),
        ("model: a\n\ninput-tokens: 8", ["line 3", "Near names: input_tokens"]),
        ("qqq: 1", ["`tco probe init` lists all names"]),
        ("concurrency:\n  - 1\n  - 0", ["line 3", "`concurrency[1]`", "0 is given", "greater than or equal to 1"]),
        ("concurrency: 8", ["8 is given", "valid list", "for example [1, 2, 4, 8, 16]"]),
        ("budget_s: 10m", ['"10m" is given', "valid number", "[s]"]),
        ("repeats: '3'", ['"3" is given', "valid integer"]),
        ("repeats: true", ["true is given"]),
        ("seed: 010", ['"010" is given']),
        ("slo: {ttft: 3}", ["`slo.ttft`", "ttft_p95_ms"]),
        ("slo:\n  ttft_p95_ms: -1", ["line 2", "greater than 0"]),
        ("weights: fake", ["'dummy' or 'real'"]),
        ("budget_s: .inf", ["valid number"]),
        ("schema: 2", ["`schema`", "2 is given"]),
        ("model: 1\nport: 0", ["(and 1 more)"]),
        ("- 1", ["lines of `option: value`"]),
        ("x", ["lines of `option: value`"]),
    ],
)
def test_a_mistake_is_one_sentence_with_its_line(text, words):
    message = refused(text)

    assert [] == [word for word in words if word not in message]
    assert message.isprintable()


def test_a_key_that_was_written_into_the_file_is_not_repeated():
    message = refused("model: a\napi_key_env: sk-not-a-real-key")

    assert "sk-not" not in message
    assert "line 2" in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: &x 1\nb: 2", "line 1: anchors and aliases"),
        ("a: 1\nb: *x", "line 2: anchors and aliases"),
        ("model: !!python/object:os.system x", "line 1: tags"),
        ("model: !x y", "tags"),
        ("model: a\nmodel: b", "line 2: `model` is given twice"),
        ("? [a]\n: 1", "a key is a plain name"),
        ("[" * 9, "nested deeper than 8"),
        ("model: [", "not valid YAML"),
        ("model: a\n\tdtype: b", "line 2: not valid YAML"),
        ("--- \nmodel: a\n---\nmodel: b", "not valid YAML"),
        ("model: \x00", "not valid YAML"),
    ],
)
def test_what_no_file_of_ours_needs_is_refused(text, words):
    assert words in refused(text)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\xff\xfe\x00", "not a text file"), (b"#" * 100_001, "more than 100,000 bytes"), (b"qqq: 1", "line 1: `qqq`")],
)
def test_a_file_is_named_in_the_message(tmp_path, content, words):
    path = tmp_path / "p.yaml"
    path.write_bytes(content)
    with pytest.raises(ProbeError) as caught:
        load_config(path)

    assert str(caught.value).startswith(str(path))
    assert words in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ProbeError, match="cannot be read"):
        load_config(tmp_path / "none.yaml")


def test_the_example_is_a_valid_file_and_so_is_every_line_of_it():
    lines = example_config().splitlines()
    every = [
        line.removeprefix("# ")
        for line in lines
        if line.partition(":")[0].removeprefix("# ") in ProbeConfig.model_fields
    ]
    full = parse_config("\n".join(every))

    assert set(ProbeConfig.model_fields) - {"schema_"} == full.model_dump(exclude_none=True).keys() - {"schema_"}
    assert {"concurrency", "input_tokens", "output_tokens", "budget_s"} == parse_config(example_config()).model_dump(
        exclude_none=True
    ).keys() - {"schema_"}


def test_other_readers_of_yaml_and_the_schema_agree_about_the_example():
    schema = ProbeConfig.model_json_schema()
    data = yaml.safe_load(example_config())

    jsonschema.validate(data, schema)
    assert parse_config(example_config()) == ProbeConfig.model_validate(json.loads(json.dumps(data)))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"conurrency": [1]}, schema)
