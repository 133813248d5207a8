"""Raw answers → traces, by the server's own form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes import sse

if TYPE_CHECKING:
    from probes.servers.dialect import Dialect
    from probes.trace import RawAnswer, RequestTrace


def read_answer(raw: RawAnswer, dialect: Dialect) -> RequestTrace:  # noqa: ARG001 -- all servers answer alike so far
    """Reads one answer; see `probes.sse.read_answer`."""
    return sse.read_answer(raw)
