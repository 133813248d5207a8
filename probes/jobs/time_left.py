"""How long a probe that runs, and those that wait for it, will still take. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_STARTING = ("engine_start", "engine_ready")
_ENDING = ("failed", "ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLeft:
    """A time from now.

    Attributes:
        left_s: how long [s]; None: not known, because a probe before it has no limit.
        is_limit: false: worked out from what was measured; true: what is allowed, so it will mostly be less.
    """

    left_s: float | None
    is_limit: bool


def time_left(
    events: Sequence[Mapping[str, Any]],
    *,
    limit_s: float | None,
    start_s: float,
    elapsed_s: float,
    since_event_s: float,
) -> TimeLeft:
    """How long a probe that runs will still take.

    Before anything is measured: what is left of the start, and the whole limit. Then the lesser of what the probe itself reckons and what is left of the
    limit. A load point that has begun is finished, so a probe may take a little longer than this.

    Args:
        events: what it has reported, oldest first.
        limit_s: what it may take for measuring [s]; None: as long as it takes.
        start_s: what its start usually takes [s].
        elapsed_s: since it was started [s].
        since_event_s: since it reported the last event [s].

    >>> time_left((), limit_s=600.0, start_s=60.0, elapsed_s=20, since_event_s=20)
    TimeLeft(left_s=640.0, is_limit=True)
    >>> event = {"kind": "cell", "elapsed_s": 50.0, "remaining_s": 30.0}
    >>> time_left([event], limit_s=600, start_s=60, elapsed_s=110, since_event_s=10)
    TimeLeft(left_s=20.0, is_limit=False)
    """
    last = events[-1] if events else {}
    kind, at_s = last.get("kind", "engine_start"), last.get("elapsed_s") or 0.0
    if kind in _ENDING:
        return TimeLeft(left_s=0.0, is_limit=False)
    if kind in _STARTING:
        reckoned_s = start_s - elapsed_s if not events else (last.get("remaining_s") or 0.0) - since_event_s
        return TimeLeft(left_s=None if limit_s is None else max(0.0, reckoned_s) + limit_s, is_limit=True)
    of_limit_s = math.inf if limit_s is None else max(0.0, limit_s - at_s - since_event_s)
    # A new load point says nothing of the time until its first requests are back; what was said before it still holds.
    told = next((event for event in reversed(events) if _tells(event)), None)
    if told is None:
        return TimeLeft(left_s=None if limit_s is None else of_limit_s, is_limit=True)
    left_s = float(told["remaining_s"]) - (at_s - told["elapsed_s"]) - since_event_s
    return TimeLeft(left_s=min(max(0.0, left_s), of_limit_s), is_limit=False)


def _tells(event: Mapping[str, Any]) -> bool:
    return event["kind"] not in _STARTING and event.get("remaining_s") is not None


def starts(first: TimeLeft | None, waiting_s: Iterable[float | None]) -> tuple[TimeLeft, ...]:
    """When each of those that wait will start, and when the last one will have ended.

    Args:
        first: what is left of the one that runs; None where none does.
        waiting_s: what each of those that wait may take, its start included [s]; None: as long as it takes.

    Returns:
        One more than wait; the last is the end of all.

    >>> [time.left_s for time in starts(TimeLeft(left_s=20.0, is_limit=False), [600, 60])]
    [20.0, 620.0, 680.0]
    """
    times = [first or TimeLeft(left_s=0.0, is_limit=False)]
    for most_s in waiting_s:
        before_s = times[-1].left_s
        left_s = None if before_s is None or most_s is None else before_s + most_s
        times.append(TimeLeft(left_s=left_s, is_limit=True))
    return tuple(times)
