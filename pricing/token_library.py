"""Reading the data inside the library `genai-prices` (MIT): sellers, models, and which price holds on a day.

The library keeps 2,300 models of 47 sellers with dated histories. Only its bundled data are read, never the network.
https://github.com/pydantic/genai-prices
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

import genai_prices
from genai_prices.data import providers as _bundled_sellers
from genai_prices.types import ModelInfo, ModelPrice, Provider, StartDateConstraint, TieredPrices

from pricing.price import PriceNotFound
from pricing.tables import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

RELEASED = {"0.2.3": date(2026, 11, 10)}
"""When a version of the library came out, which is the `as_of` of all its prices: its wheel carries no date of its own, nor
the day on which each price was checked. Upload times: https://pypi.org/project/genai-prices/#history"""

CAUTIONS = {
    "openai/gpt-oss-120b": "a router's price: OpenAI does not sell this open model",
    "openai/gpt-oss-20b": "a router's price: OpenAI does not sell this open model",
    "deepseek/deepseek-chat": "a price of 2025 that was not kept up",
    "deepseek/deepseek-reasoner": "a price of 2025 that was not kept up",
}
"""Known defects of the library's data, said in the note of the prices."""

_STEP_MINUTES = 30
"""Step in which a day is walked for prices by the hour; all windows in the data start on the full or half hour."""


def api_models(provider: str | None = None) -> list[str]:
    """Names that `token_prices` knows, `seller/model`, sorted; models without token prices today are left out.

    Args:
        provider: one seller, for example `openai`; null for all (some 2,000 names).

    Raises:
        PriceNotFound: no such seller.
    """
    sellers = list(_sellers().values()) if provider is None else [_seller(provider)]
    return sorted(
        f"{seller.id}/{info.id}"
        for seller in sellers
        for info in seller.models
        if is_sold_by_token(info.prices if isinstance(info.prices, ModelPrice) else info.prices[-1].prices)
    )


def api_sellers() -> list[str]:
    """The sellers that the library knows, sorted."""
    return sorted(_sellers())


def find_model(model: str) -> tuple[Provider, ModelInfo]:
    """The library's records of a seller and its model.

    Args:
        model: `seller/model`; a dated alias (`openai/gpt-5-2025-08-07`) finds the model that it names.

    Raises:
        PriceNotFound: not of that form, no such seller, or no such model there; the message lists near names.
    """
    seller_name, slash, model_id = model.strip().partition("/")
    if not slash or not model_id:
        sold = [
            f"{seller.id}/{info.id}" for seller in _sellers().values() for info in seller.models if info.id == model
        ]
        known = f" It is sold as: {', '.join(sold[:5])}." if sold else ""
        raise PriceNotFound(f"{model!r}: write it as `seller/model`, for example `openai/gpt-5`.{known}")
    seller = _seller(seller_name)
    # The identifier itself first: the library's patterns miss, or hand to another model, some of its own identifiers.
    exact = next((known for known in seller.models if known.id.casefold() == model_id.casefold()), None)
    info = exact or seller.find_model(model_id, all_providers=list(_sellers().values()))
    if info is None:
        names = [known.id for known in seller.models]
        raise PriceNotFound(
            f"{seller.id} sells no model {model_id!r} in genai-prices {genai_prices.__version__}."
            f"{did_you_mean(model_id, names)} Give `input_usd_per_mtok` and `output_usd_per_mtok` in the scenario, "
            f"or see `tco prices list --provider {seller.id}`."
        )
    return seller, info


@cache
def _sellers() -> dict[str, Provider]:
    # The bundled data, not the library's current snapshot: another thread may have updated that from the network.
    return {seller.id: seller for seller in _bundled_sellers}


def _seller(name: str) -> Provider:
    seller = _sellers().get(name.strip().casefold())
    if seller is None:
        raise PriceNotFound(
            f"no seller {name!r} in genai-prices {genai_prices.__version__}.{did_you_mean(name, api_sellers())} "
            "Give `input_usd_per_mtok` and `output_usd_per_mtok` in the scenario for a seller that is not in the book."
        )
    return seller


def released() -> date:
    """The day on which the installed version of the library came out."""
    # A version newer than this table is at least as new as the newest in it: dated too old, never too new.
    return RELEASED.get(genai_prices.__version__, max(RELEASED.values()))


def price_source(seller: Provider) -> str:
    """Where the prices of a seller come from: its price page, through which version of the library."""
    library = f"genai-prices {genai_prices.__version__}"
    return f"{seller.pricing_urls[0]} via {library}" if seller.pricing_urls else library


def is_sold_by_token(prices: ModelPrice) -> bool:
    """Whether there is both an input and an output price per token."""
    return prices.input_mtok is not None and prices.output_mtok is not None


def price_of_day(info: ModelInfo, on: date) -> tuple[ModelPrice, str | None]:
    """The price that holds for most of a day, and a sentence about the other one where there is another.

    Args:
        info: the library's record of the model.
        on: the day, in UTC.
    """
    midnight = datetime(on.year, on.month, on.day, tzinfo=UTC)
    day = [info.get_prices(midnight + timedelta(minutes=minute)) for minute in range(0, 24 * 60, _STEP_MINUTES)]
    halves = Counter(_rates(prices) for prices in day)
    (usual, count), *others = halves.most_common()
    chosen = next(prices for prices in day if _rates(prices) == usual)
    if not others:
        return chosen, None
    other = others[0][0]
    name = "off-peak price" if usual < other else "price"
    hours = count * _STEP_MINUTES / 60
    return (
        chosen,
        f"{name} of {hours:g} hours of the day (UTC); other {24 - hours:g}: {other[0]:g} in, {other[1]:g} out",
    )


def _rates(prices: ModelPrice) -> tuple[float, float]:
    fresh, out = (float(base_rate(value or Decimal(0))) for value in (prices.input_mtok, prices.output_mtok))
    return fresh, out


def base_rate(value: Decimal | TieredPrices) -> Decimal:
    """The rate below the first long-context threshold [USD/Mtok]."""
    return value.base if isinstance(value, TieredPrices) else value


def span_of_price(constraints: Iterable[object], on: date) -> tuple[date | None, date | None]:
    """First and last day of the price that holds on a day, as far as the data knows."""
    starts = [constraint.start_date for constraint in constraints if isinstance(constraint, StartDateConstraint)]
    later = [start for start in starts if start > on]
    first = max((start for start in starts if start <= on), default=None)
    return first, min(later) - timedelta(days=1) if later else None
