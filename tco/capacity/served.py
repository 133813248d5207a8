"""A model on a machine."""

from __future__ import annotations

from dataclasses import dataclass

from pricing.architectures.records import Architecture
from tco.capacity.memory.placement import Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A model on a machine.

    Attributes:
        model: the architecture.
        on: hardware, layout and precision.
    """

    model: Architecture
    on: Placement

    @property
    def label(self) -> str:
        """How people name it.

        >>> from pricing import architecture, gpu_spec
        >>> Served(model=architecture("Qwen3-8B"), on=Placement(gpu=gpu_spec("L4"))).label
        'Qwen3-8B on 1 x L4, bf16'
        """
        return f"{self.model.name} on {self.on.label}"
