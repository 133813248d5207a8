"""Makes the requests of one load point: seeded, of exact length, never the same twice unless the workload shares them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from probes.run import WorkloadShape
from probes.workload.request import Arrival, Request


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
            shape: lengths, prefixes, turns and the seed, which is set.
            prompt: what the server takes.
            vocab_size: ids are drawn below it; needed for token ids only.
            attempt: see `probes.loadgen.contract.Load`.
            cell: likewise.
        """
        self._shape, self._prompt, self._vocab_size = shape, prompt, vocab_size
        self._attempt, self._cell = attempt, cell

    def closed(self, stream: int, number: int, *, before: tuple[Request, Sequence[int]] | None = None) -> Request:
        """The request of a closed loop's stream.

        Args:
            stream: the stream.
            number: place within the stream, from 0.
            before: the stream's request before this one and the ids of its answer, where conversations have several turns.
        """
        raise NotImplementedError

    def scheduled(self, number: int, arrival: Arrival) -> Request:
        """The request of one arrival of an open loop.

        Args:
            number: place in the schedule.
            arrival: its lengths, and its blocks where it has some.
        """
        raise NotImplementedError
