"""What a sweep asks of the load client, and what it gets back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, Self

from probes.cell import Arrivals
from probes.run import WorkloadShape
from probes.trace import RequestTrace
from probes.workload.request import Arrival


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One load point to be generated, until somebody says that it is enough.

    Exactly one of `concurrency` and `arrivals` is set. A closed loop never ends by itself. An open loop sends its arrivals once and ends when the
    last is answered.

    Attributes:
        cell: the load point's place in the run, part of every prompt's seed: two load points never share a prompt.
        shape: lengths, prefixes, turns, seed.
        concurrency: requests always in flight (closed loop).
        attempt: 0 for a new run; for a resumed one a number that no earlier attempt had, so that no prompt comes twice.
        arrivals: the schedule (open loop), ascending.
        kind: how the arrivals came about, for the record.
    """

    cell: int
    shape: WorkloadShape
    attempt: int = 0
    concurrency: int | None = None
    arrivals: tuple[Arrival, ...] = ()
    kind: Arrivals = "closed-loop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One answer, as far as it is known while others are still being timed (nothing is parsed yet).

    Attributes:
        stream: which stream of a closed loop; -1 in an open loop.
        number: place in the stream, or in the schedule.
        sent_ns: when the request was sent (`time.perf_counter_ns`, one clock for all processes of a machine).
        ended_ns: when its answer ended or failed.
        output_tokens: tokens that were asked for.
        failed: whether it failed without being read.
    """

    stream: int
    number: int
    sent_ns: int
    ended_ns: int
    output_tokens: int
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadProgress:
    """Where a load has got to; given about twice a second, and at the end.

    Attributes:
        elapsed_s: since the first request [s].
        sent: requests sent.
        in_flight: requests without an end.
        new: what has ended since the last progress.
    """

    elapsed_s: float
    sent: int
    in_flight: int
    new: tuple[Completion, ...] = ()


Verdict = Literal["go_on", "enough"]
"""After `enough` nothing new is sent; what is in flight is cut off and comes back with `failure` `cancelled`."""


LoadEnd = Literal["enough", "schedule", "deadline", "cancelled", "full"]
"""What ended a load: the verdict, the end of its schedule, the deadline, a cancellation, or neither memory nor disk to keep answers in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """Everything that a load left behind.

    Attributes:
        traces: every request that was sent, in no particular order; `stream` and `number` say which it was.
        started_ns: when the first request was due.
        stopped_ns: when sending ended.
        workers: processes that sent.
        transport: `plain`, `tls` or `proxy`.
        client_cpu_fraction: processor time per wall time of the busiest process; 1 is the one core that an event loop can use.
        client_lag_p99_ms: 99th percentile of the lateness of a 10 ms timer, of the worst process [ms].
        schedule_lag_p99_ms: 99th percentile of `sent - scheduled` of an open loop [ms]; None in a closed loop.
        cut_short: whether a deadline or a cancellation ended it, not a verdict.
        end: what ended it. After a cancellation the task is still being cancelled (`asyncio.Task.cancelling`): keep what there is, then end.
        retry_wait_s: time that streams of a closed loop waited because a refusing server asked for it (`Retry-After`), summed over streams [s].
    """

    traces: tuple[RequestTrace, ...]
    started_ns: int
    stopped_ns: int
    workers: int
    transport: str
    client_cpu_fraction: float | None = None
    client_lag_p99_ms: float | None = None
    schedule_lag_p99_ms: float | None = None
    cut_short: bool = False
    end: LoadEnd = "enough"
    retry_wait_s: float = 0.0


class LoadClient(Protocol):
    """Sends loads to one endpoint; one for a whole run, used as `async with`."""

    async def __aenter__(self) -> Self:
        """Starts the processes that the expected load needs."""

    async def __aexit__(self, *_: object) -> None:
        """Ends them; nothing is left behind."""

    async def run(
        self,
        load: Load,
        *,
        on_progress: Callable[[LoadProgress], Verdict],
        deadline_s: float | None = None,
    ) -> LoadResult:
        """Generates one load point.

        Args:
            load: what to send.
            on_progress: decides when it is enough; must be quick.
            deadline_s: event-loop time at which to give up; None for never.

        Returns:
            What was seen, also when the deadline cut it short.
        """
