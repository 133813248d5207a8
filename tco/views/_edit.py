"""Changes to a scenario's text: each takes YAML and gives YAML that `tco.parse` accepts, or an `InputError`. No Streamlit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tco import InputError, dump, parse
from tco.scenario_file import of_data

if TYPE_CHECKING:
    from collections.abc import Mapping

_SOURCE_FIELDS = ("source", "as_of", "note")
_NAMES_AN_OPTION = ("base", "overflow", "small", "large")


def set_field(text: str, path: str, value: Any) -> str:
    """Gives one field of a scenario a value; None removes it, so that its default or the price book counts again.

    Args:
        text: the scenario as YAML.
        path: as `--set` writes it: `workload.profile`, `options.rented.gpu`.
        value: anything that YAML holds.

    Returns:
        The changed scenario as YAML.

    Raises:
        InputError: the change makes no valid scenario.
    """
    data = _data(text)
    parent, key = _parent(data, path)
    if value is None:
        parent.pop(key, None)
    else:
        parent[key] = value
    return _text(data)


def set_text(text: str, path: str, value: str | None) -> str:
    """Gives a text field a value; nothing or blanks remove it where it may be left out.

    Raises:
        InputError: see `set_field`.
    """
    return set_field(text, path, (value or "").strip() or None)


def set_whole(text: str, path: str, value: float | None) -> str:
    """Gives a field that takes whole numbers a value, rounded; None removes it.

    Raises:
        InputError: see `set_field`.
    """
    return set_field(text, path, None if value is None else round(value))


def set_spread(text: str, path: str, spread_fraction: float | None) -> str:
    """Lets lengths vary log-normally by so much; 0 keeps them fixed, None takes them as the run was probed.

    Raises:
        InputError: see `set_field`.
    """
    known = _data(text)["workload"].get("lengths") or {}
    if spread_fraction is None:
        return set_field(text, path, None)
    if spread_fraction == 0:
        return set_field(text, path, {"kind": "fixed"})
    return set_field(text, path, {"correlation": 0.0, **known, "kind": "lognormal", "spread_fraction": spread_fraction})


def set_value(text: str, path: str, value: float | None) -> str:
    """Gives a quantity another value.

    The number is the reader's own from now on: its evidence becomes `assumption`, and the source of the old one goes. A range
    that does not hold it is widened to it. None opens the quantity: the price book or the run fills it.

    Raises:
        InputError: see `set_field`.
    """
    data = _data(text)
    parent, key = _parent(data, path)
    if value is None:
        parent.pop(key, None)
    else:
        parent[key] = _moved(parent.get(key), value)
    return _text(data)


def set_details(text: str, path: str, details: Mapping[str, Any]) -> str:
    """Gives a quantity a range, an evidence class, a source and a date; its value stays. An empty detail removes it.

    Raises:
        InputError: see `set_field`.
    """
    data = _data(text)
    parent, key = _parent(data, path)
    quantity = {**parent[key], **details}
    parent[key] = {name: item for name, item in quantity.items() if item not in (None, "")}
    return _text(data)


def rename_option(text: str, old: str, new: str) -> str:
    """Gives an option another name, also where it is the baseline or named by another option.

    Raises:
        InputError: see `set_field`.
    """
    data = _data(text)
    _option(data, old)["name"] = new
    if data["baseline"] == old:
        data["baseline"] = new
    for option in data["options"]:
        for field in _NAMES_AN_OPTION:
            if option.get(field) == old:
                option[field] = new
    return _text(data)


def add_option(text: str, option: Mapping[str, Any]) -> str:
    """Adds an option at the end.

    Raises:
        InputError: see `set_field`.
    """
    data = _data(text)
    data["options"].append(dict(option))
    return _text(data)


def duplicate_option(text: str, name: str) -> str:
    """Adds a copy of an option under a free name.

    Raises:
        InputError: see `set_field`.
    """
    data = _data(text)
    taken = {option["name"] for option in data["options"]}
    number = next(n for n in range(2, len(taken) + 3) if f"{name} {n}" not in taken)
    data["options"].append({**_option(data, name), "name": f"{name} {number}"})
    return _text(data)


def remove_option(text: str, name: str) -> str:
    """Takes an option away.

    Raises:
        InputError: it is the baseline or the last one.
    """
    data = _data(text)
    if data["baseline"] == name:
        raise InputError(f"{name!r} is the baseline; choose another baseline, then remove it")
    data["options"] = [option for option in data["options"] if option["name"] != name]
    return _text(data)


def _data(text: str) -> dict[str, Any]:
    return parse(text).model_dump(mode="json", by_alias=True, exclude_none=True)


def _text(data: dict[str, Any]) -> str:
    # A copy by JSON, where two options may share an object.
    return dump(of_data(json.loads(json.dumps(data))))


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
