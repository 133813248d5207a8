"""YAML as people write it for this tool: plain data with the line of every value, read by a safe parser with caps.

Plain words follow YAML 1.2's core rules instead of PyYAML's 1.1, where `no` is false, `010` is eight and `1:30` is ninety. What no file of ours needs
is refused: tags, anchors and aliases (a few lines of them expand to gigabytes), keys given twice, deep nesting, files above 100 kB.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from probes.errors import ProbeError

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 100_000
"""A larger file is not one that a person wrote, and is refused before it is parsed."""

MAX_DEPTH = 8

_SHOWN = 60
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
# No leading zeros: nobody knows in which base 010 was meant, so it stays text.
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlText:
    """A document and where its values stand.

    Attributes:
        data: dicts, lists, texts, numbers, truth values and None.
        lines: line of every value by its path, the first line being 1; a key's value has the key's line.
    """

    data: Any
    lines: dict[tuple[str | int, ...], int]

    def line_of(self, path: tuple[str | int, ...]) -> int:
        """The line of a value, or of the nearest one around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(path: Path) -> YamlText:
    """Reads a file.

    Args:
        path: the file.

    Raises:
        ProbeError: `bad_arguments`: no such file, too large, not text, or see `parse_yaml`; the message begins with the path.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ProbeError("bad_arguments", f"{path}: cannot be read ({error.strerror}). Name a YAML file.") from None
    if len(data) > MAX_BYTES:
        raise ProbeError(
            "bad_arguments", f"{path}: more than {MAX_BYTES:,} bytes; such a file is shorter. Is it the right one?"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ProbeError("bad_arguments", f"{path}: not a text file; give YAML in UTF-8.") from None
    try:
        return parse_yaml(text)
    except ProbeError as error:
        raise ProbeError("bad_arguments", f"{path} {error}") from None


def parse_yaml(text: str) -> YamlText:
    r"""Reads one document.

    Args:
        text: YAML.

    Raises:
        ProbeError: `bad_arguments`: not YAML, or something that is refused; the message begins with the line.

    >>> parsed = parse_yaml("region: no\nloads: [1, 2e1]")
    >>> parsed.data, parsed.lines["loads",]
    ({'region': 'no', 'loads': [1, 20.0]}, 2)
    """
    try:
        _refuse_what_is_not_plain(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ProbeError("bad_arguments", f"line {line}: not valid YAML ({_short(error.problem)}).") from None
    except yaml.YAMLError as error:
        raise ProbeError("bad_arguments", f"line 1: not valid YAML ({_short(error)}).") from None
    lines: dict[tuple[str | int, ...], int] = {}
    return YamlText(data=None if node is None else _value(node, (), lines), lines=lines)


def shown(value: object) -> str:
    """A value of a file as a message may show it: one line, without control characters, cut."""
    text = "".join(sign if sign.isprintable() else "?" for sign in str(value)[: _SHOWN + 1])
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _refuse_what_is_not_plain(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ProbeError(
                "bad_arguments", f"line {line}: anchors and aliases (`&name`, `*name`) are not allowed; write it out."
            )
        if getattr(event, "tag", None):
            raise ProbeError("bad_arguments", f"line {line}: tags (`!name`) are not allowed; write plain values.")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ProbeError("bad_arguments", f"line {line}: nested deeper than {MAX_DEPTH}; no file of ours is.")


def _value(node: yaml.Node, path: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, number), lines) for number, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines)
    assert isinstance(node, yaml.ScalarNode)
    return _scalar(node.value) if node.style is None else node.value


def _mapping(
    node: yaml.MappingNode, path: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise ProbeError("bad_arguments", f"line {line}: a key is a plain name; write `key: value`.")
        if key.value in found:
            raise ProbeError("bad_arguments", f"line {line}: `{shown(key.value)}` is given twice; keep one.")
        lines[*path, key.value] = line
        found[key.value] = _value(value, (*path, key.value), lines)
    return found


def _scalar(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _short(problem: object) -> str:
    return " ".join(str(problem).split())[:200]
