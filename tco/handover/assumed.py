"""What a deployment rests on beyond its run, and what must be filled in before it can start: as sentences for its reader."""

from __future__ import annotations

from collections.abc import Iterator

from pricing import Architecture, Book
from probes.run import Run
from tco.capacity.memory.placement import published_precision
from tco.handover.context import USUAL_SPREAD, lengths_are_guessed
from tco.handover.flags import read_flags
from tco.handover.hardware import CLUSTERS, GPUS_PER_NODE
from tco.handover.models import architecture_of
from tco.handover.records import UNKNOWN_VERSION, Deployment
from tco.handover.vllm_args import is_eager
from tco.scenario import Workload


def missing(made: Deployment, shape: Architecture | None, precision: str | None = None) -> tuple[str, ...]:
    """What must be filled in or changed before it can run.

    Args:
        made: the deployment.
        shape: the model's architecture; None where it is not known.
        precision: that the option was costed in; None: as the weights are.
    """
    return (*_missing(made), *_not_divided(made, shape), *_not_in_that_precision(made, shape, precision))


def _not_in_that_precision(made: Deployment, shape: Architecture | None, precision: str | None) -> Iterator[str]:
    """VLLM makes 8-bit weights while it loads; others have to be had as a checkpoint."""
    stored = "bf16" if shape is None else published_precision(shape)
    asked_for = any(flag.name == "--quantization" for flag in read_flags(made.engine.arguments)[0])
    if precision not in (None, stored) and not asked_for:
        yield f"The option was costed with weights in {precision}, and those of {made.model_id} are in {stored}: name a checkpoint in {precision}."


def _not_divided(made: Deployment, shape: Architecture | None) -> Iterator[str]:
    sizes = [flag.value for flag in read_flags(made.engine.arguments)[0] if flag.name == "--tensor-parallel-size"]
    size = int(sizes[0]) if sizes and sizes[0] is not None and sizes[0].isdecimal() else 1
    if shape is not None and size > 1 and shape.heads % size:
        yield f"The model has {shape.heads} attention heads, which {size} accelerators cannot share evenly: vLLM refuses. Cost the option with a number of GPUs that divides them."


def _missing(made: Deployment) -> Iterator[str]:
    if made.model.hf_id is None:
        yield (
            f"The id of the model on Hugging Face is not known: {made.model.name!r} is a name or a path of the measured machine. Replace {made.model_id} in every file."
        )
    if UNKNOWN_VERSION in made.engine.image:
        yield "The run does not say which version of vLLM was measured. Put the version that you mean into the image's tag; its speed is then not the measured one."
    if made.hardware.gpus_per_replica and not made.hardware.products:
        yield (
            f"No node label is known for {made.hardware.gpu or 'the accelerator'}: the scheduler may choose any node with accelerators. Add a node selector for the part that was costed."
        )
    if made.hardware.platform == "unknown":
        yield "The maker of the accelerator is not known, so the resource is asked for as nvidia.com/gpu. Change resource and image where it is another."


def assumptions(made: Deployment, run: Run, workload: Workload, book: Book | None = None) -> tuple[str, ...]:
    """What was assumed beyond what was measured."""
    return (
        *_of_the_model(made, run, book),
        *_of_the_run(made, run),
        *_of_the_lengths(made, run, workload),
        *_of_the_machine(made),
        *_of_the_engine(made),
    )


def _of_the_model(made: Deployment, run: Run, book: Book | None) -> Iterator[str]:
    """Says where model, scenario and run do not name the same."""
    deployed, measured = made.model.hf_id, run.model.name
    if deployed is None or deployed in {measured, made.model.name}:
        if deployed is not None and made.model.name != measured == deployed:
            yield f"The scenario names {made.model.name!r}; the run measured {measured}, which is deployed."
        elif deployed is not None and measured != deployed:
            yield f"The run measured {measured!r}; {deployed} is deployed."
        return
    shape = architecture_of(deployed, book)
    if shape is None or architecture_of(measured, book) != shape:
        yield f"The run measured {measured!r}; {deployed} is deployed."


def _of_the_lengths(made: Deployment, run: Run, workload: Workload) -> Iterator[str]:
    if lengths_are_guessed(workload, run):
        yield (
            f"Nobody says how the lengths of requests vary; they are taken to vary by {USUAL_SPREAD.spread_fraction:.0%} of their mean when the engine's longest request is set, {made.promise.context_tokens:,} tokens. The engine refuses longer ones."
        )


def _of_the_run(made: Deployment, run: Run) -> Iterator[str]:
    if run.model.weights == "dummy":
        yield "The run was measured with random weights of the right shape: timing is real, and real weights are deployed."
    if not run.engine.args:
        yield "The run does not record the engine's arguments: everything that is not listed here is the engine's default."
    if run.gpu is not None and made.hardware.gpu is not None and run.gpu != made.hardware.gpu:
        yield f"The run was measured on {run.gpu}; {made.hardware.gpu} is deployed, where the engine's defaults may be others."
    if run.workload.shared_prefix_fraction == 0 and run.workload.turns == 1:
        yield "The run's prompts shared nothing, so the prefix cache answered none of them; where yours share beginnings, a replica carries more."
    if not made.start_up.measured:
        yield f"The start-up time was not measured; {made.start_up.engine_s:g} s is what such a start usually takes."
    if made.start_up.fetch_s:
        yield f"Fetching the weights is reckoned at 1 Gbit/s, {made.start_up.fetch_s:,.0f} s; a cache in the cluster is faster."
    if made.scaling.in_flight_per_replica is None:
        yield "The run has no time of a request, so the autoscaler watches waiting requests only."


def _of_the_machine(made: Deployment) -> Iterator[str]:
    hardware = made.hardware
    if made.provenance.kind == "rent" and hardware.gpus_per_replica > 1:
        yield f"A rented machine is taken to have {GPUS_PER_NODE} accelerators (4 in a rack of the NVL72 kind); a replica of {hardware.gpus_per_replica} takes {hardware.nodes_per_replica} of them."
    if hardware.nodes_per_replica > 1:
        yield (
            "The machines of a replica need a fast network between them: give the LeaderWorkerSet the annotation leaderworkerset.sigs.k8s.io/exclusive-topology with the node label of one network block. Replicas are then as far apart as your blocks are."
        )
    if hardware.platform == "cpu":
        yield (
            "A replica asks for as many cores as the measured machine had, so a node must have more than that, for the system's own; the kind of processor is not asked for. Memory is not bound to NUMA nodes: that needs the capability SYS_NICE and no seccomp filter."
        )
    elif hardware.platform in CLUSTERS:
        yield "Processor cores and main memory of a GPU replica are not asked for: give it the share of its machine that its GPUs are."


def _of_the_engine(made: Deployment) -> Iterator[str]:
    if is_eager(made.engine.arguments):
        yield "--enforce-eager is kept, as it was measured. Without it a GPU is usually faster, but that is not what was measured."
    if (
        "--enable-prefix-caching" not in made.engine.arguments
        and "--no-enable-prefix-caching" not in made.engine.arguments
    ):
        yield "The prefix cache is left at the engine's default, as it was measured."
    if made.scaling.spare_replicas == 0:
        yield "The availability target needs no spare replica, so the promise is broken while one restarts, is evicted or is upgraded."
