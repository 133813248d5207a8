"""What stands around the machines of a self-hosted model: storage, egress, load balancing, logging."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tco.quantity import NonNegative, Quantity
from tco.terms.record import Record


class Around(Record):
    """Prices of what stands around the machines; what is left out costs nothing.

    Storage holds `weights_gib` for each replica (null: looked up), `other_storage_gib`, and the logs of `log_retention_months` months. Egress is
    `egress_bytes_per_token` for every output token: about 4 bytes of text, some 200 where each token is a chunk of its own in a stream.
    """

    storage_usd_per_gib_month: NonNegative | None = None
    weights_gib: NonNegative | None = None
    other_storage_gib: NonNegative = Quantity(value=0.0)
    egress_usd_per_gb: NonNegative | None = None
    egress_bytes_per_token: NonNegative = Quantity(
        value=200, low=4, high=400, note="4 for text at once, some 200 for one streamed chunk a token"
    )
    load_balancer_usd_per_hour: NonNegative | None = None
    load_balancer_usd_per_gb: NonNegative | None = None
    logging_usd_per_gb: NonNegative | None = None
    log_bytes_per_request: NonNegative = Quantity(value=2_000, low=500, high=20_000, note="more where prompts are kept")
    log_retention_months: Annotated[int, Field(ge=0, le=120)] = 1
    monitoring_usd_per_month: NonNegative | None = None
