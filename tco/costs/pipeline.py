"""Further models that are called for each request."""

from __future__ import annotations

import numpy as np

from tco.costs.paths import filled
from tco.quantity import Numbers
from tco.scenario import OwnOption, RentOption, TokenOption
from tco.terms.pipeline import ModelCall
from tco.workload.demand import TOKENS_PER_MTOK, Demand, Months


def pipeline_usd(option: TokenOption | RentOption | OwnOption, asked: Demand) -> Months:
    """Guardrails, judges and other models: `requests · Σ sampled share · calls · cost of a call` [USD/month].

    Args:
        option: filled.
        asked: the demand; what is asked again after a failure is not checked again.
    """
    per_request = sum((_request_usd(call) for call in option.pipeline.values()), start=np.zeros(()))
    return np.asarray(asked.requests * per_request) if option.pipeline else np.zeros(asked.requests.shape[-1])


def _request_usd(call: ModelCall) -> Numbers:
    return np.asarray(call.sampled_fraction.numbers * call.calls_per_request.numbers * _call_usd(call))


def _call_usd(call: ModelCall) -> Numbers:
    """`(input · input price + output · output price) / 10⁶`, or as it is given."""
    if call.call_usd is not None:
        return call.call_usd.numbers
    into = filled(call.input_tokens) * filled(call.input_usd_per_mtok)
    out = filled(call.output_tokens) * filled(call.output_usd_per_mtok)
    return np.asarray((into + out) / TOKENS_PER_MTOK)
