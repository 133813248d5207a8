"""The `Run` record: one probe of one endpoint.

A run is one JSON object. Its *cells* are load points; each carries its own throughput, latency percentiles, failures and
warnings, so that a run that was interrupted still says what it knows. The schema is published in
`docs/schema/run.schema.json`.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from probes.cell import Arrivals, Cell, CellRole
from probes.findings import ClientFloor, CostSplit, Extrapolation, Goodput, IdlePower
from probes.record import Count, NonNegative, Record, Warn
from probes.setting import Engine, Environment, Manifest, Model

SCHEMA = 2
"""Number of the run file's format; a file with a larger number is refused. 2 only adds to 1, so that one reader reads both."""


class Lengths(Record):
    """How the lengths of prompts and answers vary together around their means.

    `fixed`: they do not. `uniform`: each evenly within `spread_fraction` of its mean. `lognormal`: both with the coefficient of variation
    `spread_fraction` and rank correlation `correlation`. `pairs`: drawn from recorded (input, output) pairs, named by `source`, whose rows
    have the digest `sha256`.
    """

    kind: Literal["fixed", "uniform", "lognormal", "pairs"] = "fixed"
    spread_fraction: Annotated[float, Field(ge=0)] = 0.0
    correlation: Annotated[float, Field(ge=-1, le=1)] = 0.0
    source: str | None = None
    sha256: str | None = None


class TraceSource(Record):
    """The recorded traffic that was replayed: where from, how much of it, and how much faster than it came.

    `requests` are those from `start_s` of the recording on that were sent, with lengths times `length_factor`; a request that was longer than the
    context was cut or dropped (`too_long`). Prompts were made of blocks of `block_tokens` where the recording says which they share.
    """

    source: str
    format: Literal["azure", "mooncake", "csv", "jsonl"]
    sha256: str
    requests: Count
    speed_factor: Annotated[float, Field(gt=0)] = 1.0
    start_s: NonNegative = 0.0
    length_factor: Annotated[float, Field(gt=0)] = 1.0
    too_long: Literal["cut", "drop"] = "cut"
    block_tokens: Annotated[int, Field(ge=1)] | None = None


class WorkloadShape(Record):
    """The requests that were sent: mean tokens in and out, how they vary, and the seed they came from.

    `shared_prefix_fraction` is the part of each prompt that one of `shared_prefixes` common beginnings makes up; `turns` how many requests one
    conversation has, each repeating the ones before. `burstiness` is the shape of gamma-distributed gaps: 1 is Poisson, less is burstier.
    A request longer than `context_limit_tokens`, prompt and answer together, is shortened to it.
    """

    input_tokens: Annotated[int, Field(ge=1)]
    output_tokens: Annotated[int, Field(ge=1)]
    arrivals: Arrivals = "closed-loop"
    burstiness: Annotated[float, Field(gt=0)] = 1.0
    lengths: Lengths = Lengths()
    shared_prefix_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.0
    shared_prefixes: Annotated[int, Field(ge=1)] = 1
    turns: Annotated[int, Field(ge=1)] = 1
    context_limit_tokens: Annotated[int, Field(ge=2)] | None = None
    trace: TraceSource | None = None
    seed: int | None = None
    prompt: Literal["token_ids", "text", "published"] = "token_ids"


class Plan(Record):
    """What the probe set out to measure, so that an interrupted run can be resumed as it was meant.

    `measure` names the parts: the load curve, the search for the highest open-loop load that keeps `slo_ms`, length mixes, time to first token by
    prompt length, time between tokens by context, replay of a trace. `precision_fraction` is the half width of the interval of throughput, over its
    mean, at which a load point is known well enough; up to `max_repeats` are spent on it. `max_usd` and `max_tokens` cap what a paid endpoint may cost,
    at the prices that follow.
    """

    concurrency: list[int] = []
    request_rates_per_s: list[float] = []
    measure: list[Literal["curve", "goodput", "lengths", "prefill", "context", "trace", "idle"]] = ["curve"]
    repeats: Annotated[int, Field(ge=1)] = 3
    max_repeats: Annotated[int, Field(ge=1)] | None = None
    precision_fraction: Annotated[float, Field(gt=0)] | None = None
    requests_per_stream: Annotated[int, Field(ge=1)] = 3
    stop_when_flat: bool = True
    slo_ms: dict[str, NonNegative] = {}
    slo_target_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.95
    budget_s: float | None = None
    declared_host_watts: NonNegative | None = None
    max_usd: NonNegative | None = None
    max_tokens: Count | None = None
    input_usd_per_mtok: NonNegative | None = None
    output_usd_per_mtok: NonNegative | None = None
    model: str | None = None
    endpoint: str | None = None
    served_model_name: str | None = None
    profile: str | None = None
    api_key_env: str | None = None


class Run(Record):
    """One probe: where, of what, with which requests, and what each load point gave.

    `evidence` is `measured` for a probe of this tool or an imported benchmark of one's own, `literature` for a curve that
    somebody else published, `modelled` for one that was carried over from a sliced model (`extrapolation` says how).
    """

    schema_: Annotated[int, Field(alias="schema", ge=1)] = SCHEMA
    run_id: Annotated[str, Field(min_length=1)]
    created_at: str
    tool_version: str
    evidence: Literal["measured", "literature", "modelled"] = "measured"
    source: str | None = None
    complete: bool
    incomplete_reason: str | None = None
    environment: Environment
    engine: Engine
    model: Model
    workload: WorkloadShape
    gpu: str | None = None
    gpus_per_replica: Annotated[int, Field(ge=0)] = 0
    plan: Plan | None = None
    client_floor: ClientFloor | None = None
    idle: IdlePower | None = None
    goodput: list[Goodput] = []
    cost_split: CostSplit | None = None
    extrapolation: Extrapolation | None = None
    manifest: Manifest | None = None
    warnings: list[Warn] = []
    cells: list[Cell]

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)

    @property
    def usable_cells(self) -> list[Cell]:
        """Cells of the load curve that may carry a decision: complete, with answers, and not limited by the measuring client.

        Where both kinds of load were measured, the closed loops: their loads and rates are of one kind.
        """
        curve = [cell for cell in self.cells if cell.role == "curve" and cell.usable]
        closed = [cell for cell in curve if cell.concurrency is not None]
        return closed or curve

    def usable_of(self, role: CellRole) -> list[Cell]:
        """Usable cells that were measured for one purpose, in the order of the file."""
        return [cell for cell in self.cells if cell.role == role and cell.usable]

    def to_json(self) -> str:
        """The file's text: indented, stable key order, ends with a newline."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), indent=1, allow_nan=False) + "\n"
