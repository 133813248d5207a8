"""What is different where the app serves other people than the one who started it: who may come in, what is off, how much one visitor may ask for.

`tco app --hosted` puts its settings into the environment of the app's process, and everything that must know asks here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tco.errors import InputError

HOSTED = "TCO_HOSTED"
LOGIN = "TCO_HOSTED_LOGIN"
ALLOWED = "TCO_HOSTED_ALLOW"
ALLOWED_FILE = "TCO_HOSTED_ALLOW_FILE"
UNVERIFIED = "TCO_HOSTED_UNVERIFIED_EMAIL"
PROVIDERS = "TCO_HOSTED_PROVIDERS"
LIMITS = {
    "max_draws": ("TCO_HOSTED_MAX_DRAWS", 10_000, 1_000_000),
    "max_uploads": ("TCO_HOSTED_MAX_UPLOADS", 10, 1_000),
    "max_jobs": ("TCO_HOSTED_MAX_JOBS", 2, 64),
    "max_waiting": ("TCO_HOSTED_MAX_WAITING", 8, 1_000),
}
"""Limits: variable, value where it is not set, largest value. The smallest is 1."""

_MOST_ALLOW_BYTES = 1_000_000
_ON = ("1", "true", "yes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """How the app is served.

    Attributes:
        hosted: it serves other people; false: it serves who started it, on this machine.
        login: visitors must be signed in and on the list of `allowed`.
        unverified: an address counts though the identity provider does not say that it has verified it.
        providers: names of identity providers; none: the only one.
        max_draws: runs of one Monte Carlo simulation.
        max_uploads: files that one session may hold.
        max_jobs: long calculations at a time, of all sessions.
        max_waiting: sessions that may wait for their turn.
    """

    hosted: bool = False
    login: bool = True
    unverified: bool = False
    providers: tuple[str, ...] = ()
    max_draws: int = LIMITS["max_draws"][1]
    max_uploads: int = LIMITS["max_uploads"][1]
    max_jobs: int = LIMITS["max_jobs"][1]
    max_waiting: int = LIMITS["max_waiting"][1]


def hosting(environment: Mapping[str, str] | None = None) -> Hosting:
    """How this process is served.

    Args:
        environment: variables; null: those of the process.

    Raises:
        InputError: a limit is not a whole number within its bounds.

    Example:
        >>> hosting({}).hosted
        False
        >>> hosting({"TCO_HOSTED": "1", "TCO_HOSTED_MAX_DRAWS": "1000"}).max_draws
        1000
    """
    given = os.environ if environment is None else environment
    return Hosting(
        hosted=_is_on(given.get(HOSTED, "")),
        # Anything but a clear "no" asks for a login: a slip in a compose file must not open the door.
        login=given.get(LOGIN, "1").strip().lower() not in ("0", "false", "no"),
        unverified=_is_on(given.get(UNVERIFIED, "")),
        providers=tuple(name for name in given.get(PROVIDERS, "").split(",") if name),
        **{field: _limit(given, *limit) for field, limit in LIMITS.items()},
    )


def is_hosted() -> bool:
    """Whether this process serves other people than the one who started it."""
    return _is_on(os.environ.get(HOSTED, ""))


def refuse_server_file(name: str, what: str) -> None:
    """On a hosted server, a scenario may not name files of the server's disk: a visitor wrote it.

    Args:
        name: the file, as the scenario names it.
        what: what it would be, such as "run".

    Raises:
        InputError: the app is hosted.
    """
    if is_hosted():
        raise InputError(
            f"{what} {name!r}: this is a hosted server, which opens no file that a scenario names. Upload the {what}, and name the upload",
            code="server_file",
        )


def allowed(environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Who may come in: e-mail addresses, and domains written as `@example.org`, in small letters.

    They come from the variable (separated by commas) and from the file (one a line, `#` begins a comment), which is read each time: who is taken
    off the list is out with the next click.

    Args:
        environment: variables; null: those of the process.

    Raises:
        InputError: the file cannot be read, or a line is neither an address nor a domain.

    Example:
        >>> allowed({"TCO_HOSTED_ALLOW": "Ann@example.org, @example.com"})
        ('ann@example.org', '@example.com')
    """
    given = os.environ if environment is None else environment
    entries = given.get(ALLOWED, "").split(",")
    if path := given.get(ALLOWED_FILE):
        entries += _lines(Path(path))
    return tuple(dict.fromkeys(_entry(entry) for entry in entries if entry.strip()))


def admits(entries: tuple[str, ...], email: str) -> bool:
    """Whether an address is on the list: it itself, or its domain. A domain does not stand for the domains below it.

    Example:
        >>> admits(("@example.org",), "Ann@Example.org"), admits(("@example.org",), "ann@sub.example.org")
        (True, False)
    """
    name, _, domain = email.strip().lower().rpartition("@")
    # Two signs are refused: which of them divides would be a question of who reads it.
    if not name or not domain or "@" in name:
        return False
    return f"{name}@{domain}" in entries or f"@{domain}" in entries


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > _MOST_ALLOW_BYTES:
            raise InputError(f"{path}: larger than {_MOST_ALLOW_BYTES:,} bytes; a list of addresses is not")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = "not a text file" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise InputError(f"{path}: the list of who may come in cannot be read ({why})") from None
    return [line.partition("#")[0] for line in text.splitlines()]


def _entry(text: str) -> str:
    entry = text.strip().lower()
    name, sign, domain = entry.rpartition("@")
    if not sign or "@" in name or "." not in domain or any(part in entry for part in (" ", "*", "/")):
        raise InputError(
            f"{text.strip()!r} is no entry of the list of who may come in; write an address (ann@example.org) or a domain (@example.org)",
            code="allow_list",
        )
    return entry


def _limit(given: Mapping[str, str], variable: str, usual: int, most: int) -> int:
    text = given.get(variable, "").strip()
    if not text:
        return usual
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise InputError(f"{variable}={text!r}: a whole number from 1 to {most:,} is needed", code="hosted_limit")
    return int(text)


def _is_on(text: str) -> bool:
    return text.strip().lower() in _ON
