"""Reading a `config.json` that may come from anywhere: size, depth, types and ranges are checked before a number is used."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NoReturn

from pricing.architectures.errors import ArchitectureNotFound, ConfigError

MAX_BYTES = 4_000_000
"""The largest real file (per-layer lists of a quantised model) is below 0.1 MB; anything above 4 MB is something else."""

MAX_WHOLE = 10**9
"""No size, count or context of a real model comes near."""

MAX_LAYERS = 2000
"""Guards against a file that would make us build millions of layers."""

TEXT_KEYS = ("text_config", "language_config", "llm_config")
"""Where models that also see or hear keep their language half."""

_QUOTED = 60


class Config:
    """The language half of a `config.json`, read with checks.

    Attributes:
        name: what error messages call it.
        raw: the whole file.
        text: the language half: the nested object where there is one, else the whole file.
    """

    def __init__(self, raw: dict[str, Any], name: str) -> None:
        """Wraps a parsed file.

        Args:
            raw: the parsed file.
            name: what error messages call it.

        Raises:
            ConfigError: the language half is there but is no object.
        """
        self.name = name
        self.raw = raw
        key = next((key for key in TEXT_KEYS if raw.get(key) is not None), None)
        inner = raw if key is None else raw[key]
        if not isinstance(inner, dict):
            self.wrong(f"`{key}` is {_quoted(inner)}, not an object")
        self.text: dict[str, Any] = inner

    @property
    def model_type(self) -> str:
        """`model_type` of the language half, which names the family."""
        return self.word("model_type", default="")

    @property
    def family(self) -> str:
        """`model_type` without the `_text` that nested language halves carry."""
        return self.model_type.removesuffix("_text")

    @property
    def outer_type(self) -> str:
        """`model_type` of the whole file; differs from `model_type` where the model also sees."""
        value = self.raw.get("model_type", "")
        return value if isinstance(value, str) else ""

    @property
    def architectures(self) -> tuple[str, ...]:
        """Names of the model classes that the file asks for."""
        found = self.raw.get("architectures") or self.text.get("architectures") or []
        return tuple(str(name) for name in found) if isinstance(found, list) else ()

    def get(self, key: str) -> Any:
        """A value of the language half, or of the whole file where the half does not state it."""
        value = self.text.get(key)
        return self.raw.get(key) if value is None else value

    def whole(self, *keys: str, default: int | None = None, least: int = 1, most: int = MAX_WHOLE) -> int:
        """A whole number.

        Args:
            keys: its names, the first that is stated counts (families call one thing differently).
            default: what counts where none is stated; null: it must be stated.
            least: smallest value that makes sense.
            most: largest value that makes sense.

        Raises:
            ConfigError: it is missing, no whole number, or out of range.
        """
        key = next((key for key in keys if self.text.get(key) is not None), None)
        if key is None:
            if default is None:
                self.wrong(f"`{keys[0]}` is missing")
            return default
        return self._checked(key, self.text[key], least, most)

    def maybe(self, *keys: str, least: int = 1) -> int | None:
        """A whole number, or None where it is absent, null or (with `least` = 1) zero.

        Args:
            keys: its names.
            least: smallest value that makes sense.
        """
        value = self.whole(*keys, default=0, least=0)
        return None if value < least else value

    def flag(self, key: str, *, default: bool) -> bool:
        """A yes or no, of the language half or else of the whole file.

        Args:
            key: its name.
            default: what counts where it is not stated.
        """
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.wrong(f"`{key}` is {_quoted(value)}, not true or false")
        return value

    def word(self, *keys: str, default: str) -> str:
        """A text of the language half, or of the whole file.

        Args:
            keys: its names.
            default: what counts where none is stated.
        """
        for key in keys:
            value = self.get(key)
            if value is not None:
                if not isinstance(value, str):
                    self.wrong(f"`{key}` is {_quoted(value)}, not a text")
                return value
        return default

    def wholes(self, key: str, value: Any = None) -> list[int] | None:
        """A list of whole numbers from 0, or None where it is not stated.

        Args:
            key: its name.
            value: the list, where it lies deeper in the file.
        """
        found = self.text.get(key) if value is None else value
        if found is None:
            return None
        if not isinstance(found, list):
            self.wrong(f"`{key}` is {_quoted(found)}, not a list")
        return [self._checked(key, entry, 0, MAX_WHOLE) for entry in found]

    def words(self, key: str, allowed: tuple[str, ...], length: int) -> list[str] | None:
        """One word a layer, or None where the list is not stated.

        Longer lists are cut: some families state their multi-token-prediction layers there as well.

        Args:
            key: its name.
            allowed: the words that the family knows.
            length: layers.
        """
        found = self.text.get(key)
        if found is None:
            return None
        if not isinstance(found, list) or len(found) < length:
            self.wrong(f"`{key}` must be a list with one word for each of {length} layers")
        for entry in found[:length]:
            if entry not in allowed:
                self.wrong(f"`{key}` holds {_quoted(entry)}; this family knows {', '.join(allowed)}")
        return [str(entry) for entry in found[:length]]

    def part(self, key: str) -> Config | None:
        """A nested object (a vision tower), or None where it is absent.

        Args:
            key: its name.
        """
        value = self.raw.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.wrong(f"`{key}` is {_quoted(value)}, not an object")
        return Config(value, f"{self.name}, {key}")

    def sub(self, key: str) -> dict[str, Any]:
        """A nested object of the language half, empty where it is absent.

        Args:
            key: its name.
        """
        value = self.text.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.wrong(f"`{key}` is {_quoted(value)}, not an object")
        return value

    def wrong(self, what: str) -> NoReturn:
        """Refuses the file.

        Args:
            what: what is wrong with it.

        Raises:
            ConfigError: always.
        """
        raise ConfigError(
            f"the config of {self.name} cannot be used: {what}. Compare it with the file its maker published."
        )

    def _checked(self, key: str, value: Any, least: int, most: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(f"`{key}` is {_quoted(value)}, not a whole number")
        if not least <= value <= most:
            self.wrong(f"`{key}` is {_quoted(value)}, outside {least} to {most:,}")
        return value


def read_config(path: Path) -> tuple[dict[str, Any], str]:
    """Reads a `config.json`, or the one in a folder.

    Args:
        path: the file or the folder.

    Returns:
        The parsed object and the SHA-256 of the file's bytes.

    Raises:
        ArchitectureNotFound: there is no such file.
        ConfigError: it is no JSON object of a sensible size.
    """
    file = path / "config.json" if path.is_dir() else path
    if not file.is_file():
        raise ArchitectureNotFound(f"{file} is no file. Name a config.json, or a folder that holds one.")
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error.strerror}).") from error
    return parse_config(content, str(file)), hashlib.sha256(content).hexdigest()


def parse_config(content: bytes, name: str) -> dict[str, Any]:
    """Parses the bytes of a `config.json`.

    Args:
        content: the bytes.
        name: what error messages call the file.

    Raises:
        ConfigError: too large, not UTF-8, not JSON, nested too deeply, or not an object.
    """
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{name} is larger than {MAX_BYTES // 10**6} MB, so it is no model's config.json.")
    try:
        parsed = json.loads(content, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error).splitlines()[0]
        raise ConfigError(f"{name} is no JSON: {reason}. Download the file again.") from error
    if not isinstance(parsed, dict):
        raise ConfigError(f"{name} holds {_quoted(parsed)}, not a JSON object. Download the file again.")
    return parsed


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _quoted(value: Any) -> str:
    text = (
        repr(value) if not isinstance(value, int) or isinstance(value, bool) or abs(value) < 10**18 else "a huge number"
    )
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}..."
