"""What is said of probes that run, wait or have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probes.job import JobState
    from probes.jobs.records import EndedJob, Outcome
    from probes.jobs.time_left import TimeLeft

_MINUTE_S, _HOUR_S = 60, 3600
_LONGEST_IN_S, _LONGEST_IN_MIN = 99, 99

OUTCOMES: dict[Outcome, str] = {
    "complete": "complete",
    "incomplete": "not complete",
    "cancelled": "cancelled",
    "failed": "failed",
}
"""How a probe ended, in a word or two."""

CANCELLED = "Cancelled before anything was measured."
CANCELLED_KEPT = "Cancelled. What was measured until then is kept, and shown below."


def roughly(seconds: float) -> str:
    """A duration as people plan with it.

    >>> roughly(40.4), roughly(150), roughly(99 * 60), roughly(4 * 3600)
    ('40 s', '2 min', '99 min', '4 h')
    """
    if seconds <= _LONGEST_IN_S:
        return f"{seconds:.0f} s"
    if seconds <= _LONGEST_IN_MIN * _MINUTE_S:
        return f"{seconds / _MINUTE_S:.0f} min"
    return f"{seconds / _HOUR_S:.0f} h"


def in_words(left: TimeLeft) -> str:
    """A time from now: worked out, or the most that is allowed.

    >>> from probes.jobs.time_left import TimeLeft
    >>> in_words(TimeLeft(left_s=30, is_limit=False)), in_words(TimeLeft(left_s=600, is_limit=True))
    ('about 30 s', 'up to 10 min')
    >>> in_words(TimeLeft(left_s=0, is_limit=False)), in_words(TimeLeft(left_s=None, is_limit=True))
    ('a moment', 'a time that is not known')
    """
    if left.left_s is None:
        return "a time that is not known"
    if left.left_s < 1:
        return "a moment"
    return f"{'up to' if left.is_limit else 'about'} {roughly(left.left_s)}"


def counted(state: JobState) -> tuple[float, str]:
    """How many load points are measured, as a fraction and in words.

    Args:
        state: of the probe.
    """
    last = state.events[-1] if state.events else {}
    done, total = last.get("cells_done") or 0, last.get("cells_total") or 0
    return (done / total, f"{done} of {total} load points") if total else (0.0, "not measuring yet")


def ended_text(ended: EndedJob) -> str:
    """How a probe ended and, where it did not do what was asked, why.

    Args:
        ended: the probe.
    """
    if ended.outcome == "cancelled":
        return CANCELLED if ended.out is None else CANCELLED_KEPT
    events = ended.state.events
    said = next((event["message"] for event in reversed(events) if event["kind"] == "ended"), None)
    problem = next((event["message"] for event in reversed(events) if event["kind"] == "failed"), None)
    if ended.outcome == "complete":
        return said or "The probe is done."
    return problem or said or (ended.state.log_tail.strip().splitlines() or ["The probe ended without a word."])[-1]


def log_of(ended: EndedJob) -> str:
    """The last lines that tell why it ended so: the engine's, else its own.

    Args:
        ended: the probe.
    """
    tails = [event["log_tail"] for event in ended.state.events if event["kind"] == "failed"]
    return (tails[-1] if tails else None) or ended.state.log_tail or "empty"
