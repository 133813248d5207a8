"""Text from outside, made safe for the places where it is put: names of a cluster, Markdown, a shell's line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

SLUG_LENGTH = 40
"""Leaves room for what is appended to it: a cluster's names have at most 63 letters."""

_MARKDOWN = re.compile(r"([\\`*\[\]<>#!|~&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|^[-+])")
_HF_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")


def slugs(names: Iterable[str]) -> list[str]:
    """Names for a cluster, each another: small letters, digits and hyphens, beginning with a letter (RFC 1035, as a Service wants it).

    Args:
        names: as people gave them.

    >>> slugs(["Rented H100", "rented/h100", "8 GPUs", "日本"])
    ['rented-h100', 'rented-h100-2', 'option-8-gpus', 'option']
    """
    given: list[str] = []
    for name in names:
        plain = _slug(name)
        number = 2
        slug = plain
        while slug in given:
            suffix = f"-{number}"
            slug = plain[: SLUG_LENGTH - len(suffix)].rstrip("-") + suffix
            number += 1
        given.append(slug)
    return given


def _slug(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not plain or not plain[0].isalpha():
        plain = f"option-{plain}".rstrip("-")
    return plain[:SLUG_LENGTH].rstrip("-")


def is_hf_id(text: str) -> bool:
    """Whether a text has the form of an id on Hugging Face, `owner/name`; a path has not.

    >>> is_hf_id("Qwen/Qwen3-8B"), is_hf_id("Qwen3-8B"), is_hf_id("../x"), is_hf_id("a/b; rm -rf /")
    (True, False, False, False)
    """
    return _HF_ID.fullmatch(text) is not None and ".." not in text


def one_line(text: str) -> str:
    r"""A text on one line: control characters and line ends become blanks.

    >>> one_line("a\n# b\x1b[0m")
    'a # b [0m'
    """
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def markdown(text: str) -> str:
    r"""A text that Markdown shows as it is, on one line.

    >>> markdown("a|b <script> `x`")
    'a\\|b \\<script\\> \\`x\\`'
    """
    return _MARKDOWN.sub(r"\\\1", one_line(text))


def code(text: str) -> str:
    r"""A text as a code span of Markdown, also inside a table; a backtick, which would end it, becomes an apostrophe.

    >>> code("--x=`id`|y")
    "`--x='id'\\|y`"
    """
    return f"`{one_line(text).replace('`', chr(39)).replace('|', chr(92) + '|') or ' '}`"


def command_lines(words: Sequence[str]) -> str:
    r"""A command for a POSIX shell, one argument a line, each word quoted where a shell would read more than its letters.

    A flag and its value share a line. Line ends inside a word stay inside its quotes.

    Args:
        words: the command and its arguments.

    >>> print(command_lines(["vllm", "serve", "a b", "--dtype", "auto", "--enforce-eager"]))
    vllm serve 'a b' \
      --dtype auto \
      --enforce-eager
    """
    lines: list[str] = []
    for word in words:
        quoted = shlex.quote(word)
        if lines and not word.startswith("--"):
            lines[-1] += f" {quoted}"
        else:
            lines.append(quoted)
    return " \\\n  ".join(lines)
