"""The `Run` record: one probe of one endpoint, and how it is read from and written to a file.

A run is one JSON object. Its *cells* are load points; each carries its own throughput, latency percentiles, failures and
warnings, so that a run that was interrupted still says what it knows. The schema is published in
`docs/schema/run.schema.json`.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

SCHEMA = 1
"""Number of the run file's format; a file with a larger number is refused."""

MAX_RUN_FILE_BYTES = 20_000_000
"""A larger file is not one of ours and is refused before it is read."""

TokenSource = Literal["usage", "token_ids", "chunks", "published"]
"""How output tokens were counted. `chunks` is a last resort that is always warned about."""


class RunError(ValueError):
    """A run file cannot be used. The message says what was given, what is allowed and what to do."""


class _Record(BaseModel):
    """Frozen, closed record: an unknown key is an error, a NaN is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


NonNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Interval(_Record):
    """A mean with its 95 % confidence interval.

    `low` and `high` are null when there were too few repeats to tell.
    """

    mean: NonNegative
    low: NonNegative | None = None
    high: NonNegative | None = None


class Percentiles(_Record):
    """Distribution of a latency over the requests of one cell [ms]. Null: not known (too few samples, not published)."""

    mean: NonNegative | None = None
    p50: NonNegative | None = None
    p90: NonNegative | None = None
    p95: NonNegative | None = None
    p99: NonNegative | None = None


class Warn(_Record):
    """A machine-readable caution about a run or a cell."""

    code: str
    message: str
    observed: float | None = None
    threshold: float | None = None


class Cell(_Record):
    """One load point: what was offered, what came back, how long it took.

    Exactly one of `concurrency` (closed loop: that many requests always in flight) and `request_rate_per_s` (open loop:
    requests arrive on a schedule) is set.
    """

    concurrency: Annotated[int, Field(ge=1)] | None = None
    request_rate_per_s: Annotated[float, Field(gt=0)] | None = None
    repeats: Annotated[int, Field(ge=1)] = 1
    duration_s: NonNegative
    requests_ok: Annotated[int, Field(ge=0)]
    requests_failed: Annotated[int, Field(ge=0)] = 0
    failures: dict[str, int] = {}
    input_tokens: Annotated[int, Field(ge=0)]
    output_tokens: Annotated[int, Field(ge=0)]
    token_source: TokenSource
    output_tokens_per_s: Interval
    total_tokens_per_s: Interval
    requests_per_s: Interval
    ttft_ms: Percentiles
    itl_ms: Percentiles
    tpot_ms: Percentiles
    e2e_ms: Percentiles
    power_watts: NonNegative | None = None
    energy_joules: NonNegative | None = None
    kv_cache_usage_fraction: Fraction | None = None
    preemptions: Annotated[int, Field(ge=0)] | None = None
    prefix_cache_hit_fraction: Fraction | None = None
    client_cpu_fraction: NonNegative | None = None
    client_lag_p99_ms: NonNegative | None = None
    client_bound: bool = False
    complete: bool = True
    reason: str | None = None
    warnings: list[Warn] = []

    @property
    def label(self) -> str:
        """How people name this load point, for example `concurrency 8` or `2.5 requests/s`."""
        if self.concurrency is not None:
            return f"concurrency {self.concurrency}"
        return f"{self.request_rate_per_s:g} requests/s"


class Gpu(_Record):
    """One GPU as the driver describes it."""

    name: str
    memory_gib: NonNegative
    power_limit_watts: NonNegative | None = None
    driver: str | None = None
    nvlink: bool | None = None


class Environment(_Record):
    """The machine that was probed. `null` where it could not be read (a remote endpoint, a published run)."""

    hostname_hash: str | None = None
    cpu: str | None = None
    cpu_cores: int | None = None
    memory_gib: NonNegative | None = None
    os: str | None = None
    python: str | None = None
    gpus: list[Gpu] = []
    cuda_driver: str | None = None
    note: str | None = None


class Engine(_Record):
    """The server that answered, its version and the arguments it was started with."""

    name: str
    version: str | None = None
    args: list[str] = []
    started_by_probe: bool = False
    tensor_parallel_size: Annotated[int, Field(ge=1)] = 1
    kv_cache_tokens: int | None = None


class Model(_Record):
    """The architecture that was run and how its weights were held."""

    name: str
    config_sha256: str | None = None
    weights: Literal["dummy", "real", "unknown"] = "unknown"
    dtype: str | None = None
    quantization: str | None = None
    layers: int | None = None
    vocab_size: int | None = None


class WorkloadShape(_Record):
    """The requests that were sent: mean tokens in and out, and the seed they came from."""

    input_tokens: Annotated[int, Field(ge=1)]
    output_tokens: Annotated[int, Field(ge=1)]
    arrivals: Literal["closed-loop", "poisson"] = "closed-loop"
    seed: int | None = None
    prompt: Literal["token_ids", "text", "published"] = "token_ids"


class Plan(_Record):
    """What the probe set out to measure, so that an interrupted run can be resumed as it was meant."""

    concurrency: list[int] = []
    repeats: Annotated[int, Field(ge=1)] = 3
    requests_per_stream: Annotated[int, Field(ge=1)] = 3
    stop_when_flat: bool = True
    budget_s: float | None = None
    model: str | None = None
    endpoint: str | None = None
    served_model_name: str | None = None
    api_key_env: str | None = None


class Run(_Record):
    """One probe: where, of what, with which requests, and what each load point gave.

    `evidence` is `measured` for a probe of this tool or an imported benchmark of one's own, `literature` for a curve that
    somebody else published.
    """

    schema_: Annotated[int, Field(alias="schema", ge=1)] = SCHEMA
    run_id: Annotated[str, Field(min_length=1)]
    created_at: str
    tool_version: str
    evidence: Literal["measured", "literature"] = "measured"
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
    warnings: list[Warn] = []
    cells: list[Cell]

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)

    @property
    def usable_cells(self) -> list[Cell]:
        """Cells that may carry a decision: complete, with answers, and not limited by the measuring client."""
        return [cell for cell in self.cells if cell.complete and cell.requests_ok > 0 and not cell.client_bound]

    def to_json(self) -> str:
        """The file's text: indented, stable key order, ends with a newline."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), indent=1, allow_nan=False) + "\n"


def run_from_json(text: str, where: str = "run") -> Run:
    """Reads a run from JSON text.

    Args:
        text: the file's content.
        where: how error messages name it, usually the path.

    Returns:
        The validated run.

    Raises:
        RunError: truncated or malformed JSON, a newer schema, an unknown or missing key, a number out of range.
    """
    data = _parse_object(text, where)
    schema = data.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool):
        raise RunError(
            f"{where}: no `schema` number; this is not a run file. Make one with `tco probe run --out FILE`."
        )
    if schema > SCHEMA:
        raise RunError(
            f"{where}: schema {schema} is newer than {SCHEMA}, the newest that this version reads. "
            "Upgrade the tool (`pip install --upgrade tco-llm`)."
        )
    try:
        run = Run.model_validate(data)
    except ValidationError as error:
        raise RunError(f"{where}: {_first_problem(error)}") from None
    _check_cells(run, where)
    return run


def load_run(path: str | Path) -> Run:
    """Reads a run file.

    Args:
        path: the file.

    Raises:
        RunError: no such file, too large, not text, or not a valid run (see `run_from_json`).
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > MAX_RUN_FILE_BYTES:
            raise RunError(f"{path}: {size} bytes; a run file has at most {MAX_RUN_FILE_BYTES}. Is it the right file?")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror}). Name a file made by `tco probe run`.") from None
    except UnicodeDecodeError:
        raise RunError(f"{path}: not a text file. Name a file made by `tco probe run`.") from None
    return run_from_json(text, str(path))


def save_run(run: Run, path: str | Path) -> None:
    """Writes a run so that a reader never sees half a file, and a full disk never costs the previous one.

    The text goes to a temporary file in the same folder, is flushed to disk, and then replaces the target in one step.

    Raises:
        RunError: the folder cannot be written or the disk is full; the target is as it was.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as file:
            file.write(run.to_json())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise RunError(
            f"{path}: cannot be written ({error.strerror}). What was there is untouched; "
            "free some space or choose another place with --out."
        ) from None


def _parse_object(text: str, where: str) -> dict[str, Any]:
    try:
        data = json.loads(text, parse_constant=_no_nan)
    except (json.JSONDecodeError, RecursionError) as error:
        raise RunError(
            f"{where}: not valid JSON ({error}); the file may be cut off. "
            "An interrupted probe is finished by `tco probe resume FILE`."
        ) from None
    if not isinstance(data, dict):
        raise RunError(f"{where}: a run file is one JSON object, this is a {type(data).__name__}.")
    return data


def _no_nan(word: str) -> float:
    raise RunError(f"the file holds {word}, which is not a number that a run may carry. Measure that cell again.")


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    more = error.error_count() - 1
    return f"`{place}`: {problem['msg']}" + (f" (and {more} more)" if more else "")


def _check_cells(run: Run, where: str) -> None:
    for number, cell in enumerate(run.cells):
        if (cell.concurrency is None) == (cell.request_rate_per_s is None):
            raise RunError(
                f"{where}: `cells.{number}` must have exactly one of `concurrency` and `request_rate_per_s`."
            )
        for name in ("ttft_ms", "itl_ms", "tpot_ms", "e2e_ms"):
            values = [v for v in _ordered(getattr(cell, name)) if v is not None]
            if any(b < a and not math.isclose(a, b) for a, b in itertools.pairwise(values)):
                raise RunError(f"{where}: `cells.{number}.{name}`: percentiles must not fall from p50 to p99.")


def _ordered(values: Percentiles) -> list[float | None]:
    return [values.p50, values.p90, values.p95, values.p99]
