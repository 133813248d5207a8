"""What a `prices.yaml` holds: the records of its four lists. Reading is in `overrides_file`, meaning in `overrides`.

Each field's description says what is allowed; messages, the schema and docs/prices-file.md are made from it.
"""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field, StringConstraints, field_validator, model_validator

from pricing.own.exchange import USD, CurrencyCode, Rate, no_rate
from pricing.price import Evidence, ProviderClass, Tier, Unit
from pricing.tables import Record, name_key
from pricing.yaml_file import Day, Money, Size, Text, broken_rule

SCHEMA = 1
"""Number of the format; a newer file is refused."""

GLOB = "*?["
"""What makes a pattern of an item."""

_UNITS, _TIERS, _CLASSES = (", ".join(get_args(kind)) for kind in (Unit, Tier, ProviderClass))
_EVIDENCE = f"one of {', '.join(get_args(Evidence))}"

Exact = Annotated[Text, StringConstraints(pattern=r"^[^*?\[\]]+$")]
"""A name without wildcards."""


class _Entry(Record):
    """What a discount and a contract price share: which prices are meant, when, and how it is known."""

    provider: Exact | None = Field(
        default=None, description="who sells it, as the book writes it, such as aws; no wildcards"
    )
    provider_class: ProviderClass | None = Field(default=None, description=f"one of {_CLASSES}")
    region: Exact | None = Field(
        default=None, description="where, as the book writes it, such as DE or us-east-1; no wildcards"
    )
    tier: Tier | None = Field(default=None, description=f"one of {_TIERS}")
    valid_from: Day | None = Field(default=None, description="its first day, YYYY-MM-DD; left out: always")
    valid_to: Day | None = Field(default=None, description="its last day, YYYY-MM-DD; left out: until further notice")
    source: Text = Field(description="the contract, invoice or offer that says so, as text of 1 to 500 characters")
    evidence: Evidence = Field(default="contract", description=_EVIDENCE)
    note: Text | None = Field(default=None, description="text of 1 to 500 characters")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> _Entry:
        if self.valid_from is not None and self.valid_to is not None and self.valid_to < self.valid_from:
            raise broken_rule(f"valid_to {self.valid_to} is before valid_from {self.valid_from}; exchange or mend them")
        return self


class Discount(_Entry):
    """Per cent off (or on top of) what the book lists.

    Attributes:
        item: what is sold, exact or with wildcards; null: any item.
        per: the unit; null: any unit.
        discount_fraction: share taken off the list price [fraction]; negative is a surcharge.
        as_of: the day of the agreement, or null where only the list price has a day.
    """

    item: Text | None = Field(default=None, description="what is sold, such as openai/gpt-5, or a pattern: openai/*")
    per: Unit | None = Field(default=None, description=f"one of {_UNITS}")
    discount_fraction: Annotated[float, Field(strict=True, gt=-1, lt=1)] = Field(
        description="a number above -1 and below 1: 0.15 is 15 % off, -0.05 is 5 % on top"
    )
    as_of: Day | None = Field(default=None, description="the day of the agreement, YYYY-MM-DD, not in the future")

    @model_validator(mode="after")
    def _means_something(self) -> Discount:
        if not any((self.item, self.provider, self.provider_class, self.region, self.tier, self.per)):
            raise broken_rule(
                'says not on what; add item, provider, provider_class, region, tier or per (item: "*" is everything)'
            )
        return self


class OwnPrice(_Entry):
    """A price that the user pays, or a list price that the book lacks.

    Attributes:
        item: what is sold, exact or with wildcards.
        per: the unit bought.
        amount: units of `currency` for one `per` [currency/unit].
        low: low end of a range [currency/unit].
        high: high end of that range [currency/unit].
        currency: ISO 4217 code.
        above_input_tokens: only requests with more input tokens than this pay it.
        hours_utc: the hours in which it holds; null: the whole day.
        as_of: the day on which somebody read it.
    """

    item: Text = Field(description="what is sold, such as openai/gpt-5, H100-SXM, electricity, or a pattern: openai/*")
    per: Unit = Field(description=f"one of {_UNITS}")
    amount: Money = Field(description="a number from 0 to 1e12, not in quotes, with a point for decimals")
    low: Money | None = Field(default=None, description="a number from 0 up to the amount")
    high: Money | None = Field(default=None, description="a number from the amount up to 1e12")
    currency: CurrencyCode = Field(default=USD, description="three capital letters, the ISO 4217 code, such as EUR")
    above_input_tokens: Annotated[int, Field(strict=True, gt=0)] | None = Field(
        default=None, description="a whole number of tokens above 0, such as 272000"
    )
    hours_utc: Annotated[str, StringConstraints(pattern=r"^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$")] | None = (
        Field(default=None, description="hours of the day in UTC, as the book writes them, such as 00:30-16:30")
    )
    as_of: Day = Field(description="the day on which somebody read it, YYYY-MM-DD, not in the future")

    @model_validator(mode="after")
    def _is_whole(self) -> OwnPrice:
        ends = (self.low if self.low is not None else self.amount, self.high if self.high is not None else self.amount)
        if not ends[0] <= self.amount <= ends[1]:
            raise broken_rule(
                f"amount {self.amount:g} is outside its range, {ends[0]:g} to {ends[1]:g}; mend one of them"
            )
        if self.per == "gpu_hour" and self.provider is None:
            raise broken_rule(
                "provider is missing; a GPU hour has a landlord, so add who lets it, such as provider: aws"
            )
        return self


class OwnGpu(Record):
    """A GPU that the book does not know, or figures that take the place of the book's.

    Attributes:
        gpu: its name.
        vendor: who makes it.
        memory_gb: device memory [GB].
        memory_bandwidth_gb_per_s: peak memory bandwidth [GB/s].
        bf16_dense_tflops: peak 16-bit matrix rate without sparsity [TFLOP/s].
        fp8_dense_tflops: peak 8-bit float matrix rate without sparsity [TFLOP/s].
        fp4_dense_tflops: peak 4-bit float matrix rate without sparsity [TFLOP/s].
        tdp_watts: the board's power limit [W].
        link_gb_per_s: bandwidth to its peers, one way [GB/s].
        link_kind: over what.
        all_in_watts_per_gpu: power of its share of the whole installation [W].
        purchase_usd: price of one [USD].
        purchase_low_usd: low end of that price [USD].
        purchase_high_usd: high end of that price [USD].
        driver_names: what its driver calls it.
        as_of: the day on which somebody read the figures.
        source: where.
        evidence: how good they are.
        note: what a reader must know to use them.
    """

    gpu: Exact = Field(description="its name, such as MYGPU-96GB; no wildcards")
    vendor: Text | None = Field(default=None, description="who makes it, such as nvidia")
    memory_gb: Size | None = Field(default=None, description="device memory in GB, a number above 0")
    memory_bandwidth_gb_per_s: Size | None = Field(default=None, description="GB/s, a number above 0")
    bf16_dense_tflops: Size | None = Field(default=None, description="TFLOP/s without sparsity, a number above 0")
    fp8_dense_tflops: Size | None = Field(default=None, description="TFLOP/s without sparsity, a number above 0")
    fp4_dense_tflops: Size | None = Field(default=None, description="TFLOP/s without sparsity, a number above 0")
    tdp_watts: Size | None = Field(default=None, description="the board's power limit in W, a number above 0")
    link_gb_per_s: Size | None = Field(default=None, description="GB/s to its peers, one way, a number above 0")
    link_kind: Text | None = Field(default=None, description="over what, such as NVLink or PCIe")
    all_in_watts_per_gpu: Size | None = Field(
        default=None, description="W of its share of server, network and cooling, a number above 0"
    )
    purchase_usd: Size | None = Field(default=None, description="USD for one, a number above 0")
    purchase_low_usd: Size | None = Field(default=None, description="USD, a number above 0 up to purchase_usd")
    purchase_high_usd: Size | None = Field(default=None, description="USD, a number from purchase_usd up")
    driver_names: tuple[Text, ...] = Field(
        default=(), description="a list of texts: what nvidia-smi (or the driver) calls it"
    )
    as_of: Day = Field(description="the day on which somebody read the figures, YYYY-MM-DD, not in the future")
    source: Text = Field(description="the data sheet or offer, as text of 1 to 500 characters")
    evidence: Evidence = Field(default="expert", description=_EVIDENCE)
    note: Text | None = Field(default=None, description="text of 1 to 500 characters")

    @model_validator(mode="after")
    def _price_is_in_its_range(self) -> OwnGpu:
        low, high, usd = self.purchase_low_usd, self.purchase_high_usd, self.purchase_usd
        if usd is None and (low is not None or high is not None):
            raise broken_rule("has a range of purchase prices but no purchase_usd; add it")
        if usd is not None and not (low if low is not None else usd) <= usd <= (high if high is not None else usd):
            raise broken_rule(f"purchase_usd {usd:g} is outside its range; mend purchase_low_usd or purchase_high_usd")
        return self


class PricesFile(Record):
    """The content of a `prices.yaml`: what one person or company pays.

    Attributes:
        schema_: number of the format.
        fx: exchange rates.
        discounts: per cent off what the book lists.
        prices: prices that are paid, or that the book lacks.
        gpus: GPUs that the book does not know, and corrections.
    """

    schema_: Annotated[int, Field(alias="schema", ge=1, le=SCHEMA, description="number of the file's format, 1")] = (
        SCHEMA
    )
    fx: tuple[Rate, ...] = Field(default=(), description="a list of exchange rates, each after a dash")
    discounts: tuple[Discount, ...] = Field(default=(), description="a list of discounts, each after a dash")
    prices: tuple[OwnPrice, ...] = Field(default=(), description="a list of prices, each after a dash")
    gpus: tuple[OwnGpu, ...] = Field(default=(), description="a list of GPUs, each after a dash")

    @field_validator("fx", "discounts", "prices", "gpus", mode="before")
    @classmethod
    def _nothing_is_an_empty_list(cls, value: object) -> object:
        return () if value is None else value

    @model_validator(mode="after")
    def _holds_together(self) -> PricesFile:
        days = [f"{rate.currency} of {rate.as_of}" for rate in self.fx]
        _refuse_repeats("fx", days, days)
        names = [gpu.gpu for gpu in self.gpus]
        _refuse_repeats("gpus", [name_key(name) for name in names], names)
        rated = {USD, *(rate.currency for rate in self.fx)}
        for index, price in enumerate(self.prices):
            if price.currency not in rated:
                raise broken_rule(f"`prices[{index}].currency`: {no_rate(price.currency, price.as_of)}")
        return self


def layer_name(file_name: str, place: str, title: str) -> str:
    """What `Price.layer` says of an entry.

    >>> layer_name("prices.yaml", "discounts[0]", "15 % off openai/*")
    'prices.yaml: discounts[0] (15 % off openai/*)'
    """
    return f"{file_name}: {place} ({title})"


def _refuse_repeats(part: str, keys: list[str], names: list[str]) -> None:
    for index, key in enumerate(keys):
        first = keys.index(key)
        if first < index:
            raise broken_rule(f"`{part}[{index}]`: {names[index]} is there already, at {part}[{first}]; keep one")
