"""Finds out which server answers at an address, and which models it serves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from probes.endpoint import Endpoint
from probes.servers.local_profiles import LOCAL
from probes.servers.models_page import served_names
from probes.servers.pages import Page, find_page, open_pages
from probes.servers.profile import UNKNOWN, Profile
from probes.servers.profiles import CLUES, detect_profile, profile_of_url
from probes.servers.refusals import NOT_ALLOWED

DEFAULT_PORTS = tuple(sorted({int(profile.base_url.rsplit(":", 1)[1]) for profile in LOCAL}))
"""Ports at which the known servers listen by default."""

_NUMBERS = ("/metrics", "/prometheus/metrics")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundServer:
    """A server that answers.

    Attributes:
        base_url: where.
        profile: which it is; `UNKNOWN` where nothing tells.
        models: names that it serves; empty where it has no list, or does not show it without a key.
        needs_key: whether it refuses to list its models without a key.
    """

    base_url: str
    profile: Profile
    models: tuple[str, ...] = ()
    needs_key: bool = False


async def identify_server(base_url: str, *, api_key: str | None = None, timeout_s: float = 2.0) -> FoundServer | None:
    """Which server answers at an address, by what it says about itself.

    Args:
        base_url: the server, without `/v1`.
        api_key: bearer token, where one is needed.
        timeout_s: how long each page may take [s].

    Returns:
        None where nothing answers there, or nothing that lists models or is known otherwise.
    """
    paid = profile_of_url(base_url)
    if paid is not None:
        return FoundServer(base_url=base_url, profile=paid)
    endpoint = Endpoint(base_url=base_url, served_model_name="", api_key=api_key)
    async with open_pages(endpoint) as session:
        listed = await find_page(session, f"{base_url}/v1/models", timeout_s=timeout_s)
        if listed is None:
            return None
        paths = (*_NUMBERS, *CLUES)
        found = await asyncio.gather(*(find_page(session, base_url + path, timeout_s=timeout_s) for path in paths))
    pages = {path: page.text for path, page in zip(paths, found, strict=True) if page is not None and page.good}
    profile = _profile(listed, pages)
    names = served_names(listed.text) if listed.good and profile.models_path is not None else None
    needs_key = listed.status in NOT_ALLOWED
    if names is None and not needs_key and profile is UNKNOWN:
        return None
    return FoundServer(base_url=base_url, profile=profile, models=names or (), needs_key=needs_key)


def _profile(listed: Page, pages: dict[str, str]) -> Profile:
    numbers = "\n".join(pages.get(path, "") for path in _NUMBERS)
    return detect_profile(listed.text if listed.good else None, listed.headers, numbers, pages=pages)


async def find_servers(ports: tuple[int, ...] = DEFAULT_PORTS, *, timeout_s: float = 1.0) -> list[FoundServer]:
    """Every server that answers on this machine.

    Args:
        ports: where to look.
        timeout_s: how long each page may take [s].

    Returns:
        The servers, by port.
    """
    addresses = [f"http://127.0.0.1:{port}" for port in ports]
    found = await asyncio.gather(*(identify_server(url, timeout_s=timeout_s) for url in addresses))
    return [server for server in found if server is not None]
