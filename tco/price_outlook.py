"""What is known, and what may be expected, of prices after the scenario's date.

A seller's announcement is known; anything else is a spread that history gives, and becomes the range of
`price_change_per_year_fraction`.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

import pricing
from pricing import Book, PriceNotFound, TokenPrices
from tco.number_style import local
from tco.quantity import Quantity
from tco.scenario import Scenario

PathKind = Literal["same-model", "gpu-rent"]

_DAYS_PER_MONTH = 365.25 / 12
_LONGEST_PATH_MONTHS = 60
_AGREED = {"contract", "invoice"}


def token_prices_of(model: str, scenario: Scenario, book: Book) -> TokenPrices:
    """The list prices of a model that count for a scenario.

    They are those of the scenario's date; where the seller has announced another price that will hold for more than half of
    the horizon, they are that. Only what was announced when the book was made counts: a plan dated into the past does not
    know what came.

    Raises:
        PriceNotFound: the book has no such model.
    """
    today = pricing.token_prices(model, scenario.as_of, book)
    middle = scenario.as_of + timedelta(days=scenario.horizon_months * _DAYS_PER_MONTH / 2)
    later = pricing.token_prices(model, middle, book)
    begins = later.input.valid_from
    announced = begins is not None and begins > max(scenario.as_of, book.as_of)
    if not announced or (later.input.amount, later.output.amount) == (today.input.amount, today.output.amount):
        return today
    note = f"announced for {begins}; until then {local(today.input.amount):g} in, {local(today.output.amount):g} out"
    prices = {
        name: price.model_copy(update={"note": "; ".join(part for part in (note, price.note) if part)})
        for name, price in later
        if isinstance(price, pricing.Price)
    }
    return later.model_copy(update=prices)


def price_change(kind: PathKind | None, price: Quantity, scenario: Scenario, book: Book) -> Quantity:
    """How a price may move over the horizon: the yearly rate that leads to what such prices became in as many months.

    Args:
        kind: whose history counts; null: there is none.
        price: the price that moves. One that was agreed does not move until the agreement ends.
        scenario: the question.
        book: where the history is.

    Returns:
        The geometric mean of the cases with the mean of each tenth of them as equally likely, the lowest and the highest as its range; 0 without a range
        for a price that is fixed or has no history.
    """
    if kind is None:
        return Quantity(value=0.0, note="held constant: committed, or no history of such prices")
    if price.evidence in _AGREED:
        return Quantity(value=0.0, note="held constant: agreed; say how it moves when the agreement ends")
    try:
        return _from_history(kind, min(scenario.horizon_months, _LONGEST_PATH_MONTHS), scenario.as_of, book)
    except PriceNotFound:
        return Quantity(value=0.0, note=f"held constant: too little history before {scenario.as_of} for a range")


@lru_cache(maxsize=64)
def _from_history(kind: PathKind, months: int, as_of: date, book: Book) -> Quantity:
    path = pricing.price_path(kind, months, as_of=as_of, book=book)
    change, samples = path.yearly_change(), path.yearly_changes()
    is_spread = len(set(samples)) > 1
    return Quantity(
        value=change.value,
        low=change.low,
        high=change.high,
        distribution="empirical" if is_spread else None,
        samples=samples if is_spread else None,
        evidence=change.evidence,
        source=change.source,
        as_of=change.as_of,
        note=change.note,
    )
