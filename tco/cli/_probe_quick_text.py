"""The answer of `tco probe quick` in plain language."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from probes.quick import FLAT_GAIN_FRACTION
from tco.workload.demand import SECONDS_PER_DAY
from tco.workload.profiles import Weights

if TYPE_CHECKING:
    from probes.quick import Level, QuickAnswer
    from tco.cli._probe_quick_sweep import QuickRequest

_CAVEATS = {
    "few_samples": "Some load points rest on fewer than 20 answers: take them for the order of magnitude.",
    "cut_short": "Time ran out within a load point; its numbers are of what had been answered.",
    "chunks_counted": "The server does not count its tokens: pieces of its answers were counted instead, which may be too few.",
    "early_end": "Answers ended before the length that was asked for: the server takes no fixed length.",
    "cache_hits": "The server answered part of the prompts from its cache: real traffic may be slower.",
}
_MORE_AT_ONCE = {
    "ollama": "start it with OLLAMA_NUM_PARALLEL set higher",
    "llama.cpp": "start it with a larger --parallel and a --ctx-size that grows along",
    "llama-cpp-python": "it answers one request at a time; llama.cpp's own server or vLLM take more",
    "vllm": "start it with a larger --max-num-seqs",
    "sglang": "start it with a larger --max-running-requests",
    "tgi": "start it with a larger --max-concurrent-requests",
}


def traffic(requests_per_s: float) -> dict[str, float]:
    """Requests a day that a rate serves [requests/day]: spread evenly, and with the peak of an office day.

    `rate × 86,400 / peak weight`: capacity must cover the busiest hour, not the average one.

    Args:
        requests_per_s: what is carried.

    >>> round(traffic(1.0)["evenly"])
    86400
    """
    names = {"evenly": "flat", "office_hours": "office-hours"}
    return {
        name: requests_per_s * SECONDS_PER_DAY / Weights.from_profile(profile).peak for name, profile in names.items()
    }


def answer_lines(answer: QuickAnswer, request: QuickRequest, elapsed_s: float) -> list[str]:
    """The answer, ready to be printed.

    Args:
        answer: what was found.
        request: what was measured.
        elapsed_s: how long it took [s].
    """
    if answer.one_user is None:
        return ["Nothing was answered, so there is nothing to say. Look at the server's log."]
    lines = [
        "",
        f"{request.server.title}, {request.model}, {request.input_tokens} tokens in and {request.output_tokens} out:",
        "",
    ]
    lines += [
        f"  One user    {_one(answer.one_user)}",
        *_capacity(answer, request),
        f"  The limit   {_limit(answer, request)}",
    ]
    few = any(level.requests < 100 for level in answer.levels)  # noqa: PLR2004 -- what a p99 takes
    caveats = [_CAVEATS[code] for code in answer.caveats]
    if few and "few_samples" not in answer.caveats:
        caveats.append("A minute shows the order of magnitude; percentiles beyond p95 take a longer probe.")
    caveats.append("All requests had one length and arrived one after the other; real traffic varies in both.")
    lines += ["", *(f"  Note: {text}" for text in caveats), "", f"Measured in {elapsed_s:.0f} s. Next:"]
    return lines + [f"  {command['command']}\n      {command['why']}" for command in next_commands(request)]


def _one(level: Level) -> str:
    speed = "" if level.tokens_per_s_each is None else f", then {_number(level.tokens_per_s_each)} tokens/s"
    return f"first word after {_wait(level)}{speed}"


def _wait(level: Level) -> str:
    if level.ttft_ms is None:
        return "an unknown time"
    time = f"{level.ttft_ms:.0f} ms" if level.ttft_ms < 1000 else f"{level.ttft_ms / 1e3:.1f} s"  # noqa: PLR2004
    return f"{time} ({level.percentile} of {level.requests} answers)"


def _capacity(answer: QuickAnswer, request: QuickRequest) -> list[str]:
    promise = (
        f"first word within {request.promise.ttft_ms:g} ms, then {1e3 / request.promise.tpot_ms:g} tokens/s or more"
    )
    best, most = answer.best, answer.most
    if best is None:
        text = f"no measured load keeps the promise ({promise}): a slower promise, a smaller model or faster hardware"
        lines = [f"  It serves   {text}"]
    else:
        per_day = traffic(best.requests_per_s)
        speed = f"{_number(best.output_tokens_per_s)} tokens/s in all, {_number(best.requests_per_s)} requests/s"
        lines = [
            f"  It serves   {best.concurrency} at once, {speed}; first word after {_wait(best)}",
            f"              that is about {_rounded(per_day['evenly'])} such requests a day if they come evenly,",
            f"              about {_rounded(per_day['office_hours'])} if most come in office hours  (promise: {promise})",
        ]
    if most is not None and (
        best is None or most.output_tokens_per_s > (1 + FLAT_GAIN_FRACTION) * best.output_tokens_per_s
    ):
        lines.append(
            f"  At most     {_number(most.output_tokens_per_s)} tokens/s with {most.concurrency} at once; first word after {_wait(most)}"
        )
    return lines


def _limit(answer: QuickAnswer, request: QuickRequest) -> str:
    highest = answer.levels[-1].concurrency
    remedy = _MORE_AT_ONCE.get(request.server.profile.name, "raise its limit of requests at once")
    at_once = max(1, round(answer.served_at_once or 1))
    sentences = {
        "queue": f"requests stand in line: the server works on about {at_once} at once; {remedy}",
        "memory": "the KV cache is full: give the engine more memory, or the cache fewer bytes a number (fp8), or shorten requests",
        "compute": f"the hardware computes as fast as it can: with {highest} at once answers are written slower, and no more come out in all",
        "client": "this machine, which sends the requests: measure from another one",
        "failures": "requests failed under load: look at the server's log",
        "not_found": f"not reached: with {highest} at once throughput still grew; a longer probe goes on",
        "unknown": "not known: there was time for one load only; give it more with --budget 3m",
    }
    return sentences[answer.limit]


def next_commands(request: QuickRequest) -> list[dict[str, str]]:
    """What to do next, as commands that can be copied.

    Args:
        request: what was measured.
    """
    base = ["tco", "probe", "run", "--endpoint", request.server.base_url, "--served-model", request.model]
    lengths = ["--input-tokens", str(request.input_tokens), "--output-tokens", str(request.output_tokens)]
    slo = f"ttft_p95_ms={request.promise.ttft_ms:g},tpot_p95_ms={request.promise.tpot_ms:g}"
    full = [*base, *lengths, "--slo", slo, "--budget", "10m", "--out", "run.json"]
    return [
        {
            "command": shlex.join(full),
            "why": "measures with confidence intervals and finds the highest load that keeps the promise",
        },
        {
            "command": "tco plan scenarios/demo.yaml --set options.this-machine.run=run.json",
            "why": "what that costs, beside paying by the token",
        },
    ]


def _number(value: float) -> str:
    """Three figures.

    >>> _number(1234.5), _number(0.123456)
    ('1,230', '0.123')
    """
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if rounded >= 100 else f"{rounded:g}"  # noqa: PLR2004


def _rounded(value: float) -> str:
    """Two figures: a minute's measurement knows no more.

    >>> _rounded(86_400.0)
    '86,000'
    """
    return f"{float(f'{value:.2g}'):,.0f}"
