"""What fine-tuning costs: the first training and those after it.

Per token and weight a training does two operations in the forward pass, two for the gradients of what flows through, and two for the gradients of the
weights. Where the weights are frozen the last two fall away: six become four, whatever the rank of the adapters, whose own part is under one per cent.
"""

from __future__ import annotations

import numpy as np

from tco.costs.paths import MONTHS_PER_YEAR, filled, or_nothing
from tco.costs.people import person_days_usd
from tco.quantity import Numbers
from tco.scenario import OwnOption, RentOption, TokenOption
from tco.terms.tuning import FineTuning, Method
from tco.workload.demand import TOKENS_PER_MTOK, Months

AnyOption = TokenOption | RentOption | OwnOption

FLOPS_PER_WEIGHT_AND_TOKEN: dict[Method, int] = {"full": 6, "lora": 4, "qlora": 4}
"""Operations of one training token for each weight that it uses.

6: Kaplan et al., "Scaling Laws for Neural Language Models", https://arxiv.org/abs/2001.08361, section 2.1. 4: without gradients of frozen weights; NVIDIA counts
289 GFLOP a token for LoRA of Llama 3 70B, 4.1 for each weight, attention included
(https://github.com/NVIDIA-NeMo/Automodel/blob/main/docs/performance-summary.md, 2025-10-02).
"""

RECOMPUTED_FLOPS = 2
"""The forward pass once more."""

QLORA_TIME_FACTOR = 1.66
"""How much longer QLoRA takes than LoRA, for its weights are unpacked from four bits at every use.

LoRA is about 66 % faster: https://cloud.google.com/vertex-ai/docs/model-garden/lora-qlora, read 2026-11-30.
"""

_TERA = 1e12
_S_PER_HOUR = 3600


def training_gpu_hours(tuning: FineTuning) -> Numbers:
    """GPU-hours of one training [h], shape () or (draws, 1).

    `operations · weights · tokens / (peak · share of it) / 3600`, with 6 operations for all weights, 4 for adapters, 2 more with recomputation; 1.66 times as long
    for QLoRA.

    Args:
        tuning: filled.

    LoRA of Llama 3 70B on 8 H100: 131,072 tokens took 26.92 s at 176 of 989 TFLOP/s, which are 0.0598 GPU-hours (the page above).

    >>> from tco.quantity import Quantity
    >>> number = lambda value: Quantity(value=value)
    >>> step = FineTuning(training_tokens=number(131_072), parameters_count=number(70.6e9), peak_tflops=number(989), mfu_fraction=number(176 / 989))
    >>> round(float(training_gpu_hours(step)), 4)
    0.0584
    """
    operations = FLOPS_PER_WEIGHT_AND_TOKEN[tuning.method] + (RECOMPUTED_FLOPS if tuning.recompute else 0)
    flops = operations * filled(tuning.parameters_count) * tuning.training_tokens.numbers
    reached_per_s = filled(tuning.peak_tflops) * _TERA * tuning.mfu_fraction.numbers
    hours = flops / reached_per_s / _S_PER_HOUR
    return np.asarray(hours * QLORA_TIME_FACTOR if tuning.method == "qlora" else hours)


def training_usd(option: AnyOption) -> Numbers:
    """One training with the preparation of its data [USD], shape () or (draws, 1).

    `GPU-hours · USD/hour`, or `Mtok · USD/Mtok` where a vendor trains; and person-days at the option's salaries.
    """
    tuning = option.tuning
    if tuning is None:
        return np.zeros(())
    if tuning.training_usd_per_mtok is not None:
        machine = tuning.training_tokens.numbers / TOKENS_PER_MTOK * tuning.training_usd_per_mtok.numbers
    else:
        machine = training_gpu_hours(tuning) * filled(tuning.training_usd_per_hour)
    return np.asarray(machine + person_days_usd(option.people, or_nothing(tuning.data_person_days)))


def retraining_usd(option: AnyOption, months: int) -> Months:
    """Trainings after the first, spread over the year: `trainings a year · cost of one / 12` [USD/month]."""
    if option.tuning is None:
        return np.zeros(months)
    return option.tuning.retrainings_per_year.numbers * training_usd(option) / MONTHS_PER_YEAR * np.ones(months)
