"""Times of usage files: seconds since 1970, whatever they are written as. A time without a zone is never guessed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tco.errors import InputError

_MS_FROM, _US_FROM, _NS_FROM = 1e11, 1e14, 1e17
_EARLIEST_S, _LATEST_S = 1.2e9, 4.2e9
"""2008 and 2103: a time outside is in another unit, or damage."""

_NUMBER = re.compile(r"\d{9,19}(\.\d+)?")
_SHOWN = 40


def zone_named(name: str) -> tzinfo:
    """A time zone by its IANA name.

    Raises:
        InputError: no such zone.

    >>> zone_named("Europe/Berlin").key
    'Europe/Berlin'
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(
            f"no time zone is called {name[:_SHOWN]!r}; write UTC, or a name such as Europe/Berlin",
            code="timezone_unknown",
        ) from None


class Clock:
    """Reads the times of one file.

    A source that promises UTC passes `assumed`. Of any other, a time without a zone needs the one that the user names, and a file that has both kinds is refused.
    """

    def __init__(self, zone: tzinfo | None) -> None:
        """Prepares to read.

        Args:
            zone: of times that name none; None: nobody said.
        """
        self._zone = zone
        self._named: bool | None = None

    def seconds(self, value: Any, where: str, *, assumed: tzinfo | None = None) -> float:
        """A time since 1970 [s].

        Args:
            value: a number (seconds, or milliseconds, microseconds, nanoseconds by its size), or a date and time as ISO 8601 has it.
            where: the row, for messages.
            assumed: the zone that the source's own documentation promises for times without one.

        Raises:
            InputError: missing, no time, outside 2008 to 2103, without a zone that anybody named, or mixed with times of the other kind.
        """
        found = self._seconds(value, where, assumed)
        if not _EARLIEST_S <= found <= _LATEST_S:
            raise InputError(
                f"{where}: the time {str(value)[:_SHOWN]!r} is outside 2008 to 2103; is it in another unit?"
            )
        return found

    def _seconds(self, value: Any, where: str, assumed: tzinfo | None) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _of_number(float(value)) if abs(value) < 1e19 else -1.0  # noqa: PLR2004 - beyond nanoseconds
        text = value.strip() if isinstance(value, str) else ""
        if _NUMBER.fullmatch(text):
            return _of_number(float(text))
        try:
            moment = datetime.fromisoformat(text.removesuffix(" UTC"))
        except ValueError:
            raise InputError(
                f"{where}: {str(value)[:_SHOWN]!r} is no time; write 2026-11-24T08:30:00Z, or seconds since 1970"
            ) from None
        if text.endswith(" UTC"):
            moment = moment.replace(tzinfo=UTC)
        zoned = self._with_zone(moment, where, assumed)
        try:
            return zoned.timestamp()
        except (OverflowError, ValueError):  # the first and the last year of all
            return -1.0

    def _with_zone(self, moment: datetime, where: str, assumed: tzinfo | None) -> datetime:
        named = moment.tzinfo is not None
        if named and assumed is None and self._named is None:
            self._named = True
        if assumed is not None:
            return moment if named else moment.replace(tzinfo=assumed)
        if self._named is not None and self._named != named:
            raise InputError(
                f"{where}: some times name a zone and some do not; write them all alike", code="timezones_mixed"
            )
        self._named = named
        if named:
            return moment
        if self._zone is None:
            raise InputError(
                f"{where}: the time names no zone; say which it is, --timezone UTC or --timezone Europe/Berlin",
                code="timezone_needed",
            )
        return moment.replace(tzinfo=self._zone)


def _of_number(number: float) -> float:
    for least, divisor in ((_NS_FROM, 1e9), (_US_FROM, 1e6), (_MS_FROM, 1e3)):
        if number >= least:
            return number / divisor
    return number
