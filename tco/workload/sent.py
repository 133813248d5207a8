"""What an option's model gets to do: the demand with what is sent in vain, and as its own tokens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tco.scenario import OwnOption, RentOption, TokenOption, Workload
from tco.workload.demand import Demand


def sent(option: TokenOption | RentOption | OwnOption, workload: Workload, asked: Demand) -> Demand:
    """The demand as it reaches an option: `requests / (1 − retries)`, answers with its own length of reasoning.

    Of requests that are sent in vain a share `f` fails, is sent and paid for again, and fails again: `1 + f + f² + … = 1 / (1 − f)`, 1.67 for
    `f = 0.4`. Whoever gives up after three more tries sends less, 1.62.

    Args:
        option: who is asked.
        workload: what for.
        asked: the demand.
    """
    if option.retry_fraction is not None:
        factor = 1 / (1 - option.retry_fraction.numbers)
        asked = replace(asked, requests=asked.requests * factor, mean_requests_per_s=asked.mean_requests_per_s * factor)
    if option.reasoning_factor is not None and workload.reasoning_tokens_per_request is not None:
        asked = replace(asked, output_tokens_per_request=workload.reasoned(option.reasoning_factor).output_tokens)
    return asked


def as_work(option: RentOption | OwnOption, reached: Demand) -> Demand:
    """The demand of a machine in requests of the length that its capacity is known for: `requests/s · tokenizer factor · lengthening of prompts`.

    A machine works on tokens, so a tokenizer that makes more of the same text leaves room for as many fewer requests.

    Args:
        option: who serves.
        reached: from `sent`.
    """
    factor = np.ones(()) if option.tokenizer_factor is None else option.tokenizer_factor.numbers
    if reached.work_by_month is not None:
        factor = factor * reached.work_by_month
    if factor.ndim == 0 and factor == 1:
        return reached
    return replace(reached, mean_requests_per_s=reached.mean_requests_per_s * factor)
