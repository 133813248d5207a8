"""What a server really understands, found by a few small requests before anything is measured.

A server that refuses a field says so; one that ignores it does not. So each field is judged by what comes back: an answer shorter than its fixed
length, a stream without the ids that were asked for, a cache that answers across two salts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from probes.record import Warn
from probes.servers.metrics import ServerMetrics, fetch_metrics_text, increase, parse_metrics
from probes.servers.pages import open_pages
from probes.servers.profile import UNKNOWN, Profile
from probes.servers.refusals import refusal
from probes.servers.trials import (
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    Ask,
    Trials,
    accepted_dialect,
    trial_request,
)

if TYPE_CHECKING:
    from probes.endpoint import Endpoint
    from probes.run import WorkloadShape
    from probes.servers.dialect import Dialect
    from probes.servers.spending import Usage
    from probes.trace import RequestTrace
    from probes.workload.request import Request

CACHE_PROMPT_TOKENS = 512
"""Several blocks of any server's prefix cache."""

_TELLING_TOKENS = 8
"""An answer that is asked to be shorter than this may end there by itself."""

_IDS_BEYOND = 2
"""Special tokens that a server may put around a prompt of ids."""

ReadMetrics = Callable[[], Awaitable[ServerMetrics | None]]
"""Reads the server's page of numbers; None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a server understands.

    Attributes:
        profile: which kind of server it was taken for.
        dialect: the richest form of request that it honours.
        flags: by name, whether it has a capability; a name that is missing could not be told. `completions`, `token_id_prompts`, `ignore_eos`,
            `min_tokens`, `usage_in_stream`, `continuous_usage`, `return_token_ids`, `prefix_cache`, `cache_salt`, `logprobs_off`, `metrics`,
            `usage_truthful`.
        kv_cache_tokens: size of its KV cache, where it says so.
        warnings: what a reader of its numbers must know.
        spent: tokens that finding out has used.
    """

    profile: str
    dialect: Dialect
    flags: dict[str, bool] = field(default_factory=dict)
    kv_cache_tokens: int | None = None
    warnings: tuple[Warn, ...] = ()
    spent: Usage


async def probe_capabilities(
    endpoint: Endpoint,
    *,
    ask: Ask,
    shape: WorkloadShape,
    profile: Profile = UNKNOWN,
    read_metrics: ReadMetrics | None = None,
) -> Capabilities:
    """Finds out what a server understands, ends with one request of full length, and so warms the server up.

    Args:
        endpoint: the server.
        ask: sends one request, for instance `functools.partial(probes.loadgen.send_one, endpoint)`.
        shape: lengths of the last trial, those that will be measured: a context that is too short shows here.
        profile: what is known beforehand.
        read_metrics: reads the page of numbers; from the profile's path if None.

    Raises:
        ProbeError: no form of request gives a good answer, or one of full length does not; in the server's own words, with the remedy.
    """
    trials = Trials(
        endpoint,
        ask,
        input_tokens=min(INPUT_TOKENS, shape.input_tokens),
        output_tokens=min(OUTPUT_TOKENS, shape.output_tokens),
    )
    numbers = read_metrics or _reader(endpoint, profile)
    dialect, trace = await accepted_dialect(trials, profile.dialects)
    finding = _Finding(trials=trials, numbers=numbers, dialect=dialect)
    finding.note_answer(trace)
    await finding.try_length()
    await finding.try_running_usage()
    await finding.try_ids(trace)
    page = await numbers()
    finding.flags["metrics"] = page is not None
    if not profile.paid:
        await finding.try_cache(trace, page, shape)
    await finding.try_full_length(shape)
    return Capabilities(
        profile=page.server if page is not None and profile.name == UNKNOWN.name else profile.name,
        dialect=finding.honoured(),
        flags=finding.flags,
        kv_cache_tokens=None if page is None else page.kv_cache_tokens,
        warnings=tuple(finding.warnings.values()),
        spent=trials.spent,
    )


def _reader(endpoint: Endpoint, profile: Profile) -> ReadMetrics:
    async def read() -> ServerMetrics | None:
        if profile.metrics_path is None:
            return None
        async with open_pages(endpoint, profile.dialects[0]) as session:
            text = await fetch_metrics_text(session, endpoint.base_url, path=profile.metrics_path)
        return None if text is None else parse_metrics(text)

    return read


@dataclass(slots=True, kw_only=True)
class _Finding:
    """What has been found so far."""

    trials: Trials
    numbers: ReadMetrics
    dialect: Dialect
    flags: dict[str, bool] = field(default_factory=dict)
    warnings: dict[str, Warn] = field(default_factory=dict)

    def warn(self, code: str, message: str, *, observed: float | None = None, threshold: float | None = None) -> None:
        self.warnings.setdefault(code, Warn(code=code, message=message, observed=observed, threshold=threshold))

    def sends(self, name: str) -> bool:
        return name in self.dialect.optional_fields

    def without(self, *names: str) -> Dialect:
        return replace(self.dialect, leave_out=(*self.dialect.leave_out, *names))

    def note_answer(self, trace: RequestTrace) -> None:
        """What any answer shows."""
        self.flags["completions"] = self.dialect.route == "completions"
        self.flags["usage_in_stream"] = trace.usage_tokens is not None
        self.flags["return_token_ids"] = trace.id_tokens is not None
        self.flags["logprobs_off"] = not trace.has_logprobs
        if trace.usage_tokens is None:
            self.warn(
                "usage_missing",
                "The server counts no tokens in its stream; they are counted by ids, or by chunks as a last resort.",
            )
        if self.sends("return_token_ids") and trace.id_tokens is None:
            self.warn("token_ids_ignored", "The server passes over return_token_ids: its answers have no ids.")
        if trace.has_logprobs:
            self.warn(
                "logprobs_on", "The server sends probabilities of tokens that nobody asked for, which costs it time."
            )

    async def try_length(self) -> None:
        """Whether an answer keeps the length that was asked for: by `ignore_eos`, and by `min_tokens` alone."""
        request = self.trials.short_answer_request()
        for name, other in (("ignore_eos", "min_tokens"), ("min_tokens", "ignore_eos")):
            if not self.sends(name):
                self.flags[name] = False
                continue
            trace = await self.trials.send(self.without(other), request)
            if trace.failure is None and _counted(trace) and request.output_tokens >= _TELLING_TOKENS:
                self.flags[name] = trace.output_tokens >= request.output_tokens
            elif trace.failure is not None:
                self.flags[name] = False
        if self.sends("ignore_eos") and self.flags.get("ignore_eos") is False:
            self.warn("ignore_eos_ignored", "The server passes over ignore_eos: answers end where the model ends them.")

    async def try_running_usage(self) -> None:
        """Whether usage comes with every chunk, which tells the tokens of each without ids."""
        self.flags["continuous_usage"] = False
        if self.sends("stream_options"):
            running = replace(self.without("return_token_ids"), continuous_usage=True)
            trace = await self.trials.send(running, self.trials.request())
            self.flags["continuous_usage"] = trace.failure is None and trace.split == "told"

    async def try_ids(self, trace: RequestTrace) -> None:
        """Whether a prompt of ids is taken for what it is."""
        self.flags["token_id_prompts"] = False
        if self.dialect.route != "completions":
            return
        sends_ids = self.trials.endpoint.prompt == "token_ids"
        if not sends_ids:
            trace = await self.trials.send(self.dialect, self.trials.request(as_ids=True))
        counted = trace.failure is None and trace.input_counted
        if counted:
            self.flags["token_id_prompts"] = 0 <= trace.input_tokens - self.trials.input_tokens <= _IDS_BEYOND
        elif trace.failure is None:
            del self.flags["token_id_prompts"]
        if sends_ids and counted and not self.flags["token_id_prompts"]:
            self.warn(
                "token_ids_miscounted",
                f"The server counts {trace.input_tokens} tokens in a prompt of {self.trials.input_tokens} ids: it takes the list for text. Probe it with text.",
                observed=trace.input_tokens,
                threshold=self.trials.input_tokens,
            )

    async def try_cache(self, trace: RequestTrace, page: ServerMetrics | None, shape: WorkloadShape) -> None:
        """Whether prompts are cached, and whether a salt keeps them apart; told only where hits can be seen."""
        visible = trace.cached_tokens is not None or (page is not None and page.prefix_hits is not None)
        fits = shape.input_tokens + shape.output_tokens - 1
        hits = await self._cache_hits(CACHE_PROMPT_TOKENS) if visible else None
        short = visible and hits is None and fits < CACHE_PROMPT_TOKENS
        if short:
            hits = await self._cache_hits(fits)
        if hits is None or (short and not hits[0]):  # a prompt shorter than a block of the cache shows nothing
            return
        again, salted = hits
        self.flags["prefix_cache"] = bool(again)
        if self.sends("cache_salt") and again:
            self.flags["cache_salt"] = not salted
            if salted:
                self.warn(
                    "cache_salt_ignored",
                    "The server passes over cache_salt: only fresh prompts keep its cache out of the numbers.",
                )

    async def _cache_hits(self, input_tokens: int) -> tuple[float, float] | None:
        """Cached tokens of a prompt that is sent again, and again with another salt; None where they cannot be seen."""
        first = trial_request(self.trials.endpoint, input_tokens=input_tokens, output_tokens=1)
        other = replace(first, cache_salt=self.trials.request().cache_salt)
        if await self._hits(first) is None:
            return None
        again, salted = await self._hits(first), await self._hits(other)
        return None if again is None or salted is None else (again, salted)

    async def _hits(self, request: Request) -> float | None:
        before = await self.numbers()
        trace = await self.trials.send(self.dialect, request)
        if trace.failure is not None:
            return None
        if trace.cached_tokens is not None:
            return trace.cached_tokens
        return increase(before, await self.numbers(), "prefix_hits")

    async def try_full_length(self, shape: WorkloadShape) -> None:
        """One request as it will be measured."""
        dialect, asked = self.honoured(), shape.output_tokens
        request = trial_request(self.trials.endpoint, input_tokens=shape.input_tokens, output_tokens=asked)
        trace = await self.trials.send(dialect, request)
        if trace.failure is not None:
            raise refusal(self.trials.endpoint, trace, input_tokens=shape.input_tokens, output_tokens=asked)
        if trace.usage_tokens is not None:
            self.flags["usage_truthful"] = not trace.counts_disagree
        if trace.counts_disagree:
            seen = trace.text_chunks if trace.id_tokens is None else trace.id_tokens
            self.warn(
                "usage_disagrees",
                f"The server says {trace.usage_tokens} tokens and streamed {seen}: one of its counts is wrong.",
                observed=trace.usage_tokens,
                threshold=seen,
            )
        if dialect.fixes_length and _counted(trace) and trace.output_tokens < asked:
            self.flags["ignore_eos"] = self.flags["min_tokens"] = False
            self.warn(
                "ignore_eos_ignored",
                f"An answer of fixed length has {trace.output_tokens} tokens instead of {asked}.",
                observed=trace.output_tokens,
                threshold=asked,
            )

    def honoured(self) -> Dialect:
        """The dialect without what is passed over, with a running usage where there are no ids."""
        passed_over = [
            name
            for name in ("ignore_eos", "min_tokens", "return_token_ids", "cache_salt")
            if self.sends(name) and self.flags.get(name) is False
        ]
        running = self.flags["continuous_usage"] and not self.flags["return_token_ids"]
        return replace(self.without(*passed_over), continuous_usage=running)


def _counted(trace: RequestTrace) -> bool:
    """Whether its tokens were counted, rather than its chunks."""
    return trace.usage_tokens is not None or trace.id_tokens is not None
