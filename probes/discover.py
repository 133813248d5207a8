"""Which servers of language models run on this machine: every listening loopback port is asked what it is, and nothing else is.

Only GET requests for pages that describe a server are sent, one at a time to each port, with a short limit; no prompt is. Ports of well-known other
services are left alone: some of them log a stranger's request as an attack.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil

from probes.endpoint import Endpoint
from probes.servers.models_page import served_names
from probes.servers.pages import Page, find_page, open_pages
from probes.servers.profile import UNKNOWN, Profile
from probes.servers.profiles import CLUES, PROFILES, detect_profile
from probes.servers.reading import inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import aiohttp

ASK_TIMEOUT_S = 2.0
"""How long one page may take [s]: a server in the middle of a long prompt answers late."""

MOST_PORTS = 200
"""More listening ports than these are not asked."""

_AT_ONCE = 16
_FIRST_FREE_PORT = 1024
_NOT_ALLOWED = (401, 403)
# Databases, brokers, caches, desktops and control planes: https://www.iana.org/assignments/service-names-port-numbers
_OTHERS = frozenset(
    {1433, 1521, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 5432, 5672, 5900, 5901, 6379, 6443, 9042, 9092, 9200, 9300, 10250, 11211, 27017}
)  # fmt: skip
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}  # noqa: S104 -- addresses to recognise, not to bind
_EMBEDS = ("embed", "rerank", "bge-", "whisper", "clip")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundServer:
    """A server of language models that answers.

    Attributes:
        base_url: where.
        profile: which kind.
        models: names that it serves, those that are loaded first.
        loaded: names that it says are in memory; empty where it does not say.
        version: its own version.
        needs_key: it refuses to say anything without an API key.
    """

    base_url: str
    profile: Profile
    models: tuple[str, ...] = ()
    loaded: tuple[str, ...] = ()
    version: str | None = None
    needs_key: bool = False

    @property
    def model(self) -> str | None:
        """The model that a short probe takes: one in memory, else the first that writes text."""
        return next((name for name in self.models if not any(part in name.lower() for part in _EMBEDS)), None)

    @property
    def title(self) -> str:
        """How it is named in sentences."""
        version = f" {self.version}" if self.version else ""
        return f"{self.profile.title}{version} at {self.base_url}"


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
            return await ask_server(url, api_key=api_key if named else None, timeout_s=timeout_s)

    return [found for found in await asyncio.gather(*(ask(url) for url in asked)) if found is not None]


async def ask_server(url: str, *, api_key: str | None = None, timeout_s: float = ASK_TIMEOUT_S) -> FoundServer | None:
    """What one address is.

    Args:
        url: base URL.
        api_key: bearer token.
        timeout_s: how long one page may take [s].

    Returns:
        None where no server of language models answers.
    """
    endpoint = Endpoint(base_url=url, served_model_name="", api_key=api_key)
    async with open_pages(endpoint) as session:
        page = await find_page(session, f"{url}/v1/models", timeout_s=timeout_s)
        if page is None:
            return None
        if page.status in _NOT_ALLOWED and _is_json(page):
            return FoundServer(base_url=url, profile=detect_profile(None, page.headers), needs_key=True)
        models = served_names(page.text) if page.good else None
        if models is None:
            return None
        return await _described(session, url, page, models, timeout_s)


async def _described(
    session: aiohttp.ClientSession, url: str, page: Page, models: Sequence[str], timeout_s: float
) -> FoundServer:
    pages = await _pages(session, url, ("/metrics", *CLUES), timeout_s)
    profile = detect_profile(page.text, page.headers, pages.get("/metrics"), pages=pages)
    if profile is UNKNOWN and "/api/version" in pages and _parsed(pages["/api/version"], "version"):
        profile = PROFILES["ollama"]
    versions = (_parsed(pages.get(path), "version") for path in ("/version", "/api/version", "/info"))
    loaded = await _loaded(session, url, profile, timeout_s)
    ordered = [name for name in models if name in loaded] + [name for name in models if name not in loaded]
    return FoundServer(
        base_url=url,
        profile=profile,
        models=tuple(ordered),
        loaded=loaded,
        version=next((str(version) for version in versions if version), None),
    )


async def _pages(session: aiohttp.ClientSession, url: str, paths: Iterable[str], timeout_s: float) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in paths:
        page = await find_page(session, f"{url}{path}", timeout_s=timeout_s)
        if page is not None and page.good:
            found[path] = page.text
    return found


async def _loaded(session: aiohttp.ClientSession, url: str, profile: Profile, timeout_s: float) -> tuple[str, ...]:
    """Models in memory, of servers that list all that lie on the disk.

    Sources: https://docs.ollama.com/api/ps, https://lmstudio.ai/docs/developer/rest/endpoints
    """
    path = {"ollama": "/api/ps", "lm-studio": "/api/v0/models"}.get(profile.name)
    page = None if path is None else await find_page(session, f"{url}{path}", timeout_s=timeout_s)
    if page is None or not page.good:
        return ()
    if profile.name == "ollama":
        rows = _parsed(page.text, "models")
        return tuple(str(inside(row, "name")) for row in rows) if isinstance(rows, list) else ()
    rows = _parsed(page.text, "data")
    ready = [row for row in rows if inside(row, "state") == "loaded"] if isinstance(rows, list) else []
    return tuple(str(inside(row, "id")) for row in ready)


def _is_json(page: Page) -> bool:
    return page.headers.get("content-type", "").startswith("application/json")


def _parsed(text: str | None, key: str) -> Any:
    try:
        return inside(json.loads(text or ""), key)
    except (ValueError, RecursionError):
        return None
