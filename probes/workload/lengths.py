"""How long prompts and answers are, as a user writes it: `fixed`, `uniform:0.5`, `lognormal:1.0,corr=0.3`, `pairs:FILE.csv`."""

from __future__ import annotations

import difflib
import functools
import hashlib
import math
from pathlib import Path

import numpy as np

from probes.errors import ProbeError
from probes.run import Lengths
from probes.workload.sampling import MAX_LOGNORMAL_SPREAD, Rows
from probes.workload.tables import TOKEN_COLUMNS, bad_row, open_table, whole_tokens

MAX_PAIRS = 1_000_000
_FORMS = "fixed, uniform:SPREAD, lognormal:SPREAD, either with ,corr=RANK_CORRELATION, or pairs:FILE"


def parse_lengths(text: str) -> Lengths:
    """Reads how lengths vary.

    Args:
        text: `fixed`; `uniform:0.5` (each even within half of its mean to either side, at most 1); `lognormal:1.0` (standard deviation over mean);
            both with `,corr=0.3`, the rank correlation of prompt and answer; `pairs:FILE`, a CSV or JSONL log, whose rows are read once here.

    Raises:
        ProbeError: `bad_arguments`: what was given, what is allowed.

    Example:
        >>> parse_lengths("lognormal:1.0,corr=0.3").correlation
        0.3
    """
    kind, _, rest = text.strip().partition(":")
    kind = kind.strip().lower()
    if kind == "fixed" and not rest:
        return Lengths()
    if kind == "pairs" and rest.strip():
        path = rest.strip()
        return Lengths(kind="pairs", source=path, sha256=_digest(_read(path)))
    if kind == "uniform":
        return Lengths(kind="uniform", **_spread(text, rest, at_most=1.0))
    if kind == "lognormal":
        return Lengths(kind="lognormal", **_spread(text, rest, at_most=MAX_LOGNORMAL_SPREAD))
    near = difflib.get_close_matches(kind, ["fixed", "uniform", "lognormal", "pairs"], n=1)
    hint = f" Did you mean {near[0]}?" if near and near[0] != kind else ""
    raise ProbeError("bad_arguments", f"Lengths {text!r} are none of: {_FORMS}.{hint}")


def _spread(text: str, rest: str, *, at_most: float) -> dict[str, float]:
    spread, *options = rest.split(",")
    values = {"spread_fraction": _number(text, "the spread", spread, 0.0, at_most), "correlation": 0.0}
    for option in options:
        name, _, value = option.partition("=")
        if name.strip() != "corr":
            raise ProbeError(
                "bad_arguments", f"Lengths {text!r}: {option.strip()!r} is not known; only corr=... may follow."
            )
        values["correlation"] = _number(text, "corr", value, -1.0, 1.0)
    return values


def _number(text: str, name: str, value: str, low: float, high: float) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        raise ProbeError(
            "bad_arguments",
            f"Lengths {text!r}: {name} is {value.strip()!r}; a number from {low:g} to {high:g} is needed.",
        )
    return number


def recorded_rows(lengths: Lengths) -> Rows | None:
    """The recorded pairs of `pairs`; None for any other kind of lengths.

    Args:
        lengths: as a run keeps them.

    Raises:
        ProbeError: `bad_arguments`: the file cannot be read, or is not the one of the record.
    """
    if lengths.kind != "pairs":
        return None
    if lengths.source is None:
        raise ProbeError("bad_arguments", "Lengths from recorded pairs need the file with the pairs.")
    rows = _read(lengths.source)
    if lengths.sha256 not in (None, _digest(rows)):
        raise ProbeError(
            "bad_arguments",
            f"{lengths.source} no longer holds the pairs that this run began with; put the old file back, or begin a new run.",
        )
    return rows


def mean_lengths(lengths: Lengths) -> tuple[int, int] | None:
    """Means of the recorded pairs, rounded: what a workload's `input_tokens` and `output_tokens` are if they are to be sent as they were recorded.

    Args:
        lengths: as parsed.

    Returns:
        None for lengths that have no means of their own.
    """
    rows = recorded_rows(lengths)
    return None if rows is None else (max(1, round(float(rows[:, 0].mean()))), max(1, round(float(rows[:, 1].mean()))))


def _read(path: str) -> Rows:
    try:
        state = Path(path).stat()
    except OSError as error:
        raise ProbeError("bad_arguments", f"{path} cannot be read: {error.strerror or error}.") from None
    return _read_once(path, state.st_mtime_ns, state.st_size)


@functools.lru_cache(maxsize=4)
def _read_once(path: str, _changed_ns: int, _size: int) -> Rows:
    """Every load point asks for the pairs again, and a long log takes seconds."""
    table = open_table(path, TOKEN_COLUMNS, required=("input_tokens", "output_tokens"))
    pairs: list[tuple[int, int]] = []
    for row in table.rows:
        pair = [whole_tokens(table.path, row, column, name=table.found[column]) for column in TOKEN_COLUMNS]
        if 0 in pair:
            bad_row(
                table.path,
                row.line,
                f"{pair[0]} tokens in, {pair[1]} out; each must be at least 1. Leave out requests that failed",
            )
        pairs.append((pair[0], pair[1]))
        if len(pairs) > MAX_PAIRS:
            raise ProbeError("bad_arguments", f"{path} has more than {MAX_PAIRS} rows; a sample of them says as much.")
    if not pairs:
        raise ProbeError("bad_arguments", f"{path} has a header and no rows; lengths need at least one.")
    rows = np.array(pairs, dtype=np.int64)
    rows.flags.writeable = False
    return rows


def _digest(rows: Rows) -> str:
    return hashlib.sha256("".join(f"{a},{b}\n" for a, b in rows.tolist()).encode()).hexdigest()


def describe_lengths(lengths: Lengths, *, input_tokens: float, output_tokens: float) -> str:
    """The lengths in words.

    Example:
        >>> describe_lengths(parse_lengths("lognormal:1.0,corr=0.3"), input_tokens=512, output_tokens=128)
        'prompts of 512 and answers of 128 tokens on average (lognormal, spread 1, rank correlation 0.3)'
        >>> describe_lengths(Lengths(), input_tokens=512, output_tokens=128)
        'prompts of 512 and answers of 128 tokens, all alike'
    """
    what = f"prompts of {input_tokens:g} and answers of {output_tokens:g} tokens"
    if lengths.kind == "fixed":
        return f"{what}, all alike"
    if lengths.kind == "pairs":
        return f"{what} on average (pairs drawn from {lengths.source})"
    together = f", rank correlation {lengths.correlation:g}" if lengths.correlation else ""
    spread = "even within ±" if lengths.kind == "uniform" else "lognormal, spread "
    amount = f"{100 * lengths.spread_fraction:g} %" if lengths.kind == "uniform" else f"{lengths.spread_fraction:g}"
    return f"{what} on average ({spread}{amount}{together})"
