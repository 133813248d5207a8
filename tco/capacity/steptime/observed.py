"""What a run's cells say about steps, in seconds and tokens, and where they contradict each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from probes.cell import Cell, CellRole
from probes.record import Interval, Percentiles
from probes.run import Lengths, Run
from tco.capacity.steptime.fitted import Caution

FLOOR_FRACTION = 0.01
"""No number counts as known better than this: a probe's windows are shorter than the machine's own drift."""
UNKNOWN_FRACTION = 0.03
"""What a number without an interval is taken to be off by, as a standard error."""
CONTRADICTION_FRACTION = 0.10
"""Two cells contradict each other where the heavier load is faster by more than this and by more than their intervals."""
_Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One load point: what was sent, and what came back.

    Attributes:
        label: as people name it.
        role: what it was measured for.
        streams: requests in flight in a closed loop; 0 in an open one.
        input_tokens: mean prompt, less what the prefix cache answered [tokens].
        context_tokens: mean prompt, all of it [tokens].
        output_tokens: mean answer [tokens].
        spread_fraction: standard deviation of both lengths over their means; 0 where all are alike.
        correlation: of the two lengths.
        requests_per_s: throughput.
        ttft_s: median time to first token; None where it is not known. The others likewise.
        ttft_p99_s: its 99th percentile.
        tpot_s: median time per output token after the first.
        tpot_mean_s: its mean.
        itl_s: median gap between two tokens.
        errors: relative standard errors by name of these fields [fraction].
        requests: answered and counted.
        warmup_requests: sent before those that were counted.
    """

    label: str
    role: CellRole
    streams: int
    input_tokens: float
    context_tokens: float
    output_tokens: float
    spread_fraction: float
    correlation: float
    requests_per_s: float
    ttft_s: float | None
    ttft_p99_s: float | None
    tpot_s: float | None
    tpot_mean_s: float | None
    itl_s: float | None
    errors: dict[str, float]
    requests: int
    warmup_requests: int

    @property
    def load(self) -> tuple[float, int, int]:
        """What makes two cells the same load: streams or rate, prompt, answer."""
        return (self.streams or -self.requests_per_s, round(self.context_tokens), round(self.output_tokens))

    @property
    def decode_s(self) -> float | None:
        """Time per output token, the mean where it is known [s]."""
        return self.tpot_s if self.tpot_mean_s is None else self.tpot_mean_s

    @property
    def pairs(self) -> float:
        """Mean of a prompt's pairs of a token and a token that it attends to, cached ones included.

        `E[n (n + 1) / 2]` for `n` tokens without a cache; behind `c` cached ones `n c` more.
        """
        cached = self.context_tokens - self.input_tokens
        square = self.input_tokens**2 * (1 + self.spread_fraction**2)
        return (square + self.input_tokens) / 2 + self.input_tokens * cached

    @property
    def decode_contexts(self) -> float:
        """Sum of the contexts of a request's decode steps: `E[(m − 1) (n + m / 2)]` for `n` tokens in and `m` out [tokens]."""
        together = self.context_tokens * self.output_tokens * (1 + self.correlation * self.spread_fraction**2)
        square = self.output_tokens**2 * (1 + self.spread_fraction**2)
        return max(0.0, together - self.context_tokens + (square - self.output_tokens) / 2)


def observed(run: Run) -> tuple[Observed, ...]:
    """The run's usable cells, of whatever role, in the order of the file.

    Args:
        run: the probe. Cells that are incomplete, without answers, or limited by the measuring client are left out; replays of a trace too, whose lengths
            a run does not keep.
    """
    return tuple(
        _of_cell(run, cell)
        for cell in run.cells
        if cell.usable and cell.requests_per_s.mean > 0 and cell.role != "trace"
    )


def _of_cell(run: Run, cell: Cell) -> Observed:
    shape = run.workload if cell.shape is None else cell.shape
    into = cell.input_tokens / cell.requests_ok or float(shape.input_tokens)
    out = cell.output_tokens / cell.requests_ok or float(shape.output_tokens)
    spread, correlation = _spread(run.workload.lengths)
    errors = {"requests_per_s": _interval_error(cell.requests_per_s)}
    for name, values in (("ttft_s", cell.ttft_ms), ("tpot_s", cell.tpot_ms), ("itl_s", cell.itl_ms)):
        errors[name] = _median_error(values)
    return Observed(
        label=cell.label,
        role=cell.role,
        streams=cell.concurrency or 0,
        input_tokens=max(1.0, into * (1 - (cell.prefix_cache_hit_fraction or 0.0))),
        context_tokens=into,
        output_tokens=out,
        spread_fraction=spread,
        correlation=correlation,
        requests_per_s=cell.requests_per_s.mean,
        ttft_s=_seconds(cell.ttft_ms.p50 if cell.ttft_ms.p50 is not None else cell.ttft_ms.mean),
        ttft_p99_s=_seconds(cell.ttft_ms.p99),
        tpot_s=_seconds(cell.tpot_ms.p50),
        tpot_mean_s=_seconds(cell.tpot_ms.mean),
        itl_s=_seconds(cell.itl_ms.p50),
        errors=errors,
        requests=cell.requests_ok,
        warmup_requests=cell.steady.warmup_requests if cell.steady else cell.concurrency or 0,
    )


def _spread(lengths: Lengths) -> tuple[float, float]:
    """Coefficient of variation of the lengths, and their correlation; recorded pairs carry neither in the run."""
    if lengths.kind == "uniform":
        return lengths.spread_fraction / math.sqrt(3), lengths.correlation
    if lengths.kind == "lognormal":
        return lengths.spread_fraction, lengths.correlation
    return 0.0, 0.0


def _seconds(milliseconds: float | None) -> float | None:
    return milliseconds / 1000 if milliseconds else None


def _interval_error(interval: Interval) -> float:
    if interval.low is None or interval.high is None:
        return UNKNOWN_FRACTION
    return max(FLOOR_FRACTION, (interval.high - interval.low) / (2 * _Z_95) / interval.mean)


def _median_error(values: Percentiles) -> float:
    bounds = values.bounds.get("p50")
    if bounds is None or not values.p50:
        return UNKNOWN_FRACTION
    return max(FLOOR_FRACTION, (bounds.high - bounds.low) / (2 * _Z_95) / values.p50)


def contradictions(cells: tuple[Observed, ...]) -> tuple[Caution, ...]:
    """Pairs of cells of one shape of which the heavier load was answered faster.

    In a closed loop of `B` streams a request takes `B / X` from one to the next (Little's law), which no engine shortens by more load; neither does it shorten
    the first token or the gap to the next ones. A fall beyond `CONTRADICTION_FRACTION` and beyond twice both errors is a machine that changed between the
    cells, or numbers of two machines.

    Args:
        cells: of one run.
    """
    found = []
    closed = sorted((cell for cell in cells if cell.streams), key=lambda cell: (cell.load[1:], cell.streams))
    for light, heavy in pairwise(closed):
        if light.load[1:] == heavy.load[1:] and light.streams != heavy.streams:
            found.append(_contradiction(light, heavy))
    return tuple(caution for caution in found if caution is not None)


def _contradiction(light: Observed, heavy: Observed) -> Caution | None:
    """The first time in which the heavier load is the faster one."""
    for name, words in (
        ("requests_per_s", "from one request of a stream to the next"),
        ("ttft_s", "to the first token"),
        ("tpot_s", "for every further token"),
    ):
        before, after = _time_s(light, name), _time_s(heavy, name)
        noise = 2 * math.hypot(light.errors[name], heavy.errors[name])
        if before is None or after is None or after >= before * (1 - max(CONTRADICTION_FRACTION, noise)):
            continue
        return Caution(
            code="cells_contradict",
            sentence=(
                f"{heavy.label} carries {heavy.requests_per_s:.3g} requests/s with {after:.3g} s {words}, "
                f"and {light.label} takes {before:.3g} s for the same lengths: more load is never faster. "
                "The machine changed between the two, or they are of two machines; measure both again in one run."
            ),
        )
    return None


def _time_s(cell: Observed, name: str) -> float | None:
    if name == "requests_per_s":
        return cell.streams / cell.requests_per_s
    return cell.ttft_s if name == "ttft_s" else cell.tpot_s
