"""What is wrong with the price book, or should be looked at before it is relied on: age, links, jumps, units, guesses."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby, pairwise
from typing import Literal

from pricing.book import Book, shipped_book
from pricing.catalog import STALE_AFTER_DAYS
from pricing.offers import RentalOffer, rental_offers, screen_offers
from pricing.own.check import not_in_force, odd_rates, ties, unmatched
from pricing.own.overrides import Overrides
from pricing.own.rows import OwnPrice
from pricing.price import Evidence, Price
from pricing.tables import Record, name_key
from pricing.tokens.cards import TOKENS
from pricing.upkeep.changes import Row, rows_on
from pricing.upkeep.doubts import MAX_JUMP, jumped, slipped, typical
from pricing.upkeep.refresh_gpus import RENTAL

Level = Literal["problem", "caution"]
"""`problem`: an answer that rests on it may be wrong, so a check fails. `caution`: true as far as is known, and worth a look."""

Rule = Literal["stale", "source", "jump", "unit", "output", "guess", "turned-away", "overrides"]

_TOPICS = {
    "gpu_hour": "GPU rents",
    "kwh": "electricity",
    "gpu": "GPUs to buy",
    "server": "servers to buy",
    "fte_year": "staff",
    "kw_month": "colocation",
}

SLOW = frozenset({"electricity", "staff", "colocation"})
"""Topics whose sources come out once a year: older than the limit is a caution, older than `SLOW_FACTOR` limits a problem."""

SLOW_FACTOR = 4

_EXAMPLES = 5

_GUESSES: tuple[Evidence, ...] = ("expert", "assumption")
_PAPERS: tuple[Evidence, ...] = ("invoice", "contract", "measured")
_DOCUMENT = re.compile(r"https?://|pricing/data/\S+|\S+\.(pdf|xlsx?|csv|docx?|html?)\b", re.IGNORECASE)


class Finding(Record):
    """One thing that the check found, about one price or many of a kind.

    Attributes:
        level: whether it fails the check.
        rule: which rule found it.
        topic: the part of the book.
        sentence: what it is.
        count: prices that it is about.
        examples: the first of them.
    """

    level: Level
    rule: Rule
    topic: str
    sentence: str
    count: int = 1
    examples: tuple[str, ...] = ()


class Health(Record):
    """What a check of the book came to.

    Attributes:
        book: the id of the book.
        on: the day that its prices were to be used for.
        stale_days: how old was too old [days].
        prices: how many prices hold on that day, by topic.
        evidence: how many of them are of each class.
        findings: problems first.
    """

    book: str
    on: date
    stale_days: int
    prices: dict[str, int]
    evidence: dict[str, int]
    findings: tuple[Finding, ...]

    @property
    def problems(self) -> int:
        """How many findings fail the check."""
        return sum(finding.level == "problem" for finding in self.findings)


def health(book: Book | None = None, *, on: date, stale_days: int = STALE_AFTER_DAYS) -> Health:
    """Checks every price that the book has for a day, and the user's own file.

    Problems: prices of fast markets older than `stale_days`, and of slow ones older than four times that; a listed price
    without link or document; an amount in another unit; an entry of the user's that changes nothing.
    Cautions: slow topics beyond `stale_days`; a jump of more than `MAX_JUMP` between two readings; output cheaper than input;
    guesses; rows that are turned away and not used, such as spot above on-demand; what is odd about the user's file without being wrong.

    Args:
        book: null: the shipped one. The user's own prices in it are held against the others, and are not among them.
        on: the day.
        stale_days: how old is too old; a price exactly so old still passes [days].
    """
    overrides = book.overrides if book is not None else None
    book = (book or shipped_book()).with_overrides(None)
    rows = list(rows_on(book, on).values())
    prices = [row.price for row in rows]
    found = [
        *_stale(rows, on, stale_days),
        *_unsourced(rows),
        *_units(rows),
        *_jumps(_offer_steps(rental_offers(book)), "GPU rents"),
        *_jumps(_token_steps(book), "API tokens"),
        *_cheap_output(rows),
        *_guesses(rows),
        *_turned_away(book),
        *([] if overrides is None else _overrides(overrides, prices, on)),
    ]
    return Health(
        book=book.id,
        on=on,
        stale_days=stale_days,
        prices=dict(sorted(Counter(topic(price) for price in prices).items())),
        evidence=dict(sorted(Counter(price.evidence for price in prices).items())),
        findings=tuple(sorted(found, key=lambda finding: finding.level != "problem")),
    )


def topic(price: Price) -> str:
    """The part of the book that a price is in, in words."""
    return "API tokens" if price.per.startswith("mtok") else _TOPICS.get(price.per, price.per)


def _stale(rows: Iterable[Row], on: date, days: int) -> Iterator[Finding]:
    for name, prices in _by_topic(rows).items():
        slow = name in SLOW
        limits: list[tuple[Level, int]] = (
            [("problem", SLOW_FACTOR * days), ("caution", days)] if slow else [("problem", days)]
        )
        left = prices
        for level, limit in limits:
            old = [row for row in left if (on - row.price.as_of).days > limit]
            left = [row for row in left if (on - row.price.as_of).days <= limit]
            if old:
                oldest = min(row.price.as_of for row in old)
                yield _finding(
                    level,
                    "stale",
                    name,
                    f"{len(old)} of {len(prices)} were read more than {limit} days before {on}, the oldest on {oldest}",
                    sorted(old, key=lambda row: row.price.as_of),
                )


def _unsourced(rows: Iterable[Row]) -> Iterator[Finding]:
    for name, prices in _by_topic(rows).items():
        bare = [row for row in prices if not _has_document(row.price)]
        guessed = [row for row in bare if row.price.evidence in _GUESSES]
        listed = [row for row in bare if row.price.evidence not in _GUESSES]
        if listed:
            sentence = f"{len(listed)} of {len(prices)} say that they are listed, and name no link and no document"
            yield _finding("problem", "source", name, sentence, listed)
        if guessed:
            sentence = f"{len(guessed)} of {len(prices)} are guesses without a link, and say so"
            yield _finding("caution", "source", name, sentence, guessed)


def _has_document(price: Price) -> bool:
    source = price.source.strip()
    return bool(source) if price.evidence in _PAPERS else _DOCUMENT.search(source) is not None


def _units(rows: Sequence[Row]) -> Iterator[Finding]:
    beside = typical(row.price for row in rows)
    for row in rows:
        reason = slipped(row.price, beside)
        if reason is not None:
            yield _finding("problem", "unit", topic(row.price), f"{row.row} {row.price.per}: {reason}", [row])


class _Step(Record):
    """Two readings of one price that follow each other."""

    name: str
    since: str
    old: float
    new: float


def _offer_steps(offers: Iterable[RentalOffer]) -> Iterator[_Step]:
    ordered = sorted(offers, key=lambda offer: (offer.key, offer.as_of))
    for _, readings in groupby(ordered, key=lambda offer: offer.key):
        for old, new in pairwise(readings):
            before = {price.tier: price.amount for price in old.prices()}
            for price in new.prices():
                if price.tier in before:
                    name = f"{new.label} {price.tier}"
                    yield _Step(name=name, since=new.as_of.isoformat(), old=before[price.tier], new=price.amount)


def _token_steps(book: Book) -> Iterator[_Step]:
    file = book.file(TOKENS)
    sellers = json.loads(file.read_bytes())["sellers"] if file.is_file() else {}
    for seller, known in sellers.items():
        for model, sold in known["models"].items():
            for tier, cards in sold.get("tiers", {}).items():
                for old, new in pairwise(cards):
                    before, after = old.get("rates") or {}, new.get("rates") or {}
                    for unit in before.keys() & after.keys():
                        name = f"{seller}/{model} {tier} {unit}"
                        yield _Step(name=name, since=new["valid_from"], old=before[unit], new=after[unit])


def _jumps(steps: Iterable[_Step], name: str) -> Iterator[Finding]:
    jumps = sorted(
        (step for step in steps if jumped(step.old, step.new)), key=lambda step: (step.since, step.name), reverse=True
    )
    if jumps:
        examples = tuple(f"{step.name} from {step.since}: {step.old:g} -> {step.new:g}" for step in jumps[:_EXAMPLES])
        sentence = (
            f"{len(jumps)} prices moved by more than {MAX_JUMP:g} times from one reading to the next, newest first"
        )
        yield Finding(level="caution", rule="jump", topic=name, sentence=sentence, count=len(jumps), examples=examples)


def _cheap_output(rows: Iterable[Row]) -> Iterator[Finding]:
    fresh: dict[tuple[object, ...], float] = {}
    outputs: list[tuple[tuple[object, ...], Row]] = []
    for row in rows:
        price = row.price
        key = (row.row, price.tier, price.above_input_tokens, price.hours_utc)
        if price.per == "mtok_input":
            fresh.setdefault(key, price.amount)
        elif price.per == "mtok_output":
            outputs.append((key, row))
    cheap = [row for key, row in outputs if row.price.amount < fresh.get(key, 0.0)]
    if cheap:
        sentence = f"output cheaper than input: {len(cheap)}; unusual, look at the seller's page"
        yield _finding("caution", "output", "API tokens", sentence, cheap)


def _guesses(rows: Iterable[Row]) -> Iterator[Finding]:
    for name, prices in _by_topic(rows).items():
        for evidence in _GUESSES:
            weak = [row for row in prices if row.price.evidence == evidence]
            if weak:
                sentence = f"{len(weak)} of {len(prices)} have evidence `{evidence}`: replace them with your own where they count"
                yield _finding("caution", "guess", name, sentence, weak)


def _turned_away(book: Book) -> Iterator[Finding]:
    rejected = screen_offers(book.table(RENTAL), seen_on=book.as_of).rejected
    if rejected:
        reasons = tuple(row.reason for row in rejected[:_EXAMPLES])
        sentence = f"rows of {RENTAL} that are not used: {len(rejected)}"
        yield Finding(
            level="caution",
            rule="turned-away",
            topic="GPU rents",
            sentence=sentence,
            count=len(rejected),
            examples=reasons,
        )


def _overrides(overrides: Overrides, prices: Sequence[Price], on: date) -> Iterator[Finding]:
    names = {name_key(price.item) for price in prices}
    # A price for something that the book does not know is new, not mistaken.
    new = [
        overrides.layer(entry)
        for entry in overrides.rules
        if isinstance(entry.row, OwnPrice) and name_key(entry.row.item) not in names
    ]
    for sentence in unmatched(overrides, prices, on):
        level: Level = "caution" if any(sentence.startswith(f"{layer}:") for layer in new) else "problem"
        yield Finding(level=level, rule="overrides", topic="your prices", sentence=sentence)
    for sentence in (*ties(overrides, prices, on), *not_in_force(overrides, on), *odd_rates(overrides, on)):
        yield Finding(level="caution", rule="overrides", topic="your prices", sentence=sentence)


def _by_topic(rows: Iterable[Row]) -> dict[str, list[Row]]:
    topics: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        topics[topic(row.price)].append(row)
    return topics


def _finding(level: Level, rule: Rule, name: str, sentence: str, rows: Sequence[Row]) -> Finding:
    examples = tuple(dict.fromkeys(f"{row.row} ({row.price.as_of})" for row in rows[: 4 * _EXAMPLES]))[:_EXAMPLES]
    return Finding(level=level, rule=rule, topic=name, sentence=sentence, count=len(rows), examples=examples)
