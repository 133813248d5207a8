"""The `Endpoint` record: where requests go, and whether that is this machine."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A server that answers now.

    Attributes:
        base_url: scheme, host, port and whatever path comes before the API's own (`/v1`), without a trailing slash.
        served_model_name: the name requests must carry.
        api_key: bearer token or API key; never printed, never stored in a run.
        prompt: `token_ids` where the server takes lists of ids (vLLM), else `text`.
        vocab_size: ids are drawn below it; needed for `token_ids` only.
    """

    base_url: str
    served_model_name: str
    api_key: str | None = field(default=None, repr=False)
    prompt: Literal["token_ids", "text"] = "token_ids"
    vocab_size: int | None = None


def is_loopback(url: str) -> bool:
    """Whether a URL points at this machine.

    >>> is_loopback("http://127.0.0.1:8000"), is_loopback("http://[::1]:8000"), is_loopback("https://api.example.com")
    (True, True, False)
    """
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
