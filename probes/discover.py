"""Which servers of language models run on this machine: every listening loopback port is asked what it is, and nothing else is.

Only GET requests for pages that describe a server are sent, with a short limit; no prompt is. A port is asked for its list of models first, and for nothing
else where it neither has one nor asks for a key. Ports of well-known other services are left alone: some of them log a stranger's request as an attack.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil

from probes.servers.identify import ASK_TIMEOUT_S, FoundServer, identify_server
from probes.servers.profiles import PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_PORTS = 200
"""More listening ports than these are not asked."""

_AT_ONCE = 16
_FIRST_FREE_PORT = 1024
# Databases, brokers, caches, desktops and control planes: https://www.iana.org/assignments/service-names-port-numbers
_OTHERS = frozenset(
    {1433, 1521, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 5432, 5672, 5900, 5901, 6379, 6443, 9042, 9092, 9200, 9300, 10250, 11211, 27017}
)  # fmt: skip
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}  # noqa: S104 -- addresses to recognise, not to bind


def listening_urls() -> list[str]:
    """Addresses on this machine at which something listens that may be a server of language models.

    Where the system does not say what listens, the usual ports of such servers.

    Returns:
        Without duplicates, the usual ports first.
    """
    usual = [profile.base_url for profile in PROFILES.values() if not profile.paid and "{" not in profile.base_url]
    try:
        found = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError):
        return list(dict.fromkeys(usual))
    urls: dict[int, str] = {}
    for connection in found:
        if connection.status != psutil.CONN_LISTEN or not connection.laddr:
            continue
        host, port = connection.laddr.ip, connection.laddr.port
        address = _WILDCARDS.get(host, host if host.startswith("127.") else None)
        if address is None or port in _OTHERS or port < _FIRST_FREE_PORT:
            continue
        # One server often listens at both addresses; the older one is asked.
        if port not in urls or not address.startswith("["):
            urls[port] = f"http://{address}:{port}"
    ports = [urlsplit(url).port for url in usual]
    order = sorted(urls, key=lambda port: (ports.index(port) if port in ports else len(ports), port))
    return [urls[port] for port in order][:MOST_PORTS]


async def find_servers(
    urls: Iterable[str] | None = None, *, api_key: str | None = None, timeout_s: float = ASK_TIMEOUT_S
) -> list[FoundServer]:
    """Asks each address what it is.

    Args:
        urls: base URLs; everything that listens on this machine, if None.
        api_key: for servers that want one. Never sent to addresses that were not named.
        timeout_s: how long one page may take [s].

    Returns:
        The servers of language models among them, in the order of the addresses.
    """
    named = urls is not None
    asked = list(urls) if urls is not None else listening_urls()
    gate = asyncio.Semaphore(_AT_ONCE)

    async def ask(url: str) -> FoundServer | None:
        async with gate:
            return await identify_server(url, api_key=api_key if named else None, timeout_s=timeout_s, must_list=True)

    return [found for found in await asyncio.gather(*(ask(url) for url in asked)) if found is not None]
