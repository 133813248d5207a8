"""What was found in files of usage, in sentences: for the command and the page alike."""

from __future__ import annotations

from tco.format import share
from tco.number_style import local
from tco.register import unit_of
from tco.usage.derived import Derived
from tco.usage.table import FileRead
from tco.words import amount, number

_GRAINS = {"request": "single requests", "hour": "hours", "day": "days"}


def measured_text(name: str, value: float) -> str:
    """An input's value without its unit, which is in the input's name.

    >>> measured_text("input_tokens_per_request", 1200.0)
    '1,200'
    """
    unit = unit_of(f"workload.{name}")
    return amount(value, unit).removesuffix(f" {unit}")


def verdict(file: FileRead) -> str:
    """One line on a file: what it is, how much was read, whether it adds up."""
    rows = f"{local(file.rows):,} {'row' if file.rows == 1 else 'rows'}"
    if not file.checked:
        adds_up = "it has no totals of its own to hold them against"
    elif file.mismatched:
        adds_up = f"{local(file.mismatched):,} of {local(file.checked):,} totals are not what their parts add up to"
    else:
        adds_up = f"all {local(file.checked):,} totals are what their parts add up to"
    return f"{file.name}: {file.title}, {rows}; {adds_up}."


def headline(derived: Derived) -> str:
    """The workload in one sentence, or what is missing for it."""
    known = derived.quantities
    if not derived.is_complete:
        missing = next(name for name in derived.left_open if name not in known)
        return f"Not enough for a workload. `{missing}`: {derived.left_open[missing]}."
    out = known["output_tokens_per_request"].value
    reasoning = known.get("reasoning_tokens_per_request")
    thought = f" and {number(reasoning.value)} of reasoning" if reasoning is not None and reasoning.value else ""
    cached = known.get("cacheable_input_fraction")
    read = "" if cached is None else f"; a cache answered {share(cached.value)} of the input"
    into = number(known["input_tokens_per_request"].value)
    return f"{number(known['requests_per_day'].value)} requests a day with {into} tokens in and {number(out)} out{thought}{read}."


def span_sentence(derived: Derived, grain: str) -> str:
    """What the numbers rest on."""
    days = f"{local(derived.whole_days):,} whole {'day' if derived.whole_days == 1 else 'days'}"
    level = (
        f"; the newest {derived.level_days} of them say how many requests there are"
        if derived.level_days < derived.whole_days
        else ""
    )
    return f"{derived.first_day} to {derived.last_day}, by {_GRAINS[grain]}, {days}{level}."
