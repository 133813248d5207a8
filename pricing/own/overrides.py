"""The user's own prices, laid over the book: contract prices, discounts, GPUs that the book does not know, exchange rates."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, get_args

from pricing.own.exchange import USD, rate_note, rate_on
from pricing.own.match import Rule, Shelves, implied_tier, is_pattern, per_cent_off, precedence, rule
from pricing.own.rows import Discount, OwnPrice, PricesFile, layer_name
from pricing.price import BOOK, Evidence, Price, Tier, Unit
from pricing.tables import Record, name_key

if TYPE_CHECKING:
    from pricing.gpus import GpuSpec

OWN_PROVIDER = "own contract"
"""Who sells where a contract price names nobody and its item names no seller."""

_EVIDENCE: tuple[Evidence, ...] = get_args(Evidence)
_ID_DIGITS = 12


class Overrides(Record):
    """What one `prices.yaml` says. `overrides_file.read_overrides` reads it.

    Attributes:
        content: the file's entries.
        name: the file's name; `Price.layer` begins with it.
    """

    content: PricesFile = PricesFile()
    name: str = "prices.yaml"

    def apply(self, price: Price, on: date) -> Price:
        """A price as the user pays it: the book's own where nothing matches.

        A contract price takes the place of the amount: amount x exchange rate. A discount takes its share off amount, low
        and high: list x (1 - discount). No discount is taken off a contract price, nor off the `purchase_usd` of a GPU in this
        file. The result names the entry in `layer`; a price with the layer of an entry of this file comes back as it is, so
        that nothing is taken off twice.

        A contract price is as old and as good as the entry says. A discounted price is as old as the older of list and
        agreement, and where the list price was no more than literature, an expert's word or an assumption, it stays that.

        Args:
            price: a price of the book, listed or derived.
            on: the day of the plan.
        """
        is_own = price.layer != BOOK
        if is_own and price.layer in self._priced_layers:
            return price
        meant = [entry for entry in self._shelves.meant_for(price) if entry.is_valid_on(on)]
        if is_own and price.layer in self._own_gpu_layers:
            meant = [entry for entry in meant if isinstance(entry.row, OwnPrice)]
        if not meant:
            return price
        winner = max(meant, key=precedence)
        layer = self.layer(winner)
        if isinstance(winner.row, Discount):
            return _discounted(price, winner.row, layer)
        passed_over = [entry.place for entry in meant if isinstance(entry.row, Discount)]
        return price.model_copy(update=self._contract(winner.row, on, layer, price, passed_over))

    def own_prices(self, on: date, item: str | None = None) -> list[Price]:
        """The user's contract prices that hold on a day, in USD.

        An entry with a pattern for an item (`openai/*`) is no price of one thing and is left out; `apply` uses it. An entry
        that takes the place of a price of the book is here too: see `over`.

        Args:
            on: the day.
            item: one item, as the entry writes it; case, blanks and hyphens do not matter. Null: all.

        Returns:
            In the file's order; of entries for the same thing only the one that goes first (see `overrides_match`).
        """
        found: dict[tuple[object, ...], tuple[Rule, Price]] = {}
        for entry in self.rules:
            row = entry.row
            if not isinstance(row, OwnPrice) or is_pattern(row.item) or not entry.is_valid_on(on):
                continue
            if item is not None and name_key(item) != name_key(row.item):
                continue
            price = self._own_price(entry, row, on)
            sold = (name_key(price.item), name_key(price.provider), price.region, price.provider_class)
            key = (*sold, price.per, price.tier, price.above_input_tokens, price.hours_utc)
            if key not in found or precedence(found[key][0]) < precedence(entry):
                found[key] = (entry, price)
        return [price for _, price in found.values()]

    def over(self, prices: Iterable[Price], on: date, per: Unit | None = None) -> list[Price]:
        """Prices of the book as the user pays them, and after them the user's own that took the place of none of them.

        Args:
            prices: of the book.
            on: the day.
            per: only the user's own prices of this unit are added; null: all.
        """
        applied = [self.apply(price, on) for price in prices]
        there = {price.layer for price in applied}
        own = [price for price in self.own_prices(on) if per in (None, price.per) and price.layer not in there]
        return applied + own

    @cached_property
    def id(self) -> str:
        """What names this content: a hash of it, the same for any spelling of the same file; a Result carries it."""
        content = self.content.model_dump(mode="json", by_alias=True, exclude_none=True)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:_ID_DIGITS]

    @cached_property
    def gpus(self) -> tuple[GpuSpec, ...]:
        """The user's GPUs as specifications; what an entry leaves out is the book's where the book knows the GPU."""
        from pricing.own.gpus import gpu_specs  # noqa: PLC0415 - pricing.gpus reads books, and books hold overrides

        return gpu_specs(self.content.gpus, self.name)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The discounts and then the prices, ready to be held against prices of the book."""
        rows: list[tuple[str, Discount | OwnPrice]] = [
            *((f"discounts[{index}]", row) for index, row in enumerate(self.content.discounts)),
            *((f"prices[{index}]", row) for index, row in enumerate(self.content.prices)),
        ]
        return tuple(rule(place, index, row) for index, (place, row) in enumerate(rows))

    def meant_for(self, price: Price) -> list[Rule]:
        """The entries that match a price, whatever the day, first the one that goes first."""
        return sorted(self._shelves.meant_for(price), key=precedence, reverse=True)

    def layer(self, entry: Rule) -> str:
        """What `Price.layer` says of an entry: `prices.yaml: discounts[0] (15 % off openai/*)`."""
        return layer_name(self.name, entry.place, entry.title)

    @cached_property
    def _shelves(self) -> Shelves:
        return Shelves(self.rules)

    @cached_property
    def _priced_layers(self) -> frozenset[str]:
        return frozenset(self.layer(entry) for entry in self.rules)

    @cached_property
    def _own_gpu_layers(self) -> frozenset[str]:
        """Layers of GPUs whose purchase price is the user's own: a correction of the memory leaves the book's price."""
        rows = enumerate(self.content.gpus)
        return frozenset(
            layer_name(self.name, f"gpus[{index}]", row.gpu) for index, row in rows if row.purchase_usd is not None
        )

    def _own_price(self, entry: Rule, row: OwnPrice, on: date) -> Price:
        return Price.model_validate(
            {
                **self._contract(row, on, self.layer(entry), None, []),
                "item": row.item,
                "per": row.per,
                "provider": _provider(row),
                "provider_class": row.provider_class,
                "region": row.region,
                "tier": implied_tier(row) or _other_tier(row.per),
                "above_input_tokens": row.above_input_tokens,
                "hours_utc": row.hours_utc,
            }
        )

    def _contract(
        self, row: OwnPrice, on: date, layer: str, listed: Price | None, passed_over: list[str]
    ) -> dict[str, Any]:
        """What a contract price puts in the place of a listed one's fields."""
        factor, notes = 1.0, [row.note]
        if row.currency != USD:
            rate = rate_on(self.content.fx, row.currency, on)
            factor = rate.usd
            notes.append(rate_note(row.amount, rate, on))
        if listed is not None:
            notes.append(f"in place of {_list_price(listed)}")
        if passed_over:
            notes.append(f"no discount on a contract price: {', '.join(passed_over)} not applied")
        return {
            "amount": row.amount * factor,
            "low": None if row.low is None else row.low * factor,
            "high": None if row.high is None else row.high * factor,
            "currency": USD,
            "valid_from": row.valid_from,
            "valid_to": row.valid_to,
            "as_of": row.as_of,
            "source": row.source,
            "evidence": row.evidence,
            "derived": None,
            "layer": layer,
            "note": _joined(notes),
        }


def _discounted(price: Price, row: Discount, layer: str) -> Price:
    kept = 1 - row.discount_fraction
    words = per_cent_off(row.discount_fraction)
    changes = {
        "amount": price.amount * kept,
        "low": None if price.low is None else price.low * kept,
        "high": None if price.high is None else price.high * kept,
        "valid_from": max(filter(None, (price.valid_from, row.valid_from)), default=None),
        "valid_to": min(filter(None, (price.valid_to, row.valid_to)), default=None),
        "as_of": min(price.as_of, row.as_of or price.as_of),
        "source": row.source,
        "evidence": _evidence(price.evidence, row.evidence),
        "layer": layer,
        "note": _joined([f"{_list_price(price)}, {words.removesuffix(' of')}", row.note, price.note]),
    }
    return price.model_copy(update=changes)


def _evidence(listed: Evidence, agreed: Evidence) -> Evidence:
    """A share off a guess is a guess: a list price that is no more than literature keeps its class."""
    return max((agreed, listed), key=_EVIDENCE.index) if _is_weak(listed) else agreed


def _is_weak(evidence: Evidence) -> bool:
    return _EVIDENCE.index(evidence) > _EVIDENCE.index("listed")


def _list_price(price: Price) -> str:
    kind = "derived" if price.derived else "list"
    return f"{kind} {price.amount:.10g} {price.currency} from {price.source}"


def _provider(row: OwnPrice) -> str:
    seller, slash, _ = row.item.partition("/")
    return row.provider or (seller if slash and row.per.startswith("mtok_") else OWN_PROVIDER)


def _other_tier(per: Unit) -> Tier:
    return "purchase" if per in ("gpu", "server") else "standard"


def _joined(notes: Iterable[str | None]) -> str | None:
    return "; ".join(note for note in notes if note) or None
