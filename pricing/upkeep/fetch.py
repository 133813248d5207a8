"""Fetching one file from a fixed list of hosts, with caps on time and size. The one place of this room that opens a socket.

aiohttp, since the base install has it and its total timeout counts from the look-up of the name to the last byte;
`urllib.request` has a timeout for each read only, which a server that sends a byte a second never meets.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple, NoReturn
from urllib.request import getproxies, proxy_bypass

from pydantic import Field

from pricing.tables import Record

HOSTS = frozenset({"raw.githubusercontent.com", "dstack-gpu-pricing.s3.eu-west-1.amazonaws.com"})
"""The hosts that a refresh may talk to; a redirect to any other one is refused."""

Kind = Literal["json", "zip"]
"""What a file must be: a JSON document, or a ZIP archive."""

_CHUNK_BYTES = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200
_MIB = 1024 * 1024


class FetchError(Exception):
    """A file could not be had, or is not what it must be. The message is one sentence that names the file's address."""


class Limits(Record):
    """What a fetch keeps to.

    Attributes:
        hosts: hosts that may be talked to; `name:port` where the port is not the usual one.
        schemes: schemes that may be used.
        seconds: cap on the whole of one fetch, from the look-up of the name to the last byte [s].
        max_bytes: cap on what comes over the line [bytes].
        max_unpacked_bytes: cap on all that a ZIP archive unpacks to [bytes].
        max_files: cap on the files in a ZIP archive.
        max_redirects: how many times a server may send us elsewhere.
    """

    hosts: frozenset[str] = HOSTS
    schemes: frozenset[str] = frozenset({"https"})
    seconds: Annotated[float, Field(gt=0)] = 30.0
    max_bytes: Annotated[int, Field(gt=0)] = 20 * 1000 * 1000
    max_unpacked_bytes: Annotated[int, Field(gt=0)] = 200 * 1000 * 1000
    max_files: Annotated[int, Field(gt=0)] = 50
    max_redirects: Annotated[int, Field(ge=0)] = 3


class Fetched(NamedTuple):
    """A file as it came, and the facts that a snapshot keeps of it."""

    url: str
    fetched_at: datetime
    sha256: str
    data: bytes


def fetch_all(
    files: Iterable[tuple[str, Kind]],
    limits: Limits | None = None,
) -> dict[str, Fetched | FetchError]:
    """Fetches files, all at once, and checks that each is what it must be.

    Proxies come from the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`), extra certificates from `SSL_CERT_FILE`.

    Args:
        files: address and kind of each.
        limits: what to keep to; null: the product's own.

    Returns:
        By address: the file, or why there is none. One that fails does not stop the others.
    """
    kinds, limits = dict(files), limits or Limits()
    answers = asyncio.run(_fetch_all(list(kinds), limits))
    return {url: _checked(url, kinds[url], answer, limits) for url, answer in answers.items()}


def check_content(url: str, kind: Kind, data: bytes, limits: Limits | None = None) -> None:
    """Makes sure that bytes are what they are said to be, before anything else reads them.

    Args:
        url: where they came from, for the message.
        kind: what they must be.
        data: the bytes.
        limits: the caps on what a ZIP archive unpacks to; null: the product's own.

    Raises:
        FetchError: a page instead of data, no JSON or a piece of it, NaN, nesting without end, no archive, a damaged one, or
            one that unpacks to more than the cap.
    """
    begins = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not begins:
        raise _refusal(url, "it is empty")
    if begins.startswith(b"<"):
        raise _refusal(url, "it is a web page, not data")
    if kind == "json":
        _check_json(url, data)
    else:
        _check_zip(url, data, limits or Limits())


def _checked(url: str, kind: Kind, answer: Fetched | FetchError, limits: Limits) -> Fetched | FetchError:
    if isinstance(answer, Fetched):
        try:
            check_content(url, kind, answer.data, limits)
        except FetchError as error:
            return error
    return answer


async def _fetch_all(urls: list[str], limits: Limits) -> dict[str, Fetched | FetchError]:
    answers = await asyncio.gather(*(_fetch(url, limits) for url in urls), return_exceptions=True)
    results: dict[str, Fetched | FetchError] = {}
    for url, answer in zip(urls, answers, strict=True):
        if isinstance(answer, BaseException) and not isinstance(answer, FetchError):
            raise answer
        results[url] = answer
    return results


async def _fetch(url: str, limits: Limits) -> Fetched:
    import aiohttp  # noqa: PLC0415 - look-ups must not wait for it

    try:
        async with asyncio.timeout(limits.seconds):
            # No trust_env: it would also send the passwords of ~/.netrc. `_proxy` reads the environment.
            timeout = aiohttp.ClientTimeout(total=limits.seconds)
            # Unpacked by nobody: a body that says it is packed is refused, so that no packed bomb gets past the cap.
            async with aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session:
                data = await _follow(session, url, limits)
        return Fetched(url, datetime.now(tz=UTC), hashlib.sha256(data).hexdigest(), data)
    except TimeoutError:
        raise _refusal(url, f"it did not come within {limits.seconds:g} s") from None
    except aiohttp.ClientConnectorCertificateError:
        reason = (
            "its certificate is not trusted; behind a company's proxy, name that one's certificate in SSL_CERT_FILE"
        )
        raise _refusal(url, reason) from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        # Not the error's own text: it may hold a proxy's password.
        name = type(error).__name__
        reason = f"no whole answer could be had ({name}); see that the network is up and whether a proxy is needed"
        raise _refusal(url, reason) from None


async def _follow(session: Any, url: str, limits: Limits) -> bytes:
    from yarl import URL  # noqa: PLC0415 - comes with aiohttp

    address = URL(url)
    for _ in range(limits.max_redirects + 1):
        _check_address(url, address, limits)
        headers = {"Accept-Encoding": "identity", "User-Agent": "tco-llm"}
        async with session.get(address, allow_redirects=False, proxy=_proxy(address), headers=headers) as answer:
            if answer.status not in _REDIRECTS:
                return await _body(url, answer, limits)
            address = address.join(URL(answer.headers.get("Location", "")))
    raise _refusal(url, f"it was redirected more than {limits.max_redirects} times")


def _check_address(url: str, address: Any, limits: Limits) -> None:
    """The rules for every hop: scheme, host with port, and no password in the address."""
    host = address.host or ""
    place = host if address.is_default_port() else f"{host}:{address.port}"
    if address.scheme not in limits.schemes:
        raise _refusal(url, f"{address.scheme or 'no scheme'} is not allowed, only {', '.join(sorted(limits.schemes))}")
    if place not in limits.hosts or address.user is not None:
        raise _refusal(url, f"it leads to {place}, and only {', '.join(sorted(limits.hosts))} may be asked")


def _proxy(address: Any) -> str | None:
    """The proxy that the environment names for an address, or None."""
    return None if proxy_bypass(address.host) else getproxies().get(address.scheme)


async def _body(url: str, answer: Any, limits: Limits) -> bytes:
    if answer.status != _OK:
        raise _refusal(url, f"the server answered with status {answer.status}")
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise _refusal(url, "the server packed the answer, which was not asked for")
    data = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
        data += chunk  # counted here: Content-Length is only what the server says
        if len(data) > limits.max_bytes:
            raise _refusal(url, f"it is larger than {limits.max_bytes / 1e6:g} MB")
    return bytes(data)


def _check_json(url: str, data: bytes) -> None:
    try:
        document = json.loads(data, parse_constant=_no_constant)
    except RecursionError:
        raise _refusal(url, "its JSON is nested too deeply") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise _refusal(url, f"it is no whole JSON document ({str(error)[:80]})") from error
    if not isinstance(document, dict | list):
        raise _refusal(url, f"its JSON is a {type(document).__name__}, not an object or a list")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _check_zip(url: str, data: bytes, limits: Limits) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > limits.max_files:
                raise _refusal(url, f"the archive has {len(members)} files, more than {limits.max_files}")
            unpacked = 0
            for member in members:
                with archive.open(member) as file:
                    while chunk := file.read(_CHUNK_BYTES):  # counted: the sizes in the archive are only what it says
                        unpacked += len(chunk)
                        if unpacked > limits.max_unpacked_bytes:
                            raise _refusal(
                                url, f"the archive unpacks to more than {limits.max_unpacked_bytes / 1e6:g} MB"
                            )
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise _refusal(url, f"it is no whole ZIP archive ({str(error)[:80]})") from error


def _refusal(url: str, reason: str) -> FetchError:
    return FetchError(f"{url}: {reason}.")
