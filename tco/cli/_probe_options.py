"""The options of `tco probe run`, and how people write loads, promises and durations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from probes import ProbeError

Part = Literal["curve", "goodput", "lengths", "prefill", "context", "trace", "idle"]
"""What a probe can measure; see `probes.run.Plan`."""

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """The options of `tco probe run`, as given; None where an option was left out."""

    model: str | None
    endpoint: str | None
    served_model: str | None
    api_key_env: str | None
    weights: Literal["dummy", "real"] | None
    dtype: str | None
    quantization: str | None
    max_model_len: int | None
    tensor_parallel_size: int | None
    engine_arg: Sequence[str]
    concurrency: str
    input_tokens: int
    output_tokens: int
    repeats: int
    requests_per_stream: int
    budget: str | None
    seed: int | None
    port: int | None
    start_timeout_s: float | None
    out: Path | None
    force: bool
    rate: str | None = None
    arrivals: Literal["poisson", "constant", "gamma"] = "poisson"
    burstiness: float = 1.0
    lengths: str | None = None
    shared_prefix: float = 0.0
    shared_prefixes: int = 1
    turns: int = 1
    trace: Path | None = None
    trace_speed: float = 1.0
    trace_requests: int | None = None
    slo: str | None = None
    measure: str | None = None
    precision: float | None = None
    max_repeats: int | None = None
    layers: str | None = None
    pipeline_parallel_size: int | None = None
    host_watts: float | None = None
    profile: str | None = None
    max_usd: float | None = None
    max_tokens: int | None = None
    usd_per_mtok_input: float | None = None
    usd_per_mtok_output: float | None = None
    client_workers: int | None = None
    prometheus: Path | None = None


def parse_budget_s(text: str | None) -> float | None:
    """A duration as people write it [s].

    >>> parse_budget_s("10m")
    600.0

    Args:
        text: a number and `s`, `m` or `h`; None is no budget.

    Raises:
        ProbeError: `bad_arguments` for anything else, and for 0.
    """
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh])\s*", text)
    seconds = float(found.group(1)) * _SECONDS[found.group(2)] if found else 0.0
    if seconds <= 0:
        raise ProbeError("bad_arguments", f"--budget {text!r} is not a duration. Write 90s, 10m or 1h.")
    return seconds


def parse_concurrency(text: str) -> list[int]:
    """Load points from a comma-separated list, sorted, each once; none for `auto`: the ladder finds its own.

    >>> parse_concurrency("4,1,2,2"), parse_concurrency("auto")
    ([1, 2, 4], [])

    Raises:
        ProbeError: `bad_arguments` when a part is not a whole number from 1 to 100,000.
    """
    if text.strip() == "auto":
        return []
    parts = [part.strip() for part in text.split(",")]
    wrong = [part for part in parts if not re.fullmatch(r"[1-9]\d{0,4}|100000", part)]
    if wrong:
        message = (
            f"--concurrency {text!r}: {wrong[0]!r} is not a whole number from 1 to 100000. Write for example 1,2,4,8."
        )
        raise ProbeError("bad_arguments", message)
    return sorted({int(part) for part in parts})


def parse_rates(text: str | None) -> list[float]:
    """Open-loop loads from a comma-separated list [requests/s], sorted, each once.

    >>> parse_rates("2,0.5")
    [0.5, 2.0]

    Raises:
        ProbeError: `bad_arguments` when a part is not a number above 0.
    """
    if text is None:
        return []
    parts = [part.strip() for part in text.split(",")]
    wrong = [part for part in parts if not re.fullmatch(r"\d+(\.\d+)?", part) or float(part) <= 0]
    if wrong:
        raise ProbeError(
            "bad_arguments",
            f"--rate {text!r}: {wrong[0]!r} is not a number of requests a second. Write for example 0.5,1,2.",
        )
    return sorted({float(part) for part in parts})


def parse_slo(text: str | None) -> tuple[dict[str, float], float]:
    """A promise as people write it: limits by metric [ms], and the share of requests that must keep them.

    >>> parse_slo("ttft_p95_ms=2000,tpot_p95_ms=100")
    ({'ttft': 2000.0, 'tpot': 100.0}, 0.95)

    Raises:
        ProbeError: `bad_arguments` for another form, a metric that is not known or percentiles that differ: one search has one share.
    """
    if text is None:
        return {}, 0.95
    limits: dict[str, float] = {}
    shares: set[str] = set()
    for part in text.split(","):
        found = re.fullmatch(r"\s*(ttft|tpot|itl|e2e)_p(50|90|95|99)_ms\s*=\s*(\d+(?:\.\d+)?)\s*", part)
        if found is None or float(found.group(3)) <= 0:
            message = f"--slo: {part.strip()!r} is not a promise. Write for example ttft_p95_ms=2000,tpot_p95_ms=100."
            raise ProbeError("bad_arguments", message)
        limits[found.group(1)] = float(found.group(3))
        shares.add(found.group(2))
    if len(shares) > 1:
        message = (
            f"--slo {text!r} names different percentiles; a search has one share of requests. Give all limits the same."
        )
        raise ProbeError("bad_arguments", message)
    return limits, int(shares.pop()) / 100


def parse_measure(text: str | None, *, slo: bool, trace: bool) -> list[Part]:
    """Which parts are measured: those named, or the curve, and what the other options ask for.

    >>> parse_measure(None, slo=True, trace=False)
    ['curve', 'goodput']

    Raises:
        ProbeError: `bad_arguments` for a part that is not known, or one that lacks its option.
    """
    known = get_args(Part)
    if text is None:
        named = ["curve"]
    else:
        named = [part.strip() for part in text.split(",")]
        if "all" in named:
            named = [part for part in known if (slo or part != "goodput") and (trace or part != "trace")]
    if slo:
        named.append("goodput")
    if trace:
        named.append("trace")
    wrong = [part for part in named if part not in known]
    if wrong:
        raise ProbeError(
            "bad_arguments", f"--measure: {wrong[0]!r} is not known. Choose from {', '.join(known)}, or all."
        )
    if "goodput" in named and not slo:
        raise ProbeError("bad_arguments", "--measure goodput needs a promise: --slo ttft_p95_ms=2000,tpot_p95_ms=100.")
    if "trace" in named and not trace:
        raise ProbeError("bad_arguments", "--measure trace needs --trace FILE.")
    return [part for part in known if part in named]


def parse_layers(text: str | None) -> tuple[int, ...]:
    """Depths to which a model is sliced, ascending; empty for the whole model.

    >>> parse_layers("8,4")
    (4, 8)

    Raises:
        ProbeError: `bad_arguments` with fewer than two depths, which give no slope.
    """
    if text is None:
        return ()
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"[1-9]\d{0,3}", part) for part in parts) or len(set(parts)) < 2:  # noqa: PLR2004
        message = f"--layers {text!r}: give two or more depths, from which the full one is extrapolated, such as 4,8."
        raise ProbeError("bad_arguments", message)
    return tuple(sorted({int(part) for part in parts}))
