"""Blanks secrets in command lines and environment variables before they are kept: by the name they are given to, by their form, and by their value.

Rather too much than too little: what is blanked here can be looked up by whoever ran the probe, what is published cannot be taken back.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from probes.engines.failures import redact
from probes.nvml import hash_uuid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BLANK = "***"

_ALWAYS = {
    *("secret", "secrets", "password", "passwd", "passphrase", "pass", "pwd", "credential", "credentials"),
    *("auth", "authorization", "bearer", "cookie", "apikey", "signature", "sig", "jwt", "pat"),
}
"""A name with one of these words holds a secret."""

_AT_THE_END = {"key", "token"}
"""A name that ends with one of these does (`--hf-token`, `OPENAI_API_KEY`); not `--max-tokens` or `--token-ids`."""

_HARMLESS_END = {"env", "file", "path", "dir", "type", "id", "url"}
"""A name that ends with one of these says where a secret is, not what it is: `--api-key-env`, `SSH_AUTH_SOCK_PATH`."""

_SHORTEST_VALUE = 6
"""Values of secret variables shorter than this are not looked for elsewhere: `1` would blank half of a command line."""

_NAME = r"[A-Za-z][A-Za-z0-9_.-]*"
_HEADER = re.compile(rf"^(\s*)({_NAME})(\s*:\s+)(.+)$", re.DOTALL)
_WHOLE = re.compile(rf"^(-*({_NAME})=).+$", re.DOTALL)
_INNER_OPTION = re.compile(rf"((?<!\S)--?({_NAME})\s+)(?!--)(\"[^\"]*\"|'[^']*'|[^\s;]+)")
_INNER_HEADER = re.compile(r"(?i)\b((?:proxy-)?authorization|x-api-key|api-key|cookie)(\s*:\s*)[^'\"\n]+")
_ASSIGNMENT = re.compile(rf"(?<![\w.])({_NAME})(\s*=\s*)(\"[^\"]*\"|'[^']*'|[^\s&;,]+)")
_JSON = re.compile(rf"([\"'])({_NAME})\1(\s*:\s*)(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s,}}\]]+)")
_USER = re.compile(r"(\b[a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/@]+@")
_FORMS = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\b(?:gsk_|github_pat_|gh[ousr]_|glpat-|pplx-|xai-|fw_|r8_|sk_|rpa_|AIza|ya29\.)[A-Za-z0-9_.-]{6,}"
    r"|\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL)
_GPU_ID = re.compile(r"\b(GPU|MIG)-[0-9a-fA-F]{8}[0-9a-fA-F/-]*")


def is_secret_name(name: str) -> bool:
    """Whether an option, variable, header or field of this name holds a secret.

    >>> [is_secret_name(name) for name in ("--api-key", "HF_TOKEN", "x-api-key", "apiKey", "Authorization")]
    [True, True, True, True, True]
    >>> [is_secret_name(name) for name in ("--max-tokens", "--tokenizer", "--api-key-env", "--token-ids", "--seed")]
    [False, False, False, False, False]
    """
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", name)
    words = [word for word in re.split(r"[^a-z0-9]+", spaced.lower()) if word]
    if not words or words[-1] in _HARMLESS_END:
        return False
    return (
        bool(_ALWAYS & set(words)) or words[-1] in _AT_THE_END or words[-1].endswith(("apikey", "password", "secret"))
    )


def blank_command(command: Sequence[str], environ: Mapping[str, str] | None = None) -> list[str]:
    """A command line without its secrets, and with `~` for the home folder.

    >>> blank_command(["tco", "probe", "--api-key", "abc", "--max-tokens", "64"], {})
    ['tco', 'probe', '--api-key', '***', '--max-tokens', '64']

    Args:
        command: its words.
        environ: the environment, whose secrets are blanked wherever they stand; None takes this process's.
    """
    blanked: list[str] = []
    secret_follows = False
    for word in command:
        if secret_follows and not re.match(r"--\w", word):
            blanked.append(BLANK)
            secret_follows = False
            continue
        whole = _WHOLE.match(word)
        blanked.append(f"{whole[1]}{BLANK}" if whole and is_secret_name(whole[2]) else blank_text(word, environ))
        secret_follows = bool(re.fullmatch(rf"--?{_NAME}", word)) and is_secret_name(word)
    return blanked


def blank_environment(environ: Mapping[str, str], prefixes: Sequence[str]) -> dict[str, str]:
    """Variables whose names begin in one of some ways, by name, without their secrets.

    Args:
        environ: the environment.
        prefixes: beginnings of names.
    """
    return {
        name: BLANK if is_secret_name(name) else blank_text(value, environ)
        for name, value in sorted(environ.items())
        if name.startswith(tuple(prefixes))
    }


def blank_text(text: str, environ: Mapping[str, str] | None = None) -> str:
    """One word or value without its secrets, ids of GPUs and the home folder.

    Args:
        text: any text.
        environ: the environment; None takes this process's.
    """
    for secret in _secret_values(os.environ if environ is None else environ):
        text = text.replace(secret, BLANK)
    text = _PRIVATE_KEY.sub(BLANK, text)
    text = _USER.sub(rf"\1{BLANK}@", text)
    header = _HEADER.match(text)
    if header and is_secret_name(header[2]):
        return f"{header[1]}{header[2]}{header[3]}{BLANK}"
    text = _JSON.sub(_blank_field, text)
    text = _INNER_HEADER.sub(rf"\1\2{BLANK}", text)
    text = _INNER_OPTION.sub(lambda found: f"{found[1]}{BLANK}" if is_secret_name(found[2]) else found[0], text)
    text = _ASSIGNMENT.sub(_blank_assignment, text)
    text = redact(_FORMS.sub(BLANK, text))
    text = _GPU_ID.sub(lambda found: f"{found[1]}#{hash_uuid(found[0])}", text)
    return _without_home(text)


def _secret_values(environ: Mapping[str, str]) -> list[str]:
    """Longest first, so that one that contains another goes whole."""
    values = {value for name, value in environ.items() if is_secret_name(name) and len(value) >= _SHORTEST_VALUE}
    return sorted(values, key=len, reverse=True)


def _blank_field(found: re.Match[str]) -> str:
    if not is_secret_name(found[2]):
        return found[0]
    quote = found[4][0] if found[4][0] in "\"'" else '"'
    return f"{found[1]}{found[2]}{found[1]}{found[3]}{quote}{BLANK}{quote}"


def _blank_assignment(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}{BLANK}" if is_secret_name(found[1]) else found[0]


def _without_home(text: str) -> str:
    home = str(Path.home())
    return re.sub(rf"(?<![\w/]){re.escape(home)}(?=/|$)", "~", text) if len(home) > 1 else text
