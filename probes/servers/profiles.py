"""Kinds of servers: looked up by name or address, and recognised by what they say about themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from probes.errors import ProbeError
from probes.servers.local_profiles import LOCAL
from probes.servers.metric_names import SERVERS
from probes.servers.paid_profiles import AZURE, AZURE_DEPLOYMENT, PAID
from probes.servers.profile import UNKNOWN, Profile
from probes.servers.reading import inside

PROFILES: dict[str, Profile] = {profile.name: profile for profile in (*LOCAL, *PAID, UNKNOWN)}
"""Every profile by name."""

_OWNERS = {
    "vllm": "vllm",
    "sglang": "sglang",
    "tensorrt_llm": "tensorrt-llm",
    "llamacpp": "llama.cpp",
    "me": "llama-cpp-python",
    "organization_owner": "lm-studio",
}
"""What servers write into `owned_by` in their list of models."""

CLUES = ("/", "/api/version", "/props", "/info", "/openapi.json", "/version")
"""Pages that tell servers apart where their list of models does not."""


def find_profile(name: str) -> Profile:
    """The profile of a name.

    Args:
        name: as in `PROFILES`, in any case.

    Raises:
        ProbeError: `bad_arguments`, with the names that there are.
    """
    profile = PROFILES.get(name.strip().lower())
    if profile is None:
        raise ProbeError("bad_arguments", f"There is no server profile {name!r}; give one of {', '.join(PROFILES)}.")
    return profile


def profile_of_url(base_url: str) -> Profile | None:
    """The paid endpoint that an address belongs to; None for any other.

    >>> profile_of_url("https://api.groq.com/openai").name, profile_of_url("http://127.0.0.1:8000")
    ('groq', None)
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if host.endswith(".openai.azure.com"):
        return AZURE if parts.path.rstrip("/").endswith("/openai") else AZURE_DEPLOYMENT
    if host.endswith("aiplatform.googleapis.com"):
        return PROFILES["vertex"]
    if host.startswith("runtime.sagemaker."):
        return PROFILES["sagemaker"]
    return next((profile for profile in PAID if urlsplit(profile.base_url).hostname == host), None)


def detect_profile(
    models_page: str | None = None,
    headers: Mapping[str, str] | None = None,
    metrics_page: str | None = None,
    *,
    pages: Mapping[str, str] | None = None,
) -> Profile:
    """Which server this is, by what it says about itself.

    A page of numbers is believed first, since gateways rewrite lists of models and leave it alone; then a page that only one server has; then the
    owner in the list of models.

    Args:
        models_page: body of `/v1/models`; None where there is none.
        headers: of its answer.
        metrics_page: body of `/metrics`, or of `/prometheus/metrics`.
        pages: bodies of `CLUES` that were answered with 200, by path.

    Returns:
        The profile; `UNKNOWN` where nothing tells.

    >>> detect_profile('{"data": [{"id": "m", "owned_by": "sglang"}]}').name, detect_profile("<html>").name
    ('sglang', 'unknown')
    """
    numbers = metrics_page or ""
    for names in SERVERS:
        if any(line.lstrip('"').startswith(names.prefix) for line in numbers.replace("\\n", "\n").splitlines()):
            return PROFILES[names.server]
    name = _by_page(pages or {}) or _by_owner(models_page) or _by_header(headers or {})
    return UNKNOWN if name is None else PROFILES[name]


def _by_page(pages: Mapping[str, str]) -> str | None:
    if pages.get("/", "").strip() == "Ollama is running":
        return "ollama"
    info, props = _parsed(pages.get("/info")), _parsed(pages.get("/props"))
    if inside(props, "default_generation_settings") is not None:
        return "llama.cpp"
    if inside(info, "model_id") is not None and inside(info, "max_concurrent_requests") is not None:
        return "tgi"
    paths = inside(_parsed(pages.get("/openapi.json")), "paths")
    if inside(paths, "/load_model") is not None and inside(paths, "/v1/responses") is not None:
        return "transformers"
    return None


def _by_owner(models_page: str | None) -> str | None:
    rows = inside(_parsed(models_page), "data")
    owners = [inside(row, "owned_by") for row in rows] if isinstance(rows, list) else []
    known = {_OWNERS[owner] for owner in owners if isinstance(owner, str) and owner in _OWNERS}
    return known.pop() if len(known) == 1 else None


def _by_header(headers: Mapping[str, str]) -> str | None:
    server = next((value for name, value in headers.items() if name.lower() == "server"), "")
    return "llama.cpp" if server.lower() == "llama.cpp" else None


def _parsed(page: str | None) -> Any:
    try:
        return json.loads(page or "")
    except (ValueError, RecursionError):
        return None
