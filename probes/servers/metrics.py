"""What a server says about itself at `/metrics`: cache use, preemptions, prefix-cache hits, latencies.

A server without such a page is not an error: everything it would have said is None.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from probes.cell import ServerSide
from probes.servers.histogram import Histogram, grown, merged, percentiles_of, well_formed
from probes.servers.metric_names import KV_CACHE, SERVERS, MetricNames

_HTTP_OK = 200
_CACHE_CONFIG = "vllm:cache_config_info"
_RESTARTED = "the server was restarted, or has no such histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerMetrics:
    """One reading of `/metrics`; None where the server does not say.

    Counters count since the server's start and are summed over its engines; `kv_cache_usage_fraction` is the fullest engine's.

    Attributes:
        server: whose page it is, as in `probes.servers.profiles`.
        kv_cache_usage_fraction: share of the KV cache that is in use.
        preemptions: requests that were put back for lack of cache.
        prefix_queries: prompt tokens that were looked up in the prefix cache.
        prefix_hits: prompt tokens that it answered.
        prompt_tokens: prompt tokens.
        generation_tokens: generated tokens.
        requests_running: requests in the batch.
        requests_waiting: requests in the queue.
        kv_cache_tokens: size of the KV cache [tokens].
        histograms: latencies, by `ttft`, `itl`, `tpot`, `e2e`, `queue`.
    """

    server: str = "vllm"
    kv_cache_usage_fraction: float | None = None
    preemptions: float | None = None
    prefix_queries: float | None = None
    prefix_hits: float | None = None
    prompt_tokens: float | None = None
    generation_tokens: float | None = None
    requests_running: float | None = None
    requests_waiting: float | None = None
    kv_cache_tokens: int | None = None
    histograms: dict[str, Histogram] = field(default_factory=dict)


def parse_metrics(text: str) -> ServerMetrics | None:
    """Reads the Prometheus text format.

    Args:
        text: the page.

    Returns:
        None where it is not that format (a web page, say) or holds none of a known server's numbers.
    """
    by_name = _samples(text)
    if by_name is None:
        return None
    for names in SERVERS:
        if any(name.startswith(names.prefix) for name in by_name):
            return _read(by_name, names)
    return None


def _samples(text: str) -> dict[str, list[Sample]] | None:
    """Samples by name; llama.cpp has had versions that send the page as a JSON string (https://github.com/ggml-org/llama.cpp/issues/17384)."""
    by_name: dict[str, list[Sample]] = defaultdict(list)
    try:
        page = json.loads(text) if text.startswith('"') else text
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                by_name[sample.name].append(sample)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return None
    return dict(by_name)


def _read(by_name: dict[str, list[Sample]], names: MetricNames) -> ServerMetrics | None:
    scalars = {ours: _value(by_name, theirs, largest=ours == KV_CACHE) for ours, theirs in names.scalars.items()}
    read = {ours: _histogram(by_name, theirs) for ours, theirs in names.histograms.items()}
    histograms = {ours: histogram for ours, histogram in read.items() if histogram is not None}
    capacity = _configured_tokens(by_name) if names.server == "vllm" else _capacity(by_name, names.capacity)
    if capacity is None and not histograms and all(value is None for value in scalars.values()):
        return None
    return ServerMetrics(server=names.server, **scalars, kv_cache_tokens=capacity, histograms=histograms)


def _value(by_name: dict[str, list[Sample]], names: Iterable[str], *, largest: bool = False) -> float | None:
    for name in names:
        values = [sample.value for sample in by_name.get(name, ()) if math.isfinite(sample.value)]
        if values:
            return max(values) if largest else sum(values)
    return None


def _capacity(by_name: dict[str, list[Sample]], names: tuple[str, ...]) -> int | None:
    values = [_value(by_name, (name,), largest=True) for name in names]
    known = [value for value in values if value is not None and value > 0]
    return round(math.prod(known)) if known and len(known) == len(names) else None


def _configured_tokens(by_name: dict[str, list[Sample]]) -> int | None:
    """Blocks times their size, of every engine of a vLLM server."""
    sizes = [
        int(sample.labels["num_gpu_blocks"]) * int(sample.labels["block_size"])
        for sample in by_name.get(_CACHE_CONFIG, ())
        if sample.labels.get("num_gpu_blocks", "").isdigit() and sample.labels.get("block_size", "").isdigit()
    ]
    return sum(sizes) if sizes else None


def _histogram(by_name: dict[str, list[Sample]], names: Iterable[str]) -> Histogram | None:
    for name in names:
        series: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = defaultdict(list)
        for sample in by_name.get(f"{name}_bucket", ()):
            key = tuple(sorted((label, value) for label, value in sample.labels.items() if label != "le"))
            series[key].append((float(sample.labels["le"]), sample.value))
        found = [_one(sorted(buckets)) for buckets in series.values()]
        total = merged([histogram for histogram in found if well_formed(histogram)])
        if total is not None:
            sum_s = _value(by_name, (f"{name}_sum",))
            return Histogram(edges_s=total.edges_s, counts=total.counts, total_s=sum_s)
    return None


def _one(buckets: list[tuple[float, float]]) -> Histogram:
    return Histogram(edges_s=tuple(edge for edge, _ in buckets), counts=tuple(number for _, number in buckets))


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


def server_side(
    before: ServerMetrics | None, after: ServerMetrics | None, under_load: Sequence[ServerMetrics] = ()
) -> ServerSide | None:
    """A load point as the server itself saw it: every request that it ended between two readings, warm-up included.

    Args:
        before: reading before the load.
        after: reading after it.
        under_load: readings in between.

    Returns:
        None without readings.
    """
    if before is None or after is None:
        return None
    latencies = {
        f"{name}_ms": percentiles_of(grown(before.histograms.get(name), after.histograms.get(name)), reason=_RESTARTED)
        for name in ("ttft", "itl", "tpot", "e2e", "queue")
    }
    running = [one.requests_running for one in under_load if one.requests_running is not None]
    waiting = [one.requests_waiting for one in under_load if one.requests_waiting is not None]
    return ServerSide(
        **latencies,
        requests_running_mean=sum(running) / len(running) if running else None,
        requests_waiting_max=max(waiting) if waiting else None,
    )


async def fetch_metrics_text(
    session: aiohttp.ClientSession, base_url: str, *, timeout_s: float = 2.0, path: str = "/metrics"
) -> str | None:
    """Fetches the page unparsed: parsing takes milliseconds that belong to nobody's latency.

    Args:
        session: an open session.
        base_url: the server, without a path.
        timeout_s: how long to wait [s].
        path: where the page is.

    Returns:
        The page, or None where there is none.
    """
    try:
        async with session.get(
            f"{base_url}{path}", timeout=aiohttp.ClientTimeout(total=timeout_s), allow_redirects=False
        ) as response:
            return await response.text(errors="replace") if response.status == _HTTP_OK else None
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None
