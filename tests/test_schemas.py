"""The published schemas are current, and the files that ship satisfy them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import jsonschema
import jsonschema.protocols
import pytest
import yaml

import tco
from scripts.write_reference import PAGE, page_text
from scripts.write_schemas import FOLDER, RECORDS, schema_text
from scripts.write_sources import PAGE as SOURCES
from scripts.write_sources import page_text as sources_text
from tco.runs import shipped_runs
from tests.factories import run, scenario

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", RECORDS)
def test_the_written_schema_is_current(name: str) -> None:
    written = (FOLDER / f"{name}.schema.json").read_text(encoding="utf-8")

    assert schema_text(name) == written, "run: python -m scripts.write_schemas"


@cache
def validator(name: str) -> jsonschema.protocols.Validator:
    """What checks records of one kind; making it takes longer than checking."""
    schema = json.loads(schema_text(name))
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def valid(data: object, name: str) -> None:
    validator(name).validate(data)


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_scenarios_satisfy_the_published_schema(path: Path) -> None:
    data = json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str))

    valid(data, "scenario")


@pytest.mark.parametrize("path", shipped_runs().values(), ids=lambda path: path.stem)
def test_shipped_runs_satisfy_the_published_schema(path: Path) -> None:
    valid(json.loads(path.read_text(encoding="utf-8")), "run")


def test_a_result_satisfies_the_published_schema() -> None:
    result = tco.evaluate(scenario(), {"test-run": run()})

    valid(json.loads(result.model_dump_json(by_alias=True)), "result")


def test_an_unknown_key_does_not_satisfy_the_schema() -> None:
    with pytest.raises(jsonschema.ValidationError, match="nonsense"):
        valid({**yaml.safe_load(tco.dump(scenario())), "as_of": "2026-11-23", "nonsense": 1}, "scenario")


def test_the_reference_of_the_scenario_file_is_current() -> None:
    assert page_text() == PAGE.read_text(encoding="utf-8"), "run: python -m scripts.write_reference"


def test_the_page_of_sources_is_current() -> None:
    assert sources_text() == SOURCES.read_text(encoding="utf-8"), "run: python -m scripts.write_sources"
