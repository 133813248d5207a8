"""A small real web server, and a small real proxy, for tests of what fetches from the web."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Route = bytes | Callable[[BaseHTTPRequestHandler], None]
"""What a path answers: a body, or a function that writes the whole answer."""


class Server(ThreadingHTTPServer):
    """Serves routes on 127.0.0.1 and remembers what was asked for."""

    daemon_threads = True

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up on an answer that is too long is what these tests are about."""


@contextmanager
def serving(routes: Mapping[str, Route]) -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(self.path)
            server.headers.append(dict(self.headers))
            route = routes.get(self.path)
            if callable(route):
                route(self)
            else:
                send(self, b"" if route is None else route, status=404 if route is None else 200)

        def log_message(self, *words: object) -> None:
            """Says nothing."""

    with _running(Handler) as server:
        yield server


@contextmanager
def proxying() -> Iterator[Server]:
    """A forward proxy for plain http: `GET http://host/path`; for https it notes the CONNECT and refuses it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            proxy.asked.append(self.path)
            target = urlsplit(self.path)
            upstream = HTTPConnection(target.hostname or "", target.port or 80, timeout=5)
            upstream.request("GET", target.path)
            answer = upstream.getresponse()
            send(self, answer.read(), status=answer.status)
            upstream.close()

        def do_CONNECT(self) -> None:
            proxy.asked.append(f"CONNECT {self.path}")
            send(self, b"", status=403)

        def log_message(self, *words: object) -> None:
            """Says nothing."""

    with _running(Handler) as proxy:
        yield proxy


def send(handler: BaseHTTPRequestHandler, body: bytes, *, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content_Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def redirect(location: str) -> Route:
    return lambda handler: send(handler, b"", status=302, Location=location)


def dripping(body: bytes, pause_s: float) -> Route:
    """Sends one byte at a time: no single read waits long."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        for byte in body:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(pause_s)

    return answer


@contextmanager
def _running(handler: type[BaseHTTPRequestHandler]) -> Iterator[Server]:
    server = Server(handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
