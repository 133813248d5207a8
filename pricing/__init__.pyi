from .architectures import (
    Architecture,
    ArchitectureError,
    ArchitectureNotFound,
    UnknownArchitecture,
    architecture,
    shipped_models,
)
from .book import Book, shipped_book
from .carbon import carbon_intensity, carbon_regions
from .catalog import STALE_AFTER_DAYS, every_price, list_prices, stale
from .commitments import commitment_discount, reserved_prices
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
from .licensing.allowed import NOT_ADVICE, Answer, Duty, Reason, allowed
from .licensing.rules import Company, Rule
from .licensing.texts import Licence, ModelLicence, licence_named, licences, model_licences, models_named
from .managed import ManagedPrice, managed_price, managed_prices
from .offers import MAX_SPREAD, Rejected, RentalOffer, Screened, readings_on, rental_offers, screen_offers
from .operators import CloudRegion, Operator, operator_of, region_of
from .outlook.history import announced_changes
from .outlook.paths import PricePath, price_path, yearly_change
from .own.check import override_warnings
from .own.file import parse_overrides, read_overrides
from .own.overrides import Overrides
from .price import BOOK, Evidence, Figure, Price, PriceNotFound, ProviderClass, Tier, Unit
from .quality.file import Score, ScoresError, read_scores
from .quality.scores import (
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
from .rental import Landlords, RentalQuote, market_median, rental_price, rental_prices
from .tables import did_you_mean, find_name
from .tokens.crosscheck import Difference, book_rates, crosscheck, second_rates
from .tokens.history import price_history
from .tokens.names import api_models, api_sellers
from .tokens.prices import TokenPrices, price_of_request, token_prices
from .upkeep.changes import Change, changes
from .upkeep.health import Finding, Health, health
from .upkeep.snapshot_record import SnapshotDamaged, SnapshotInfo
from .upkeep.snapshots import open_book, snapshots
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
    "CloudRegion",
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
    "Operator",
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
    "market_median",
    "model_licences",
    "models_named",
    "open_book",
    "operator_of",
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
    "region_of",
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
