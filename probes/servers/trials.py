"""Small requests by which a server is tried, and the form of request that it accepts in the end."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import numpy as np

from probes.endpoint import Endpoint
from probes.servers.dialect import EXTENDED_FIELDS, OPENAI_FIELDS, Dialect
from probes.servers.refusals import NO_SUCH_ROUTE, NOT_THESE_FIELDS, refusal
from probes.servers.spending import Usage
from probes.trace import RequestTrace
from probes.workload.request import Request

Ask = Callable[[Dialect, Request], Awaitable[RequestTrace]]
"""Sends one request and reads its answer; failures are in the trace."""

INPUT_TOKENS = 16
OUTPUT_TOKENS = 32
MOST_TRIALS = 40
"""No server takes so many; a bound for one that answers at random."""

_FIRST_ID, _END_ID = 100, 1_000
"""Ids that every model's vocabulary has and that mean nothing special."""
_ENDS_AT_ONCE = "Say OK and nothing else."
"""A prompt that a model which follows instructions answers in a token or two, so that a fixed length shows."""
_WORDS = (
    "time",
    "year",
    "people",
    "way",
    "day",
    "man",
    "thing",
    "woman",
    "life",
    "child",
    "world",
    "school",
    "state",
    "family",
)
"""Short common words, about a token each."""


@dataclass(slots=True)
class Trials:
    """Asks a server, and counts what that used.

    Attributes:
        endpoint: the server.
        ask: sends one request.
        input_tokens: length of a small trial's prompt.
        output_tokens: length of its answer.
        spent: tokens used so far.
    """

    endpoint: Endpoint
    ask: Ask
    input_tokens: int = INPUT_TOKENS
    output_tokens: int = OUTPUT_TOKENS
    spent: Usage = field(default_factory=Usage)

    def request(self, *, as_ids: bool = False) -> Request:
        """A fresh small request.

        Args:
            as_ids: as token ids, whatever the endpoint is said to take.
        """
        endpoint = replace(self.endpoint, prompt="token_ids") if as_ids else self.endpoint
        return trial_request(endpoint, input_tokens=self.input_tokens, output_tokens=self.output_tokens)

    def short_answer_request(self) -> Request:
        """A small request whose answer would end early if its length were not fixed, as far as the endpoint takes text."""
        request = self.request()
        return request if self.endpoint.prompt == "token_ids" else replace(request, prompt=_ENDS_AT_ONCE)

    async def send(self, dialect: Dialect, request: Request) -> RequestTrace:
        """Sends one request.

        Args:
            dialect: its form.
            request: the request.

        Raises:
            ProbeError: more trials were made than any server needs.
        """
        trace = await self.ask(dialect, request)
        used = Usage(input_tokens=trace.input_tokens, output_tokens=trace.output_tokens, requests=1)
        self.spent = self.spent + used
        if self.spent.requests > MOST_TRIALS:
            raise refusal(self.endpoint, trace)
        return trace


def trial_request(
    endpoint: Endpoint, *, input_tokens: int = INPUT_TOKENS, output_tokens: int = OUTPUT_TOKENS
) -> Request:
    """A fresh request of random tokens, in the form that the endpoint takes.

    Args:
        endpoint: says whether ids or text are sent.
        input_tokens: length of the prompt; words of text.
        output_tokens: length of the answer.
    """
    rng = np.random.default_rng()
    if endpoint.prompt == "token_ids":
        end = max(_FIRST_ID + 2, min(_END_ID, endpoint.vocab_size or _END_ID))
        prompt: list[int] | str = [int(one) for one in rng.integers(_FIRST_ID, end, size=input_tokens)]
    else:
        prompt = " ".join(_WORDS[one] for one in rng.integers(0, len(_WORDS), size=input_tokens))
    return Request(
        prompt=prompt,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cache_salt=secrets.token_hex(16),
    )


async def accepted_dialect(trials: Trials, dialects: tuple[Dialect, ...]) -> tuple[Dialect, RequestTrace]:
    """Finds the richest form of request that the server accepts.

    A 400 or 422 that names a field drops it; one that names none drops vendor fields, then all optional ones, and then each is tried by itself. A
    404 or 405 moves on to the next route.

    Args:
        trials: the server.
        dialects: forms to be tried, the richest first.

    Returns:
        The form, and the answer to the last request in it.

    Raises:
        ProbeError: no form gives a good answer; the message has the server's own words and the remedy.
    """
    trace: RequestTrace | None = None
    missing: set[str] = set()
    for dialect in dialects:
        if dialect.path in missing or (dialect.route != "completions" and trials.endpoint.prompt != "text"):
            continue
        found, trace = await _narrowed(trials, dialect)
        if found is not None:
            return found, trace
        if trace.status in NO_SUCH_ROUTE:
            missing.add(dialect.path)
        elif trace.status not in NOT_THESE_FIELDS:
            break
    raise refusal(trials.endpoint, trace)


async def _narrowed(trials: Trials, dialect: Dialect) -> tuple[Dialect | None, RequestTrace]:
    """Drops what the server refuses until it answers; None where it refuses even the bare request."""
    request = trials.request()
    names_of_length = {dialect.length_field}
    while True:
        trace = await trials.send(dialect, request)
        if trace.failure is None:
            return await _regained(trials, dialect, trace)
        if trace.status not in NOT_THESE_FIELDS:
            return None, trace
        smaller = _smaller(dialect, trace.detail, switch_length=len(names_of_length) == 1)
        if smaller is None:
            return None, trace
        dialect = smaller
        names_of_length.add(dialect.length_field)


def _smaller(dialect: Dialect, words: str, *, switch_length: bool) -> Dialect | None:
    """The next form to try after a refusal in the server's words."""
    if switch_length and dialect.length_field in words:
        older = dialect.length_field == "max_completion_tokens"
        return replace(dialect, length_field="max_tokens" if older else "max_completion_tokens")
    named = tuple(name for name in dialect.optional_fields if name in words)
    if named:
        return replace(dialect, leave_out=(*dialect.leave_out, *named))
    if not dialect.optional_fields:
        return None
    return replace(dialect, fields="openai" if _has_extended(dialect) else "bare")


def _has_extended(dialect: Dialect) -> bool:
    return any(name in EXTENDED_FIELDS for name in dialect.optional_fields)


async def _regained(trials: Trials, dialect: Dialect, trace: RequestTrace) -> tuple[Dialect, RequestTrace]:
    """Tries each field by itself that was dropped along with others."""
    if dialect.fields == "extended" or trials.spent.requests == 1 or dialect.route == "messages":
        return dialect, trace
    every = OPENAI_FIELDS + EXTENDED_FIELDS
    known = set(dialect.optional_fields)
    lost = [name for name in every if name not in known and name not in dialect.leave_out]
    for name in lost:
        tried = _with_fields(dialect, known | {name})
        again = await trials.send(tried, trials.request())
        if again.failure is None:
            known.add(name)
            dialect, trace = tried, again
    return dialect, trace


def _with_fields(dialect: Dialect, fields: set[str]) -> Dialect:
    """The dialect that sends exactly these optional fields."""
    every = OPENAI_FIELDS + EXTENDED_FIELDS
    return replace(dialect, fields="extended", leave_out=tuple(name for name in every if name not in fields))
