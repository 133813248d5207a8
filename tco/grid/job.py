"""Everything that the points of a grid rest on, gathered once: so that any process, on any machine, answers them alike.

A worker reads no file: runs and own prices travel with the job, and of the price book its id, which the worker's own book
must have.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from pricing import FileError, PriceNotFound, open_book
from pricing.yaml_file import read_text
from tco.books import find_own_prices
from tco.errors import InputError
from tco.grid.axes import Axis, Choice, axes_of, point_count
from tco.grid.grid_file import Grid
from tco.runs import find_run
from tco.scenario_file import MAX_SCENARIO_BYTES, change, of_data, plain_data

NEWEST = ""
"""Key of the book that a scenario without a pin takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Texts by the reference that a scenario uses, and for references that lead nowhere the sentence why.

    Attributes:
        texts: what was found.
        problems: why not.
    """

    texts: Mapping[str, str]
    problems: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A grid with all that it rests on; plain data, so that it can be sent.

    Attributes:
        name: of the grid.
        tool_version: of this program; workers must have the same.
        scenario: the base scenario as plain data.
        axes: of the grid.
        runs: run files as JSON, by reference.
        own_prices: files of own prices as JSON, by reference.
        books: ids of price books, by pin.
    """

    name: str
    tool_version: str
    scenario: Mapping[str, Any]
    axes: tuple[Axis, ...]
    runs: Found
    own_prices: Found
    books: Found

    @property
    def points(self) -> int:
        """How many points the grid has."""
        return point_count(self.axes)


def make_job(grid: Grid) -> Job:
    """Gathers what a grid rests on.

    Args:
        grid: from `load_grid`.

    Raises:
        InputError: the scenario cannot be read, the axes are not allowed, or an axis fits the scenario with none of its values.
    """
    axes = axes_of(grid)
    path = (grid.folder or Path()) / grid.scenario
    try:
        text = read_text(path, what="a scenario file", max_bytes=MAX_SCENARIO_BYTES)
        # As a worker reads it: JSON has no keys but text.
        data = json.loads(json.dumps(plain_data(text)))
    except (FileError, InputError) as error:
        raise InputError(f"`scenario`: {error}") from None
    _check_axes(data, axes)
    folder = path.resolve().parent
    return Job(
        name=grid.name,
        tool_version=metadata.version("tco-llm"),
        scenario=data,
        axes=axes,
        runs=_found(_references("run", data, axes), lambda name: find_run(name, folder).to_json()),
        own_prices=_found(
            _references("file", data, axes), lambda name: find_own_prices(name, folder).model_dump_json(by_alias=True)
        ),
        books=_found({NEWEST, *_references("book", data, axes)}, lambda pin: open_book(pin or None).id),
    )


def scenario_data(job: Job, choices: tuple[Choice, ...]) -> dict[str, Any]:
    """The scenario of a point, as plain data.

    Raises:
        InputError: a path leads nowhere.
    """
    return _changed(job.scenario, choices)


def identity(job: Job) -> dict[str, str]:
    """Hashes of what the results depend on, by what it is: results of equal identities are equal."""
    parts = {
        "axes": [asdict(axis) for axis in job.axes],
        "scenario": job.scenario,
        "runs": asdict(job.runs),
        "prices": [asdict(job.own_prices), asdict(job.books)],
    }
    return {
        name: hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()[:16] for name, part in parts.items()
    }


def packed(job: Job) -> bytes:
    """The job as compressed JSON: what workers get."""
    return zlib.compress(json.dumps(asdict(job)).encode())


def unpacked(data: bytes) -> Job:
    """Reads `packed`."""
    values = json.loads(zlib.decompress(data))
    axes = tuple(
        Axis(name=axis["name"], choices=tuple(Choice(**choice) for choice in axis["choices"]))
        for axis in values["axes"]
    )
    found = {name: Found(**values[name]) for name in ("runs", "own_prices", "books")}
    return Job(**(values | found | {"axes": axes}))


def _changed(data: Mapping[str, Any], choices: tuple[Choice, ...]) -> dict[str, Any]:
    copy = deepcopy(dict(data))
    for choice in choices:
        for path, value in choice.settings.items():
            change(copy, path, deepcopy(value))
    return copy


def _check_axes(data: Mapping[str, Any], axes: tuple[Axis, ...]) -> None:
    """A misspelt path would make every point an error: said at once, where the scenario alone is sound."""
    if _problem(data, ()) is not None:
        return
    for axis in axes:
        first = None
        for choice in axis.choices:
            problem = _problem(data, (choice,))
            if problem is None:
                break
            first = first or problem
        else:
            raise InputError(
                f"axis {axis.name!r}: the scenario is valid with none of its values: {first}. "
                "Values that only fit together belong into one axis with named choices"
            )


def _problem(data: Mapping[str, Any], choices: tuple[Choice, ...]) -> str | None:
    try:
        of_data(_changed(data, choices))
    except InputError as error:
        return str(error)
    return None


def _found(references: set[str], text_of: Callable[[str], str]) -> Found:
    texts, problems = {}, {}
    for name in sorted(references):
        try:
            texts[name] = text_of(name)
        except (InputError, PriceNotFound, FileError) as error:
            problems[name] = str(error.args[0])
    return Found(texts=texts, problems=problems)


def _references(key: str, data: Any, axes: tuple[Axis, ...]) -> set[str]:
    """Texts that stand under a key, anywhere in the scenario or in what an axis sets."""
    found = set(_under(key, data))
    for axis in axes:
        for choice in axis.choices:
            for path, value in choice.settings.items():
                found.update(_under(key, {path.rpartition(".")[2]: value}))
    return found


def _under(key: str, data: Any) -> Iterator[str]:
    if isinstance(data, Mapping):
        for name, value in data.items():
            if name == key and isinstance(value, str):
                yield value
            yield from _under(key, value)
    elif isinstance(data, list):
        for value in data:
            yield from _under(key, value)
