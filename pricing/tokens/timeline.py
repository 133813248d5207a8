"""Taking a newer reading of a price into its history: what changed, when, and how well that is known.

A public list is read again and again. It may state the day of a change (`from 2026-10-29 on`), or just show another number. In
the first case the history takes the stated day, also where readings made after it still showed the old number. In the second,
the new price holds from the day of the reading that shows it first, and its card says that it was `noticed` then.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from pricing.tokens.records import Card, Rates

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_DAY = timedelta(days=1)


def merge_cards(old: Sequence[Card], new: Sequence[Card], seen_on: date) -> tuple[Card, ...]:
    """The history of one tier after one more reading.

    Args:
        old: the history so far, by `valid_from`, an undated card first.
        new: what the reading states, by `valid_from`: an undated card, then stated changes, past or to come. Empty: the
            tier is not sold any more.
        seen_on: the day of the reading; not before the day of an older one.

    Returns:
        By `valid_from`. Neighbours may be equal: a list may state a day on which nothing changed that is kept here.
    """
    merged: list[Card] = []
    for span in _spans(new, seen_on):
        begun = [card for card in old if span.start <= _start(card) < span.until]
        merged += _stated(begun, span) if span.start > seen_on else _shown(begun, span, seen_on)
    return _joined(merged)


class _Span(NamedTuple):
    """One card of a reading, and the days that it speaks for: from `start` to the day before `until`."""

    card: Card | None
    start: date
    until: date


def _start(card: Card) -> date:
    return card.valid_from or date.min


def _spans(new: Sequence[Card], seen_on: date) -> list[_Span]:
    """The cards of a reading; it says nothing (None) about the days before its first stated day."""
    if not new:
        ended = Card(valid_from=seen_on, seen_from=seen_on, seen_to=seen_on, noticed=True)
        return [_Span(None, date.min, seen_on), _Span(ended, seen_on, date.max)]
    starts = [_start(card) for card in new]
    spans = [_Span(card, start, until) for card, start, until in zip(new, starts, [*starts[1:], date.max], strict=True)]
    return spans if starts[0] == date.min else [_Span(None, date.min, starts[0]), *spans]


def _stated(begun: list[Card], span: _Span) -> list[Card]:
    """The card as this reading states it; what older ones said of these days is forgotten, unless it is the same."""
    card = span.card
    if card is None:
        return []
    known = next((old for old in begun if old.valid_from == card.valid_from and _grown(old, card)), card)
    return [_seen_again(known, card, windows=not known.windows)]


def _shown(begun: list[Card], span: _Span, seen_on: date) -> list[Card]:
    """The cards of days that have come: what readings showed then, and then what this reading says of them."""
    card, is_now = span.card, seen_on < span.until
    shown = [old for old in begun if _start(old) <= seen_on and (_was_shown(old, span.until) or _confirms(card, old))]
    if card is None:
        return shown
    # A day that is stated now is better than the day on which a change was noticed: `shown` must begin on that very day.
    if not shown or (card.valid_from is not None and shown[0].valid_from != card.valid_from):
        return _stated(begun, span)
    if card.valid_from is not None:  # what was noticed on that very day is stated now
        shown[0] = shown[0].model_copy(update={"noticed": False})
    *before, last = shown
    if _grown(last, card) and (last.windows == card.windows or not is_now):
        return [*before, _seen_again(last, card, windows=is_now)]
    changed = seen_on if is_now else last.seen_to + _DAY
    if changed >= span.until:
        return shown
    return [*shown, card.model_copy(update={"valid_from": max(changed, span.start), "noticed": True})]


def _was_shown(card: Card, until: date) -> bool:
    """Whether a reading showed it while it held.

    An undated card that was first seen after the end of these days is no evidence about them, and neither is a card that was
    announced and never seen in force.
    """
    is_stated = card.valid_from is not None and not card.noticed
    return card.seen_to >= _start(card) and (is_stated or card.seen_from < until)


def _confirms(card: Card | None, announced: Card) -> bool:
    """Whether a reading without a day shows the price that was announced for one."""
    return card is not None and announced.valid_from is not None and _grown(announced, card)


def _seen_again(old: Card, new: Card, *, windows: bool) -> Card:
    """A known card with what the newer reading adds; hours are listed for today's price only, so a past card keeps its own."""
    return new.model_copy(
        update={
            "valid_from": old.valid_from,
            "noticed": old.noticed,
            "seen_from": old.seen_from,
            "windows": new.windows if windows else old.windows,
        }
    )


def _grown(old: Card, new: Card) -> bool:
    """Whether a reading shows the rates that are known, perhaps with more units: a list that got longer is no new price."""
    old_steps, new_steps = [step.above for step in old.steps], [step.above for step in new.steps]
    pairs = zip_longest([old.rates, *_rates(old)], [new.rates, *_rates(new)])
    return (
        old_steps == new_steps and (old.rates is None) == (new.rates is None) and all(_holds(*pair) for pair in pairs)
    )


def _rates(card: Card) -> Iterable[Rates]:
    return (step.rates for step in card.steps)


def _holds(known: Rates | None, rates: Rates | None) -> bool:
    """Whether every rate that is known is the same."""
    return known is None or rates is None or dict(_given(known)).items() <= dict(_given(rates)).items()


def _given(rates: Rates) -> Iterable[tuple[str, float]]:
    return ((name, value) for name, value in rates if value is not None)


def _joined(cards: Iterable[Card]) -> tuple[Card, ...]:
    """A noticed card that is equal to the one before is that one; a stated day stays, so that it is known when it comes again."""
    joined: list[Card] = []
    for card in cards:
        last = joined[-1] if joined else None
        if last is not None and card.noticed and last.equals(card):
            seen = {"seen_from": min(last.seen_from, card.seen_from), "seen_to": max(last.seen_to, card.seen_to)}
            joined[-1] = last.model_copy(update={**seen, "also": card.also})
        else:
            joined.append(card)
    return tuple(joined)
