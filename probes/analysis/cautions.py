"""What must be read with care about a load point. Pure."""

from __future__ import annotations

import math

import numpy as np

from probes.analysis.evidence import Evidence, hit_fractions, token_source, told_and_seen
from probes.analysis.little import MAX_ERROR_FRACTION
from probes.analysis.refusals import MAX_PREFIX_HIT_FRACTION
from probes.analysis.windows import trend_limit
from probes.energy.codes import energy_warnings
from probes.record import Warn

MAX_LENGTH_ERROR_FRACTION = 0.05


def warnings(evidence: Evidence) -> list[Warn]:
    """What must be read with care about a load point."""
    return [
        *_token_warnings(evidence),
        *_length_warnings(evidence),
        *_cache_warnings(evidence),
        *_client_warnings(evidence),
        *_steady_warnings(evidence),
        *_retry_warnings(evidence),
        *_little_warnings(evidence),
        *([] if evidence.around.energy is None else energy_warnings(evidence.around.energy)),
    ]


def _token_warnings(evidence: Evidence) -> list[Warn]:
    good, found = evidence.good, []
    if good and token_source(good) == "chunks":
        text = "The server reports no token counts; chunks were counted, which is too few where a chunk has several tokens."
        found.append(Warn(code="tokens_counted_by_chunks", message=text))
        if not all(trace.input_counted for trace in good):
            text = "The server reports no prompt tokens; the number that was sent was taken."
            found.append(Warn(code="input_tokens_as_sent", message=text))
    if sum(trace.split == "even" and trace.output_tokens > len(trace.tokens) for trace in good):
        text = "Nobody says how many tokens were in each chunk: they were spread evenly, so ITL percentiles are those of chunks."
        found.append(Warn(code="tokens_spread", message=text))
    told, seen = told_and_seen(good)
    if any(trace.counts_disagree for trace in good):
        text = f"The server's usage says {told} output tokens, its chunks held {seen}."
        found.append(Warn(code="usage_disagrees", message=text, observed=float(told), threshold=float(seen)))
    return found


def _length_warnings(evidence: Evidence) -> list[Warn]:
    good, shape, load = evidence.good, evidence.load.shape, evidence.load
    if not good:
        return []
    measured = {trace.number for trace in good}
    due = [arrival for number, arrival in enumerate(load.arrivals) if number in measured]
    asked_in = float(np.mean([arrival.input_tokens for arrival in due])) if due else float(shape.input_tokens)
    asked_out = float(np.mean([arrival.output_tokens for arrival in due])) if due else float(shape.output_tokens)
    varies = not due and shape.lengths.kind != "fixed"
    found = []
    for code, asked, lengths in (
        ("input_length", asked_in, [trace.input_tokens for trace in good]),
        ("output_length", asked_out, [trace.output_tokens for trace in good]),
    ):
        if code == "input_length" and shape.turns > 1:
            continue  # each turn repeats the ones before: prompts grow as they should
        given = float(np.mean(lengths))
        chance = 3 * float(np.std(lengths)) / math.sqrt(len(lengths)) if varies else 0.0
        if abs(given - asked) > max(MAX_LENGTH_ERROR_FRACTION * asked, chance):
            text = f"{code.removesuffix('_length').capitalize()} was {given:.1f} tokens on average, not the {asked:g} asked for."
            found.append(Warn(code=code, message=text, observed=given, threshold=asked))
    return found


def _cache_warnings(evidence: Evidence) -> list[Warn]:
    found = []
    hits, unplanned = hit_fractions(evidence)
    if hits is not None and (unplanned or 0.0) > MAX_PREFIX_HIT_FRACTION:
        text = "Prompts were found in the prefix cache although all were fresh; restart the server or use another seed."
        found.append(
            Warn(code="prefix_cache_hits", message=text, observed=unplanned, threshold=MAX_PREFIX_HIT_FRACTION)
        )
    if evidence.around.preemptions:
        text = "The engine ran out of KV cache and threw requests out; this load is beyond what it can hold."
        found.append(Warn(code="preemptions", message=text, observed=evidence.around.preemptions, threshold=0))
    return found


def _client_warnings(evidence: Evidence) -> list[Warn]:
    result, client = evidence.result, evidence.client
    worst = max(result.client_lag_p99_ms or 0.0, result.schedule_lag_p99_ms or 0.0)
    words = " ".join(client.reasons)
    if client.bound:
        text = f"The measuring client was too busy; the server may be faster: {words} Run the probe on an idle machine."
        return [Warn(code="client_bound", message=text, observed=worst)]
    if client.late:
        return [Warn(code="client_late", message=words, observed=worst)]
    return []


def _steady_warnings(evidence: Evidence) -> list[Warn]:
    window, found = evidence.window, []
    if not window.measured:
        return []
    if not window.steady.settled:
        text = "The load had not settled when it was measured: throughput was still changing from round to round."
        found.append(Warn(code="not_settled", message=text, observed=window.steady.trend_fraction))
    trend, limit = window.steady.trend_fraction, trend_limit(window.throughput.output_tokens_per_s)
    if window.steady.settled and trend is not None and abs(trend) > limit:
        text = f"Throughput drifted by {trend:+.1%} from the first half of the measured window to the second."
        found.append(Warn(code="drift", message=text, observed=trend, threshold=limit))
    return found


def _retry_warnings(evidence: Evidence) -> list[Warn]:
    waited_s = evidence.result.retry_wait_s
    if waited_s <= 0:
        return []
    text = "Streams waited because the server asked for it (Retry-After): it carried less load than the cell says."
    return [Warn(code="retry_wait", message=text, observed=waited_s, threshold=0.0)]


def _little_warnings(evidence: Evidence) -> list[Warn]:
    found, little = [], evidence.little
    if evidence.lost or evidence.double:
        text = f"{evidence.lost} requests are missing from the traces and {evidence.double} are there twice."
        found.append(Warn(code="requests_miscounted", message=text, observed=float(evidence.lost + evidence.double)))
    if little is not None and abs(little.error_fraction) > MAX_ERROR_FRACTION:
        text = (
            f"{little.in_flight_mean:.2f} requests were in flight on average, rate times time makes "
            f"{little.rate_times_time:.2f}: requests were lost, counted twice, or the load was not steady."
        )
        found.append(Warn(code="little", message=text, observed=little.error_fraction, threshold=MAX_ERROR_FRACTION))
    return found
