"""The options under comparison: tokens of a vendor, rented GPUs, servers of one's own, and what is made of these."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pricing.architectures.weights import Precision
from tco.finance_terms import Purchase
from tco.hybrid_terms import OF_PARTS, CascadeTerms, HybridTerms
from tco.option_terms import Terms
from tco.quantity import Availability, Change, Fraction, NonNegative, Positive, Quantity, Retries
from tco.scaling import Failures, Scaling, Upgrades
from tco.sequence_terms import Then
from tco.success_terms import Success
from tco.terms.around import Around
from tco.terms.commitment import Commitment
from tco.terms.hardware import Hardware
from tco.terms.people import NO_PEOPLE, People
from tco.terms.pipeline import ModelCall
from tco.terms.tuning import FineTuning
from tco.terms.upkeep import Evaluation, Migrations, Obligations
from tco.workload.asked import Name


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


FROM_RUN = "from-run"
"""A model or a GPU that is the run's."""


def _q(value: float, low: float | None = None, high: float | None = None, note: str | None = None) -> Quantity:
    return Quantity(value=value, low=low, high=high, note=note)


class _Option(_Record):
    name: Name
    model: str
    one_off_usd: dict[Name, NonNegative] = {}
    extra_usd_per_month: dict[Name, NonNegative] = {}
    pipeline: Annotated[dict[Name, ModelCall], Field(max_length=20)] = {}
    evaluation: Evaluation | None = None
    obligations: Obligations = Obligations()
    starts_after_months: Annotated[int, Field(ge=0, le=120)] = 0
    then: Then | None = None
    success: Success | None = None
    terms: Terms | None = None


class _Single(_Option):
    retry_fraction: Retries | None = None
    reasoning_factor: Positive | None = None
    tokenizer_factor: Positive | None = None
    tuning: FineTuning | None = None
    migrations: Migrations | None = None


class TokenOption(_Single):
    """Pay per token: a proprietary API (`api`) or a hosted open model (`hosted`).

    Prices that are null come from the price book on the scenario's `as_of`, those of the service `tier` that is bought; so does the range of their change.
    """

    kind: Literal["api", "hosted"]
    tier: Literal["standard", "flex", "priority", "fast"] = "standard"
    people: People = NO_PEOPLE
    input_usd_per_mtok: NonNegative | None = None
    output_usd_per_mtok: NonNegative | None = None
    cached_input_usd_per_mtok: NonNegative | None = None
    cache_write_usd_per_mtok: NonNegative | None = None
    batch_input_usd_per_mtok: NonNegative | None = None
    batch_output_usd_per_mtok: NonNegative | None = None
    price_change_per_year_fraction: Change | None = None


class RentalPrice(_Record):
    """Which rental price to take from the book: the median of the rows that fit."""

    class_: Annotated[Literal["any", "hyperscaler", "neocloud", "marketplace", "managed"], Field(alias="class")] = "any"
    commitment: Literal["on-demand", "spot", "reserved-1y", "reserved-3y"] = "on-demand"
    provider: str | None = None
    region: str | None = None


class _SelfHosted(_Single):
    """An open model on machines of one's own choice, at the throughput of a run.

    `model` names the open model that runs and whose licence is asked, or is `from-run`; `paid_licence` says that you hold one from its maker.
    Where `model`, `gpu`, `gpus_per_replica`, the two sizes, `precision` or `kv_cache_dtype` are not the run's, its step times are carried over and the capacity is
    `modelled`. A `throughput_factor` is your own word instead: the run's capacity is multiplied by it, and nothing is carried over. `replica_availability_fraction` is of a whole replica, however many GPUs it has.
    """

    run: str
    paid_licence: bool = False
    gpu: str = FROM_RUN
    gpus_per_replica: Annotated[int, Field(ge=1, le=1024)] | None = None
    tensor_parallel_size: Annotated[int, Field(ge=1, le=128)] | None = None
    pipeline_parallel_size: Annotated[int, Field(ge=1, le=128)] | None = None
    precision: Precision | None = None
    kv_cache_dtype: Literal["auto", "bf16", "fp8"] = "auto"
    throughput_factor: Positive | None = None
    availability_target_fraction: Availability = _q(0.99)
    replica_availability_fraction: Availability = _q(0.99, 0.97, 0.999, "share of time that one replica answers")
    scaling: Scaling = Scaling()
    failures: Failures = Failures()
    upgrades: Upgrades = Upgrades()
    people: People = People()
    around: Around | None = None

    @model_validator(mode="after")
    def _sizes_make_the_replica(self) -> Self:
        tensor, stages, gpus = self.tensor_parallel_size, self.pipeline_parallel_size, self.gpus_per_replica
        if gpus is not None and (tensor or stages) and gpus % ((tensor or 1) * (stages or 1)):
            raise ValueError(
                f"`gpus_per_replica` is {gpus}, which {tensor or 1} GPUs a layer times {stages or 1} stages do not divide; "
                "leave it out, or make it their product"
            )
        if gpus is not None and tensor and stages and gpus != tensor * stages:
            raise ValueError(
                f"`gpus_per_replica` is {gpus}, but `tensor_parallel_size` {tensor} times `pipeline_parallel_size` {stages} is {tensor * stages}; "
                "leave one of them out"
            )
        return self


class RentOption(_SelfHosted):
    """Run an open model on rented GPUs, paid by the hour that a replica stands, busy or idle; agreed commitments around the clock.

    `price_usd_per_hour` is for one GPU, or for one machine where the run has no GPU. Where it is left out, a run with a GPU
    takes the book's price of that GPU, and a run without one takes `machine_usd_per_hour`: so one scenario fits both.
    """

    kind: Literal["rent"]
    price: RentalPrice = RentalPrice()
    price_usd_per_hour: NonNegative | None = None
    machine_usd_per_hour: NonNegative | None = None
    price_change_per_year_fraction: Change | None = None
    commitments: Annotated[dict[Name, Commitment], Field(max_length=20)] = {}

    @model_validator(mode="after")
    def _rest_is_rented_by_the_hour(self) -> RentOption:
        if self.commitments and self.price.commitment not in ("on-demand", "spot"):
            raise ValueError(
                f"`commitments` say what is agreed, and `price.commitment` {self.price.commitment!r} how the rest is rented; write on-demand or spot there"
            )
        return self

    @model_validator(mode="after")
    def _servers_are_not_its_own(self) -> RentOption:
        if self.failures.server_availability_fraction is not None:
            raise ValueError(
                "`failures.server_availability_fraction` is of servers of one's own; "
                "for rented GPUs give `replica_availability_fraction` or `failures.gpu_availability_fraction`"
            )
        return self


class ElectricityRegion(_Record):
    """Where the electricity is bought: an ISO country (`DE`) or a US state (`US-OH`) of the price book."""

    region: str


class OwnOption(_SelfHosted):
    """Buy servers and run an open model on them.

    Where no price is given, the book's server with the run's GPU is taken, or the one that `server` names.
    """

    kind: Literal["own"]
    server: str | None = None
    gpus_per_server: Annotated[int, Field(ge=1, le=1024)] = 8
    server_price_usd: NonNegative | None = None
    purchase: Purchase | None = None
    economic_life_months: Annotated[int, Field(ge=1, le=240)] = 48
    residual_fraction: Fraction = _q(0.10, 0.0, 0.30)
    electricity_usd_per_kwh: NonNegative | ElectricityRegion = ElectricityRegion(region="US")
    server_watts: NonNegative | None = None
    pue: Annotated[Quantity, Field()] = _q(1.3, 1.1, 1.6, "site power over server power")
    maintenance_fraction_per_year: NonNegative = _q(0.08, 0.04, 0.12, "of the servers' price")
    colocation_usd_per_kw_month: NonNegative | None = None
    hardware: Hardware = Hardware()

    @model_validator(mode="after")
    def _pue_is_at_least_one(self) -> OwnOption:
        if min(self.pue.value, self.pue.low if self.pue.low is not None else self.pue.value) < 1:
            raise ValueError(f"`pue` {self.pue.value:g} is below 1; it is site power over server power, 1.1 to 1.6")
        return self


class HybridOption(HybridTerms, _Option):
    """Base load on one's own replicas, the rest at an API. What it is made of brings its costs; `people` and named costs are those beyond."""

    kind: Literal["hybrid"]
    model: str = OF_PARTS
    people: People = NO_PEOPLE


class CascadeOption(CascadeTerms, _Option):
    """A small model first, a large one for what it does not do well enough. `people` and named costs are those beyond its parts'."""

    kind: Literal["cascade"]
    model: str = OF_PARTS
    people: People = NO_PEOPLE


SelfHostedOption = RentOption | OwnOption
SingleOption = TokenOption | RentOption | OwnOption
MixedOption = HybridOption | CascadeOption
"""Options that are made of others."""

AnyOption = SingleOption | MixedOption
Option = Annotated[AnyOption, Field(discriminator="kind")]
