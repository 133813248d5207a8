"""From the options of a probe to what is sent and what is measured: workload, recorded arrivals, plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from probes import Plan, ProbeError, Warn, WorkloadShape
from probes.stages.points import longest
from probes.workload.extent import limit_effect, longest_request
from probes.workload.lengths import mean_lengths, parse_lengths
from probes.workload.traces import ReplayOptions, read_trace
from tco.cli._probe_options import parse_budget_s, parse_concurrency, parse_measure, parse_rates, parse_slo

if TYPE_CHECKING:
    from probes.workload.request import Arrival
    from tco.cli._probe_options import RunRequest

DEFAULT_PRECISION_FRACTION = 0.05
"""A throughput known to within 5 % decides; narrower intervals cost more time than they tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What is sent.

    Attributes:
        shape: lengths, prefixes, turns, seed.
        arrivals: recorded traffic that is replayed; empty without a trace.
        warnings: what was cut or left out of it.
    """

    shape: WorkloadShape
    arrivals: tuple[Arrival, ...] = ()
    warnings: tuple[Warn, ...] = ()

    def longest(self, plan: Plan) -> tuple[int, int]:
        """The longest request that will be sent, prompt and answer [tokens]: what the engine's context must hold."""
        pairs = [longest_request(self.shape), longest(self.shape, plan)]
        if self.arrivals:
            pairs.append(longest_request(self.shape, self.arrivals))
        return max(pairs, key=sum)


def workload_of(request: RunRequest, *, context_limit_tokens: int | None = None) -> Workload:
    """What the options say is sent.

    Args:
        request: the options.
        context_limit_tokens: what the model or `--max-model-len` allows; longer requests are shortened to it.

    Raises:
        ProbeError: `bad_arguments`: an option that cannot be read, or a file that holds no requests.
    """
    lengths = parse_lengths(request.lengths) if request.lengths else None
    means = mean_lengths(lengths) if lengths is not None else None
    replay = None
    if request.trace is not None:
        options = ReplayOptions(
            speed_factor=request.trace_speed,
            first=request.trace_requests,
            context_limit_tokens=context_limit_tokens,
            skip_empty=True,
        )
        replay = read_trace(request.trace, options)
        means = (max(1, round(replay.input_tokens)), max(1, round(replay.output_tokens)))
    into, out = means or (request.input_tokens, request.output_tokens)
    open_loop = request.rate is not None or request.slo is not None
    shape = WorkloadShape(
        input_tokens=into,
        output_tokens=out,
        arrivals=request.arrivals if open_loop else "closed-loop",
        burstiness=request.burstiness,
        shared_prefix_fraction=_fraction(request.shared_prefix, "--shared-prefix"),
        shared_prefixes=request.shared_prefixes,
        turns=request.turns,
        context_limit_tokens=context_limit_tokens,
        trace=None if replay is None else replay.source,
        seed=request.seed,
        prompt="text" if request.endpoint else "token_ids",
        **({} if lengths is None else {"lengths": lengths}),
    )
    cut = limit_effect(shape).warning(shape)
    warnings = (*(replay.warnings if replay is not None else ()), *([cut] if cut is not None else []))
    return Workload(shape=shape, arrivals=() if replay is None else replay.arrivals, warnings=warnings)


def plan_of(request: RunRequest) -> Plan:
    """What the options say is measured.

    Args:
        request: the options.

    Raises:
        ProbeError: `bad_arguments`: an option that cannot be read, or two that do not go together.
    """
    limits_ms, share = parse_slo(request.slo)
    if request.turns > 1 and (limits_ms or request.rate):
        raise ProbeError(
            "bad_arguments",
            "--turns is for closed loops: a turn waits for the answer before. Leave out --rate and --slo, or --turns.",
        )
    measure = parse_measure(request.measure, slo=bool(limits_ms), trace=request.trace is not None)
    if request.rate is not None and "curve" not in measure:
        raise ProbeError(
            "bad_arguments", "--rate is measured with the curve: add curve to --measure, or leave one out."
        )
    return Plan(
        concurrency=parse_concurrency(request.concurrency),
        request_rates_per_s=parse_rates(request.rate),
        measure=measure,
        repeats=request.repeats,
        max_repeats=request.max_repeats or 2 * request.repeats,
        precision_fraction=request.precision or DEFAULT_PRECISION_FRACTION,
        requests_per_stream=request.requests_per_stream,
        slo_ms=limits_ms,
        slo_target_fraction=share,
        budget_s=parse_budget_s(request.budget),
        declared_host_watts=request.host_watts,
        max_usd=request.max_usd,
        max_tokens=request.max_tokens,
        input_usd_per_mtok=request.usd_per_mtok_input,
        output_usd_per_mtok=request.usd_per_mtok_output,
    )


def _fraction(value: float, option: str) -> float:
    if not 0 <= value < 1:
        raise ProbeError(
            "bad_arguments", f"{option} {value:g}: give a share of the prompt from 0 to below 1, such as 0.5."
        )
    return value
