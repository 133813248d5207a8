"""Requests that come to an engine: when, how long, with which common beginnings."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tco.errors import InputError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


def _no_ints() -> Ints:
    return np.zeros(0, dtype=np.int32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Traffic:
    """Requests in the order in which they come.

    Attributes:
        arrival_s: when each comes [s], ascending, shape (requests,). In a closed loop all zero: see `streams`.
        input_tokens: prompt lengths [tokens], shape (requests,).
        output_tokens: answer lengths [tokens], shape (requests,).
        prefix_group: which common beginning a prompt has, -1 for none, shape (requests,) or empty where no prompt has one.
        prefix_tokens: how long that beginning is [tokens], same shape; a shorter prompt is all of it.
        loaded_tokens: tokens of a prompt whose cache comes from elsewhere and is not computed, such as another engine's, same shape.
        request_class: number of each request's class, shape (requests,) or empty where there is one class.
        streams: 0 for an open loop. Else a closed one: so many requests are in flight, and the next of the list is sent when one ends.
    """

    arrival_s: Floats
    input_tokens: Ints
    output_tokens: Ints
    prefix_group: Ints = field(default_factory=_no_ints)
    prefix_tokens: Ints = field(default_factory=_no_ints)
    loaded_tokens: Ints = field(default_factory=_no_ints)
    request_class: Ints = field(default_factory=_no_ints)
    streams: int = 0

    def __post_init__(self) -> None:
        """Checks what cannot be simulated.

        Raises:
            InputError: no requests; arrays of different lengths; times that are negative or not ascending; a length below 1; a beginning below
                0; a whole prompt, or more, that comes from elsewhere; streams below 0.
        """
        count = self.arrival_s.size
        if self.streams < 0:
            raise InputError(
                f"traffic: {self.streams} streams; give at least 1 for a closed loop, and 0 for an open one"
            )
        if count == 0:
            raise InputError("traffic: there is no request; give at least one")
        for name in ("input_tokens", "output_tokens"):
            _check_lengths(name, getattr(self, name), count)
        for name in ("prefix_group", "prefix_tokens", "loaded_tokens", "request_class"):
            if getattr(self, name).size not in (0, count):
                raise InputError(
                    f"traffic: {getattr(self, name).size} values of {name} for {count} requests; give one for each, or none"
                )
        _check_parts(self.prefix_tokens, self.loaded_tokens, self.input_tokens)
        if not np.all(np.isfinite(self.arrival_s)) or self.arrival_s[0] < 0:
            raise InputError("traffic: a time is negative or no number; times are seconds from the start, at least 0")
        falls = np.flatnonzero(np.diff(self.arrival_s) < 0)
        if falls.size:
            row = int(falls[0]) + 1
            raise InputError(
                f"traffic: request {row + 1} comes at {self.arrival_s[row]:g} s, before the one ahead of it ({self.arrival_s[row - 1]:g} s); sort by time"
            )

    @property
    def requests(self) -> int:
        """How many."""
        return int(self.arrival_s.size)


def _check_lengths(name: str, values: Ints, count: int) -> None:
    if values.size != count:
        raise InputError(f"traffic: {values.size} values of {name} for {count} requests; give one for each")
    short = np.flatnonzero(values < 1)
    if short.size:
        row = int(short[0])
        raise InputError(
            f"traffic: request {row + 1} has {name} {values[row]}; a request has at least 1 token in and 1 out: leave it out or mend it"
        )


def _check_parts(prefix_tokens: Ints, loaded_tokens: Ints, input_tokens: Ints) -> None:
    negative = np.flatnonzero(prefix_tokens < 0)
    if negative.size:
        row = int(negative[0])
        raise InputError(f"traffic: request {row + 1} has prefix_tokens {prefix_tokens[row]}; give at least 0")
    odd = np.flatnonzero((loaded_tokens < 0) | (loaded_tokens >= input_tokens[: loaded_tokens.size]))
    if odd.size:
        row = int(odd[0])
        raise InputError(
            f"traffic: request {row + 1} has loaded_tokens {loaded_tokens[row]} of a prompt of {input_tokens[row]}; "
            "give at least 0 and less than the prompt: its last token is always computed"
        )
