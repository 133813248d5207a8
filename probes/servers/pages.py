"""Fetches a server's pages about itself: its models, its numbers, its version."""

from __future__ import annotations

from dataclasses import dataclass, field

import aiohttp

from probes.endpoint import Endpoint, is_loopback
from probes.servers.dialect import Dialect, headers_of

_MOST_BYTES = 4_000_000
_HTTP_OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer to a GET.

    Attributes:
        status: HTTP status.
        text: body, at most 4 MB of it.
        headers: of the answer, names in lower case.
    """

    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether the status is 200."""
        return self.status == _HTTP_OK


def open_pages(endpoint: Endpoint, dialect: Dialect | None = None) -> aiohttp.ClientSession:
    """Opens a session for a server's pages; use it as `async with`. Its key goes where the dialect says.

    Proxies are taken from the environment except for this machine itself.

    Args:
        endpoint: the server.
        dialect: says which header carries the key; a bearer token if None.
    """
    return aiohttp.ClientSession(
        headers=headers_of(endpoint, dialect or Dialect()), trust_env=not is_loopback(endpoint.base_url)
    )


async def get_page(session: aiohttp.ClientSession, url: str, *, timeout_s: float) -> Page:
    """Fetches one page; redirects are not followed.

    Args:
        session: from `open_pages`.
        url: the page.
        timeout_s: how long all of it may take [s].

    Raises:
        aiohttp.ClientError: or `OSError`, `TimeoutError`, `ValueError`, as aiohttp does.
    """
    limit = aiohttp.ClientTimeout(total=timeout_s)
    async with session.get(url, timeout=limit, allow_redirects=False) as response:
        text = (await response.content.read(_MOST_BYTES)).decode(errors="replace")
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Page(status=response.status, text=text, headers=headers)


async def find_page(session: aiohttp.ClientSession, url: str, *, timeout_s: float) -> Page | None:
    """Fetches one page that may as well not be there.

    Args:
        session: from `open_pages`.
        url: the page.
        timeout_s: how long all of it may take [s].

    Returns:
        None where nothing answers, in time.
    """
    try:
        return await get_page(session, url, timeout_s=timeout_s)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return None
