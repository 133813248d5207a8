"""The assumptions register: every quantity of a scenario by its path, and how to change one of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from tco.quantity import Numbers, Quantity
from tco.result import Assumption
from tco.scenario import Scenario

# Longest first: `_usd_per_mtok` ends with `_mtok`, but its unit is dollars per million tokens.
UNIT_OF_SUFFIX = {
    "_fraction_per_year": "fraction/year",
    "_per_year_fraction": "fraction/year",
    "_per_month_fraction": "fraction/month",
    "_usd_per_gpu_per_year": "USD/GPU-year",
    "_usd_per_server_per_year": "USD/server-year",
    "_per_gpu_per_year": "1/GPU-year",
    "_usd_per_gib_month": "USD/GiB-month",
    "_usd_per_kw_month": "USD/kW-month",
    "_usd_per_month": "USD/month",
    "_usd_per_mtok": "USD/Mtok",
    "_usd_per_hour": "USD/hour",
    "_usd_per_kwh": "USD/kWh",
    "_usd_per_year": "USD/year",
    "_usd_per_task": "USD/task",
    "_usd_per_request": "USD/request",
    "_usd_per_server": "USD/server",
    "_usd_per_gpu": "USD/GPU",
    "_usd_per_gb": "USD/GB",
    "_tokens_per_request": "tokens/request",
    "_tokens_per_step": "tokens/step",
    "_bytes_per_request": "bytes/request",
    "_bytes_per_token": "bytes/token",
    "calls_per_request": "calls/request",
    "requests_per_day": "requests/day",
    ".users": "users",
    "audits_per_year": "1/year",
    "retrainings_per_year": "1/year",
    "_per_year": "fraction/year",
    "interruptions_per_hour": "1/hour",
    "upgrades_per_month": "1/month",
    "runs_per_month": "1/month",
    "_person_days": "person-days",
    "_minutes": "min",
    "_fraction": "fraction",
    "_factor": "factor",
    "_watts": "W",
    "_usd": "USD",
    "_fte": "FTE",
    "_tokens": "tokens",
    "_gib": "GiB",
    "_tflops": "TFLOP/s",
    "parameters_count": "parameters",
    "pue": "factor",
}
"""Unit by the suffix of a field's name: the names carry the units. With a dot it is the whole name."""


def quantities(scenario: Scenario) -> Iterator[tuple[str, Quantity]]:
    """Every quantity of a scenario with its path; options and named costs by their name.

    Paths are those of `--set`: `workload.requests_per_day`, `options.rented.price_usd_per_hour`.
    """
    for name in type(scenario).model_fields:
        value = getattr(scenario, name)
        if name == "options":
            for option in value:
                yield from _walk(option, f"options.{option.name}")
        else:
            yield from _walk(value, name)


def _walk(value: Any, path: str) -> Iterator[tuple[str, Quantity]]:
    if isinstance(value, Quantity):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _walk(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _walk(item, f"{path}.{name}")


def unit_of(path: str) -> str:
    """Unit of the quantity at a path, from the suffix of its name.

    Raises:
        LookupError: the name has no known suffix; name the field with its unit.

    >>> unit_of("options.rented.price_usd_per_hour"), unit_of("options.own.one_off_usd.migration")
    ('USD/hour', 'USD')
    """
    for part in reversed(path.split(".")):
        for suffix, unit in UNIT_OF_SUFFIX.items():
            if f".{part}".endswith(suffix):
                return unit
    raise LookupError(f"`{path}` carries no unit in its name; end it with one of: {', '.join(UNIT_OF_SUFFIX)}")


def path_hint(path: str, known: Iterable[str]) -> str:
    """What to do about a path that no input has: names that are near, else where all of them stand.

    >>> path_hint("workload.reqests_per_day", ["workload.requests_per_day"])
    'near names: workload.requests_per_day'
    """
    near = difflib.get_close_matches(path, known, n=3, cutoff=0.5)
    return f"near names: {', '.join(near)}" if near else "see the assumptions of `tco plan --json`"


def register(scenario: Scenario) -> list[Assumption]:
    """All quantities as rows with unit, range, evidence, source and date."""
    return [
        Assumption(
            path=path,
            value=quantity.value,
            unit=unit_of(path),
            low=quantity.low,
            high=quantity.high,
            evidence=quantity.evidence,
            source=quantity.source,
            as_of=quantity.as_of,
            note=quantity.note,
        )
        for path, quantity in quantities(scenario)
    ]


def with_value(scenario: Scenario, path: str, value: float | Numbers) -> Scenario:
    """A copy of the scenario in which one quantity is held at a value, or at one a draw (`Quantity.at`).

    Raises:
        KeyError: the path names no quantity.
    """
    head, _, rest = path.partition(".")
    if head == "options":
        name, _, rest = rest.partition(".")
        options = [_changed(o, rest, value) if o.name == name else o for o in scenario.options]
        return scenario.model_copy(update={"options": options})
    changed: Scenario = _changed(scenario, path, value)
    return changed


def _changed(node: Any, path: str, value: float | Numbers) -> Any:
    """Copies only the records on the way to the quantity."""
    if isinstance(node, Quantity) and not path:
        return node.at(value)
    head, _, rest = path.partition(".")
    if isinstance(node, dict) and head in node:
        return node | {head: _changed(node[head], rest, value)}
    if isinstance(node, BaseModel) and head in type(node).model_fields:
        return node.model_copy(update={head: _changed(getattr(node, head), rest, value)})
    raise KeyError(path)
