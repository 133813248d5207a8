from .book import Book, shipped_book
from .carbon import carbon_intensity, carbon_regions
from .catalog import STALE_AFTER_DAYS, list_prices, stale
from .electricity import ElectricityQuote, Sector, electricity_price, electricity_quotes
from .gpus import GpuSpec, canonical_gpu, gpu_names, gpu_spec
from .hardware import (
    Server,
    colocation_price,
    figure,
    figure_names,
    figures,
    residual_fraction,
    server,
    server_names,
    server_price,
    servers,
)
from .licence_rules import Company, Rule
from .licence_texts import Licence, ModelLicence, licence_named, licences, model_licences, models_named
from .licences import NOT_ADVICE, Answer, Duty, Reason, allowed
from .offers import MAX_SPREAD, Rejected, RentalOffer, Screened, readings_on, rental_offers, screen_offers
from .overrides import Overrides
from .overrides_file import parse_overrides, read_overrides
from .paths import PricePath, price_path, yearly_change
from .price import BOOK, Evidence, Figure, Price, PriceNotFound, ProviderClass, Tier, Unit
from .quality import (
    ARENA,
    Comparable,
    Comparison,
    ScoreNotFound,
    comparable,
    compare,
    compare_scores,
    quality_score,
    quality_scores,
    win_share,
)
from .quality_file import Score, ScoresError, read_scores
from .rental import Landlords, RentalQuote, rental_price, rental_prices
from .snapshots import SnapshotInfo, open_book, snapshots
from .tables import did_you_mean, find_name
from .token_history import price_history
from .token_names import api_models, api_sellers
from .token_prices import TokenPrices, price_of_request, token_prices
from .yaml_file import FileError

__all__ = [
    "ARENA",
    "BOOK",
    "MAX_SPREAD",
    "NOT_ADVICE",
    "STALE_AFTER_DAYS",
    "Answer",
    "Book",
    "Company",
    "Comparable",
    "Comparison",
    "Duty",
    "ElectricityQuote",
    "Evidence",
    "Figure",
    "FileError",
    "GpuSpec",
    "Landlords",
    "Licence",
    "ModelLicence",
    "Overrides",
    "Price",
    "PriceNotFound",
    "PricePath",
    "ProviderClass",
    "Reason",
    "Rejected",
    "RentalOffer",
    "RentalQuote",
    "Rule",
    "Score",
    "ScoreNotFound",
    "ScoresError",
    "Screened",
    "Sector",
    "Server",
    "SnapshotInfo",
    "Tier",
    "TokenPrices",
    "Unit",
    "allowed",
    "api_models",
    "api_sellers",
    "canonical_gpu",
    "carbon_intensity",
    "carbon_regions",
    "colocation_price",
    "comparable",
    "compare",
    "compare_scores",
    "did_you_mean",
    "electricity_price",
    "electricity_quotes",
    "figure",
    "figure_names",
    "figures",
    "find_name",
    "gpu_names",
    "gpu_spec",
    "licence_named",
    "licences",
    "list_prices",
    "model_licences",
    "models_named",
    "open_book",
    "parse_overrides",
    "price_history",
    "price_of_request",
    "price_path",
    "quality_score",
    "quality_scores",
    "read_overrides",
    "read_scores",
    "readings_on",
    "rental_offers",
    "rental_price",
    "rental_prices",
    "residual_fraction",
    "screen_offers",
    "server",
    "server_names",
    "server_price",
    "servers",
    "shipped_book",
    "snapshots",
    "stale",
    "token_prices",
    "win_share",
    "yearly_change",
]
