"""What one request left behind: the raw answer as it came off the network, and the trace that is read from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from probes.cell import TokenSource

FailureKind = Literal[
    "http_429",
    "http_4xx",
    "http_5xx",
    "connection_refused",
    "connection_failed",
    "timeout",
    "dropped_mid_stream",
    "malformed_sse",
    "error_in_stream",
    "not_event_stream",
    "no_tokens",
    "cancelled",
]
"""Why a request gave no usable answer.

`connection_refused`: nothing listens; `connection_failed`: any other trouble before the answer's first byte (no such host, TLS,
reset); `dropped_mid_stream`: the answer stopped before its end; `malformed_sse`: an event is not JSON; `error_in_stream`: the
server reported an error after it had said 200; `not_event_stream`: a web page or a plain document; `no_tokens`: a well-formed
answer without any token; `cancelled`: the probe itself cut it off, because the load point was over.
"""

Split = Literal["told", "even", "one_each"]
"""How an answer's tokens were given to its chunks; only `told` says anything about the gap between two tokens of one chunk."""

NS_PER_MS = 1e6
NS_PER_S = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """One answer as it came: nothing is parsed while others are being timed.

    Attributes:
        scheduled_ns: when the request should have been sent (`time.perf_counter_ns`).
        sent_ns: when it was handed to the HTTP client.
        ended_ns: when the answer was complete or had failed.
        reads: arrival time and bytes of every network read of the body.
        status: HTTP status, None where no answer came.
        failure: trouble that shows without reading the body.
        detail: the server's own words about a failure, shortened.
        input_tokens: tokens in the prompt as it was made, which the server's own count replaces.
        stream: which stream of a closed loop sent it; -1 in an open loop.
        number: its place in the stream, or in the schedule.
        planned_hit_tokens: prompt tokens that a prefix cache may rightly answer.
        retry_after_s: what a refusing server asked for [s], None if it did not.
    """

    scheduled_ns: int
    sent_ns: int
    ended_ns: int
    reads: tuple[tuple[int, bytes], ...] = ()
    status: int | None = None
    failure: FailureKind | None = None
    detail: str = ""
    input_tokens: int = 0
    stream: int = 0
    number: int = 0
    planned_hit_tokens: int = 0
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTrace:
    """One request: when its tokens came and how many there were.

    Attributes:
        scheduled_ns: when the request should have been sent.
        sent_ns: when it was.
        ended_ns: when the answer was complete; the earliest moment at which its stream could send the next request.
        arrivals_ns: arrival of every chunk that carries tokens.
        tokens: tokens in each of these chunks.
        input_tokens: prompt tokens.
        output_tokens: generated tokens, the sum of `tokens`.
        token_source: who counted the output tokens; None without any.
        input_counted: whether the server counted `input_tokens`, rather than the probe when it made the prompt.
        failure: None for a good answer.
        status: HTTP status, None where no answer came.
        detail: the server's own words about a failure, shortened.
        stream: which stream of a closed loop sent it; -1 in an open loop.
        number: its place in the stream, or in the schedule.
        planned_hit_tokens: prompt tokens that a prefix cache may rightly answer.
        cached_tokens: prompt tokens that the server says came from its cache; None where it does not say.
        token_ids: the generated ids, where the server gives them; kept only for conversations of several turns.
        split: how `tokens` came about: `told` by the server chunk by chunk (ids, or a running usage), a total spread `even`ly, or `one_each`.
        usage_tokens: output tokens by the server's usage; None where it gave none.
        id_tokens: token ids that the server streamed; None where it streamed none.
        text_chunks: chunks with text in them; none of them holds less than a token.
        reasoning_tokens: output tokens that were reasoning, where the server says so.
        hidden_tokens: output tokens that were generated and never streamed (reasoning that the server keeps to itself). They are part of
            `output_tokens` and stand in the first of `tokens`, before which they were made.
        finish_reason: why the server stopped, in its own word.
        retry_after_s: what a refusing server asked to wait [s].
        has_logprobs: whether the chunks carry probabilities of tokens, which costs the server time and was not asked for.
    """

    scheduled_ns: int
    sent_ns: int
    ended_ns: int
    arrivals_ns: tuple[int, ...] = ()
    tokens: tuple[int, ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0
    token_source: TokenSource | None = None
    input_counted: bool = False
    failure: FailureKind | None = None
    status: int | None = None
    detail: str = ""
    stream: int = 0
    number: int = 0
    planned_hit_tokens: int = 0
    cached_tokens: int | None = None
    token_ids: tuple[int, ...] = ()
    split: Split | None = None
    usage_tokens: int | None = None
    id_tokens: int | None = None
    text_chunks: int = 0
    reasoning_tokens: int | None = None
    hidden_tokens: int = 0
    finish_reason: str = ""
    retry_after_s: float | None = None
    has_logprobs: bool = False

    @property
    def counts_disagree(self) -> bool:
        """Whether the server's usage contradicts what it streamed: another number of ids, or fewer tokens than chunks with text."""
        if self.usage_tokens is None:
            return False
        if self.id_tokens is not None:
            return self.usage_tokens - self.hidden_tokens != self.id_tokens
        return self.usage_tokens < self.text_chunks

    @property
    def ttft_ms(self) -> float | None:
        """Time to first token [ms]: first chunk that carries a token - sent; None without tokens."""
        return (self.arrivals_ns[0] - self.sent_ns) / NS_PER_MS if self.arrivals_ns else None

    @property
    def ttft_scheduled_ms(self) -> float | None:
        """Time to first token from when the request was due [ms]: what a user of an open loop waits, the client's own lateness included."""
        return (self.arrivals_ns[0] - self.scheduled_ns) / NS_PER_MS if self.arrivals_ns else None

    @property
    def e2e_ms(self) -> float | None:
        """End-to-end time [ms]: last chunk that carries a token - sent; None without tokens."""
        return (self.arrivals_ns[-1] - self.sent_ns) / NS_PER_MS if self.arrivals_ns else None

    @property
    def tpot_ms(self) -> float | None:
        """Time per output token [ms]: `(E2E - TTFT) / (n - 1)` over the n tokens that were streamed, so the first is excluded; None for n < 2."""
        streamed = self.output_tokens - self.hidden_tokens
        if streamed < 2:  # noqa: PLR2004
            return None
        return (self.arrivals_ns[-1] - self.arrivals_ns[0]) / (streamed - 1) / NS_PER_MS
