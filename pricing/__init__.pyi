from .book import Book, shipped_book
from .catalog import STALE_AFTER_DAYS, list_prices, stale
from .electricity import ElectricityQuote, Sector, electricity_price, electricity_quotes
from .gpus import GpuSpec, canonical_gpu, gpu_names, gpu_spec
from .offers import MAX_SPREAD, Rejected, RentalOffer, Screened, readings_on, rental_offers, screen_offers
from .overrides import Overrides
from .overrides_file import parse_overrides, read_overrides
from .price import BOOK, Evidence, Figure, Price, PriceNotFound, ProviderClass, Tier, Unit
from .rental import Landlords, RentalQuote, rental_price, rental_prices
from .snapshots import SnapshotInfo, open_book, snapshots
from .tables import did_you_mean, find_name
from .token_names import api_models, api_sellers
from .token_prices import TokenPrices, token_prices
from .yaml_file import FileError

__all__ = [
    "BOOK",
    "MAX_SPREAD",
    "STALE_AFTER_DAYS",
    "Book",
    "ElectricityQuote",
    "Evidence",
    "Figure",
    "FileError",
    "GpuSpec",
    "Landlords",
    "Overrides",
    "Price",
    "PriceNotFound",
    "ProviderClass",
    "Rejected",
    "RentalOffer",
    "RentalQuote",
    "Screened",
    "Sector",
    "SnapshotInfo",
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
    "open_book",
    "parse_overrides",
    "read_overrides",
    "readings_on",
    "rental_offers",
    "rental_price",
    "rental_prices",
    "screen_offers",
    "shipped_book",
    "snapshots",
    "stale",
    "token_prices",
]
