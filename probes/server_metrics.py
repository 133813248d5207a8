"""What a vLLM server says about itself at `/metrics`: cache use, preemptions, prefix-cache hits.

Names as in https://docs.vllm.ai/en/stable/usage/metrics.html, with the older names of the same numbers. A server without
`/metrics` is not an error: everything it would have said is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.samples import Sample

_HTTP_OK = 200
_NAMES = {
    "kv_cache_usage_fraction": ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"),
    "preemptions": ("vllm:num_preemptions_total",),
    "prefix_queries": ("vllm:prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries_total"),
    "prefix_hits": ("vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total"),
    "prompt_tokens": ("vllm:prompt_tokens_total",),
    "generation_tokens": ("vllm:generation_tokens_total",),
    "requests_running": ("vllm:num_requests_running",),
    "requests_waiting": ("vllm:num_requests_waiting",),
}
_CACHE_CONFIG = "vllm:cache_config_info"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerMetrics:
    """One reading of `/metrics`; None where the server does not say.

    Counters count since the server's start and are summed over its engines; `kv_cache_usage_fraction` is the fullest engine's.
    """

    kv_cache_usage_fraction: float | None = None
    preemptions: float | None = None
    prefix_queries: float | None = None
    prefix_hits: float | None = None
    prompt_tokens: float | None = None
    generation_tokens: float | None = None
    requests_running: float | None = None
    requests_waiting: float | None = None
    kv_cache_tokens: int | None = None


def parse_metrics(text: str) -> ServerMetrics | None:
    """Reads the Prometheus text format.

    Args:
        text: the page.

    Returns:
        None where it is not that format (a web page, say) or holds none of vLLM's numbers.
    """
    try:
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    except (ValueError, KeyError, IndexError):
        return None
    found = {key: _value(samples, names, largest=key == "kv_cache_usage_fraction") for key, names in _NAMES.items()}
    kv_cache_tokens = _kv_cache_tokens(samples)
    if kv_cache_tokens is None and all(value is None for value in found.values()):
        return None
    return ServerMetrics(**found, kv_cache_tokens=kv_cache_tokens)


def _value(samples: Iterable[Sample], names: tuple[str, ...], *, largest: bool) -> float | None:
    for name in names:
        values = [sample.value for sample in samples if sample.name == name]
        if values:
            return max(values) if largest else sum(values)
    return None


def _kv_cache_tokens(samples: Iterable[Sample]) -> int | None:
    sizes = [
        int(sample.labels["num_gpu_blocks"]) * int(sample.labels["block_size"])
        for sample in samples
        if sample.name == _CACHE_CONFIG
        and sample.labels.get("num_gpu_blocks", "").isdigit()
        and sample.labels.get("block_size", "").isdigit()
    ]
    return sum(sizes) if sizes else None


def prefix_hit_fraction(before: ServerMetrics | None, after: ServerMetrics | None) -> float | None:
    """Share of prompt tokens that the prefix cache answered between two readings: `Δhits / Δqueries`.

    Args:
        before: reading before the cell.
        after: reading after it.

    Returns:
        None where the server does not say, looked nothing up, or was restarted in between.
    """
    queries, hits = increase(before, after, "prefix_queries"), increase(before, after, "prefix_hits")
    return min(1.0, hits / queries) if queries and hits is not None else None


def increase(before: ServerMetrics | None, after: ServerMetrics | None, name: str) -> float | None:
    """How much a counter grew between two readings.

    Args:
        before: first reading.
        after: second reading.
        name: a counter of `ServerMetrics`.

    Returns:
        None where either reading lacks it, or it fell, which means that the server was restarted.
    """
    first, last = getattr(before, name, None), getattr(after, name, None)
    return last - first if first is not None and last is not None and last >= first else None


async def fetch_metrics_text(session: aiohttp.ClientSession, base_url: str, *, timeout_s: float = 2.0) -> str | None:
    """Fetches `/metrics` unparsed: parsing takes milliseconds that belong to nobody's latency.

    Args:
        session: an open session.
        base_url: the server, without a path.
        timeout_s: how long to wait [s].

    Returns:
        The page, or None where there is none.
    """
    try:
        async with session.get(
            f"{base_url}/metrics", timeout=aiohttp.ClientTimeout(total=timeout_s), allow_redirects=False
        ) as response:
            return await response.text(errors="replace") if response.status == _HTTP_OK else None
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None
