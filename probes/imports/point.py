"""What every format is brought to: load points, and the report that they come from."""

from __future__ import annotations

from dataclasses import dataclass, field

from probes.cell import Arrivals, TokenSource
from probes.record import Percentiles, Warn


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One load point as another tool reports it, in our units.

    Attributes:
        where: file and place in it, for messages.
        concurrency: requests always in flight; None in an open loop.
        request_rate_per_s: offered rate; None in a closed loop.
        arrivals: how requests came, None where it is not said.
        burstiness: shape of gamma-distributed gaps.
        duration_s: from the first request to the last answer.
        requests_ok: requests that succeeded.
        requests_failed: requests that did not.
        requests_planned: requests that should have been sent; None where it is not said.
        input_tokens: prompt tokens of good requests, all together.
        output_tokens: generated tokens of good requests, all together.
        token_source: who counted the output tokens.
        requests_per_s: as reported; None where it is not.
        output_tokens_per_s: likewise.
        total_tokens_per_s: likewise.
        ttft_ms: time to first token.
        tpot_ms: `(E2E - TTFT) / (n - 1)`, one number a request.
        itl_ms: between tokens.
        icl_ms: between chunks.
        e2e_ms: whole request.
        in_flight_mean: requests in flight as the tool integrated them.
        power_watts: of all accelerators together.
        energy_joules: likewise.
        input_mean: mean prompt length that was asked for [tokens]; None: that which came.
        output_mean: likewise of the answer.
        refused: why this is no load point of ours, None where it is one.
        warnings: what the reader of the format has to say.
    """

    where: str
    concurrency: int | None = None
    request_rate_per_s: float | None = None
    arrivals: Arrivals | None = None
    burstiness: float = 1.0
    duration_s: float
    requests_ok: int
    requests_failed: int = 0
    requests_planned: int | None = None
    input_tokens: int
    output_tokens: int
    token_source: TokenSource = "published"  # noqa: S105 - a count's origin, no secret
    requests_per_s: float | None = None
    output_tokens_per_s: float | None = None
    total_tokens_per_s: float | None = None
    ttft_ms: Percentiles = field(default_factory=Percentiles)
    tpot_ms: Percentiles = field(default_factory=Percentiles)
    itl_ms: Percentiles = field(default_factory=Percentiles)
    icl_ms: Percentiles = field(default_factory=Percentiles)
    e2e_ms: Percentiles = field(default_factory=Percentiles)
    in_flight_mean: float | None = None
    power_watts: float | None = None
    energy_joules: float | None = None
    input_mean: float | None = None
    output_mean: float | None = None
    refused: str | None = None
    warnings: tuple[Warn, ...] = ()

    @property
    def input_length(self) -> float:
        """Mean prompt length [tokens], 1 at least."""
        return max(1.0, self.input_mean or self.input_tokens / max(1, self.requests_ok))

    @property
    def output_length(self) -> float:
        """Mean answer length [tokens], 1 at least."""
        return max(1.0, self.output_mean or self.output_tokens / max(1, self.requests_ok))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that one object of a result file says.

    Attributes:
        tool: the tool's name.
        version: its version, None where the file does not say.
        created_at: when, as the file says it; empty where it does not.
        model: name of the model.
        points: load points.
        hardware: what the file says of machine, engine and model, by the names of a hardware sidecar.
        literature: whether somebody else published it.
        seed: of the prompts.
        warnings: about all of it.
        incomplete: why the benchmark did not end as it should, None where it did.
    """

    tool: str
    version: str | None = None
    created_at: str = ""
    model: str
    points: tuple[Point, ...]
    hardware: dict[str, object] = field(default_factory=dict)
    literature: bool = False
    seed: int | None = None
    warnings: tuple[Warn, ...] = ()
    incomplete: str | None = None
