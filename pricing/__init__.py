"""What things cost, as listed, on a date, with a link: GPU hours, GPUs, electricity and API tokens.

Knows nothing of probes or of the model that uses the prices. See docs/pricing.md.
"""

from pricing.catalog import STALE_AFTER_DAYS, list_prices, stale
from pricing.electricity import ElectricityQuote, Sector, electricity_price, electricity_quotes
from pricing.gpus import GpuSpec, canonical_gpu, gpu_names, gpu_spec
from pricing.offers import MAX_SPREAD, Rejected, RentalOffer, Screened, readings_on, rental_offers, screen_offers
from pricing.price import Evidence, Price, PriceNotFound, ProviderClass, Tier, Unit
from pricing.rental import Landlords, RentalQuote, rental_price, rental_prices
from pricing.tables import did_you_mean, find_name
from pricing.token_library import api_models, api_sellers
from pricing.token_prices import TokenPrices, token_prices

__all__ = [
    "MAX_SPREAD",
    "STALE_AFTER_DAYS",
    "ElectricityQuote",
    "Evidence",
    "GpuSpec",
    "Landlords",
    "Price",
    "PriceNotFound",
    "ProviderClass",
    "Rejected",
    "RentalOffer",
    "RentalQuote",
    "Screened",
    "Sector",
    "Tier",
    "TokenPrices",
    "Unit",
    "api_models",
    "api_sellers",
    "canonical_gpu",
    "did_you_mean",
    "electricity_price",
    "electricity_quotes",
    "find_name",
    "gpu_names",
    "gpu_spec",
    "list_prices",
    "readings_on",
    "rental_offers",
    "rental_price",
    "rental_prices",
    "screen_offers",
    "stale",
    "token_prices",
]
