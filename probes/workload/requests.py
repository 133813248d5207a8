"""Makes the requests of one load point: seeded, of exact length, never the same twice unless the workload shares them.

A benchmark that repeats its random prompts measures the prefix cache: vLLM issue 54227 reports 2.3 times the throughput
(https://github.com/vllm-project/vllm/issues/54227). Here every request draws its own ids from its own random numbers, and carries its own cache salt.
What a workload shares on purpose (a common beginning, a conversation, the blocks of a trace) shares ids and salt, and says how much of it a cache may
answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from probes.errors import ProbeError
from probes.run import WorkloadShape
from probes.workload.extent import sampler_of
from probes.workload.prompts import Alphabet, Ids
from probes.workload.request import Arrival, Request
from probes.workload.seeds import Kind, Place, common_salt, generator, own_salt
from probes.workload.shared import Blocks, CommonBeginnings
from probes.workload.turns import fit_turn


class RequestMaker:
    """Makes requests; every worker process has its own, and all of them together never make one prompt twice."""

    def __init__(
        self,
        shape: WorkloadShape,
        *,
        prompt: Literal["token_ids", "text"],
        vocab_size: int | None,
        attempt: int,
        cell: int,
    ) -> None:
        """Prepares to make requests.

        Args:
            shape: lengths, prefixes, turns and the seed, which is set. Recorded pairs are read from their file and held against their digest.
            prompt: what the server takes.
            vocab_size: ids are drawn below it; needed for token ids only.
            attempt: see `probes.loadgen.contract.Load`.
            cell: likewise.

        Raises:
            ProbeError: `bad_arguments`: no seed, no vocabulary, lengths that cannot be had, recorded pairs that are not those of the record.
        """
        if shape.seed is None:
            raise ProbeError("bad_arguments", "A workload without a seed cannot be sent; set one.")
        self._shape, self._seed, self._attempt, self._cell = shape, shape.seed, attempt, cell
        self._alphabet = Alphabet.of(prompt, vocab_size)
        self._lengths = sampler_of(shape)
        self._beginnings = CommonBeginnings(self._alphabet, self._seed, attempt, cell)
        self._blocks = Blocks(self._alphabet, self._seed, attempt, cell)

    def closed(self, stream: int, number: int, *, before: tuple[Request, Sequence[int]] | None = None) -> Request:
        """The request of a closed loop's stream.

        Args:
            stream: the stream.
            number: place within the stream, from 0.
            before: the stream's request before this one and the ids of its answer, where conversations have several turns. Without it, or with an
                answer whose ids the server does not give, other ids of the planned length stand in, so that lengths are kept and less is cached.
        """
        turn = number % self._shape.turns
        if turn == 0:
            return self._first(stream, number)
        earlier, answer = before if before is not None else (self.closed(stream, number - 1), ())
        return self._next(stream, number, earlier, answer)

    def scheduled(self, number: int, arrival: Arrival) -> Request:
        """The request of one arrival of an open loop.

        Args:
            number: place in the schedule.
            arrival: its lengths, and its blocks where it has some.
        """
        rng = self._generator("scheduled", 0, number)
        if arrival.blocks:
            return self._from_blocks(rng, arrival)
        return self._fresh(rng, arrival.input_tokens, arrival.output_tokens)

    def _generator(self, kind: Kind, major: int, minor: int) -> np.random.Generator:
        return generator(self._seed, Place(self._attempt, self._cell, kind, major, minor))

    def _first(self, stream: int, number: int) -> Request:
        rng = self._generator("closed", stream, number)
        lengths = self._lengths.draw(rng)
        # A first turn always fits: the limit holds at least one token in and one out.
        return self._fresh(rng, *(fit_turn(0, *lengths, self._shape.context_limit_tokens) or lengths))

    def _fresh(self, rng: np.random.Generator, input_tokens: int, output_tokens: int) -> Request:
        """A prompt of its own, behind one of the common beginnings if the workload has some."""
        # The allowance keeps 0.29 of 100 tokens from being 28 by the last bit.
        shared = int(self._shape.shared_prefix_fraction * input_tokens + 1e-9)
        if not shared:
            ids = self._alphabet.draw(rng, input_tokens)
            return self._request(ids, input_tokens, output_tokens, own_salt(), 0)
        index = int(rng.integers(0, self._shape.shared_prefixes))
        ids = np.concatenate((self._beginnings.ids(index, shared), self._alphabet.draw(rng, input_tokens - shared)))
        return self._request(ids, input_tokens, output_tokens, self._beginnings.salt(index), shared)

    def _next(self, stream: int, number: int, earlier: Request, answer: Sequence[int]) -> Request:
        """The next turn: the prompt and the answer before, and something new."""
        rng = self._generator("closed", stream, number)
        new_tokens, output_tokens = self._lengths.draw(rng)
        known = 0 if self._alphabet.text else len(answer)
        missing = max(0, earlier.output_tokens - known)
        said = earlier.input_tokens + known + missing
        fitted = fit_turn(said, new_tokens, output_tokens, self._shape.context_limit_tokens)
        if fitted is None:
            # The conversation has filled the context: its stream begins another one.
            return self._first(stream, number)
        input_tokens, output_tokens = said + fitted[0], fitted[1]
        # The last generated token was never computed on, so that its keys and values are in no cache.
        cached = min(earlier.input_tokens + max(0, known - 1), input_tokens - 1)
        prompt: list[int] | str
        if isinstance(earlier.prompt, str):
            words = self._alphabet.render(self._alphabet.draw(rng, input_tokens - earlier.input_tokens))
            prompt = f"{earlier.prompt} {words}"
        else:
            new = self._alphabet.draw(rng, input_tokens - earlier.input_tokens - known)
            prompt = [*earlier.prompt, *answer, *new.tolist()]
        return Request(
            prompt=prompt,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cache_salt=earlier.cache_salt,
            planned_hit_tokens=cached,
        )

    def _from_blocks(self, rng: np.random.Generator, arrival: Arrival) -> Request:
        blocks = self._blocks.ids(arrival.blocks, arrival.block_tokens)[: arrival.input_tokens]
        rest = self._alphabet.draw(rng, arrival.input_tokens - len(blocks))
        ids = np.concatenate((blocks, rest)) if len(rest) else blocks
        salt = common_salt(self._seed, self._attempt, self._cell, "trace")
        return self._request(ids, arrival.input_tokens, arrival.output_tokens, salt, arrival.planned_hit_tokens)

    def _request(self, ids: Ids, input_tokens: int, output_tokens: int, salt: str, planned_hit_tokens: int) -> Request:
        return Request(
            prompt=self._alphabet.render(ids),
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cache_salt=salt,
            # A server computes at least the last token of a prompt itself, to have something to go on from.
            planned_hit_tokens=min(planned_hit_tokens, input_tokens - 1),
        )
