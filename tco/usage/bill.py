"""What was paid, beside what the price book asks for the same tokens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

import numpy as np

from pricing import Book, PriceNotFound, TokenPrices, shipped_book, token_prices
from pricing.tokens.names import find_model
from tco.number_style import local
from tco.usage.record import TIERS, Tier
from tco.usage.table import COLUMNS, INPUT_COLUMNS, OUTPUT_COLUMNS, SECONDS_PER_HOUR, Floats, Usage
from tco.workload.demand import TOKENS_PER_MTOK

WITHIN_FRACTION = 0.02
"""Up to here a bill is explained by the price book."""

_REGIONS = ("us.", "eu.", "apac.", "jp.", "au.", "ca.", "global.", "us-gov.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelBill:
    """One model's share of the usage, and what it cost.

    Attributes:
        model: as the files call it.
        book_model: as the price book calls it; None: the book does not have it.
        requests: that were answered.
        failed: requests that were not.
        input_tokens: all input [tokens].
        cache_read_tokens: of it, what the vendor's cache answered [tokens].
        output_tokens: all output, reasoning included [tokens].
        billed_usd: what was paid [USD]; None: the files do not tell.
        list_usd: the vendor's own list price of it [USD]; None: likewise.
        reckoned_usd: what the price book asks for it [USD]; None: see `reason`.
        reason: why nothing was reckoned.
    """

    model: str
    book_model: str | None = None
    requests: float = 0.0
    failed: float = 0.0
    input_tokens: float = 0.0
    cache_read_tokens: float = 0.0
    output_tokens: float = 0.0
    billed_usd: float | None = None
    list_usd: float | None = None
    reckoned_usd: float | None = None
    reason: str | None = None

    @property
    def unexplained_usd(self) -> float | None:
        """What was paid beyond the price book [USD]; None where one of them is not known."""
        if self.billed_usd is None or self.reckoned_usd is None:
            return None
        return self.billed_usd - self.reckoned_usd

    @property
    def unexplained_fraction(self) -> float | None:
        """The same over the price book's amount [fraction]; None likewise, or where that is nothing."""
        rest = self.unexplained_usd
        return rest / self.reckoned_usd if rest is not None and self.reckoned_usd else None

    @property
    def paid_usd_per_mtok(self) -> float | None:
        """What a million tokens cost, input and output together [USD/Mtok]; None where nobody says what was paid."""
        tokens = self.input_tokens + self.output_tokens
        return None if self.billed_usd is None or not tokens else self.billed_usd / tokens * TOKENS_PER_MTOK


class _Cell(NamedTuple):
    tier: int
    day: date
    counts: Floats


def bills(usage: Usage, book: Book | None = None) -> tuple[ModelBill, ...]:
    """Every model's share of the usage, the largest first, and what it cost at the price book's prices of each day.

    `reckoned = Σ over days and tiers of (uncached · input + read · cached read + written · cache write + output · output) / 10⁶`. Where the seller has no price for cached or written input,
    that is fresh input. Rates for long requests and for some hours of the day are not used, for a sum does not tell which requests they are of.

    Files of costs alone may name a model otherwise than files of tokens: names that the book knows as one model are one row.

    Args:
        usage: what was read.
        book: prices; None: the shipped ones.
    """
    book = book or shipped_book()
    groups: dict[str, list[str]] = defaultdict(list)
    known = {model: _in_book(model, book) for model in usage.facts}
    for model, name in known.items():
        groups[name or model].append(model)
    cells = _cells(usage)
    found = [_bill(names, known[names[0]], cells, usage, book) for names in groups.values()]
    return tuple(sorted(found, key=lambda bill: (-bill.input_tokens - bill.output_tokens, bill.model)))


def together(parts: Iterable[ModelBill]) -> ModelBill:
    """All of them as one.

    What was paid is held against the book where the book has every model that was used, and either each of them has its costs or some costs name no model.

    Args:
        parts: from `bills`.
    """
    rows = list(parts)
    used = [row for row in rows if row.input_tokens + row.output_tokens > 0]
    paid = [row.billed_usd for row in rows if row.billed_usd is not None]
    all_paid = all(row.billed_usd is not None for row in used) or any(row not in used for row in rows)
    reckoned = [row.reckoned_usd for row in used if row.reckoned_usd is not None]
    return ModelBill(
        model="all",
        requests=sum(row.requests for row in rows),
        failed=sum(row.failed for row in rows),
        input_tokens=sum(row.input_tokens for row in rows),
        cache_read_tokens=sum(row.cache_read_tokens for row in rows),
        output_tokens=sum(row.output_tokens for row in rows),
        billed_usd=sum(paid) if paid else None,
        reckoned_usd=sum(reckoned) if used and all_paid and len(reckoned) == len(used) else None,
    )


def _in_book(model: str, book: Book) -> str | None:
    """The book's name of a model; Amazon's names without the region that stands before them."""
    seller, slash, name = model.partition("/")
    region = next((prefix for prefix in _REGIONS if name.startswith(prefix)), "")
    for asked in dict.fromkeys((model, f"{seller}{slash}{name.removeprefix(region)}")):
        try:
            found = find_model(asked, book)
        except PriceNotFound:
            continue
        return f"{found.seller}/{found.model}"
    return None


def _cells(usage: Usage) -> dict[str, list[_Cell]]:
    """Sums by model, tier and day of UTC, on which prices change."""
    sums: dict[tuple[int, int, int], Floats] = {}
    hours_per_day = 24
    for row in range(len(usage.cells)):
        key = (int(usage.cell_model[row]), int(usage.cell_tier[row]), int(usage.cell_hour[row]) // hours_per_day)
        sums[key] = sums[key] + usage.cells[row] if key in sums else usage.cells[row]
    found: dict[str, list[_Cell]] = defaultdict(list)
    for (model, tier, day), counts in sums.items():
        moment = datetime.fromtimestamp(day * hours_per_day * SECONDS_PER_HOUR, UTC)
        found[usage.models[model]].append(_Cell(tier, moment.date(), counts))
    return found


def _bill(
    names: list[str], book_model: str | None, cells: dict[str, list[_Cell]], usage: Usage, book: Book
) -> ModelBill:
    mine = [cell for name in names for cell in cells.get(name, [])]
    total = dict(zip(COLUMNS, np.sum([cell.counts for cell in mine], axis=0).tolist(), strict=True))
    told = any(usage.facts[name].tells_billed for name in names)
    used = sum(total[name] for name in (*INPUT_COLUMNS, *OUTPUT_COLUMNS)) > 0
    reckoned, reason = _reckoned(book_model, mine, book) if used else (None, "costs without tokens")
    return ModelBill(
        model=names[0],
        book_model=book_model,
        requests=total["requests"],
        failed=total["failed"],
        input_tokens=sum(total[name] for name in INPUT_COLUMNS),
        cache_read_tokens=total["cache_read_tokens"],
        output_tokens=sum(total[name] for name in OUTPUT_COLUMNS),
        billed_usd=total["billed_usd"] if told else None,
        list_usd=total["list_usd"] or None,
        reckoned_usd=reckoned,
        reason=reason,
    )


def _reckoned(model: str | None, cells: list[_Cell], book: Book) -> tuple[float | None, str | None]:
    if model is None:
        return None, "not in the price book"
    usd = 0.0
    for cell in cells:
        try:
            prices = token_prices(model, cell.day, book)
        except PriceNotFound as error:
            return None, str(error)
        rates = _rates(prices, "standard" if cell.tier < 0 else TIERS[cell.tier])
        if rates is None:
            return None, f"the price book has no price of the tier {TIERS[cell.tier]}"
        usd += float(cell.counts[2:8] @ rates) / TOKENS_PER_MTOK
    return usd, None


def _rates(prices: TokenPrices, tier: Tier) -> list[float] | None:
    """USD/Mtok of the six buckets of tokens, in the order of the table's columns; None where the model is not sold in this tier."""
    standard = tier == "standard"
    into = prices.input if standard else getattr(prices, f"{tier}_input")
    out = prices.output if standard else getattr(prices, f"{tier}_output")
    if into is None or out is None:
        return None
    read = (prices.cached_read if standard else getattr(prices, f"{tier}_cached_read")) or into
    written = (prices.cache_write if standard else None) or into
    an_hour = (prices.cache_write_1h if standard else None) or written
    return [price.amount for price in (into, read, written, an_hour, out, out)]


def sentence(bill: ModelBill) -> str | None:
    """Whether the price book explains a bill; None where one of both is not known.

    >>> sentence(ModelBill(model="m", billed_usd=90.0, reckoned_usd=100.0))
    "90.00 USD were paid, 100.00 USD are the price book's: -10.0% is not explained (a discount, rates for long requests, or usage that is not in the files)"
    """
    fraction = bill.unexplained_fraction
    if bill.billed_usd is None or bill.reckoned_usd is None or fraction is None:
        return None
    both = f"{local(bill.billed_usd):,.2f} USD were paid, {local(bill.reckoned_usd):,.2f} USD are the price book's"
    if abs(fraction) <= WITHIN_FRACTION:
        return f"{both}: within {WITHIN_FRACTION:.0%} ({local(fraction):+.1%})"
    why = (
        "a discount, rates for long requests, or usage that is not in the files"
        if fraction < 0
        else "rates for long requests, a dearer tier, or costs that are no tokens"
    )
    return f"{both}: {local(fraction):+.1%} is not explained ({why})"


def largest_in_book(parts: Iterable[ModelBill]) -> Iterator[str]:
    """Models of the book by their tokens, the largest first."""
    return (
        bill.book_model for bill in parts if bill.book_model is not None and bill.input_tokens + bill.output_tokens > 0
    )
