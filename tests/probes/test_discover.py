from __future__ import annotations

import socket
import subprocess
import sys
from types import SimpleNamespace
from typing import NamedTuple

import psutil
import pytest

from probes import discover
from probes.discover import find_servers, listening_urls
from tests import stand_in
from tests.fake_server import Behaviour, FakeServer
from tests.probes.servers.bare_pages import Pages


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


@pytest.mark.parametrize("fail", ["html", "500", "redirect", "404", "hang"])
async def test_what_is_no_server_of_language_models_is_passed_over(fail):
    async with FakeServer(Behaviour(models_fail=fail)) as server:
        assert [] == await find_servers([server.url], timeout_s=0.2)


async def test_a_port_that_speaks_something_else_is_passed_over():
    with socket.create_server(("127.0.0.1", 0)) as other:
        urls = [f"http://127.0.0.1:{other.getsockname()[1]}", "http://127.0.0.1:9"]
        assert [] == await find_servers(urls, timeout_s=0.2)


async def test_servers_come_in_the_order_of_their_addresses():
    async with FakeServer() as first, FakeServer() as second:
        found = await find_servers([second.url, "http://127.0.0.1:9", first.url])
    assert [second.url, first.url] == [server.base_url for server in found]


async def test_what_has_no_list_of_models_is_asked_for_nothing_else():
    pages = Pages({"/": "a wiki"})
    async with pages as url:
        assert [] == await find_servers([url])
    assert ["/v1/models"] == pages.asked


async def test_a_key_is_sent_only_to_an_address_that_was_named(monkeypatch):
    pages = Pages({"/v1/models": {"data": []}})
    async with pages as url:
        monkeypatch.setattr(discover, "listening_urls", lambda: [url])
        await find_servers(api_key="secret")
        assert {None} == set(pages.keys)

        await find_servers([url], api_key="secret")
        assert "Bearer secret" in pages.keys
