from __future__ import annotations

import socket
import subprocess
import sys
from types import SimpleNamespace
from typing import NamedTuple

import psutil
import pytest
from aiohttp import web

from probes import discover
from probes.discover import FoundServer, ask_server, find_servers, listening_urls
from probes.servers.profiles import PROFILES
from tests import stand_in
from tests.fake_server import MODEL, Behaviour, FakeServer


class Address(NamedTuple):
    ip: str
    port: int


def listening(monkeypatch, *addresses, status=psutil.CONN_LISTEN):
    rows = [SimpleNamespace(status=status, laddr=Address(ip, port)) for ip, port in addresses]
    monkeypatch.setattr(discover.psutil, "net_connections", lambda kind: rows)


def test_only_what_listens_on_this_machine_is_asked(monkeypatch):
    listening(
        monkeypatch,
        ("127.0.0.1", 9001),
        ("0.0.0.0", 9002),
        ("::", 9003),
        ("::1", 9004),
        ("192.168.1.5", 9005),
        ("fe80::1", 9006),
    )

    assert [
        "http://127.0.0.1:9001",
        "http://127.0.0.1:9002",
        "http://[::1]:9003",
        "http://[::1]:9004",
    ] == listening_urls()


def test_usual_ports_come_first_and_a_port_is_asked_once(monkeypatch):
    listening(monkeypatch, ("::", 9001), ("127.0.0.1", 9001), ("0.0.0.0", 11434), ("0.0.0.0", 8000))

    assert ["http://127.0.0.1:8000", "http://127.0.0.1:11434", "http://127.0.0.1:9001"] == sorted(
        listening_urls(), key=lambda url: (url.endswith(":9001"), len(url))
    )
    assert "http://127.0.0.1:9001" == listening_urls()[-1]


def test_databases_and_system_services_are_left_alone(monkeypatch):
    listening(monkeypatch, ("127.0.0.1", 22), ("127.0.0.1", 5432), ("127.0.0.1", 6379), ("127.0.0.1", 631))

    assert [] == listening_urls()


def test_connections_are_not_taken_for_servers(monkeypatch):
    listening(monkeypatch, ("127.0.0.1", 9001), status=psutil.CONN_ESTABLISHED)

    assert [] == listening_urls()


def test_where_the_system_does_not_say_the_usual_ports_are_asked(monkeypatch):
    def refuse(kind):
        raise psutil.AccessDenied

    monkeypatch.setattr(discover.psutil, "net_connections", refuse)

    assert {"http://127.0.0.1:8000", "http://127.0.0.1:11434"} <= set(listening_urls())
    assert [] == [url for url in listening_urls() if "127.0.0.1" not in url]


@pytest.mark.slow
def test_a_server_that_runs_here_is_found_among_all_that_listens():
    command = [sys.executable, str(stand_in.ROOT / "tests/fake_server.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        url = f"http://127.0.0.1:{process.stdout.readline().strip()}"

        assert url in listening_urls()
        process.terminate()


async def test_a_server_says_what_it_is_and_what_it_serves():
    async with FakeServer() as server:
        found = await ask_server(server.url)

    # The fake has vLLM's page of numbers.
    assert FoundServer(base_url=server.url, profile=PROFILES["vllm"], models=(MODEL,)) == found
    assert [] == server.served


async def test_a_server_that_wants_a_key_is_found_but_not_described():
    async with FakeServer(Behaviour(api_key="secret")) as server:
        without, with_key = await ask_server(server.url), await ask_server(server.url, api_key="secret")

    assert (True, ()) == (without.needs_key, without.models)
    assert (False, (MODEL,)) == (with_key.needs_key, with_key.models)


@pytest.mark.parametrize("fail", ["html", "500", "redirect", "404", "hang"])
async def test_what_is_no_server_of_language_models_is_passed_over(fail):
    async with FakeServer(Behaviour(models_fail=fail)) as server:
        assert [] == await find_servers([server.url], timeout_s=0.2)


async def test_a_port_that_speaks_something_else_is_passed_over():
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert await ask_server(f"http://127.0.0.1:{other.getsockname()[1]}", timeout_s=0.2) is None
    assert await ask_server("http://127.0.0.1:9", timeout_s=0.2) is None


class Pages:
    """A server that is nothing but these pages."""

    def __init__(self, pages):
        self.pages = pages
        self.keys = []

    async def __aenter__(self):
        app = web.Application()
        app.router.add_get("/{path:.*}", self.page)
        self.runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_):
        await self.runner.cleanup()

    async def page(self, request):
        self.keys.append(request.headers.get("Authorization"))
        body = self.pages.get(request.path)
        if body is None:
            return web.Response(status=404)
        return web.Response(text=body) if isinstance(body, str) else web.json_response(body)


async def test_of_ollamas_models_the_one_in_memory_comes_first():
    # Forms: https://docs.ollama.com/api/ps and /api/version, https://docs.ollama.com/api/openai-compatibility
    pages = {
        "/": "Ollama is running",
        "/api/version": {"version": "0.12.6"},
        "/api/ps": {"models": [{"name": "b:7b", "model": "b:7b", "size_vram": 1}]},
        "/v1/models": {
            "object": "list",
            "data": [{"id": "nomic-embed-text", "owned_by": "library"}, {"id": "a:1b"}, {"id": "b:7b"}],
        },
    }
    async with Pages(pages) as url:
        found = await ask_server(url)

    assert ("ollama", "0.12.6", "b:7b") == (found.profile.name, found.version, found.model)
    assert (("b:7b",), ("b:7b", "nomic-embed-text", "a:1b")) == (found.loaded, found.models)
    assert f"Ollama 0.12.6 at {url}" == found.title


async def test_a_model_that_writes_no_text_is_not_taken():
    async with Pages({"/v1/models": {"data": [{"id": "nomic-embed-text"}, {"id": "llama"}]}}) as url:
        assert "llama" == (await ask_server(url)).model
    async with Pages({"/v1/models": {"data": [{"id": "bge-m3"}]}}) as url:
        assert (await ask_server(url)).model is None


async def test_a_key_is_sent_only_to_an_address_that_was_named(monkeypatch):
    pages = Pages({"/v1/models": {"data": []}})
    async with pages as url:
        monkeypatch.setattr(discover, "listening_urls", lambda: [url])
        await find_servers(api_key="secret")
        assert {None} == set(pages.keys)

        await find_servers([url], api_key="secret")
        assert "Bearer secret" in pages.keys
