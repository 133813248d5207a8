"""Files of usage to one table: which source each is of, whether its numbers add up, and what was left out."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo

from tco.errors import InputError
from tco.number_style import local
from tco.usage.lines import MAX_BYTES, UsageFile, lines_of
from tco.usage.objects import Found, objects_of
from tco.usage.record import Skipped, UsageRecord
from tco.usage.row import Asked, Row
from tco.usage.sources import SOURCES, Source, source_named, source_of
from tco.usage.table import FileRead, Usage
from tco.usage.tally import Tally
from tco.usage.times import Clock

MAX_FILES = 200
MAX_ROWS = 20_000_000
_LOOKED_AT = 2_000
_LOOKED_AT_CHARACTERS = 2**24
_MISMATCHED_FRACTION = 0.01
_SAY_EVERY = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What the user says of the files.

    Attributes:
        source: name of their source; None: found from their fields.
        zone: clock of days and weeks, and of times that name no zone and whose source promises none; None: UTC, and such times are refused.
        asked: what their source does not say.
        first_day: the first day that counts, on that clock; None: all.
        last_day: the last one, likewise.
        max_bytes: of one file, unpacked [bytes].
    """

    source: str | None = None
    zone: tzinfo | None = None
    asked: Asked = field(default_factory=Asked)
    first_day: date | None = None
    last_day: date | None = None
    max_bytes: int = MAX_BYTES

    def span_s(self) -> tuple[float, float]:
        """From the first day's beginning to the last day's end, since 1970 [s].

        Raises:
            InputError: it ends before it begins.
        """
        zone = self.zone or UTC
        first, last = self.first_day, self.last_day
        if first is not None and last is not None and last < first:
            raise InputError(f"the days {first} to {last} end before they begin", code="days_reversed")
        begin = -math.inf if first is None else _midnight_s(first, zone)
        return begin, math.inf if last is None else _midnight_s(last + timedelta(days=1), zone)


def _midnight_s(day: date, zone: tzinfo) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


def read_usage(
    files: Sequence[UsageFile], options: ReadOptions | None = None, on_rows: Callable[[int], None] | None = None
) -> Usage:
    """Reads files of usage, of one source or of several.

    Args:
        files: exports and logs; costs may stand in a file of their own.
        options: what the user says of them.
        on_rows: called with the rows that are read, every so often.

    Returns:
        What they hold by hour, model and tier.

    Raises:
        InputError: no file, one twice, one of no known source, one whose numbers do not add up, one that leaves open what decides, no traffic in any of them.
    """
    options = options or ReadOptions()
    _check_files(files)
    begin_s, end_s = options.span_s()
    tally, notes, read = Tally(), [], []
    for file in files:
        reader = _Reader(file, options, tally, (begin_s, end_s))
        read.append(reader.read(on_rows or (lambda _: None)))
        notes.extend(reader.notes)
    if math.isinf(tally.first_s):
        left_out = "" if math.isinf(begin_s) and math.isinf(end_s) else " on the days that were asked for"
        raise InputError(f"{read[0].name}: there is no traffic in it{left_out}", code="no_traffic")
    notes.extend(_overlaps(read))
    span = (
        tally.first_s if math.isinf(begin_s) else begin_s,
        tally.end_s if math.isinf(end_s) else end_s,
    )
    return tally.usage(tuple(read), options.zone or UTC, span, tuple(dict.fromkeys(notes)))


def _check_files(files: Sequence[UsageFile]) -> None:
    if not files:
        raise InputError("name at least one file of usage")
    if len(files) > MAX_FILES:
        raise InputError(f"{len(files)} files; at most {MAX_FILES} are read at a time, join them first")
    seen: dict[str, str] = {}
    for file in files:
        digest = _digest(file)
        if digest in seen:
            raise InputError(
                f"{file.name} is the same file as {seen[digest]}; it would count twice", code="counted_twice"
            )
        seen[digest] = file.name


def _digest(file: UsageFile) -> str:
    if file.path is None:
        return hashlib.sha256(file.data).hexdigest()
    try:
        with file.path.open("rb") as raw:
            return hashlib.file_digest(raw, "sha256").hexdigest()
    except OSError:
        return str(file.path)  # the reader says what is wrong with it


class _Reader:
    """Reads one file into the tally."""

    def __init__(self, file: UsageFile, options: ReadOptions, tally: Tally, span_s: tuple[float, float]) -> None:
        self.file, self.options, self.tally, self.span_s = file, options, tally, span_s
        self.notes: list[str] = []
        self.clock = Clock(options.zone)
        self.skipped: Counter[str] = Counter()
        self.models: set[str] = set()
        self.rows = self.checked = self.mismatched = self.outside = 0
        self.first_s, self.end_s, self.widest_s = math.inf, -math.inf, 0.0
        self.wrong: tuple[str, int, int] | None = None

    def read(self, on_rows: Callable[[int], None]) -> FileRead:
        """Reads it to its end."""
        found = objects_of(lines_of(self.file, max_bytes=self.options.max_bytes), self.file.name, self.notes)
        source, ahead = self._source(found)
        for item in itertools.chain(ahead, found):
            self.rows += 1
            if self.rows > MAX_ROWS:
                raise InputError(
                    f"{self.file.name}: more than {MAX_ROWS:,} rows; give a shorter span", code="too_many_rows"
                )
            for entry in source.records(self._row(item)):
                self._take(entry, item.where)
            if self.rows % _SAY_EVERY == 0:
                on_rows(self.rows)
        self._check_totals()
        self._say_what_is_left_out()
        return FileRead(
            name=self.file.name,
            source=source.NAME,
            title=source.TITLE,
            rows=self.rows,
            skipped=dict(self.skipped),
            checked=self.checked,
            mismatched=self.mismatched,
            first_s=self.first_s,
            end_s=self.end_s,
            models=frozenset(self.models),
            is_bucketed=self.widest_s > 0,
        )

    def _row(self, item: Found) -> Row:
        return Row(item.values, item.where, self.clock, self.options.asked)

    def _source(self, found: Iterator[Found]) -> tuple[Source, list[Found]]:
        """The file's source, and the rows that were looked at: a page of an API may begin with empty buckets."""
        if self.options.source is not None:
            return source_named(self.options.source), []
        ahead: list[Found] = []
        characters = 0
        for item in itertools.islice(found, _LOOKED_AT):
            ahead.append(item)
            characters += item.characters
            source = source_of(self._row(item))
            if source is not None:
                return source, ahead
            if characters > _LOOKED_AT_CHARACTERS:
                break
        raise self._unknown(ahead)

    def _unknown(self, ahead: list[Found]) -> InputError:
        keys = ", ".join(str(key)[:40] for key in list(ahead[0].values)[:8]) if ahead and ahead[0].values else "none"
        return InputError(
            f"{self.file.name}: of no source that is known here (its fields: {keys}). Known: {', '.join(SOURCES)}; --source NAME if it is one of them, "
            "or a CSV with timestamp, requests, input_tokens, output_tokens (docs/usage.md)",
            code="source_unknown",
        )

    def _take(self, entry: UsageRecord | Skipped, where: str) -> None:
        if isinstance(entry, Skipped):
            self.skipped[entry.reason] += 1
            return
        if not self.span_s[0] <= entry.start_s < self.span_s[1]:
            self.outside += 1
            return
        if entry.total_tokens is not None:
            self._check(entry, where)
        self.tally.add(entry, where)
        if entry.has_traffic:
            self.models.add(entry.model)
            self.first_s = min(self.first_s, entry.start_s)
            self.end_s = max(self.end_s, entry.start_s + entry.width_s)
            self.widest_s = max(self.widest_s, entry.width_s)

    def _check(self, entry: UsageRecord, where: str) -> None:
        self.checked += 1
        counted = entry.input_tokens + entry.output_tokens
        if counted != entry.total_tokens:
            self.mismatched += 1
            self.wrong = self.wrong or (where, counted, entry.total_tokens or 0)

    def _check_totals(self) -> None:
        if self.wrong is None:
            return
        where, counted, total = self.wrong
        said = f"{local(self.mismatched):,} of {local(self.checked):,} rows do not add up to their own total (the first, {where}: {local(counted):,} and {local(total):,} tokens)"
        if self.mismatched > _MISMATCHED_FRACTION * self.checked:
            raise InputError(
                f"{self.file.name}: {said}. Where cached tokens are counted another way than this source does, say --cached inside or --cached beside",
                code="totals_disagree",
            )
        self.notes.append(f"{self.file.name}: {said}")

    def _say_what_is_left_out(self) -> None:
        for reason, count in self.skipped.items():
            self.notes.append(
                f"{self.file.name}: left out {local(count):,} {'row' if count == 1 else 'rows'}: {reason}"
            )
        if self.outside:
            self.notes.append(
                f"{self.file.name}: left out {local(self.outside):,} {'row' if self.outside == 1 else 'rows'} of other days"
            )


def _overlaps(read: Sequence[FileRead]) -> Iterator[str]:
    for one, other in itertools.combinations(read, 2):
        apart = one.end_s <= other.first_s or other.end_s <= one.first_s
        if not apart and (one.is_bucketed or other.is_bucketed) and one.models & other.models:
            yield f"{one.name} and {other.name} count the same models in the same span: make sure that no request is in both"
