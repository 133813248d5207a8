"""How the cost of an option is divided between what goes in and what comes out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tco.capacity.capacity import own_engine
from tco.capacity.engine_model import EngineModel
from tco.capacity.replica import Replica
from tco.capacity.step_time import StepTime
from tco.cashflow import Ledger
from tco.idle import MACHINE_INVESTMENTS, MACHINE_ITEMS
from tco.unit_records import SplitRule
from tco.workload.demand import Demand

INPUT_ITEMS = ("input_tokens", "cached_input_tokens", "cache_write_tokens")
OUTPUT_ITEMS = ("output_tokens",)
"""Line items that a vendor bills by the token."""

_LEAST_LOAD = 1e-9
"""Below this the shares are those of one request alone."""


@dataclass(frozen=True, slots=True)
class TokenSplit:
    """How much of the cost is the input's.

    Attributes:
        input_fraction: share of the whole cost [fraction].
        rule: how it was found, see `tco.unit_records.UnitCosts`.
    """

    input_fraction: float
    rule: SplitRule


def token_split(own: Ledger, replica: Replica | None, asked: Demand) -> TokenSplit:
    """Share of an option's cost that its input tokens make.

    What is paid per token is divided as it is billed, `bill`. Machines are divided by the first of these that is known:

    1. measured on this machine: machine time of an input and an output token, `a · input / (a · input + b · output)`, `cost_split`. What a request takes
       whatever its length is divided likewise;
    2. step times of the engine are known: `step_time_input_fraction`, `step_time`;
    3. else each token costs the same: `input / (input + output)`, `tokens`.

    An option that has both is divided by both, weighted with what they cost, `mixed`. People, one-offs and the rest follow in proportion.

    Args:
        own: what the option costs.
        replica: what carries it; None where nothing does.
        asked: the demand, with mean lengths.
    """
    into, out = (_billed_usd(own, names) for names in (INPUT_ITEMS, OUTPUT_ITEMS))
    billed = into + out
    if own.fleet is None or replica is None:
        return TokenSplit(into / billed, "bill") if billed > 0 else _evenly(asked)
    machines = _of_machines(own.fleet.capacity.requests_per_s, replica, asked)
    if billed <= 0:
        return machines
    machines_usd = _billed_usd(own, MACHINE_ITEMS) + _bought_usd(own)
    return TokenSplit((into + machines.input_fraction * machines_usd) / (billed + machines_usd), "mixed")


def _of_machines(requests_per_s: float, replica: Replica, asked: Demand) -> TokenSplit:
    into, out = float(asked.input_tokens_per_request), float(asked.output_tokens_per_request)
    measured = replica.run.cost_split if replica.carried is None else None
    if measured is not None:
        parts = measured.input_token_s.mean * into, measured.output_token_s.mean * out
        return TokenSplit(parts[0] / sum(parts), "cost_split") if sum(parts) > 0 else _evenly(asked)
    engine = own_engine(replica) if replica.carried is None else replica.carried
    if not isinstance(engine, EngineModel):
        return _evenly(asked)
    return TokenSplit(step_time_input_fraction(engine.step_time, requests_per_s, into, out), "step_time")


def _evenly(asked: Demand) -> TokenSplit:
    into, out = float(asked.input_tokens_per_request), float(asked.output_tokens_per_request)
    return TokenSplit(into / (into + out), "tokens")


def _billed_usd(own: Ledger, names: tuple[str, ...]) -> float:
    return sum(float(np.sum(own.line_items[name])) for name in names if name in own.line_items)


def _bought_usd(own: Ledger) -> float:
    """Servers and the like less what they still fetch."""
    bought = sum(float(np.sum(own.investments[name])) for name in MACHINE_INVESTMENTS if name in own.investments)
    return bought - float(own.residual_usd)


def step_time_input_fraction(step: StepTime, requests_per_s: float, input_tokens: float, output_tokens: float) -> float:
    """Share of a busy engine's time that computing prompts takes [fraction].

    An engine that batches decodes whenever it does not compute prompts, so of each second at a load of `λ` requests/s prompts take `λ · p` and answers the
    rest, at most `λ · output · (a step with one sequence)`:

    ```
    prompts = min(1, λ · p),    p = a step with the prompt beside one decoding sequence − that step without the prompt
    answers = min(1 − prompts, λ · output · step of one sequence)
    share   = prompts / (prompts + answers)
    ```

    Args:
        step: of its engine.
        requests_per_s: load at which it is asked, here what a replica carries within the promise [requests/s].
        input_tokens: mean prompt length [tokens].
        output_tokens: mean answer length [tokens].

    Special cases: no load, the shares of one request alone; steps that take no time, the share by tokens.

    >>> step = StepTime(intercept_s=0.01, per_prefill_token_s=0.0001)
    >>> round(step_time_input_fraction(step, 5.0, 1000, 100), 3), round(step_time_input_fraction(step, 0.5, 1000, 100), 3)
    (0.5, 0.091)
    """
    held = input_tokens + output_tokens / 2
    alone = step.step_s(1, held)
    pairs = input_tokens * (input_tokens + 1) / 2
    prompt = step.step_s(1, held, input_tokens, pairs, 1) - alone
    rate = max(requests_per_s, _LEAST_LOAD)
    prompts = min(1.0, rate * prompt)
    answers = min(1.0 - prompts, rate * output_tokens * alone)
    if prompts + answers <= 0:
        return input_tokens / (input_tokens + output_tokens)
    return prompts / (prompts + answers)
