"""Kept for the modules that still import it; see `probes.servers.metrics`."""

from __future__ import annotations

from probes.servers.metrics import ServerMetrics, fetch_metrics_text, increase, parse_metrics, prefix_hit_fraction

__all__ = ["ServerMetrics", "fetch_metrics_text", "increase", "parse_metrics", "prefix_hit_fraction"]
