"""The engine of a deployment: its image, arguments and environment, from the run's own."""

from __future__ import annotations

from pricing import Architecture
from probes.run import Run
from tco.handover.environment import deployed_environment
from tco.handover.flags import read_flags
from tco.handover.hardware import image_of
from tco.handover.records import Hardware, ServedEngine, ServedModel
from tco.handover.vllm_args import Wanted, deployed_arguments
from tco.scenario import OwnOption, RentOption

_DTYPES = {"auto", "half", "float16", "bfloat16", "float", "float32"}
"""What vLLM takes for `--dtype`."""
_CACHE_TYPES = {"bf16": "auto", "fp8": "fp8"}
"""The option's words for the cache in vLLM's; 16 bits are the type of the model."""


def engine_of(
    option: RentOption | OwnOption,
    run: Run,
    hardware: Hardware,
    model: ServedModel,
    shape: Architecture | None,
    context: int,
) -> ServedEngine:
    """The engine as it is to be started.

    Args:
        option: what was costed: its own layout, precision and cache come before the run's.
        run: what was measured.
        hardware: where it runs.
        model: what it serves.
        shape: the model's architecture; None where it is not known.
        context: longest request that must fit [tokens].
    """
    tensor, stages = _layout(option, run, hardware)
    quantised = shape is not None and shape.quantization is not None
    wanted = Wanted(
        context_tokens=context,
        tensor_parallel_size=tensor,
        pipeline_parallel_size=stages,
        layout_reason=_layout_reason(option, run, hardware, (tensor, stages)),
        dtype=run.model.dtype if run.model.dtype in _DTYPES else None,
        quantization=None if quantised else run.model.quantization,
        revision=model.revision,
        sliced=run.model.layers_full is not None or run.extrapolation is not None,
        spans_nodes=hardware.nodes_per_replica > 1,
        costed=_costed(option, quantised=quantised),
    )
    arguments, differences = deployed_arguments(run.engine.args, wanted)
    return ServedEngine(
        name="vllm-cpu" if hardware.platform == "cpu" else "vllm",
        version=run.engine.version,
        image=image_of(hardware.platform, run.engine.version),
        arguments=arguments,
        environment=deployed_environment(run, shape, on_cpu=hardware.platform == "cpu"),
        differences=differences,
        measured_arguments=tuple(run.engine.args),
    )


def started_for(arguments: tuple[str, ...], context: int) -> int:
    """Longest request that the engine takes [tokens].

    Args:
        arguments: of the engine.
        context: taken where they do not say.

    >>> started_for(("--max-model-len", "4096"), 1152), started_for((), 1152)
    (4096, 1152)
    """
    values = [flag.value for flag in read_flags(arguments)[0] if flag.name == "--max-model-len"]
    return int(values[0]) if values and values[0] is not None and values[0].isdecimal() else context


def _costed(option: RentOption | OwnOption, *, quantised: bool) -> tuple[tuple[str, str], ...]:
    """Flags of the option's own precision and cache; a checkpoint that is quantised, or has to be, says so itself."""
    found = []
    if option.precision == "fp8" and not quantised:
        found.append(("--quantization", "fp8"))
    if option.kv_cache_dtype != "auto":
        found.append(("--kv-cache-dtype", _CACHE_TYPES[option.kv_cache_dtype]))
    return tuple(found)


def _layout(option: RentOption | OwnOption, run: Run, hardware: Hardware) -> tuple[int, int]:
    """Tensor and pipeline parallel size: the option's own, the run's where the GPUs are the same, else all GPUs of a machine in one tensor-parallel group.

    Copies of the model inside a replica (`--data-parallel-size`) are the run's own business, as long as the GPUs are the same.
    """
    gpus, tensor, stages = hardware.gpus_per_replica, option.tensor_parallel_size, option.pipeline_parallel_size
    if gpus and (tensor or stages):
        return tensor or gpus // (stages or 1), stages or gpus // (tensor or 1)
    measured = run.engine.tensor_parallel_size, run.engine.pipeline_parallel_size
    copies = any(flag.name == "--data-parallel-size" for flag in read_flags(run.engine.args)[0])
    if hardware.gpus_per_replica in (0, measured[0] * measured[1]):
        return measured
    if copies and hardware.gpus_per_replica == run.gpus_per_replica:
        return measured
    if hardware.gpus_per_replica % hardware.nodes_per_replica:
        return hardware.gpus_per_replica, 1
    return hardware.gpus_per_node, hardware.nodes_per_replica


def _layout_reason(option: RentOption | OwnOption, run: Run, hardware: Hardware, layout: tuple[int, int]) -> str:
    if option.tensor_parallel_size or option.pipeline_parallel_size:
        return "the option was costed so"
    if layout == (run.engine.tensor_parallel_size, run.engine.pipeline_parallel_size):
        return "the run names it apart from its arguments"
    if hardware.gpus_per_replica == run.gpus_per_replica:
        return "the run does not say how its GPUs shared the model; here each layer is shared by those of one machine"
    return "the option has other GPUs per replica than the run"
