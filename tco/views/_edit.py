"""Changes to a scenario: each takes one and gives the changed one, checked as a file is, or an `InputError`. No Streamlit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tco import InputError
from tco.scenario_file import of_data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tco import Scenario

_SOURCE_FIELDS = ("source", "as_of", "note")
_NAMES_AN_OPTION = ("base", "overflow", "small", "large")


def set_field(scenario: Scenario, path: str, value: Any) -> Scenario:
    """Gives one field of a scenario a value; None removes it, so that its default or the price book counts again.

    Args:
        scenario: as it is.
        path: as `--set` writes it: `workload.profile`, `options.rented.gpu`.
        value: anything that a scenario file may hold.

    Returns:
        The changed scenario, in the same folder.

    Raises:
        InputError: the change makes no valid scenario.
    """
    return set_together(scenario, {path: value}, {})


def set_text(scenario: Scenario, path: str, value: str | None) -> Scenario:
    """Gives a text field a value; nothing or blanks remove it where it may be left out.

    Raises:
        InputError: see `set_field`.
    """
    return set_field(scenario, path, (value or "").strip() or None)


def set_whole(scenario: Scenario, path: str, value: float | None) -> Scenario:
    """Gives a field that takes whole numbers a value, rounded; None removes it.

    Raises:
        InputError: see `set_field`.
    """
    return set_field(scenario, path, None if value is None else round(value))


def set_spread(scenario: Scenario, path: str, spread_fraction: float | None) -> Scenario:
    """Lets lengths vary log-normally by so much; 0 keeps them fixed, None takes them as the run was probed.

    Raises:
        InputError: see `set_field`.
    """
    known = _data(scenario)["workload"].get("lengths") or {}
    if spread_fraction is None:
        return set_field(scenario, path, None)
    if spread_fraction == 0:
        return set_field(scenario, path, {"kind": "fixed"})
    return set_field(
        scenario, path, {"correlation": 0.0, **known, "kind": "lognormal", "spread_fraction": spread_fraction}
    )


def set_value(scenario: Scenario, path: str, value: float | None) -> Scenario:
    """Gives a quantity another value.

    The number is the reader's own from now on: its evidence becomes `assumption`, and the source of the old one goes. A range
    that does not hold it is widened to it. None opens the quantity: the price book or the run fills it.

    Raises:
        InputError: see `set_field`.
    """
    return set_together(scenario, {}, {path: value})


def set_together(scenario: Scenario, fields: Mapping[str, Any], numbers: Mapping[str, float | None]) -> Scenario:
    """Gives several inputs a value at once, for those of which one alone makes no valid scenario.

    Args:
        scenario: as it is.
        fields: values by path, see `set_field`.
        numbers: values of quantities by path, see `set_value`.

    Raises:
        InputError: see `set_field`.
    """
    data = _data(scenario)
    for path, value in (*fields.items(), *numbers.items()):
        parent, key = _parent(data, path)
        if value is None:
            parent.pop(key, None)
        else:
            parent[key] = _moved(parent.get(key), value) if path in numbers else value
    return _changed(scenario, data)


def set_details(scenario: Scenario, path: str, details: Mapping[str, Any]) -> Scenario:
    """Gives a quantity a range, an evidence class, a source and a date; its value stays. An empty detail removes it.

    Raises:
        InputError: see `set_field`.
    """
    data = _data(scenario)
    parent, key = _parent(data, path)
    quantity = {**parent[key], **details}
    parent[key] = {name: item for name, item in quantity.items() if item not in (None, "")}
    return _changed(scenario, data)


def rename_option(scenario: Scenario, old: str, new: str) -> Scenario:
    """Gives an option another name, also where it is the baseline or named by another option.

    Raises:
        InputError: see `set_field`.
    """
    data = _data(scenario)
    _option(data, old)["name"] = new
    if data["baseline"] == old:
        data["baseline"] = new
    for option in data["options"]:
        for field in _NAMES_AN_OPTION:
            if option.get(field) == old:
                option[field] = new
    return _changed(scenario, data)


def add_option(scenario: Scenario, option: Mapping[str, Any]) -> Scenario:
    """Adds an option at the end.

    Raises:
        InputError: see `set_field`.
    """
    data = _data(scenario)
    data["options"].append(dict(option))
    return _changed(scenario, data)


def duplicate_option(scenario: Scenario, name: str) -> Scenario:
    """Adds a copy of an option under a free name.

    Raises:
        InputError: see `set_field`.
    """
    data = _data(scenario)
    taken = {option["name"] for option in data["options"]}
    number = next(n for n in range(2, len(taken) + 3) if f"{name} {n}" not in taken)
    data["options"].append({**_option(data, name), "name": f"{name} {number}"})
    return _changed(scenario, data)


def remove_option(scenario: Scenario, name: str) -> Scenario:
    """Takes an option away.

    Raises:
        InputError: it is the baseline or the last one.
    """
    data = _data(scenario)
    if data["baseline"] == name:
        raise InputError(f"{name!r} is the baseline; choose another baseline, then remove it")
    data["options"] = [option for option in data["options"] if option["name"] != name]
    return _changed(scenario, data)


def _data(scenario: Scenario) -> dict[str, Any]:
    return scenario.model_dump(mode="json", by_alias=True, exclude_none=True)


def _changed(scenario: Scenario, data: dict[str, Any]) -> Scenario:
    # A copy by JSON, where two options may share an object.
    return of_data(json.loads(json.dumps(data))).in_folder(scenario.folder)


def _option(data: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(option for option in data["options"] if option["name"] == name)
    return found


def _parent(data: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    *keys, last = path.split(".")
    node = data
    if keys[:1] == ["options"]:
        node, keys = _option(data, keys[1]), keys[2:]
    for key in keys:
        node = node.setdefault(key, {})
    return node, last


def _moved(old: Any, value: float) -> dict[str, Any]:
    quantity = dict(old) if isinstance(old, dict) and "value" in old else {}
    if quantity.get("value") == value:
        return quantity
    kept = {name: item for name, item in quantity.items() if name not in _SOURCE_FIELDS}
    kept |= {"value": value, "evidence": "assumption"}
    if "low" in kept:
        kept["low"] = min(kept["low"], value)
    if "high" in kept:
        kept["high"] = max(kept["high"], value)
    return kept
