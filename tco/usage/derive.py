"""From a table of usage to the `workload` of a scenario, and what the table cannot tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from tco.number_style import local
from tco.quantity import Quantity
from tco.usage.days import LEVEL_DAYS, WEEK_DAYS, Days, mean_per_day, spread_of, whole_days
from tco.usage.derived import NEEDED, NEVER_TOLD, Derived
from tco.usage.growth import LEAST_MONTHS, growth_per_month, months_of
from tco.usage.lengths import LengthSums
from tco.usage.record import TIERS
from tco.usage.table import SECONDS_PER_HOUR, Usage
from tco.usage.week import LEAST_DAYS, profile_of
from tco.workload.asked import Spread

_LARGEST_CORRELATION = 0.95
_LEAST_SPREAD, _MOST_SPREAD = 0.005, 5.0
_LEAST_LENGTHS = 100
_NAMED_FILES = 2
_LONGEST_NAME = 80


@dataclass(slots=True)
class _Making:
    """What is found while a workload is derived."""

    usage: Usage
    days: Days
    level: Days
    source: str
    as_of: date
    quantities: dict[str, Quantity] = field(default_factory=dict)
    left_open: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def measured(
        self, name: str, value: float, ends: tuple[float, float] | None = None, note: str | None = None
    ) -> None:
        """Keeps an input with its source; the range is widened to hold the value."""
        low, high = (None, None) if ends is None else (min(ends[0], value), max(ends[1], value))
        if low == high:
            low = high = None
        self.quantities[name] = Quantity(
            value=_digits(value),
            low=None if low is None else min(_digits(low), _digits(value)),
            high=None if high is None else max(_digits(high), _digits(value)),
            evidence="measured",
            source=self.source,
            as_of=self.as_of,
            note=note,
        )


def workload_of(usage: Usage, requests_per_day: float | None = None) -> Derived:
    """The workload that was measured.

    - Volume: requests that were answered on the newest 28 whole days, each weekday counted alike; its range the quietest and the busiest seven days in a row of them.
    - Lengths: Σ tokens over Σ requests, of all that was read; their range by the same seven days. Reasoning stands apart where the source tells it.
    - Cached: input that the vendor's cache answered, and that was written to it, over all input. Batch: requests of the batch tier over all.
    - Growth: from three whole calendar months on (`tco.usage.growth`). The week: from 14 whole days by the hour on (`tco.usage.week`).
    - How lengths vary: from a hundred single requests on, the coefficient of variation, the mean of that of prompts and that of answers, and the rank correlation.

    Args:
        usage: what was read.
        requests_per_day: how many requests a day there were, where the source does not count them [requests/day]; then it is the user's word.

    Returns:
        What can be told; `left_open` has the rest, with reasons.
    """
    days = whole_days(usage)
    first = datetime.fromtimestamp(usage.first_hour * SECONDS_PER_HOUR, usage.clock).date()
    # The end is exclusive: a file that ends at midnight ends on the day before.
    last = datetime.fromtimestamp(usage.end_hour * SECONDS_PER_HOUR - 1, usage.clock).date()
    making = _Making(
        usage=usage,
        days=days,
        level=days.last(LEVEL_DAYS),
        source=f"{_named(usage)}, {first} to {last}",
        as_of=last,
        notes=list(usage.notes),
    )
    requests = _volume(making, requests_per_day)
    if requests is not None:
        _tokens(making, requests)
    _fractions(making)
    lengths = _lengths(making)
    profile = profile_of(usage, days)
    _growth(making)
    making.left_open |= dict(_not_told(usage, days, lengths, profile)) | NEVER_TOLD
    _say(making)
    return Derived(
        quantities=_in_order(making.quantities),
        lengths=lengths,
        profile=profile,
        left_open=making.left_open,
        notes=tuple(making.notes),
        first_day=first,
        last_day=last,
        whole_days=len(days.dates),
        level_days=len(making.level.dates),
    )


_ORDER = (
    "requests_per_day", "growth_per_month_fraction", "input_tokens_per_request", "output_tokens_per_request", "reasoning_tokens_per_request",
    "cacheable_input_fraction", "cache_write_input_fraction", "batchable_fraction",
)  # fmt: skip


def _in_order(quantities: dict[str, Quantity]) -> dict[str, Quantity]:
    return {name: quantities[name] for name in _ORDER if name in quantities}


def _volume(making: _Making, asked: float | None) -> float | None:
    """Keeps the volume, and gives the requests that all tokens are divided by; None where nobody counted."""
    level = making.level
    if not level.dates:
        making.left_open["requests_per_day"] = (
            "the files do not cover one whole day; where they do, say which days: --from and --to"
        )
    if making.usage.counts_requests:
        if level.dates:
            note = f"mean of {len(level.dates)} whole days, each weekday alike; the range is what was seen, not what may come"
            making.measured(
                "requests_per_day", mean_per_day(level.dates, level.requests), spread_of(level.requests), note
            )
            if len(level.dates) < WEEK_DAYS:
                making.notes.append(
                    f"{len(level.dates)} whole days are less than a week: weekdays that are missing are taken to be like these"
                )
        return float(making.usage.cells[:, 0].sum())
    reason = "the source counts tokens and not requests; say how many there were: --requests-per-day N"
    if asked is None:
        making.left_open["requests_per_day"] = reason
        for name in NEEDED[1:]:
            making.left_open[name] = reason
        return None
    if not level.dates:
        return None
    making.quantities["requests_per_day"] = Quantity(value=asked, note="as given: the source does not count requests")
    tokens = making.usage.input_tokens.sum() + making.usage.output_tokens.sum()
    per_day = mean_per_day(level.dates, level.input_tokens + level.output_tokens)
    return float(asked * tokens / per_day) if per_day > 0 else None


def _tokens(making: _Making, requests: float) -> None:
    usage, level = making.usage, making.level
    totals = usage.totals
    if requests <= 0:
        for name in NEEDED[1:]:
            making.left_open[name] = "no request was answered"
        return
    per = level.requests if usage.counts_requests else None
    into, out = float(usage.input_tokens.sum()) / requests, float(usage.output_tokens.sum()) / requests
    reasoning = totals["output_reasoning_tokens"] / requests
    for name, value, daily in (
        ("input_tokens_per_request", into, level.input_tokens),
        ("output_tokens_per_request", out - reasoning, level.output_tokens),
    ):
        if value <= 0:
            making.left_open[name] = "there are no such tokens; are these requests of a language model?"
        else:
            ends = spread_of(daily, per) if per is not None and daily.any() else None
            making.measured(name, value, ends if name.startswith("input") or not reasoning else None)
    if all(facts.tells_reasoning for facts in usage.traffic_facts):
        making.measured("reasoning_tokens_per_request", reasoning)
    else:
        making.left_open["reasoning_tokens_per_request"] = (
            "the source does not tell it apart; it is inside output_tokens_per_request"
        )


def _fractions(making: _Making) -> None:
    usage, level, totals = making.usage, making.level, making.usage.totals
    into = float(usage.input_tokens.sum())
    if into > 0 and all(facts.tells_cached for facts in usage.traffic_facts):
        ends = spread_of(level.cache_read_tokens, level.input_tokens)
        note = "what the vendor's cache answered; more may repeat"
        making.measured("cacheable_input_fraction", totals["cache_read_tokens"] / into, ends, note)
        written = totals["cache_write_tokens"] + totals["cache_write_1h_tokens"]
        if written:
            making.measured("cache_write_input_fraction", written / into)
    if usage.counts_requests and totals["requests"] > 0 and all(facts.tells_tier for facts in usage.traffic_facts):
        batch = float(usage.cells[usage.cell_tier == TIERS.index("batch"), 0].sum())
        note = "what was bought in the batch tier; more may be able to wait"
        making.measured("batchable_fraction", batch / totals["requests"], note=note)


def _growth(making: _Making) -> None:
    values = (
        making.days.requests if making.usage.counts_requests else making.days.input_tokens + making.days.output_tokens
    )
    months = months_of(making.days, values)
    found = growth_per_month(months)
    if found is None:
        making.left_open["growth_per_month_fraction"] = (
            f"{LEAST_MONTHS} whole calendar months with traffic are needed, there are {len(months)}"
        )
        return
    value, low, high = found
    note = f"through {len(months)} months, {months[0][0]} to {months[-1][0]}; what comes need not go on like it"
    making.measured("growth_per_month_fraction", value, (low, high), note)


def _lengths(making: _Making) -> Spread | None:
    sums = sum((facts.lengths for facts in making.usage.traffic_facts), start=LengthSums())
    if sums.count < _LEAST_LENGTHS:
        return None
    into, out = sums.input_spread_fraction, sums.output_spread_fraction
    spread = min(_MOST_SPREAD, (into + out) / 2)
    making.notes.append(
        f"lengths of {local(sums.count):,.0f} single requests vary by {into:.0%} (prompts) and {out:.0%} (answers); `lengths` has one number for both, {spread:.0%}"
    )
    if spread < _LEAST_SPREAD:
        return Spread()
    correlation = max(-_LARGEST_CORRELATION, min(_LARGEST_CORRELATION, sums.rank_correlation))
    return Spread(kind="lognormal", spread_fraction=_digits(spread, 3), correlation=round(correlation, 2))


def _not_told(
    usage: Usage, days: Days, lengths: Spread | None, profile: list[float] | None
) -> Iterator[tuple[str, str]]:
    facts = usage.traffic_facts
    if not all(known.tells_cached for known in facts):
        yield "cacheable_input_fraction", "not every source tells what a cache answered"
    if not usage.counts_requests or not all(known.tells_tier for known in facts):
        yield (
            "batchable_fraction",
            "not every source tells how requests were bought; whether they could wait, no file tells",
        )
    if lengths is None:
        yield "lengths", f"how lengths vary takes {_LEAST_LENGTHS} single requests; the files count spans, or fewer"
    if profile is None:
        why = "the files count whole days" if usage.grain == "day" else f"there are {len(days.dates)}"
        yield "profile", f"the week takes {LEAST_DAYS} whole days by the hour; {why}"


def _say(making: _Making) -> None:
    totals = making.usage.totals
    tried = totals["requests"] + totals["failed"]
    if totals["failed"]:
        making.notes.append(
            f"{local(totals['failed']):,.0f} of {local(tried):,.0f} requests failed ({local(totals['failed'] / tried):.2%}): they are not in the workload; "
            "`retry_fraction` of an option is the share that is sent in vain"
        )
    if len(making.usage.traffic_facts) > 1:
        making.notes.append(
            f"the workload is of {len(making.usage.traffic_facts)} models together; --model takes one of them"
        )
    if making.usage.grain == "day" and making.usage.zone is not UTC:
        making.notes.append("the files count days of UTC; the time zone changes nothing about them")


def _named(usage: Usage) -> str:
    files = usage.files
    names = ", ".join(file.name[:_LONGEST_NAME] for file in files[:_NAMED_FILES])
    more = f" and {len(files) - _NAMED_FILES} more" if len(files) > _NAMED_FILES else ""
    titles = ", ".join(dict.fromkeys(file.title for file in files))
    return f"{names}{more} ({titles[:_LONGEST_NAME]})"


def _digits(value: float, digits: int = 6) -> float:
    """Six digits: more than any count of tokens means."""
    return float(f"{value:.{digits}g}")
