"""Scenario files: YAML text to `Scenario` and back, and `--set path=value`.

YAML comes in by the safe reader that all files share (`pricing.yaml_file`): no aliases, no key given twice, at most a megabyte.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from pricing.yaml_file import FileError, dump_yaml, parse_yaml, read_text
from tco.case_terms import BASE, require_paths
from tco.errors import InputError
from tco.scenario import SCHEMA, CascadeOption, HybridOption, OwnOption, RentOption, Scenario, TokenOption

MAX_SCENARIO_BYTES = 1_000_000
"""A larger file is not a scenario and is refused before it is parsed."""

_LONGEST_NAME = 120
_OPTION_CLASSES: dict[str, type[BaseModel]] = {
    "api": TokenOption,
    "cascade": CascadeOption,
    "hosted": TokenOption,
    "hybrid": HybridOption,
    "own": OwnOption,
    "rent": RentOption,
}
_BASELINE_HINT = "add `baseline: NAME` with the name of the option that you pay for today"


def load(path: str | Path, settings: Iterable[str] = (), case: str | None = None) -> Scenario:
    """Reads a scenario file.

    Args:
        path: the YAML file.
        settings: `path=value` changes, applied before the scenario is checked (see `parse`).
        case: one of the file's `cases`, applied before the settings; null, or `base`: the file as it stands.

    Returns:
        The scenario; relative run files are looked up beside the file.

    Raises:
        InputError: no such file, too large, not YAML, or not a valid scenario: with the place, what is allowed, what to do.
    """
    path = Path(path)
    try:
        text = read_text(path, what="a scenario file, e.g. scenarios/demo.yaml,", max_bytes=MAX_SCENARIO_BYTES)
    except FileError as error:
        raise InputError(str(error)) from None
    try:
        return parse(text, settings, case).in_folder(path.resolve().parent)
    except InputError as error:
        raise InputError(f"{path}: {error}", code=error.code, path=error.path) from None


def parse(text: str, settings: Iterable[str] = (), case: str | None = None) -> Scenario:
    """Reads a scenario from YAML text.

    Args:
        text: the YAML.
        settings: changes such as `workload.requests_per_day=1000` or `options.rented.price_usd_per_hour=2.5`; an option is
            named by its `name`. A setting replaces the whole quantity, so its range and source go too.
        case: see `load`.

    Raises:
        InputError: see `load`.
    """
    data = plain_data(text)
    if case is not None:
        data = in_case(data, case)
    for setting in settings:
        _apply(data, setting)
    return of_data(data)


def plain_data(text: str) -> dict[str, Any]:
    """A scenario's YAML as plain data, not yet checked: what `change` changes and `of_data` reads.

    Raises:
        InputError: not YAML, not a mapping, or of a newer format.
    """
    data = _yaml(text)
    if not isinstance(data, dict):
        raise InputError("a scenario is a list of `key: value` lines; this file is not")
    schema = data.get("schema", SCHEMA)
    if isinstance(schema, int) and schema > SCHEMA:
        raise InputError(
            f"`schema`: {schema} is newer than {SCHEMA}, the newest that this version reads; upgrade the tool"
        )
    return data


def of_data(data: Mapping[str, Any]) -> Scenario:
    """A scenario from plain data, checked; each of its cases too, so that a slip in one is told at once.

    Raises:
        InputError: see `load`.
    """
    scenario = _checked(data)
    for name in scenario.cases:
        try:
            _checked(_in_case(data, scenario, name))
        except InputError as error:
            said = str(error) if str(error).startswith("case ") else f"case {name!r}: {error}"
            raise InputError(said, code=error.code, path=error.path) from None
    return scenario


def in_case(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A scenario's plain data as it is in one of its cases, which its name then tells; the other cases are left out.

    Args:
        data: from `plain_data`.
        name: of the case; `base`: the file as it stands.

    Raises:
        InputError: no such case, or one that names an input which the scenario does not have.
    """
    return _in_case(data, of_data(data), name)


def _in_case(data: Mapping[str, Any], scenario: Scenario, name: str) -> dict[str, Any]:
    changed = deepcopy({key: value for key, value in data.items() if key != "cases"})
    if name == BASE:
        return changed
    if name not in scenario.cases:
        there = ", ".join((BASE, *scenario.cases))
        raise InputError(f"no case is called {name!r}; there are: {there}", code="case_unknown", path="cases")
    sets = scenario.cases[name].sets
    require_paths(name, sets, scenario.model_dump(by_alias=True, exclude={"cases"}))
    for path, value in sets.items():
        change(changed, path, deepcopy(value))
    changed["name"] = f"{scenario.name} ({name})"[:_LONGEST_NAME]
    return changed


def _checked(data: Mapping[str, Any]) -> Scenario:
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_url=False)[0]["loc"])
        raise InputError(_sentence(error), code="scenario_invalid", path=place or None) from None
    except RecursionError:
        raise InputError("nested too deep for a scenario") from None


def change(data: dict[str, Any], path: str, value: Any) -> None:
    """Sets one input of a scenario that is still plain data, in place; an option is named by its `name` (see `parse`).

    Raises:
        InputError: the path leads nowhere.
    """
    keys = path.split(".")
    node: Any = data
    for depth, key in enumerate(keys[:-1]):
        node = _step(node, key, ".".join(keys[: depth + 1]))
    if isinstance(node, list):
        raise InputError(f"`{path}` names an option; go on with one of its fields")
    node[keys[-1]] = value


def dump(scenario: Scenario) -> str:
    """The scenario as YAML that `parse` reads back to an equal record. Bare numbers stay bare; nulls are left out."""
    data = _plain(scenario.model_dump(mode="json", by_alias=True, exclude_none=True))
    return dump_yaml(data)


def _yaml(text: str) -> Any:
    try:
        return parse_yaml(text, max_bytes=MAX_SCENARIO_BYTES)
    except FileError as error:
        raise InputError(str(error)) from None


def _plain(data: Any) -> Any:
    """Quantities that are only a number become that number: the form in which people write them."""
    if isinstance(data, Mapping):
        if set(data) == {"value", "evidence"} and data["evidence"] == "assumption":
            return data["value"]
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_plain(value) for value in data]
    return data


def _apply(data: dict[str, Any], setting: str) -> None:
    path, equals, text = setting.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise InputError(f"--set {setting!r}: write PATH=VALUE, for example workload.requests_per_day=20000")
    try:
        change(data, path.strip(), _yaml(text))
    except InputError as error:
        raise InputError(f"--set {path}: {error}") from None


def _step(node: Any, key: str, where: str) -> Any:
    if isinstance(node, list):
        names = [str(item.get("name")) for item in node if isinstance(item, dict)]
        if key in names:
            return node[names.index(key)]
        raise InputError(f"`{where}`: no option is called {key!r}; there are: {', '.join(names)}")
    child = node.setdefault(key, {})
    if not isinstance(child, dict | list):
        raise InputError(f"`{where}` is a value, it has no fields")
    return child


def _sentence(error: ValidationError) -> str:
    """The first problem in words, with a near name where a key is unknown."""
    problem = error.errors(include_url=False)[0]
    place = [str(part) for part in problem["loc"]]
    more = error.error_count() - 1
    tail = f" (and {more} more)" if more else ""
    if problem["type"] == "extra_forbidden":
        return f"`{'.'.join(place)}` is not a known key{_did_you_mean(place)}{tail}"
    if problem["type"] == "missing":
        hint = _BASELINE_HINT if place == ["baseline"] else "add it"
        return f"`{'.'.join(place)}` is missing; {hint}{tail}"
    message = problem["msg"].removeprefix("Value error, ")
    return (f"`{'.'.join(place)}`: {message}" if place else message) + tail


def _did_you_mean(place: list[str]) -> str:
    known = _known_keys(place)
    near = difflib.get_close_matches(place[-1], known, n=1, cutoff=0.5)
    if near:
        return f"; did you mean `{near[0]}`?"
    return f"; known here: {', '.join(sorted(known))}" if known else ""


def _known_keys(place: list[str]) -> list[str]:
    """Names that the record around `place` takes; walks the records by annotation, an option by its kind."""
    record: type[BaseModel] | None = Scenario
    for part in place[:-1]:
        if record is None:
            return []
        if part in _OPTION_CLASSES:
            record = _OPTION_CLASSES[part]
        elif part in record.model_fields:
            record = _record_in(record.model_fields[part].annotation) or (Scenario if part == "options" else None)
    return [field.alias or name for name, field in record.model_fields.items()] if record else []


def _record_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = _record_in(part)
        if found:
            return found
    return None
