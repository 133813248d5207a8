"""Fine-tuning: what one training is, and how often it is done again."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tco.quantity import NonNegative, Positive, PositiveFraction, Quantity
from tco.terms.record import Record

Method = Literal["full", "lora", "qlora"]


class FineTuning(Record):
    """One training on `training_tokens` (all epochs together) at the start, and `retrainings_per_year` more.

    A vendor bills it by `training_usd_per_mtok`. On GPUs it takes hours by `tco.costs.tuning.training_gpu_hours`, at `training_usd_per_hour` each: null takes the
    option's own rent, or the book's on-demand rent of its GPU. `parameters_count` is of the weights that one token uses, `peak_tflops` of the GPU without
    sparsity; both are looked up. `mfu_fraction` is the share of that peak which the model's own arithmetic reaches; with `recompute` the forward pass is done twice,
    and the share is of all arithmetic.
    """

    method: Method = "lora"
    training_tokens: Positive
    retrainings_per_year: NonNegative = Quantity(value=0.0)
    data_person_days: NonNegative | None = None
    training_usd_per_mtok: NonNegative | None = None
    training_usd_per_hour: NonNegative | None = None
    gpu: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    parameters_count: Positive | None = None
    peak_tflops: Positive | None = None
    mfu_fraction: PositiveFraction = Quantity(
        value=0.3,
        low=0.15,
        high=0.43,
        evidence="literature",
        source="https://arxiv.org/abs/2407.21783 (0.38 to 0.43, pretraining on 16,384 H100); "
        "https://github.com/NVIDIA-NeMo/Automodel/blob/main/docs/performance-summary.md (0.18, LoRA of Llama 3 70B on 8 H100)",
        note="small batches on few GPUs stay near the low end",
    )
    recompute: bool = False
