"""Where a run was measured: machine, engine, model, and what somebody else needs to do the same again."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from probes.record import Count, NonNegative, Record


class Gpu(Record):
    """One GPU as the driver describes it."""

    name: str
    memory_gib: NonNegative
    power_limit_watts: NonNegative | None = None
    driver: str | None = None
    nvlink: bool | None = None
    uuid_hash: str | None = None
    power_limit_default_watts: NonNegative | None = None
    sm_clock_max_mhz: Count | None = None
    memory_clock_max_mhz: Count | None = None
    mig: bool | None = None
    persistence: bool | None = None


class Environment(Record):
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


class Engine(Record):
    """The server that answered, its version and the arguments it was started with.

    `start_s` is how long it took from being started to its first answer [s]; `capabilities` what it was seen to understand.
    """

    name: str
    version: str | None = None
    args: list[str] = []
    started_by_probe: bool = False
    profile: str | None = None
    tensor_parallel_size: Annotated[int, Field(ge=1)] = 1
    pipeline_parallel_size: Annotated[int, Field(ge=1)] = 1
    kv_cache_tokens: int | None = None
    start_s: NonNegative | None = None
    capabilities: dict[str, bool] = {}


class Model(Record):
    """The architecture that was run and how its weights were held.

    `layers` is how many were run; `layers_full` how many the model has, where that is more.
    """

    name: str
    config_sha256: str | None = None
    weights: Literal["dummy", "real", "unknown"] = "unknown"
    dtype: str | None = None
    quantization: str | None = None
    layers: int | None = None
    layers_full: int | None = None
    vocab_size: int | None = None
    revision: str | None = None


class Manifest(Record):
    """What somebody else needs to do the same again, beyond the rest of the run.

    `command` has secrets blanked; `load_average` and `busy_processes_count` describe the machine before the probe; `container` is an image digest or id.
    """

    command: list[str] = []
    started_at: str | None = None
    ended_at: str | None = None
    tool_commit: str | None = None
    packages: dict[str, str] = {}
    engine_environment: dict[str, str] = {}
    container: str | None = None
    cpu_governor: str | None = None
    numa_nodes_count: Count | None = None
    load_average: NonNegative | None = None
    busy_processes_count: Count | None = None
    gpu_temperature_celsius: list[NonNegative] = []
    gpu_sm_clock_mhz: list[NonNegative] = []
    seeds: dict[str, int] = {}
