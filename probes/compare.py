"""Whether one run is faster than another, by tests and not by eye; and what differs between the two besides. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from probes.cell import Cell
from probes.differing import NOT_KNOWN, Differing, differing_in, unlike
from probes.record import Percentiles, Record, Warn
from probes.run import Run
from probes.run_file import RunError
from probes.significance import CONFIDENCE_FRACTION, Outcome, holm, ratio, spread, welch

Verdict = Literal["faster", "slower", "no difference shown", "not tested"]
"""What is shown of the second run against the first, with 95 % confidence over all tests of a comparison together."""

_TAILS = ("p99", "p95", "p90")


class Difference(Record):
    """One number of one load point, in both runs.

    `change_fraction` is the second over the first, less 1. `detectable_fraction` is the smallest change that would have been shown with 80 % chance: where
    no difference is shown, a smaller one may well be there. `p_value` is two-sided, `adjusted_p_value` by Holm's rule over all tests of the comparison.
    `reason` says why there was no test.
    """

    metric: str
    first: float
    second: float
    change_fraction: float | None = None
    detectable_fraction: float | None = None
    p_value: float | None = None
    adjusted_p_value: float | None = None
    verdict: Verdict
    reason: str | None = None


class CellComparison(Record):
    """One load point of both runs."""

    load: str
    differences: tuple[Difference, ...] = ()


class Comparison(Record):
    """Two runs beside each other.

    `verdict` is `slower` where any number of the second run is shown to be worse, else `faster` where any is shown to be better. `tests` is how many Holm's
    rule held together.
    """

    first: str
    second: str
    verdict: Verdict
    tests: int
    cells: tuple[CellComparison, ...]
    only_in_first: tuple[str, ...] = ()
    only_in_second: tuple[str, ...] = ()
    differing: tuple[Differing, ...] = ()
    warnings: tuple[Warn, ...] = ()

    def slower_than(self, threshold_fraction: float) -> list[Difference]:
        """What is shown to be slower in the second run by more than a fraction.

        Throughput counts as slower by `1 - second / first`, a latency by `second / first - 1`.

        Args:
            threshold_fraction: 0 for any difference that is shown.
        """
        shown = [one for cell in self.cells for one in cell.differences if one.verdict == "slower"]
        return [one for one in shown if abs(one.change_fraction or 0.0) > threshold_fraction]


@dataclass(frozen=True, slots=True)
class _Tested:
    """A difference with the outcome of its test, before Holm's rule."""

    difference: Difference
    outcome: Outcome | None = None


def compare(first: Run, second: Run, *, force: bool = False) -> Comparison:
    """Compares two runs, load point by load point.

    Load points are matched by load, kind of arrivals and lengths. For each, throughput, and the median and the highest known tail percentile of TTFT and TPOT
    are tested; E2E, which follows from the two, only where one of them has no bounds. Holm's rule holds all tests together.

    Args:
        first: what the other is measured against.
        second: the other.
        force: compare also where model or traffic differ, which is then named in `warnings`.

    Returns:
        The comparison.

    Raises:
        RunError: another model or another traffic (without `force`), or no load point that both have.
    """
    nonsense = unlike(first, second)
    if nonsense and not force:
        raise RunError(f"{nonsense} Compare like with like, or say --force.")
    pairs = _pairs(first, second)
    if not pairs:
        raise RunError(
            f"no load point in common: the first run has {_loads(first)}, the second {_loads(second)}. "
            "Measure both at the same loads."
        )
    tested = [(one.label, list(_tested(one, two))) for one, two in pairs]
    outcomes = [item.outcome for _, items in tested for item in items if item.outcome is not None]
    adjusted = iter(holm([outcome.p_value for outcome in outcomes]))
    cells = [
        CellComparison(load=load, differences=tuple(_judged(item, adjusted, len(outcomes)) for item in items))
        for load, items in tested
    ]
    differing = tuple(differing_in(first, second))
    matched = {id(cell) for pair in pairs for cell in pair}
    return Comparison(
        first=first.run_id,
        second=second.run_id,
        verdict=_overall(cells),
        tests=len(outcomes),
        cells=tuple(cells),
        only_in_first=tuple(cell.label for cell in first.cells if id(cell) not in matched),
        only_in_second=tuple(cell.label for cell in second.cells if id(cell) not in matched),
        differing=differing,
        warnings=tuple(_warnings(first, second, nonsense, differing)),
    )


def _key(cell: Cell) -> tuple[Any, ...]:
    shape = cell.shape
    lengths = (shape.input_tokens, shape.output_tokens) if shape else None
    return (cell.role, cell.concurrency, cell.request_rate_per_s, lengths)


def _pairs(first: Run, second: Run) -> list[tuple[Cell, Cell]]:
    """Cells of equal load; of a load that a run has twice, the usable one that comes first."""
    theirs: dict[tuple[Any, ...], Cell] = {}
    for cell in sorted(second.cells, key=lambda cell: not cell.usable):
        theirs.setdefault(_key(cell), cell)
    pairs, seen = [], set()
    for cell in sorted(first.cells, key=lambda cell: not cell.usable):
        other = theirs.get(_key(cell))
        if other is not None and _key(cell) not in seen and _same_arrivals(cell, other):
            seen.add(_key(cell))
            pairs.append((cell, other))
    order = {id(cell): place for place, cell in enumerate(first.cells)}
    return sorted(pairs, key=lambda pair: order[id(pair[0])])


def _same_arrivals(one: Cell, two: Cell) -> bool:
    return one.arrivals is None or two.arrivals is None or one.arrivals == two.arrivals


def _loads(run: Run) -> str:
    return ", ".join(cell.label for cell in run.cells) or "none"


def _tested(one: Cell, two: Cell) -> Iterator[_Tested]:
    unusable = _unusable(one, two)
    yield _throughput(one, two, unusable)
    parts = all("p50" in getattr(cell, name).bounds for cell in (one, two) for name in ("ttft_ms", "tpot_ms"))
    for name in ("ttft_ms", "tpot_ms") if parts else ("ttft_ms", "tpot_ms", "e2e_ms"):
        mine, theirs = getattr(one, name), getattr(two, name)
        for label in ("p50", _tail(mine, theirs)):
            if label is not None:
                found = _latency(name, label, (mine, theirs), unusable)
                if found is not None:
                    yield found


def _unusable(one: Cell, two: Cell) -> str | None:
    for which, cell in (("first", one), ("second", two)):
        if not cell.usable:
            why = cell.reason or ("limited by the measuring client" if cell.client_bound else "no request succeeded")
            return f"not usable in the {which} run: {why}"
    return None


def _throughput(one: Cell, two: Cell, unusable: str | None) -> _Tested:
    mine, theirs = one.output_tokens_per_s, two.output_tokens_per_s
    spreads = spread(mine, one.repeats), spread(theirs, two.repeats)
    reason = unusable
    for which, found, interval in (("first", spreads[0], mine), ("second", spreads[1], theirs)):
        if reason is None and found is None:
            reason = f"no interval in the {which} run: {interval.reason or 'it has one repeat, or its repeats are all equal'}"
    outcome = welch(spreads[0], spreads[1]) if reason is None and spreads[0] and spreads[1] else None
    return _Tested(_untested("output_tokens_per_s", mine.mean, theirs.mean, reason), outcome)


def _tail(mine: Percentiles, theirs: Percentiles) -> str | None:
    """The highest percentile above the median that has bounds in both, or a value in both where none has bounds."""
    for name in _TAILS:
        if name in mine.bounds and name in theirs.bounds:
            return name
    return next((name for name in _TAILS if None not in (getattr(mine, name), getattr(theirs, name))), None)


def _latency(name: str, label: str, both: tuple[Percentiles, Percentiles], unusable: str | None) -> _Tested | None:
    mine, theirs = both
    one, two = getattr(mine, label), getattr(theirs, label)
    if one is None or two is None:
        return None
    reason = unusable
    for which, found in (("first", mine), ("second", theirs)):
        if reason is None and label not in found.bounds:
            reason = f"no bounds in the {which} run: {found.missing.get(label, 'it does not have them')}"
    outcome = ratio(one, mine.bounds[label], two, theirs.bounds[label]) if reason is None else None
    if reason is None and outcome is None:
        reason = "the bounds have no width"
    return _Tested(_untested(f"{name}.{label}", one, two, reason), outcome)


def _untested(metric: str, one: float, two: float, reason: str | None) -> Difference:
    change = two / one - 1 if one > 0 else None
    return Difference(metric=metric, first=one, second=two, change_fraction=change, verdict="not tested", reason=reason)


def _judged(item: _Tested, adjusted: Iterator[float], tests: int) -> Difference:
    if item.outcome is None:
        return item.difference
    p_value = next(adjusted)
    shown = p_value <= 1 - CONFIDENCE_FRACTION
    better = (item.outcome.change_fraction > 0) == (item.difference.metric == "output_tokens_per_s")
    verdict: Verdict = ("faster" if better else "slower") if shown else "no difference shown"
    return item.difference.model_copy(
        update={
            "verdict": verdict,
            "p_value": item.outcome.p_value,
            "adjusted_p_value": p_value,
            "detectable_fraction": item.outcome.detectable_fraction(tests),
        }
    )


def _overall(cells: Sequence[CellComparison]) -> Verdict:
    verdicts = {one.verdict for cell in cells for one in cell.differences}
    order: tuple[Verdict, ...] = ("slower", "faster", "no difference shown")
    return next((verdict for verdict in order if verdict in verdicts), "not tested")


def _warnings(first: Run, second: Run, nonsense: str | None, differing: Sequence[Differing]) -> list[Warn]:
    found = []
    if nonsense:
        found.append(Warn(code="unlike", message=f"Compared by force: {nonsense}"))
    apart = [one.name for one in differing if NOT_KNOWN not in (one.first, one.second)]
    if len(apart) > 1:
        found.append(
            Warn(
                code="several_things_differ",
                message=f"More than one thing differs ({', '.join(apart)}): a difference of speed cannot be ascribed to one of them.",
                observed=float(len(apart)),
            )
        )
    if first.source != second.source and "tool" in apart:
        found.append(
            Warn(
                code="tools_differ",
                message="The runs were measured by different tools, which count ramp, tail and tokens differently; a few percent may be theirs.",
            )
        )
    found.append(
        Warn(
            code="one_start_each",
            message="Intervals hold the noise within each run. Two starts of one engine differ too; where a small difference matters, measure both again.",
        )
    )
    return found
