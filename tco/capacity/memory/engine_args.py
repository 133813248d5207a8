"""Reading the arguments that an engine was started with."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tco.errors import InputError

_DECIMAL = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BINARY = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def value_of(args: Sequence[str], *names: str) -> str | None:
    """The value of a flag, `--flag value` or `--flag=value`; the last one counts, as with argparse. None where it is not given.

    Args:
        args: of the engine.
        names: the flag's spellings, with hyphens; underscores in `args` count as hyphens.

    >>> value_of(["--max-num-seqs", "32", "--max_num_seqs=64"], "--max-num-seqs")
    '64'
    """
    found = None
    for index, argument in enumerate(args):
        flag, equals, value = argument.partition("=")
        if flag.replace("_", "-") not in names:
            continue
        if equals:
            found = value
        elif index + 1 < len(args):
            found = args[index + 1]
    return found


def whole_of(args: Sequence[str], *names: str) -> int | None:
    """The value of a flag that is a whole number, also as vLLM's `8k` (8,000), `8K` (8,192) or `25.6k`; None where it is not given, or is `auto` or -1.

    Args:
        args: of the engine.
        names: the flag's spellings.

    Raises:
        InputError: the value is no such number.

    >>> whole_of(["--max-model-len=32K"], "--max-model-len"), whole_of(["--max-model-len", "auto"], "--max-model-len")
    (32768, None)
    """
    text = value_of(args, *names)
    if text is None or text.strip().lower() in ("auto", "-1", "none"):
        return None
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,9})?)([kKmMgGtT]?)", text.strip())
    number, suffix = match.groups() if match else ("", "")
    if not number or ("." in number and suffix not in _DECIMAL):
        raise InputError(
            f"engine argument {names[0]}: {text[:40]!r} is no whole number; write for example 8192, 8k (8,000) or 8K (8,192)"
        )
    return int(float(number) * _DECIMAL[suffix]) if suffix in _DECIMAL else int(number) * _BINARY.get(suffix, 1)


def fraction_of(args: Sequence[str], *names: str) -> float | None:
    """The value of a flag that is a share, above 0 and at most 1; None where it is not given.

    Args:
        args: of the engine.
        names: the flag's spellings.

    Raises:
        InputError: the value is no such share.
    """
    text = value_of(args, *names)
    if text is None:
        return None
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise InputError(f"engine argument {names[0]}: {text[:40]!r} is no share; write a number above 0 and at most 1")
    return share


def switch_of(args: Sequence[str], name: str) -> bool | None:
    """Whether a switch is on: `--name`, `--no-name` or `--name=false`; the last one counts. None where it is not given.

    Args:
        args: of the engine.
        name: the switch, with its two hyphens.

    >>> switch_of(["--no-enable-prefix-caching"], "--enable-prefix-caching")
    False
    """
    found = None
    for argument in args:
        flag, equals, value = argument.replace("_", "-").partition("=")
        if flag == name:
            found = _TRUTH.get(value.lower(), True) if equals else True
        elif flag == f"--no-{name[2:]}":
            found = False
    return found
