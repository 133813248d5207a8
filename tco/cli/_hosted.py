"""`tco app --hosted`: what must hold before a server for other people starts, and what its processes are told."""

from __future__ import annotations

import importlib.util
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tco import InputError, hosting

MOST_UPLOAD_MB = 8
MOST_MESSAGE_MB = 50
_FEWEST_SECRET_CHARACTERS = 32
_CALLBACK = "/oauth2callback"
_PROVIDER_KEYS = ("client_id", "client_secret", "server_metadata_url")
_HOW = "docs/hosting.md shows such a file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What the operator says.

    Attributes:
        address: to bind to; None: not said.
        url: where visitors open it, such as `https://tco.example.org`; None: as the login's redirect says.
        login: visitors sign in.
        secrets: file with the section `[auth]`; None: `.streamlit/secrets.toml` here, or in the home folder.
        allow: entries of the list of who may come in.
        allow_file: file with such entries.
        unverified: addresses count that the identity provider has not verified.
    """

    address: str | None
    url: str | None = None
    login: bool = True
    secrets: Path | None = None
    allow: tuple[str, ...] = ()
    allow_file: Path | None = None
    unverified: bool = False


def hosted_settings(said: Serving, given: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """Flags of Streamlit and variables of its process.

    Secrets are read only to see that they are complete: none is returned, written or told.

    Args:
        said: what the operator says.
        given: variables of this process.

    Raises:
        InputError: something is missing that would leave the door open, or shut for all.
    """
    if said.address is None:
        raise InputError(
            "--hosted needs --address: 0.0.0.0 in a container, 127.0.0.1 behind a proxy on this machine",
            code="no_address",
        )
    auth = _auth(said) if said.login else {}
    url = said.url or (str(auth["redirect_uri"]).removesuffix(_CALLBACK) if auth else None)
    told = {
        hosting.HOSTED: "1",
        hosting.LOGIN: "1" if said.login else "0",
        hosting.UNVERIFIED: "1" if said.unverified else "0",
        hosting.PROVIDERS: ",".join(_providers(auth)),
    }
    if said.allow:
        told[hosting.ALLOWED] = ",".join(said.allow)
    if said.allow_file is not None:
        told[hosting.ALLOWED_FILE] = str(said.allow_file.resolve())
    hosting.hosting(given | told)
    if said.login and not hosting.allowed(given | told):
        raise InputError(
            "nobody is on the list of who may come in; give `--allow @example.org` (a domain or an address, repeatable) or `--allow-file FILE`",
            code="allow_list",
        )
    return _flags(said, said.address, url), told


def _flags(said: Serving, address: str, url: str | None) -> list[str]:
    flags = {
        "server.address": address,
        "server.headless": "true",
        "server.maxUploadSize": str(MOST_UPLOAD_MB),
        "server.maxMessageSize": str(MOST_MESSAGE_MB),
        "server.enableXsrfProtection": "true",
        "server.enableCORS": "true",
        "server.enableAgentApi": "false",
        "server.fileWatcherType": "none",
        "client.showErrorDetails": "none",
        "client.toolbarMode": "minimal",
        "browser.gatherUsageStats": "false",
    }
    if url is not None:
        host = _host(url)
        # Only this name is answered, and Streamlit asks no outside service what its own address is.
        flags |= {"browser.serverAddress": host, "server.allowedHosts": host}
    if said.secrets is not None:
        flags["secrets.files"] = str(said.secrets.resolve())
    return [f"--{name}={value}" for name, value in flags.items()]


def _host(url: str) -> str:
    found = urlsplit(url)
    if found.scheme not in ("http", "https") or not found.hostname:
        raise InputError(f"--url {url!r}: an address such as https://tco.example.org is needed", code="hosted_url")
    return found.hostname


def _auth(said: Serving) -> dict[str, Any]:
    """The section `[auth]`, checked."""
    if importlib.util.find_spec("authlib") is None:
        raise InputError("signing in needs Authlib: pip install 'tco-llm[hosted]'", code="no_authlib")
    places = [said.secrets] if said.secrets else [base / ".streamlit/secrets.toml" for base in (Path(), Path.home())]
    found = next((path for path in places if path.is_file()), None)
    if found is None:
        raise InputError(
            f"--hosted asks visitors to sign in, and there is no file of secrets with a section [auth] ({' or '.join(map(str, places))}). "
            f"{_HOW}. To let everybody in who reaches the address, say so: --no-login",
            code="no_auth",
        )
    try:
        auth = tomllib.loads(found.read_text(encoding="utf-8")).get("auth")
    except OSError as error:
        raise InputError(f"{found}: cannot be read ({error.strerror})", code="no_auth") from None
    except ValueError:
        # The parser's own words would show a piece of the file.
        raise InputError(f"{found}: not valid TOML in UTF-8; {_HOW}", code="no_auth") from None
    if not isinstance(auth, dict):
        raise InputError(f"{found}: has no section [auth]; {_HOW}", code="no_auth")
    _require_complete(found, auth)
    return auth


def _require_complete(found: Path, auth: dict[str, Any]) -> None:
    redirect = urlsplit(str(auth.get("redirect_uri", "")))
    is_here = redirect.hostname in ("localhost", "127.0.0.1", "::1")
    if not redirect.path.endswith(_CALLBACK) or not (
        redirect.scheme == "https" or (is_here and redirect.scheme == "http")
    ):
        raise InputError(
            f"{found}: `redirect_uri` in [auth] must be the address that visitors open, with https, and end in {_CALLBACK}",
            code="no_auth",
        )
    if len(str(auth.get("cookie_secret", ""))) < _FEWEST_SECRET_CHARACTERS:
        raise InputError(
            f"{found}: `cookie_secret` in [auth] needs at least {_FEWEST_SECRET_CHARACTERS} characters of chance: "
            "python -c 'import secrets; print(secrets.token_hex(32))'",
            code="no_auth",
        )
    names = _providers(auth)
    sections = {f"[auth.{name}]": auth[name] for name in names} or {"[auth]": auth}
    for title, section in sections.items():
        missing = [key for key in _PROVIDER_KEYS if not section.get(key)]
        if missing:
            raise InputError(f"{found}: {title} lacks {', '.join(missing)}; {_HOW}", code="no_auth")
    if "expose_tokens" in auth:
        raise InputError(f"{found}: remove `expose_tokens` from [auth]; the app has no use for tokens", code="no_auth")


def _providers(auth: dict[str, Any]) -> list[str]:
    """Names of several identity providers; none: the section itself is the only one."""
    if auth.get("client_id"):
        return []
    return [name for name, section in auth.items() if isinstance(section, dict)]
