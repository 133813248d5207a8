"""Says while a load runs whether it has run for long enough. No clock: it only hears what the load client tells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from probes.analysis.rounds import Cycle, Ended, Grid, Precision, WarmUp, grid_of, narrow, rate_interval, warm_up
from probes.errors import ProbeError
from probes.loadgen.contract import LoadProgress, Verdict
from probes.record import Interval
from probes.trace import NS_PER_S
from probes.workload.request import Arrival

MIN_TO_GIVE_UP = 20
MAX_FAILING_FRACTION = 0.5

Phase = Literal["warmup", "measuring", "enough"]


class ClosedJudge:
    """Decides about a closed loop: warm-up until two rounds agree, then repeats until the interval of throughput is narrow.

    A repeat is finished when the slowest stream has sent and ended its share; the other streams go on meanwhile, so that the load never falls. The
    same functions find warm-up and repeats in the traces afterwards (`probes.analysis.cell`).
    """

    def __init__(self, concurrency: int, precision: Precision, *, time_limit_s: float | None = None) -> None:
        """Prepares to judge one load.

        Args:
            concurrency: streams.
            precision: how much is enough.
            time_limit_s: from here on the repeats that must be are enough, however wide the interval [s after the first request].
        """
        self._concurrency, self._precision = concurrency, precision
        self._time_limit_s = time_limit_s
        self._per_repeat = precision.rounds_per_repeat(concurrency)
        self._ended = Ended()
        self._complete = 0
        self._done, self._failed = 0, 0
        self._elapsed_s = 0.0
        self._grid: Grid | None = None
        self._enough = False
        self.warm_up = WarmUp(rounds=None)
        self.interval: Interval | None = None

    def __call__(self, progress: LoadProgress) -> Verdict:
        """Takes in what has ended since the last call.

        Args:
            progress: from the load client.

        Returns:
            `enough` once there is no need for more; also where most requests fail, since such a load point is refused in any case.
        """
        if self._enough:  # what comes now was cut off
            return "enough"
        self._elapsed_s = progress.elapsed_s
        for ended in progress.new:
            given = 0 if ended.failed else 1
            tokens = given * ended.output_tokens
            cycle = Cycle(ended.sent_ns, ended.ended_ns, given, tokens, tokens)
            self._ended.add(ended.stream, ended.number, cycle)
            self._done += 1
            self._failed += ended.failed
        self._update()
        self._enough = self._is_enough() or self.hopeless
        return "enough" if self._enough else "go_on"

    @property
    def hopeless(self) -> bool:
        """Whether more than half of at least 20 requests have failed."""
        return self._done >= MIN_TO_GIVE_UP and self._failed > MAX_FAILING_FRACTION * self._done

    @property
    def phase(self) -> Phase:
        """Where the load has got to."""
        if self._enough:
            return "enough"
        return "warmup" if self.warm_up.rounds is None else "measuring"

    @property
    def finished_repeats(self) -> int:
        """Repeats in which every stream has done its share."""
        return 0 if self.warm_up.rounds is None else (self._complete - self.warm_up.rounds) // self._per_repeat

    @property
    def expected_repeats(self) -> int:
        """Repeats that it will probably take: the interval narrows with the root of their number."""
        precision, found = self._precision, self.interval
        if precision.precision_fraction is None or found is None or found.high is None or found.mean == 0:
            return precision.repeats
        width = (found.high - found.mean) / found.mean
        wanted = math.ceil(self.finished_repeats * (width / precision.precision_fraction) ** 2)
        return min(precision.most_repeats, max(precision.repeats, self.finished_repeats, wanted))

    @property
    def done_fraction(self) -> float:
        """How far the load has got, from 0 to 1, as far as can be told."""
        if self._enough:
            return 1.0
        return min(1.0, self._complete / self._rounds_wanted())

    @property
    def remaining_s(self) -> float | None:
        """Seconds that are probably left; None before every stream has had an answer."""
        if self._enough:
            return 0.0
        if self._grid is None or self._complete == 0:
            return None
        grid = self._grid
        first_ns, last_ns = int(grid.sent_ns[:, 0].min()), int(grid.ended_ns[:, -1].max())
        per_round_s = (last_ns - first_ns) / NS_PER_S / self._complete
        return max(0.0, per_round_s * self._rounds_wanted() - self._elapsed_s)

    def hurry(self) -> None:
        """From now on the repeats that must be are enough, however wide the interval."""
        self._time_limit_s = self._elapsed_s

    def _rounds_wanted(self) -> int:
        warmup = self.warm_up.rounds if self.warm_up.rounds is not None else self._complete + 1
        return warmup + self._per_repeat * self.expected_repeats

    def _update(self) -> None:
        streams = self._ended.streams
        if len(streams) < self._concurrency or not all(self._complete in numbers for numbers in streams.values()):
            return
        self._grid = grid_of(streams, self._concurrency)
        self._complete = self._grid.rounds
        if self.warm_up.rounds is None:
            self.warm_up = warm_up(self._grid, self._precision)
        if self.warm_up.rounds is not None:
            after = self.warm_up.rounds + self.finished_repeats * self._per_repeat
            self.interval = rate_interval(self._grid, self.warm_up.rounds, after)

    def _is_enough(self) -> bool:
        finished, precision = self.finished_repeats, self._precision
        if finished < precision.repeats or self.interval is None:
            return False
        if precision.precision_fraction is None or finished >= precision.most_repeats:
            return True
        in_a_hurry = self._time_limit_s is not None and self._elapsed_s >= self._time_limit_s
        return in_a_hurry or narrow(self.interval, precision.precision_fraction)


class OpenJudge:
    """Decides about an open loop: enough when every request that was due in the window has ended.

    Arrivals after the window keep the load on meanwhile, so that the last requests of the window do not run on a server that empties.
    """

    def __init__(self, arrivals: Sequence[Arrival], *, start_s: float, end_s: float) -> None:
        """Prepares to judge one load.

        Args:
            arrivals: the schedule.
            start_s: end of the warm-up and beginning of the window, on the schedule's clock [s].
            end_s: end of the window; requests due from `start_s` until before `end_s` count.

        Raises:
            ProbeError: kind `bad_arguments`, where nothing is due in the window.
        """
        self._start_s, self._end_s = start_s, end_s
        self._first_s = arrivals[0].offset_s if arrivals else 0.0
        due = {number for number, arrival in enumerate(arrivals) if start_s <= arrival.offset_s < end_s}
        if not due:
            raise ProbeError(
                "bad_arguments",
                f"no request is due from {start_s:g} to {end_s:g} s; give a longer window or a higher rate.",
            )
        self._open = due
        self._elapsed_s = 0.0
        self._slowest_s = 0.0

    def __call__(self, progress: LoadProgress) -> Verdict:
        """Takes in what has ended since the last call; see `ClosedJudge.__call__`."""
        self._elapsed_s = progress.elapsed_s
        for ended in progress.new:
            self._open.discard(ended.number)
            self._slowest_s = max(self._slowest_s, (ended.ended_ns - ended.sent_ns) / NS_PER_S)
        return "go_on" if self._open else "enough"

    @property
    def phase(self) -> Phase:
        """Where the load has got to."""
        if not self._open:
            return "enough"
        return "warmup" if self._elapsed_s + self._first_s < self._start_s else "measuring"

    @property
    def finished_repeats(self) -> int:
        """1 when the window is over and answered, else 0."""
        return 0 if self._open else 1

    @property
    def done_fraction(self) -> float:
        """How far the load has got, from 0 to 1."""
        return 1.0 if not self._open else min(1.0, (self._elapsed_s + self._first_s) / self._end_s)

    @property
    def remaining_s(self) -> float:
        """Seconds that are probably left: the rest of the window and the longest answer seen."""
        return 0.0 if not self._open else max(0.0, self._end_s + self._slowest_s - self._elapsed_s - self._first_s)
