"""Kept for the modules that still import it; see `probes.servers.answers` and `probes.servers.events`."""

from __future__ import annotations

from probes.servers.answers import read_answer
from probes.servers.counting import spread
from probes.servers.events import events

__all__ = ["events", "read_answer", "spread"]
