"""A server of raw sockets that says exactly what a test tells it to, byte by byte."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import struct
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

CHUNK = b'data: {"choices": [{"index": 0, "text": "", "token_ids": [7], "finish_reason": null}]}\n\n'
LAST = b'data: {"choices": [{"index": 0, "text": "", "token_ids": [7], "finish_reason": "length"}]}\n\ndata: [DONE]\n\n'
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"


class Peer:
    """One connection as the server sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.requests: list[bytes] = []

    async def request(self) -> bytes | None:
        """The next request's head and body; None at the end."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        fields = dict(line.split(b": ", 1) for line in head.strip().split(b"\r\n")[1:])
        body = await self.reader.readexactly(int(fields[b"Content-Length"]))
        self.requests.append(head + body)
        return head + body

    async def say(self, data: bytes, pause_s: float = 0.0) -> None:
        self.writer.write(data)
        await self.writer.drain()
        await asyncio.sleep(pause_s)

    def reset(self) -> None:
        """Ends the connection as a crashed machine's kernel would: RST instead of FIN."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class ScriptedServer:
    """Runs a script for each connection."""

    def __init__(self, script: Callable[[Peer], Awaitable[None]], **more) -> None:
        self._script, self._more = script, more
        self.peers: list[Peer] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, **self._more)
        scheme = "https" if self._more.get("ssl") else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for peer in self.peers:
            peer.writer.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        self.peers.append(peer)
        try:
            await self._script(peer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


@dataclass(frozen=True)
class Certificate:
    """A certificate for 127.0.0.1 that signs itself."""

    file: Path
    server_side: ssl.SSLContext


def self_signed(folder: Path) -> Certificate:
    """Makes one with the `openssl` program; skips the test where there is none."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl program")
    key, file = folder / "key.pem", folder / "certificate.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run([*command.split(), "-keyout", str(key), "-out", str(file)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    return Certificate(file, context)
