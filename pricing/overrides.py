"""The user's own prices, laid over the book: contract prices, discounts, GPUs that the book does not know, exchange rates."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pricing.tables import Record

if TYPE_CHECKING:
    from pricing.price import Price


class Overrides(Record):
    """What one `prices.yaml` says."""

    def apply(self, price: Price, on: date) -> Price:  # noqa: ARG002 - the interface comes first, its rules next
        """A price as the user pays it: the book's own where nothing matches."""
        return price

    def own_prices(self, on: date, item: str | None = None) -> list[Price]:  # noqa: ARG002 - likewise
        """The user's contract prices that hold on a day, in USD."""
        return []
