"""Traffic that is longer than memory: it comes in pieces, and only counts of latencies are kept."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tco.capacity.simulator.drive import drain
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.outcome import ReplicaUse
from tco.capacity.simulator.simulate import Routing, check_fit, check_fleet, drive, records_of, uses_of
from tco.capacity.simulator.state import ENDED, Records, State, new_state
from tco.capacity.simulator.traffic import Floats, Traffic
from tco.capacity.step_time import StepTime
from tco.errors import InputError

RATIO = 1.01
"""Two latencies in one bin of a count differ by less than this factor."""
SHORTEST_S, LONGEST_S = 1e-6, 1e7
_BINS = math.ceil(math.log(LONGEST_S / SHORTEST_S) / math.log(RATIO)) + 1
_SLOTS = 4096

Counts = npt.NDArray[np.int64]


class LatencyCounts:
    """How many requests had which latency, in bins of 1 %; memory does not grow with requests."""

    __slots__ = ("counts", "total_s")

    def __init__(self) -> None:
        self.counts: Counts = np.zeros(_BINS, dtype=np.int64)
        self.total_s = 0.0

    def add(self, values_s: Floats) -> None:
        """Counts some latencies [s]; what is not a number does not count."""
        known = values_s[np.isfinite(values_s)]
        place = np.log(np.maximum(known, SHORTEST_S) / SHORTEST_S) / math.log(RATIO)
        self.counts += np.bincount(np.minimum(place.astype(np.int64), _BINS - 1), minlength=_BINS)
        self.total_s += float(known.sum())

    @property
    def requests(self) -> int:
        """How many were counted."""
        return int(self.counts.sum())

    @property
    def mean_s(self) -> float:
        """Their mean, exactly [s]; not a number without any."""
        return self.total_s / self.requests if self.requests else math.nan

    def percentile_s(self, percent: float) -> float:
        """A percentile within 0.5 % [s], the geometric middle of its bin; not a number without requests."""
        if not self.requests:
            return math.nan
        cumulated = np.cumsum(self.counts)
        place = int(np.searchsorted(cumulated, max(1.0, percent / 100 * cumulated[-1])))
        return float(SHORTEST_S * RATIO ** (place + 0.5))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreamSummary:
    """What a long simulation says.

    Attributes:
        requests: that ended.
        span_s: from the first sent to the last ended [s].
        ttft: time to first token.
        tpot: time per output token after the first.
        e2e: from sending to the last token.
        use: of each replica.
    """

    requests: int
    span_s: float
    ttft: LatencyCounts
    tpot: LatencyCounts
    e2e: LatencyCounts
    use: tuple[ReplicaUse, ...]


def simulate_stream(
    pieces: Iterable[Traffic],
    step_time: StepTime,
    limits: EngineLimits,
    *,
    replicas: int = 1,
    routing: Routing = "least-loaded",
    groups: int = 0,
) -> StreamSummary:
    """As `simulate`, for an open loop that comes in pieces: memory is that of one piece and of the requests in flight.

    Args:
        pieces: of the traffic, one behind the other; each begins when or after the one before ends.
        step_time: of each replica.
        limits: of each replica.
        replicas: how many there are.
        routing: of the router.
        groups: common beginnings of prompts, over all pieces.

    Raises:
        InputError: no piece at all, a piece that begins before the last one ended, a closed loop; and what `simulate` refuses.
    """
    check_fleet(replicas, routing)
    state = new_state(step_time, limits, replicas=replicas, groups=groups, capacity=_SLOTS)
    found = StreamSummary(
        requests=0, span_s=0.0, ttft=LatencyCounts(), tpot=LatencyCounts(), e2e=LatencyCounts(), use=()
    )
    start_s, last_s, requests = math.nan, -math.inf, 0
    for piece in pieces:
        _check(piece, last_s, limits, groups)
        start_s = float(piece.arrival_s[0]) if math.isnan(start_s) else start_s
        last_s = float(piece.arrival_s[-1])
        state = state._replace(ended=np.zeros(piece.requests + state.slots.size, dtype=ENDED))
        state = drive(records_of(piece, first=requests), routing, state)
        requests += piece.requests
        _count(state, found)
    if not requests:
        raise InputError("stream: there is no piece of traffic; give at least one")
    state = state._replace(ended=np.zeros(state.slots.size, dtype=ENDED))
    drain(state)
    _count(state, found)
    use = uses_of(state, limits, start_s)
    return StreamSummary(
        requests=requests, span_s=use[0].span_s, ttft=found.ttft, tpot=found.tpot, e2e=found.e2e, use=use
    )


def _check(piece: Traffic, last_s: float, limits: EngineLimits, groups: int) -> None:
    if piece.streams:
        raise InputError("stream: a closed loop cannot come in pieces; give arrival times")
    if piece.arrival_s[0] < last_s:
        raise InputError(
            f"stream: a piece begins at {piece.arrival_s[0]:g} s and the one before ends at {last_s:g} s; give them in order"
        )
    if int(piece.prefix_group.max(initial=-1)) >= groups:
        raise InputError(f"stream: a prompt has beginning {piece.prefix_group.max()} and groups is {groups}")
    check_fit(piece.input_tokens, piece.output_tokens, limits)


def _count(state: State, found: StreamSummary) -> None:
    ended: Records = state.ended[: int(state.marks[1])]
    state.marks[1] = 0
    found.ttft.add(ended["first_s"] - ended["sent_s"])
    found.e2e.add(ended["finish_s"] - ended["sent_s"])
    with np.errstate(divide="ignore", invalid="ignore"):
        after = np.where(ended["answer"] > 1, ended["answer"] - 1, np.nan)
        found.tpot.add((ended["finish_s"] - ended["first_s"]) / after)
