"""How a fleet of one's own replicas is run: when they are started and stopped, how they fail, how they are upgraded."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tco.quantity import Availability, NonNegative, Quantity

LONGEST_START_UP_MINUTES = 1440
LONGEST_COOL_DOWN_MINUTES = 60
"""Kubernetes takes no longer window before it stops a replica."""

ReplicaCount = Annotated[int, Field(ge=0, le=100_000)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


class Scaling(_Record):
    """When replicas are started and stopped.

    `fixed` stands for the busiest hour of each month. `scheduled` follows the known hours of the week, every replica started `start_up_minutes` ahead. `reactive`
    follows the load: a replica helps `start_up_minutes` late, and stops when fewer have been enough for `cool_down_minutes`.

    `min_replicas` stand in every hour, spares included; 0 lets the last one go. A fleet that needs more than `max_replicas` is ruled out. The times are filled
    in where a policy, a machine that is taken back or an upgrade needs them: from the run where it measured its engine's start.
    """

    policy: Literal["fixed", "scheduled", "reactive"] = "fixed"
    min_replicas: ReplicaCount = 1
    max_replicas: Annotated[int, Field(ge=1, le=100_000)] | None = None
    start_up_minutes: NonNegative | None = None
    cool_down_minutes: NonNegative | None = None

    @model_validator(mode="after")
    def _bounds_hold(self) -> Scaling:
        if self.max_replicas is not None and self.min_replicas > self.max_replicas:
            raise ValueError(
                f"`min_replicas` {self.min_replicas} is more than `max_replicas` {self.max_replicas}; swap them or raise the maximum"
            )
        if self.policy == "fixed" and self.min_replicas == 0:
            raise ValueError(
                "`min_replicas` 0 lets the last replica go, which a `fixed` fleet never does; choose `policy` scheduled or reactive"
            )
        return self

    @model_validator(mode="after")
    def _times_fit_the_hours(self) -> Scaling:
        for name, most, why in (
            (
                "start_up_minutes",
                LONGEST_START_UP_MINUTES,
                "a fleet that starts so slowly cannot follow a day; use `policy` fixed",
            ),
            ("cool_down_minutes", LONGEST_COOL_DOWN_MINUTES, "Kubernetes takes no longer window"),
        ):
            longest = _largest(getattr(self, name))
            if longest > most:
                raise ValueError(f"`{name}` {longest:g} is more than {most:,} minutes; {why}")
        return self


class Failures(_Record):
    """How replicas come to miss, beyond `replica_availability_fraction`. What is left open does not happen.

    `gpu_availability_fraction` is of one GPU with its share of the machine; a replica answers only while all its GPUs work, so it takes the place of
    `replica_availability_fraction`. `server_availability_fraction` is of a whole server of one's own, which takes all its replicas with it.
    `interruptions_per_hour` says how often the machine of a replica is taken back, `restart_minutes` how long until another answers in its place; spot machines
    have a prior for both.
    """

    gpu_availability_fraction: Availability | None = None
    server_availability_fraction: Availability | None = None
    interruptions_per_hour: NonNegative | None = None
    restart_minutes: NonNegative | None = None


class Upgrades(_Record):
    """Rolling upgrades, in the words of a Kubernetes Deployment: replicas that may stand beside the fleet meanwhile, and replicas that may miss."""

    upgrades_per_month: NonNegative | None = None
    max_surge: ReplicaCount = 1
    max_unavailable: ReplicaCount = 0

    @property
    def happen(self) -> bool:
        """Whether the fleet is upgraded at all."""
        return self.upgrades_per_month is not None and self.upgrades_per_month.value > 0

    @model_validator(mode="after")
    def _can_go_on(self) -> Upgrades:
        if self.max_surge + self.max_unavailable == 0:
            raise ValueError(
                "`max_surge` and `max_unavailable` are both 0, so no replica could ever be replaced; give one of them at least 1"
            )
        return self


def _largest(quantity: Quantity | None) -> float:
    if quantity is None:
        return 0.0
    return quantity.value if quantity.high is None else max(quantity.value, quantity.high)
