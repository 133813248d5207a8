"""What an option costs: one function a line item, each a number a month, with months on the last axis.

Quantities may be drawn (`tco.quantity.Quantity.at`): then each gives (draws, months).
"""

from tco.costs.machines import gpu_rent_usd
from tco.costs.owned import (
    WATTS_PER_KW,
    colocation_usd,
    electricity_usd,
    maintenance_usd,
    residual_usd,
    server_purchases,
    servers_bought_usd,
)
from tco.costs.paths import MONTHS_PER_YEAR, price_path
from tco.costs.people import people_usd
from tco.costs.tokens import cached_input_tokens_usd, input_tokens_usd, output_tokens_usd

__all__ = [
    "MONTHS_PER_YEAR",
    "WATTS_PER_KW",
    "cached_input_tokens_usd",
    "colocation_usd",
    "electricity_usd",
    "gpu_rent_usd",
    "input_tokens_usd",
    "maintenance_usd",
    "output_tokens_usd",
    "people_usd",
    "price_path",
    "residual_usd",
    "server_purchases",
    "servers_bought_usd",
]
