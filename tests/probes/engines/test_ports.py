from __future__ import annotations

import socket

import pytest

from probes.engines.ports import find_port
from probes.errors import ProbeError


def test_a_free_port_is_free():
    with socket.create_server(("127.0.0.1", find_port(None))) as server:
        assert server.getsockname()[1] > 1023


def test_a_port_that_was_asked_for_is_taken_or_refused():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(ProbeError, match=f"port {port} cannot be used") as caught:
            find_port(port)

    assert caught.value.kind == "port_taken"
    assert find_port(port) == port
