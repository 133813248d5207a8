"""Reading a file that a person wrote: YAML by a safe loader, with caps, and the field types that such files share.

The loader follows YAML 1.2's core rules instead of PyYAML's 1.1, where `region: NO` is the boolean false, `010` is eight and
`1:30` is ninety; and it refuses what no file of ours needs: aliases (a few lines of them expand to gigabytes), keys given
twice, files above one megabyte. Dates stay text until their field reads them, so that an error can name the field.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Hashable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

MAX_FILE_BYTES = 1_000_000
"""A larger file is not one that a person wrote, and is refused before it is parsed."""


_SHOWN_CHARACTERS = 60
_PROBLEM_CHARACTERS = 200
_LINE_CHARACTERS = 110


class FileError(ValueError):
    """A file that cannot be used. The message is one sentence: the place, what is given, what is allowed, what to do."""


def broken_rule(sentence: str) -> PydanticCustomError:
    """What a record raises where its fields contradict each other; readers show the sentence as it is.

    Args:
        sentence: what is wrong and what to do.
    """
    return PydanticCustomError("rule", "{sentence}", {"sentence": sentence})


def shown(text: str) -> str:
    """Text of a file as a message may show it: without control characters, cut after 60.

    >>> shown("a" * 70 + chr(10)) == "a" * 60 + "..."
    True
    """
    plain = "".join(sign if sign.isprintable() else "?" for sign in text[: _SHOWN_CHARACTERS + 1])
    return plain if len(text) <= _SHOWN_CHARACTERS else f"{plain[:_SHOWN_CHARACTERS]}..."


def _day(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value.strip()):
        with contextlib.suppress(ValueError):  # the 99th of a month
            return date.fromisoformat(value.strip())
    if type(value) is date:
        return value
    # Pydantic itself would read 20261120 as seconds after 1970.
    raise ValueError(f"{shown(str(value))} is not a day; write it as 2026-11-23")


Day = Annotated[date, BeforeValidator(_day)]
"""A calendar day, `2026-11-23`."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
"""A short text that is not empty."""

Money = Annotated[float, Field(strict=True, ge=0, le=1e12)]
"""An amount of money: a number, never text that looks like one."""

Size = Annotated[float, Field(strict=True, gt=0, le=1e12)]
"""A technical figure above 0."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with YAML 1.2's plain scalars, without aliases and without repeated keys."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise FileError(f"line {event.start_mark.line + 1}: YAML aliases (`*name`) are not allowed; write it out")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise FileError(f"line {line}: a key is a plain name, not a list or a mapping; write `key: value`")
            if key.value in seen:
                raise FileError(f"line {line}: `{shown(key.value)}` is given twice; keep one")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper, which also quotes text that this loader would take for something else, such as `1e6`."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        # The one line break that a text in quotes may hold as it is, and that is read back as another.
        style = '"' if "\x85" in text else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_text)
_Loader.yaml_implicit_resolvers = {}
_FLOAT = (
    r"^[-+]?(?:(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+"
    r"|\.(?:inf|Inf|INF))$|^\.(?:nan|NaN|NAN)$"
)
for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^[-+]?(?:0|[1-9][0-9_]*)$", list("-+0123456789")),
    ("float", _FLOAT, list("-+0123456789.")),
):
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def read_text(path: Path, *, what: str, max_bytes: int = MAX_FILE_BYTES) -> str:
    """The text of a file that a person wrote.

    Args:
        path: the file.
        what: what it should be, for messages: `a prices file`.
        max_bytes: a larger file is refused [bytes].

    Raises:
        FileError: no such file, a folder, too large, or not text in UTF-8.
    """
    if path.is_dir():
        raise FileError(f"{path}: is a folder; name {what} in it")
    if path.exists() and not path.is_file():
        raise FileError(f"{path}: is not a plain file; name {what}")
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror}); name {what}") from None
    if len(data) > max_bytes:
        raise FileError(
            f"{path}: {path.stat().st_size:,} bytes; {what} has at most {max_bytes:,}. Is it the right file?"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(f"{path}: not a text file; {what} is YAML in UTF-8") from None


def parse_yaml(text: str, *, max_bytes: int = MAX_FILE_BYTES) -> Any:
    """YAML text as plain lists, dicts, numbers, texts, booleans and None. Dates stay text.

    Args:
        text: one YAML document.
        max_bytes: a longer text is refused [bytes].

    Raises:
        FileError: too long, not YAML, an alias, a key given twice, or a tag that is not plain data.

    Example:
        >>> parse_yaml("{region: NO, from: 2026-11-23, requests: 1e6}")
        {'region': 'NO', 'from': '2026-11-23', 'requests': 1000000.0}
    """
    size = len(text.encode("utf-8", errors="surrogatepass"))
    if size > max_bytes:
        raise FileError(f"{size:,} bytes; at most {max_bytes:,} are read")
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        raise FileError(f"not text that YAML allows ({error.reason} at character {error.position})") from None
    try:
        return loader.get_single_data()
    except FileError:
        raise
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark else ""
        raise FileError(f"{place}not valid YAML ({_cut(getattr(error, 'problem', None) or error)})") from None
    except RecursionError:
        raise FileError("nested too deep for a file of ours") from None
    except ValueError as error:
        raise FileError(f"not valid YAML ({_cut(str(error).partition(';')[0])})") from None
    finally:
        loader.dispose()


def dump_yaml(data: Any) -> str:
    """YAML text of plain data that `parse_yaml` reads back to the same.

    Args:
        data: lists, dicts, numbers, texts, booleans and None.

    Example:
        >>> print(dump_yaml({"region": "NO", "name": "1e6", "requests": 1e6}), end="")
        region: 'NO'
        name: '1e6'
        requests: 1000000.0
    """
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_LINE_CHARACTERS)


def _cut(problem: object) -> str:
    """What the parser says, on one line: it may quote the file."""
    return " ".join(str(problem).split())[:_PROBLEM_CHARACTERS]
