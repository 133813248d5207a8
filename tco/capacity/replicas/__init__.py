"""Whole replicas: enough for every hour, spares so that enough of them answer, and what it costs to follow the load."""

from tco.capacity.replicas.needed import MAX_REPLICAS, replicas_needed
from tco.capacity.replicas.spares import with_spares

__all__ = ["MAX_REPLICAS", "replicas_needed", "with_spares"]
