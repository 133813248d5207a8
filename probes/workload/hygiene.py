"""Whether a prefix cache answered for the model: hits that the workload planned, and hits that nobody planned.

vLLM counts queries and hits of its prefix cache in tokens (`vllm:prefix_cache_queries`, `vllm:prefix_cache_hits`,
https://docs.vllm.ai/en/latest/usage/metrics/), once for each request when it is first scheduled; requests that were preempted and looked up again are
left out. It hits whole blocks only and never a prompt's last token, so that what a workload shares is the most that may be hit
(https://docs.vllm.ai/en/latest/design/prefix_caching/).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from probes.trace import RequestTrace
from probes.workload.request import Arrival

TOLERANCE_FRACTION = 0.01
"""Unplanned hits, as a share of the prompt tokens, that change no number that a cell reports by more than its interval."""

_OTHERS_FRACTION = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheVerdict:
    """What a prefix cache did in one load point.

    Attributes:
        clean: whether there were no unplanned hits to speak of; None where the server does not say.
        hit_fraction: hits over the tokens that were looked up; None where the server does not say.
        planned_fraction: the most of them that the workload planned.
        unplanned_fraction: unplanned hits, at the least; None where the server does not say.
        sentence: the same for people, and what to do.
    """

    clean: bool | None
    hit_fraction: float | None
    planned_fraction: float
    unplanned_fraction: float | None
    sentence: str


def judge_cache(
    *,
    hit_tokens: float | None,
    query_tokens: float | None,
    planned_hit_tokens: int,
    prompt_tokens: int,
    server_prompt_tokens: int | None = None,
) -> CacheVerdict:
    """Judges the counters of a server over one load point, from before its first request to after its last.

    `unplanned = max(0, hits - planned) / queries`, with `planned` scaled by the server's own count of the prompts over the probe's, where words were sent.

    Args:
        hit_tokens: increase of the server's hit counter; None where it does not say.
        query_tokens: increase of its query counter; None where it does not say.
        planned_hit_tokens: sum over all requests that were sent, the cut-off ones too.
        prompt_tokens: likewise, as the probe made them.
        server_prompt_tokens: prompt tokens of the same requests as the server counts them, if it does.

    Example:
        >>> judge_cache(hit_tokens=300, query_tokens=1000, planned_hit_tokens=0, prompt_tokens=1000).sentence
        'The prefix cache answered 30.0 % of the prompt tokens though no two prompts were alike: not measured was the model. Were these prompts sent before, with the same seed, or does somebody else use the server?'
    """
    planned_fraction = planned_hit_tokens / prompt_tokens if prompt_tokens else 0.0
    if hit_tokens is None or query_tokens is None:
        return _silent(planned_fraction)
    if query_tokens <= 0:
        said = "No prompt was looked up in the prefix cache: it is switched off."
        return _verdict(clean=True, hit=0.0, planned=planned_fraction, unplanned=0.0, sentence=said)
    made = server_prompt_tokens or prompt_tokens
    planned = planned_hit_tokens * max(1.0, made / prompt_tokens) if prompt_tokens else 0.0
    unplanned = max(0.0, hit_tokens - planned) / query_tokens
    foreign = query_tokens > (1 + _OTHERS_FRACTION) * max(made, prompt_tokens)
    sentence = _sentence(hit_tokens / query_tokens, planned / query_tokens, unplanned)
    if foreign:
        sentence += (
            f" The server looked up {query_tokens:.0f} prompt tokens where {made} were sent: somebody else uses it."
        )
    return _verdict(
        clean=unplanned <= TOLERANCE_FRACTION,
        hit=hit_tokens / query_tokens,
        planned=planned_fraction,
        unplanned=unplanned,
        sentence=sentence,
    )


def judge_requests(traces: Iterable[RequestTrace]) -> CacheVerdict:
    """Judges request by request, where the server says of each what came from its cache (`cached_tokens`): sharper than its counters.

    A hit above one request's plan is not made good by another request that was hit less than planned.

    Args:
        traces: those with `cached_tokens` are judged.
    """
    told = [(trace.cached_tokens, trace) for trace in traces if trace.cached_tokens is not None]
    prompt_tokens = sum(trace.input_tokens for _, trace in told)
    if not prompt_tokens:
        return _silent(0.0)
    planned = sum(trace.planned_hit_tokens for _, trace in told) / prompt_tokens
    hit = sum(cached for cached, _ in told) / prompt_tokens
    unplanned = sum(max(0, cached - trace.planned_hit_tokens) for cached, trace in told) / prompt_tokens
    return _verdict(
        clean=unplanned <= TOLERANCE_FRACTION,
        hit=hit,
        planned=planned,
        unplanned=unplanned,
        sentence=_sentence(hit, planned, unplanned),
    )


def _verdict(
    *, clean: bool | None, hit: float | None, planned: float, unplanned: float | None, sentence: str
) -> CacheVerdict:
    return CacheVerdict(
        clean=clean, hit_fraction=hit, planned_fraction=planned, unplanned_fraction=unplanned, sentence=sentence
    )


def _silent(planned: float) -> CacheVerdict:
    said = "The server does not say what its prefix cache answered; fresh prompts and a salt of their own are all that speaks against it."
    return _verdict(clean=None, hit=None, planned=planned, unplanned=None, sentence=said)


def _sentence(hit: float, planned: float, unplanned: float) -> str:
    if unplanned <= TOLERANCE_FRACTION:
        if not planned:
            return f"The prefix cache answered {_percent(hit)} of the prompt tokens: every prompt was new to it."
        return f"The prefix cache answered {_percent(hit)} of the prompt tokens; the workload shares up to {_percent(planned)}."
    plan = f"where the workload shares {_percent(planned)} at most" if planned else "though no two prompts were alike"
    return (
        f"The prefix cache answered {_percent(hit)} of the prompt tokens {plan}: not measured was the model. "
        "Were these prompts sent before, with the same seed, or does somebody else use the server?"
    )


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f} %"


def with_planned_hits(arrivals: Sequence[Arrival]) -> tuple[Arrival, ...]:
    """Says of each arrival how much of its prompt an earlier one began with: what a cache without end would answer.

    A block counts as far as it was sent before; the first one that is new, or longer than it was, ends the common beginning. A prompt's last token is
    never answered by a cache.

    Args:
        arrivals: in the order in which they are sent.

    Example:
        >>> first = Arrival(offset_s=0, input_tokens=1000, output_tokens=1, blocks=(1, 2), block_tokens=512)
        >>> later = Arrival(offset_s=1, input_tokens=1200, output_tokens=1, blocks=(1, 2, 3), block_tokens=512)
        >>> [arrival.planned_hit_tokens for arrival in with_planned_hits([first, later])]
        [0, 1000]
    """
    sent: dict[int, int] = {}
    return tuple(
        replace(arrival, planned_hit_tokens=_planned(arrival, sent)) if arrival.blocks else arrival
        for arrival in arrivals
    )


def _planned(arrival: Arrival, sent: dict[int, int]) -> int:
    """Tokens of an arrival's beginning that were sent before; notes what it sends."""
    hits, common, left = 0, True, arrival.input_tokens
    for block in arrival.blocks:
        size = min(arrival.block_tokens, left)
        if size <= 0:
            break
        known = sent.get(block, 0)
        if common:
            hits += min(known, size)
            common = known >= arrival.block_tokens
        sent[block] = max(known, size)
        left -= size
    return min(hits, arrival.input_tokens - 1)


def planned_hit_fraction(arrivals: Sequence[Arrival]) -> float:
    """The most of all prompt tokens that a prefix cache without end would answer; 0 without arrivals."""
    total = sum(arrival.input_tokens for arrival in arrivals)
    return sum(arrival.planned_hit_tokens for arrival in arrivals) / total if total else 0.0
