"""Finds out which server answers at an address, and which models it serves."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from probes.endpoint import Endpoint
from probes.servers.models_page import served_names
from probes.servers.pages import Page, find_page, open_pages
from probes.servers.profile import UNKNOWN, Profile
from probes.servers.profiles import CLUES, PROFILES, detect_profile, profile_of_url
from probes.servers.reading import inside
from probes.servers.refusals import NOT_ALLOWED

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aiohttp

ASK_TIMEOUT_S = 2.0
"""How long one page may take [s]: a server in the middle of a long prompt answers late."""

_MODELS = "/v1/models"
_NUMBERS = ("/metrics", "/prometheus/metrics")
_VERSIONS = ("/version", "/api/version", "/info")
_EMBEDS = ("embed", "rerank", "bge-", "whisper", "clip")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundServer:
    """A server of language models that answers.

    Attributes:
        base_url: where.
        profile: which kind; `UNKNOWN` where nothing tells.
        models: names that it serves, those that are loaded first; empty where it has no list, or does not show it without a key.
        loaded: names that it says are in memory; empty where it does not say.
        version: its own version.
        needs_key: whether it refuses to list its models without an API key.
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


async def identify_server(
    base_url: str, *, api_key: str | None = None, timeout_s: float = ASK_TIMEOUT_S, must_list: bool = False
) -> FoundServer | None:
    """Which server answers at an address, by what it says about itself. Only GET requests for pages that describe a server are sent; no prompt is.

    A paid endpoint is known by its address: without `must_list` it is not asked anything.

    Args:
        base_url: the server, without `/v1`.
        api_key: bearer token, where one is needed.
        timeout_s: how long each page may take [s].
        must_list: take nothing for a server that does not list its models or ask for a key, and ask it for nothing else: for addresses at which
            anything may listen.

    Returns:
        None where nothing answers, or nothing that is known as a server of language models.
    """
    paid = profile_of_url(base_url)
    if paid is not None and not must_list:
        return FoundServer(base_url=base_url, profile=paid)
    endpoint = Endpoint(base_url=base_url, served_model_name="", api_key=api_key)
    async with open_pages(endpoint, None if paid is None else paid.dialects[0]) as session:
        listed = await find_page(session, f"{base_url}{_MODELS}", timeout_s=timeout_s)
        if listed is None:
            return None
        names = served_names(listed.text) if listed.good else None
        needs_key = listed.status in NOT_ALLOWED and _is_json(listed)
        if must_list and names is None and not needs_key:
            return None
        if paid is not None:
            return FoundServer(base_url=base_url, profile=paid, models=names or (), needs_key=needs_key)
        return await _described(session, base_url, listed, names, timeout_s)


async def _described(
    session: aiohttp.ClientSession, base_url: str, listed: Page, names: tuple[str, ...] | None, timeout_s: float
) -> FoundServer | None:
    pages = await _pages(session, base_url, timeout_s)
    profile = _profile(listed, names, pages)
    needs_key = listed.status in NOT_ALLOWED and (profile is not UNKNOWN or _is_json(listed))
    if names is None and not needs_key and profile is UNKNOWN:
        return None
    shown = names if names is not None and profile.models_path is not None else ()
    loaded = await _loaded(session, base_url, profile, timeout_s)
    versions = (_parsed(pages.get(path), "version") for path in _VERSIONS)
    return FoundServer(
        base_url=base_url,
        profile=profile,
        models=tuple(sorted(shown, key=lambda name: name not in loaded)),
        loaded=loaded,
        version=next((str(version) for version in versions if version), None),
        needs_key=needs_key,
    )


async def _pages(session: aiohttp.ClientSession, base_url: str, timeout_s: float) -> dict[str, str]:
    """Bodies of the pages that tell servers apart, by path, where they are there."""
    paths = (*_NUMBERS, *CLUES)
    found = await asyncio.gather(*(find_page(session, base_url + path, timeout_s=timeout_s) for path in paths))
    return {path: page.text for path, page in zip(paths, found, strict=True) if page is not None and page.good}


def _profile(listed: Page, names: tuple[str, ...] | None, pages: Mapping[str, str]) -> Profile:
    numbers = "\n".join(pages.get(path, "") for path in _NUMBERS)
    found = detect_profile(listed.text if listed.good else None, listed.headers, numbers, pages=pages)
    if found is UNKNOWN and names is not None and _parsed(pages.get("/api/version"), "version"):
        return PROFILES["ollama"]  # a gateway may show a first page of its own
    return found


async def _loaded(session: aiohttp.ClientSession, base_url: str, profile: Profile, timeout_s: float) -> tuple[str, ...]:
    """Models in memory, of servers that list all that lie on the disk.

    Sources: https://docs.ollama.com/api/ps, https://lmstudio.ai/docs/developer/rest/endpoints
    """
    path = {"ollama": "/api/ps", "lm-studio": "/api/v0/models"}.get(profile.name)
    page = None if path is None else await find_page(session, f"{base_url}{path}", timeout_s=timeout_s)
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
