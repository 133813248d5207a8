"""Ports of the loopback address on which an engine may listen."""

from __future__ import annotations

import socket

from probes.errors import ProbeError


def find_port(wanted: int | None) -> int:
    """A port of the loopback address on which nothing listens.

    Args:
        wanted: the port that the user asked for; None lets the system choose.

    Raises:
        ProbeError: `port_taken` when `wanted` is in use or not allowed.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted or 0))
        except OSError as error:
            message = f"port {wanted} cannot be used ({error.strerror}). Leave --port out to take a free one, or name another."
            raise ProbeError("port_taken", message) from None
        return int(probe.getsockname()[1])
