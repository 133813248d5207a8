"""What an option costs: one function a line item, each a number a month, with months on the last axis.

Quantities may be drawn (`tco.quantity.Quantity.at`): then each gives (draws, months).
"""

from tco.costs.around import egress_usd, load_balancing_usd, logging_usd, storage_usd
from tco.costs.commitments import (
    commitment_due_usd,
    commitment_upfront_usd,
    committed_rent_usd,
    committed_replicas,
    uncommitted_replicas,
    with_commitments,
)
from tco.costs.machines import gpu_rent_usd
from tco.costs.owned import (
    WATTS_PER_KW,
    colocation_usd,
    electricity_usd,
    hosting_usd,
    installation_usd,
    maintenance_usd,
    network_usd,
    repairs_usd,
    residual_usd,
    server_purchases,
    servers_bought_usd,
    software_usd,
    spares_usd,
)
from tco.costs.paths import MONTHS_PER_YEAR, price_path
from tco.costs.people import WORKDAYS_PER_YEAR, on_call_usd, people_usd, set_up_usd
from tco.costs.pipeline import pipeline_usd
from tco.costs.tokens import cache_write_tokens_usd, cached_input_tokens_usd, input_tokens_usd, output_tokens_usd
from tco.costs.tuning import retraining_usd, training_gpu_hours, training_usd
from tco.costs.upkeep import audits_usd, evaluation_usd, exit_usd, migrations_usd, parallel_run_usd, support_usd

__all__ = [
    "MONTHS_PER_YEAR",
    "WATTS_PER_KW",
    "WORKDAYS_PER_YEAR",
    "audits_usd",
    "cache_write_tokens_usd",
    "cached_input_tokens_usd",
    "colocation_usd",
    "commitment_due_usd",
    "commitment_upfront_usd",
    "committed_rent_usd",
    "committed_replicas",
    "egress_usd",
    "electricity_usd",
    "evaluation_usd",
    "exit_usd",
    "gpu_rent_usd",
    "hosting_usd",
    "input_tokens_usd",
    "installation_usd",
    "load_balancing_usd",
    "logging_usd",
    "maintenance_usd",
    "migrations_usd",
    "network_usd",
    "on_call_usd",
    "output_tokens_usd",
    "parallel_run_usd",
    "people_usd",
    "pipeline_usd",
    "price_path",
    "repairs_usd",
    "residual_usd",
    "retraining_usd",
    "server_purchases",
    "servers_bought_usd",
    "set_up_usd",
    "software_usd",
    "spares_usd",
    "storage_usd",
    "support_usd",
    "training_gpu_hours",
    "training_usd",
    "uncommitted_replicas",
    "with_commitments",
]
