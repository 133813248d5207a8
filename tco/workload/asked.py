"""The traffic that a scenario asks about: how much, when, how long, of which kinds, how fast it must be answered."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tco.quantity import Change, Fraction, NonNegative, Numbers, Positive, Quantity
from tco.terms.agent import Agent, sent_by
from tco.workload.profiles import Weights

_SHARES_ADD_UP_WITHIN = 1e-6


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


Limit = Annotated[float, Field(gt=0)]
Name = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f.]+$")]


class Slo(_Record):
    """The latency promise: each limit must hold at the load that a replica carries [ms]. Null: not promised.

    TTFT is time to first token, TPOT time per output token after the first, E2E the whole request.
    """

    ttft_p50_ms: Limit | None = None
    ttft_p90_ms: Limit | None = None
    ttft_p95_ms: Limit | None = None
    ttft_p99_ms: Limit | None = None
    tpot_p50_ms: Limit | None = None
    tpot_p90_ms: Limit | None = None
    tpot_p95_ms: Limit | None = None
    tpot_p99_ms: Limit | None = None
    e2e_p50_ms: Limit | None = None
    e2e_p90_ms: Limit | None = None
    e2e_p95_ms: Limit | None = None
    e2e_p99_ms: Limit | None = None

    def limits(self) -> dict[str, float]:
        """The promises that were made, by name, for example `{"ttft_p95_ms": 1000.0}`."""
        return {name: limit for name, limit in self.model_dump().items() if limit is not None}


class Spread(_Record):
    """How the lengths of prompts and answers vary around their means.

    `fixed`: they do not. `lognormal`: both with the coefficient of variation `spread_fraction` and rank correlation `correlation`.
    """

    kind: Literal["fixed", "lognormal"] = "fixed"
    spread_fraction: Annotated[float, Field(ge=0, le=5)] = 0.0
    correlation: Annotated[float, Field(ge=-0.95, le=0.95)] = 0.0

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Spread:
        if (self.kind == "lognormal") != (self.spread_fraction > 0):
            raise ValueError(
                f"lengths of kind {self.kind!r} with spread_fraction {self.spread_fraction:g}; "
                "`fixed` has none, `lognormal` has more than 0 (0.8 is usual for a chat)"
            )
        return self


class RequestClass(_Record):
    """One kind of request among several: its share of all requests, its lengths, its own promise; null takes the workload's."""

    share_fraction: Fraction
    input_tokens_per_request: Positive
    output_tokens_per_request: Positive
    lengths: Spread | None = None
    slo: Slo | None = None


class Workload(_Record):
    """The traffic: how much, when, how long, how fast it must be answered.

    Lengths are given once for all requests, or by class. Without `lengths` they vary as those that the run was probed with.
    `reasoning_tokens_per_request` come on top of `output_tokens_per_request`, are billed as output and take a machine's time as such. `agent` makes prompts longer
    from step to step, `input_growth_per_month_fraction` from month to month.
    """

    requests_per_day: NonNegative
    users: Positive | None = None
    growth_per_month_fraction: Change = Quantity(value=0.0)
    input_tokens_per_request: Positive | None = None
    output_tokens_per_request: Positive | None = None
    reasoning_tokens_per_request: NonNegative | None = None
    input_growth_per_month_fraction: Change | None = None
    agent: Agent | None = None
    lengths: Spread | None = None
    classes: Annotated[dict[Name, RequestClass], Field(max_length=20)] = {}
    cacheable_input_fraction: Fraction = Quantity(value=0.0)
    cache_write_input_fraction: Fraction | None = None
    batchable_fraction: Fraction = Quantity(value=0.0)
    batch_deadline_hours: Annotated[int, Field(ge=1, le=720)] = 24
    peak_headroom_fraction: NonNegative = Quantity(value=0.2, low=0.0, high=0.5, note="bursts inside the busiest hour")
    profile: str | list[float] = "office-hours"
    slo: Slo = Slo()

    @model_validator(mode="after")
    def _profile_is_known(self) -> Workload:
        Weights.from_profile(self.profile)
        return self

    @model_validator(mode="after")
    def _lengths_are_given_once(self) -> Workload:
        given = [
            name
            for name in ("input_tokens_per_request", "output_tokens_per_request")
            if getattr(self, name) is not None
        ]
        if self.classes and given:
            raise ValueError(
                f"`{given[0]}` and `classes` are both given; the means follow from the classes, leave `{given[0]}` out"
            )
        if not self.classes and len(given) < 2:  # noqa: PLR2004 - input and output
            raise ValueError("give `input_tokens_per_request` and `output_tokens_per_request`, or `classes`")
        total = sum(kind.share_fraction.value for kind in self.classes.values())
        if self.classes and abs(total - 1) > _SHARES_ADD_UP_WITHIN:
            raise ValueError(f"the shares of `classes` add up to {total:g}; they must add up to 1")
        return self

    @model_validator(mode="after")
    def _classes_have_it_all(self) -> Workload:
        given = [name for name in ("reasoning_tokens_per_request", "agent") if getattr(self, name) is not None]
        if self.classes and given:
            raise ValueError(f"`{given[0]}` and `classes` are both given; put it into the lengths of the classes")
        return self

    @model_validator(mode="after")
    def _cached_input_is_read_or_written(self) -> Workload:
        written = self.cache_write_input_fraction
        if written is not None and written.value + self.cacheable_input_fraction.value > 1 + _SHARES_ADD_UP_WITHIN:
            raise ValueError(
                f"`cacheable_input_fraction` {self.cacheable_input_fraction.value:g} and `cache_write_input_fraction` {written.value:g} add up to more than 1; "
                "a token is read from the cache, written to it, or neither"
            )
        return self

    @property
    def weights(self) -> Weights:
        """The hour-of-week weights of `profile`, mean 1."""
        return Weights.from_profile(self.profile)

    @property
    def mean_input_tokens(self) -> float:
        """Mean prompt length over all requests [tokens]."""
        return float(self.input_tokens)

    @property
    def mean_output_tokens(self) -> float:
        """Mean answer length over all requests [tokens]."""
        return float(self.output_tokens)

    @property
    def input_tokens(self) -> Numbers:
        """Mean prompt length over all requests, of all steps of an agent, by draw where lengths are drawn [tokens]."""
        first = self._mean("input_tokens_per_request")
        return first if self.agent is None else sent_by(self.agent, first).mean_tokens

    @property
    def output_tokens(self) -> Numbers:
        """Mean answer length over all requests, reasoning included, by draw where lengths are drawn [tokens]."""
        seen = self._mean("output_tokens_per_request")
        return seen if self.reasoning_tokens_per_request is None else seen + self.reasoning_tokens_per_request.numbers

    @property
    def cacheable_input(self) -> Numbers:
        """Share of all input that a vendor's cache answers, by draw likewise [fraction].

        Of an agent whose history is cached: `(cacheable · first · fresh starts + cacheable history · history) / mean prompt`.
        """
        first = self.cacheable_input_fraction.numbers
        if self.agent is None or self.agent.history_cacheable_fraction is None:
            return first
        tokens = self._mean("input_tokens_per_request")
        sent = sent_by(self.agent, tokens)
        history = self.agent.history_cacheable_fraction.numbers * sent.history_tokens
        return np.asarray((first * tokens * sent.fresh_starts_fraction + history) / sent.mean_tokens)

    def reasoned(self, factor: Quantity | None) -> Workload:
        """The same traffic for a model that reasons longer or shorter.

        Args:
            factor: its reasoning tokens over the workload's; None: the same.
        """
        if factor is None or self.reasoning_tokens_per_request is None:
            return self
        reasoning = self.reasoning_tokens_per_request.numbers * factor.numbers
        own = self.reasoning_tokens_per_request.at(float(reasoning) if reasoning.ndim == 0 else reasoning)
        return self.model_copy(update={"reasoning_tokens_per_request": own})

    def _mean(self, name: str) -> Numbers:
        """Shares are taken relative to their sum: a sensitivity run moves one of them and leaves the others."""
        if not self.classes:
            asked: Quantity = getattr(self, name)
            return asked.numbers
        kinds = self.classes.values()
        weight = sum((kind.share_fraction.numbers for kind in kinds), start=np.asarray(0.0))
        total = sum(
            (kind.share_fraction.numbers * getattr(kind, name).numbers for kind in kinds), start=np.asarray(0.0)
        )
        return np.asarray(total / weight)
