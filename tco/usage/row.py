"""One row of a usage file, whose fields are asked for by name; what is there and cannot be used is a sentence with its place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Literal

from tco.errors import InputError
from tco.usage.objects import parsed
from tco.usage.record import MAX_NAME_LENGTH
from tco.usage.times import Clock

Cached = Literal["inside", "beside"]
"""Whether a source's input count holds the cached tokens or stands beside them."""

Bucket = Literal["minute", "hour", "day"]
BUCKET_S: dict[Bucket, float] = {"minute": 60.0, "hour": 3600.0, "day": 86_400.0}

_LARGEST = 1e15
_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user said of files whose source does not say it.

    Attributes:
        cached: whether input counts hold cached tokens (`--cached`).
        bucket: the span that a row with several requests counts (`--bucket`).
    """

    cached: Cached | None = None
    bucket: Bucket | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row, and what the user said of its file.

    Attributes:
        values: fields by name, nested where the file is JSON.
        where: the file and the line.
        clock: reads its times.
        asked: what the user said.
    """

    values: Mapping[str, Any]
    where: str
    clock: Clock
    asked: Asked = Asked()

    def get(self, *names: str) -> Any:
        """The first of several fields that is there and neither null nor empty; `a.b` is the field b of a."""
        for name in names:
            found = self.values.get(name)
            if found is None and "." in name:
                found = self._inside(name.split("."))
            if found is not None and found != "":
                return found
        return None

    def sub(self, *names: str) -> Row | None:
        """An object inside this one; a text of JSON, as CSV has it, is read. None where there is none."""
        found = self.get(*names)
        if isinstance(found, str) and found.lstrip().startswith("{"):
            try:
                found = parsed(found)
            except ValueError:
                raise self.error(f"`{names[0]}` is not valid JSON") from None
        return self.of(found) if isinstance(found, dict) else None

    def subs(self, name: str) -> list[Row]:
        """A list of objects; empty where there is none."""
        found = self.get(name)
        return [self.of(item) for item in found if isinstance(item, dict)] if isinstance(found, list) else []

    def of(self, values: Mapping[str, Any]) -> Row:
        """Other values at the same place."""
        return Row(values, self.where, self.clock, self.asked)

    def optional_count(self, *names: str) -> int | None:
        """A whole number of 0 or more; None where no field is there.

        Raises:
            InputError: it is no such number.
        """
        value = self.get(*names)
        if value is None or (type(value) is int and 0 <= value <= _LARGEST):
            return value
        number = self._number(value, names[0])
        if number < 0:
            raise self.error(f"`{names[0]}` is {str(value)[:_SHOWN]}; a count is 0 or more")
        if number != int(number):
            raise self.error(f"`{names[0]}` is {str(value)[:_SHOWN]}; a count is a whole number")
        return int(number)

    def count(self, *names: str) -> int:
        """The same, 0 where no field is there."""
        return self.optional_count(*names) or 0

    def needed_count(self, *names: str) -> int:
        """The same.

        Raises:
            InputError: no field is there.
        """
        found = self.optional_count(*names)
        if found is None:
            raise self.error(f"`{names[0]}` is missing")
        return found

    def optional_usd(self, *names: str) -> float | None:
        """An amount of money, below 0 for a credit [USD]; None where no field is there."""
        value = self.get(*names)
        return None if value is None else self._number(value, names[0])

    def text(self, *names: str) -> str | None:
        """A text; None where no field is there."""
        value = self.get(*names)
        return None if value is None else str(value).strip()

    def model(self, *names: str, seller: str | None = None) -> str:
        """The model, with its seller before it where that is known; `unknown` where the source does not tell.

        Raises:
            InputError: a name of more than 200 characters.
        """
        name = self.text(*names) or "unknown"
        if not name.isprintable():
            name = "".join(sign if sign.isprintable() else "?" for sign in name)
        if len(name) > MAX_NAME_LENGTH:
            raise self.error(f"the model's name has {len(name):,} characters; at most {MAX_NAME_LENGTH} are read")
        return name if seller is None or name.startswith(f"{seller}/") else f"{seller}/{name}"

    def time_s(self, *names: str, assumed: tzinfo | None = None) -> float:
        """A time since 1970 [s]; see `tco.usage.times.Clock.seconds`."""
        value = self.get(*names)
        if value is None:
            raise self.error(f"`{names[0]}` is missing")
        return self.clock.seconds(value, self.where, assumed=assumed)

    def is_true(self, name: str) -> bool | None:
        """Yes or no; None where the field is not there."""
        value = self.get(name)
        return None if value is None else str(value).strip().lower() in ("true", "1", "t", "yes")

    def error(self, what: str, *, code: str = "usage_row") -> InputError:
        """A sentence about this row, to be raised."""
        return InputError(f"{self.where}: {what}", code=code)

    def _inside(self, keys: list[str]) -> Any:
        node: Any = self.values
        for key in keys:
            node = node.get(key) if isinstance(node, dict) else None
        return node

    def _number(self, value: Any, name: str) -> float:
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number) or abs(number) > _LARGEST:
            raise self.error(f"`{name}` is {str(value)[:_SHOWN]!r}; a plain number is needed, at most {_LARGEST:g}")
        return number
