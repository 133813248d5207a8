"""How a model is spread over the GPUs of a replica, and which ways vLLM takes.

From the source of vLLM 0.32: `config/model.py` (`verify_with_parallel_config`), `model_executor/layers/linear.py` (`QKVParallelLinear`),
`model_executor/layers/vocab_parallel_embedding.py`, `distributed/utils.py` (`get_pp_indices`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pricing.architectures.records import Architecture
from tco.errors import InputError
from tco.number_style import local

MACHINE_GPUS = 8
"""GPUs of one machine: beyond them layers are not shared, for links between machines are too slow for it."""

MAX_GPUS = 128
"""Larger replicas are not looked for: the largest open model at 16 bits is 5.6 TB, which 72 GPUs of 80 GB hold."""

_VOCAB_PADDING = 64
_LATENT = ("latent", "compressed_latent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a replica's GPUs share a model.

    Attributes:
        tensor_parallel_size: GPUs that share each layer.
        pipeline_parallel_size: groups of layers, each on its own such GPUs.
        expert_parallel: whether routed experts are dealt out whole among the GPUs of a layer, instead of each being cut.
    """

    tensor_parallel_size: int = 1
    pipeline_parallel_size: int = 1
    expert_parallel: bool = False

    def __post_init__(self) -> None:
        """Refuses a size below 1.

        Raises:
            InputError: as said.
        """
        for name in ("tensor_parallel_size", "pipeline_parallel_size"):
            if getattr(self, name) < 1:
                raise InputError(f"layout: {name} is {getattr(self, name)}; it must be at least 1")

    @property
    def gpus(self) -> int:
        """GPUs of the replica."""
        return self.tensor_parallel_size * self.pipeline_parallel_size

    @property
    def label(self) -> str:
        """How people name it.

        >>> Layout(tensor_parallel_size=4, pipeline_parallel_size=2).label, Layout().label
        ('8 GPUs (TP 4, PP 2)', '1 GPU')
        """
        if self.gpus == 1:
            return "1 GPU"
        sizes = [f"TP {self.tensor_parallel_size}"]
        if self.pipeline_parallel_size > 1:
            sizes.append(f"PP {self.pipeline_parallel_size}")
        if self.expert_parallel:
            sizes.append("EP")
        return f"{self.gpus} GPUs ({', '.join(sizes)})"

    @property
    def flags(self) -> tuple[str, ...]:
        """As `vllm serve` takes it.

        >>> Layout(tensor_parallel_size=2, expert_parallel=True).flags
        ('--tensor-parallel-size', '2', '--enable-expert-parallel')
        """
        sizes = {
            "--tensor-parallel-size": self.tensor_parallel_size,
            "--pipeline-parallel-size": self.pipeline_parallel_size,
        }
        flags = [word for name, size in sizes.items() if size > 1 for word in (name, str(size))]
        return (*flags, *(["--enable-expert-parallel"] if self.expert_parallel else []))


def layers_of_stages(layers: int, stages: int) -> tuple[int, ...]:
    """Layers of each pipeline stage, as vLLM deals them: what is left over goes to the last stages but the very last.

    Args:
        layers: of the model.
        stages: pipeline parallel size.

    >>> layers_of_stages(32, 4), layers_of_stages(61, 4), layers_of_stages(36, 8)
    ((8, 8, 8, 8), (15, 15, 16, 15), (4, 4, 4, 5, 5, 5, 5, 4))
    """
    share, left = divmod(layers, stages)
    dealt = [share] * stages
    for place in range(2, left + 2):
        dealt[-place] += 1
    return tuple(dealt)


def refusal(model: Architecture, layout: Layout) -> str | None:
    """Why vLLM does not take a layout, in a sentence; None where it does.

    Args:
        model: what is spread.
        layout: over what.

    >>> from pricing import architecture
    >>> refusal(architecture("Qwen3-14B"), Layout(tensor_parallel_size=16))
    'Qwen3-14B has 40 attention heads, which 16 GPUs cannot share evenly'
    """
    return next(_refusals(model, layout.tensor_parallel_size, layout), None)


def _refusals(model: Architecture, tensor: int, layout: Layout) -> Iterator[str]:
    if model.heads % tensor:
        yield f"{model.name} has {model.heads} attention heads, which {tensor} GPUs cannot share evenly"
    if not _is_latent(model) and model.kv_heads % tensor and tensor % max(1, model.kv_heads):
        yield f"{model.name} has {model.kv_heads} key-value heads, which {tensor} GPUs can neither share nor copy evenly"
    if _padded_vocabulary(model) % tensor:
        yield f"{model.name} has a vocabulary of {local(model.vocab_size):,}, which {tensor} GPUs cannot share evenly"
    if layout.pipeline_parallel_size > model.layers:
        yield f"{model.name} has {model.layers} layers, fewer than {layout.pipeline_parallel_size} pipeline stages"
    if layout.expert_parallel and (tensor == 1 or not model.experts):
        yield f"{model.name} has {model.experts} routed experts and {tensor} GPU(s) for a layer: there is nothing to deal out"
    if layout.expert_parallel and tensor > model.experts:
        yield f"{model.name} has {model.experts} routed experts, fewer than {tensor} GPUs"


def layouts(
    model: Architecture, *, machine_gpus: int = MACHINE_GPUS, min_gpus: int = 1, max_gpus: int = MAX_GPUS
) -> Iterator[Layout]:
    """Layouts that vLLM takes, smallest first; of equal size the one with fewer stages first, and cut experts before whole ones.

    Layers are shared within a machine only. Experts that are cut and experts that are dealt out take the same memory where their number divides.

    Args:
        model: what is spread.
        machine_gpus: GPUs of one machine.
        min_gpus: of the smallest replica.
        max_gpus: of the largest replica.

    >>> from pricing import architecture
    >>> [one.label for one in layouts(architecture("Qwen2.5-7B-Instruct"), max_gpus=4)]
    ['1 GPU', '2 GPUs (TP 2)', '2 GPUs (TP 1, PP 2)', '3 GPUs (TP 1, PP 3)', '4 GPUs (TP 4)', '4 GPUs (TP 2, PP 2)', '4 GPUs (TP 1, PP 4)']
    """
    for gpus in range(min_gpus, max_gpus + 1):
        for tensor in range(min(gpus, machine_gpus), 0, -1):
            if gpus % tensor:
                continue
            for expert in (False, True):
                one = Layout(tensor_parallel_size=tensor, pipeline_parallel_size=gpus // tensor, expert_parallel=expert)
                if refusal(model, one) is None:
                    yield one


def layout_of(model: Architecture, gpus: int, machine_gpus: int = MACHINE_GPUS) -> Layout | None:
    """The usual layout of so many GPUs: each layer shared by as many as a machine has and the model allows; None where vLLM takes none.

    Args:
        model: what is spread.
        gpus: of the replica.
        machine_gpus: GPUs of one machine.

    >>> from pricing import architecture
    >>> layout_of(architecture("Meta-Llama-3.1-8B"), 16).label, layout_of(architecture("Qwen2.5-7B-Instruct"), 3).label
    ('16 GPUs (TP 8, PP 2)', '3 GPUs (TP 1, PP 3)')
    """
    return next(layouts(model, machine_gpus=machine_gpus, min_gpus=gpus, max_gpus=gpus), None)


def _is_latent(model: Architecture) -> bool:
    return any(kept.kind in _LATENT for kept in model.kv_layers)


def _padded_vocabulary(model: Architecture) -> int:
    return -(-model.vocab_size // _VOCAB_PADDING) * _VOCAB_PADDING
