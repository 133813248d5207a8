from .architectures import (
    Architecture,
    ArchitectureError,
    ArchitectureNotFound,
    UnknownArchitecture,
    architecture,
    architectures,
    shipped_models,
)
from .book import Book, shipped_book
from .carbon import carbon_intensity, carbon_regions
from .catalog import STALE_AFTER_DAYS, every_price, list_prices, stale
from .changes import Change, changes
from .commitments import commitment_discount, reserved_prices
from .crosscheck import Difference, book_rates, crosscheck, second_rates
from .electricity import ElectricityQuote, Sector, electricity_price, electricity_quotes
from .gpus import GpuSpec, canonical_gpu, gpu_figure, gpu_names, gpu_price, gpu_spec
from .hardware import (
    ResidualKind,
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
from .health import Finding, Health, health
from .licence_rules import Company, Rule
from .licence_texts import Licence, ModelLicence, licence_named, licences, model_licences, models_named
from .licences import NOT_ADVICE, Answer, Duty, Reason, allowed
from .managed import ManagedPrice, managed_price, managed_prices
from .offers import MAX_SPREAD, Rejected, RentalOffer, Screened, readings_on, rental_offers, screen_offers
from .overrides import Overrides
from .overrides_check import override_warnings
from .overrides_file import parse_overrides, read_overrides
from .path_history import announced_changes
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
from .snapshot_record import SnapshotDamaged, SnapshotInfo
from .snapshots import open_book, snapshots
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
    "Architecture",
    "ArchitectureError",
    "ArchitectureNotFound",
    "Book",
    "Change",
    "Company",
    "Comparable",
    "Comparison",
    "Difference",
    "Duty",
    "ElectricityQuote",
    "Evidence",
    "Figure",
    "FileError",
    "Finding",
    "GpuSpec",
    "Health",
    "Landlords",
    "Licence",
    "ManagedPrice",
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
    "ResidualKind",
    "Rule",
    "Score",
    "ScoreNotFound",
    "ScoresError",
    "Screened",
    "Sector",
    "Server",
    "SnapshotDamaged",
    "SnapshotInfo",
    "Tier",
    "TokenPrices",
    "Unit",
    "UnknownArchitecture",
    "allowed",
    "announced_changes",
    "api_models",
    "api_sellers",
    "architecture",
    "architectures",
    "book_rates",
    "canonical_gpu",
    "carbon_intensity",
    "carbon_regions",
    "changes",
    "colocation_price",
    "commitment_discount",
    "comparable",
    "compare",
    "compare_scores",
    "crosscheck",
    "did_you_mean",
    "electricity_price",
    "electricity_quotes",
    "every_price",
    "figure",
    "figure_names",
    "figures",
    "find_name",
    "gpu_figure",
    "gpu_names",
    "gpu_price",
    "gpu_spec",
    "health",
    "licence_named",
    "licences",
    "list_prices",
    "managed_price",
    "managed_prices",
    "model_licences",
    "models_named",
    "open_book",
    "override_warnings",
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
    "reserved_prices",
    "residual_fraction",
    "screen_offers",
    "second_rates",
    "server",
    "server_names",
    "server_price",
    "servers",
    "shipped_book",
    "shipped_models",
    "snapshots",
    "stale",
    "token_prices",
    "win_share",
    "yearly_change",
]
