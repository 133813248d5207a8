"""Result files of other tools: read with every doubt, each field by its path."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from probes.run_file import RunError

MAX_JSON_BYTES = 64_000_000
"""A larger result file is refused before it is read; only texts and every single gap between tokens make one so large."""

MAX_YAML_BYTES = 4_000_000
"""The same for YAML, which takes some hundred times as long to read."""

MAX_NUMBER = 1e15
"""No time, count or rate of a benchmark is larger; a number beyond it is damage."""

_YAML_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFile:
    """A file as it was read.

    Attributes:
        path: as it was given.
        sha256: of its bytes.
        objects: its JSON objects, or its one YAML document.
    """

    path: str
    sha256: str
    objects: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class NotANumber:
    """`NaN` or `Infinity` in a JSON file: harmless as long as nobody needs that field."""

    word: str


def read_result(path: str | Path) -> ResultFile:
    """Reads a result file: one JSON object, several behind one another, a list of them, or a YAML document.

    Args:
        path: the file.

    Raises:
        RunError: no such file, too large, not text, cut off, nested too deeply, or no objects in it.
    """
    where = str(path)
    is_yaml = where.lower().endswith(_YAML_SUFFIXES)
    raw = _bytes(Path(path), MAX_YAML_BYTES if is_yaml else MAX_JSON_BYTES)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RunError(f"{where}: not a text file. Name a result file of a benchmark, in JSON or YAML.") from None
    try:
        found = [_yaml(text, where)] if is_yaml else list(_json_values(text, where))
    except RecursionError:
        raise RunError(f"{where}: nested too deeply for a result file of a benchmark.") from None
    flat = [inner for value in found for inner in (value if isinstance(value, list) else [value])]
    if not flat:
        raise RunError(f"{where}: empty; there is no result in it.")
    for value in flat:
        if not isinstance(value, dict):
            raise RunError(f"{where}: a result is a JSON object, this holds {_kind(value)}.")
    return ResultFile(path=where, sha256=hashlib.sha256(raw).hexdigest(), objects=tuple(flat))


@dataclass(frozen=True, slots=True)
class Fields:
    """One object of a result file, whose fields are asked for by name.

    Each question names the type that it needs; another one is a `RunError` with the path of the file and of the field.

    Attributes:
        data: the object.
        where: path of the file, and of the object within it.
        inside: path within the file, empty for the whole object.
    """

    data: Mapping[str, Any]
    where: str
    inside: str = ""

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self.data.get(name) is not None

    def number(self, name: str) -> float:
        """A finite number that is not negative."""
        found = self.optional_number(name)
        if found is None:
            raise self.error(name, "is missing")
        return found

    def optional_number(self, name: str) -> float | None:
        """The same, or None where the field is missing or null."""
        value = self.data.get(name)
        if value is None:
            return None
        if isinstance(value, NotANumber):
            raise self.error(name, f"{value.word} is not a number that a run may carry; measure that load again")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(name, f"a number is needed, this is {_kind(value)}")
        if not 0 <= value <= MAX_NUMBER:  # false for NaN, true for no int however long
            raise self.error(name, f"{_short(value)} is out of range (0 to {MAX_NUMBER:g})")
        return float(value)

    def whole(self, name: str) -> int:
        """A whole number that is not negative."""
        found = self.optional_whole(name)
        if found is None:
            raise self.error(name, "is missing")
        return found

    def optional_whole(self, name: str) -> int | None:
        """The same, or None where the field is missing or null."""
        found = self.optional_number(name)
        if found is None:
            return None
        if found != int(found):
            raise self.error(name, f"a whole number is needed, this is {found:g}")
        return int(found)

    def text(self, name: str) -> str:
        """A text that is not empty."""
        found = self.optional_text(name)
        if found is None:
            raise self.error(name, "is missing")
        return found

    def optional_text(self, name: str) -> str | None:
        """The same, or None where the field is missing, null or empty."""
        value = self.data.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise self.error(name, f"a text is needed, this is {_kind(value)}")
        return value[:_LONGEST_TEXT]

    def sub(self, name: str) -> Fields:
        """An object inside this one."""
        found = self.optional_sub(name)
        if found is None:
            raise self.error(name, "is missing")
        return found

    def optional_sub(self, name: str) -> Fields | None:
        """The same, or None where the field is missing or null."""
        value = self.data.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.error(name, f"an object is needed, this is {_kind(value)}")
        return Fields(value, self.where, self._path(name))

    def subs(self, name: str) -> tuple[Fields, ...]:
        """A list of objects, empty where the field is missing or null."""
        value = self._list(name)
        for number, item in enumerate(value):
            if not isinstance(item, dict):
                raise self.error(f"{name}.{number}", f"an object is needed, this is {_kind(item)}")
        return tuple(Fields(item, self.where, self._path(f"{name}.{number}")) for number, item in enumerate(value))

    def numbers(self, name: str) -> tuple[float, ...]:
        """A list of numbers that are not negative, empty where the field is missing or null."""
        value = self._list(name)
        one = Fields({str(number): item for number, item in enumerate(value)}, self.where, self._path(name))
        return tuple(one.number(str(number)) for number in range(len(value)))

    def number_lists(self, name: str) -> tuple[tuple[float, ...], ...]:
        """A list of lists of numbers, empty where the field is missing or null."""
        value = self._list(name)
        one = Fields({str(number): item for number, item in enumerate(value)}, self.where, self._path(name))
        return tuple(one.numbers(str(number)) for number in range(len(value)))

    def error(self, name: str, what: str) -> RunError:
        """A sentence about one field, to be raised."""
        return RunError(f"{self.where}: `{self._path(name)}`: {what}.")

    def _list(self, name: str) -> list[Any]:
        value = self.data.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.error(name, f"a list is needed, this is {_kind(value)}")
        return value

    def _path(self, name: str) -> str:
        return f"{self.inside}.{name}" if self.inside else name


_LONGEST_TEXT = 500
_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "null" if value is None else "something else")


def _short(value: float) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)[:20]


def _bytes(path: Path, limit: int) -> bytes:
    try:
        if path.stat().st_size > limit:
            raise RunError(
                f"{path}: larger than {limit / 1e6:g} MB. Save the result without its texts and single gaps "
                "(`vllm bench serve` without --save-detailed)."
            )
        return path.read_bytes()
    except OSError as error:
        raise RunError(
            f"{path}: cannot be read ({error.strerror}). Name a result file of a benchmark, in JSON or YAML."
        ) from None


def _json_values(text: str, where: str) -> Iterator[Any]:
    """All JSON values of a text, one behind the other, as `--append-result` writes them."""
    decoder = json.JSONDecoder(parse_constant=NotANumber)
    position = _skip_blank(text, 0)
    while position < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
        except ValueError as error:  # also a number of thousands of digits
            raise RunError(f"{where}: not valid JSON ({_first_line(error)}); the file may be cut off.") from None
        yield value
        position = _skip_blank(text, position)


def _skip_blank(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _yaml(text: str, where: str) -> Any:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise RunError(f"{where}: not valid YAML ({_first_line(error)}); the file may be cut off.") from None


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]
