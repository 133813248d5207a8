"""What a minute of measuring says: which load comes next, and what the few load points mean. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from probes.cell import Cell
from probes.record import Percentiles

LADDER = (1, 4, 16, 64, 256)
"""Requests in flight. Steps of four find the order of magnitude in few load points; `tco probe run` finds the number."""

FLAT_GAIN_FRACTION = 0.1
"""A step of four that brings less than this more has found the ceiling; a few samples tell no finer."""

_FIRST_SHARE = 0.25
_NEXT_SHARE = 0.6
_ENOUGH_REQUESTS = 20
_CACHE_FULL = 0.95
_QUEUED = 3.0

Limit = Literal["memory", "queue", "compute", "client", "failures", "not_found", "unknown"]
"""What kept throughput from growing: KV cache full, requests wait for a place, tokens come slower, the probe itself, errors; not reached; cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a user is promised: time to first token and time per further token [ms]."""

    ttft_ms: float = 2000.0
    tpot_ms: float = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One load point in the words of a user.

    Attributes:
        concurrency: users who wait for an answer at once.
        output_tokens_per_s: of all together.
        requests_per_s: answers a second.
        tokens_per_s_each: how fast one answer is written once it has begun; None where answers have one token.
        ttft_ms: time to first token, of the percentile named by `percentile`.
        tpot_ms: time per further token, of the same percentile.
        percentile: the highest that so few samples have: `p95`, `p90`, `p50`, or `mean`.
        keeps_promise: whether both times are within it; None where one is not known.
        requests: answers that this rests on.
        failed: requests that failed.
    """

    concurrency: int
    output_tokens_per_s: float
    requests_per_s: float
    tokens_per_s_each: float | None
    ttft_ms: float | None
    tpot_ms: float | None
    percentile: str
    keeps_promise: bool | None
    requests: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickAnswer:
    """What was found.

    Attributes:
        one_user: the lightest load; None where nothing was answered.
        best: the lightest load that keeps the promise and answers about as many requests as any that does; None where none does.
        most: the load of highest throughput, whatever the wait.
        limit: what kept it from growing.
        served_at_once: requests that the server works on at once, where others wait: `rate × time in work`.
        levels: all load points.
        caveats: codes of what makes the answer weaker: `few_samples`, `cut_short`, `chunks_counted`, `early_end`, `cache_hits`.
    """

    one_user: Level | None
    best: Level | None
    most: Level | None
    limit: Limit
    served_at_once: float | None
    levels: tuple[Level, ...]
    caveats: tuple[str, ...]


def level_of(cell: Cell, promise: Promise) -> Level:
    """A load point in the words of a user.

    Args:
        cell: of a closed loop.
        promise: what users are promised.
    """
    percentile = next((name for name in ("p95", "p90", "p50") if _has(cell, name)), "mean")
    ttft, tpot = _value(cell.ttft_ms, percentile), _value(cell.tpot_ms, percentile)
    typical = cell.tpot_ms.p50 or cell.tpot_ms.mean
    known = ttft is not None and (tpot is not None or typical is None)
    return Level(
        concurrency=cell.concurrency or 1,
        output_tokens_per_s=cell.output_tokens_per_s.mean,
        requests_per_s=cell.requests_per_s.mean,
        tokens_per_s_each=1e3 / typical if typical else None,
        ttft_ms=ttft,
        tpot_ms=tpot,
        percentile=percentile,
        keeps_promise=(ttft or 0.0) <= promise.ttft_ms and (tpot or 0.0) <= promise.tpot_ms if known else None,
        requests=cell.requests_ok,
        failed=cell.requests_failed,
    )


def _has(cell: Cell, name: str) -> bool:
    return _value(cell.ttft_ms, name) is not None


def _value(latency: Percentiles, name: str) -> float | None:
    value: float | None = getattr(latency, name)
    return value


def next_concurrency(cells: Sequence[Cell], promise: Promise) -> int | None:
    """The next load point, or None when more load would tell nothing more.

    Stops at the ladder's end, when most requests failed, when throughput no longer grows, and when users wait four times as long as promised: heavier
    loads only wait longer.

    Args:
        cells: measured so far, ascending.
        promise: what users are promised.
    """
    if not cells:
        return LADDER[0]
    last = cells[-1]
    reached = last.concurrency or LADDER[-1]
    heavier = [load for load in LADDER if load > reached]
    level = level_of(last, promise)
    waits = level.ttft_ms is not None and level.ttft_ms > 4 * promise.ttft_ms and len(cells) > 1
    if not heavier or waits or last.requests_failed > last.requests_ok or (len(cells) > 1 and _is_flat(*cells[-2:])):
        return None
    return heavier[0]


def _is_flat(before: Cell, after: Cell) -> bool:
    return after.output_tokens_per_s.mean < (1 + FLAT_GAIN_FRACTION) * before.output_tokens_per_s.mean


def share_s(remaining_s: float, measured: int) -> float:
    """What the next load point may spend [s]: a quarter for the first, then three fifths of what is left.

    >>> share_s(40.0, 0), share_s(30.0, 1)
    (10.0, 18.0)
    """
    return remaining_s * (_NEXT_SHARE if measured else _FIRST_SHARE)


def quick_answer(cells: Sequence[Cell], promise: Promise) -> QuickAnswer:
    """What the load points mean.

    Args:
        cells: of closed loops; those without an answer are left out.
        promise: what users are promised.
    """
    good = sorted((cell for cell in cells if cell.requests_ok), key=lambda cell: cell.concurrency or 0)
    levels = tuple(level_of(cell, promise) for cell in good)
    keeping = [level for level in levels if level.keeps_promise and level.failed <= level.requests / 10]
    highest = max((level.requests_per_s for level in keeping), default=0.0)
    # Twice the users for a tenth more answers only wait longer.
    best = next((level for level in keeping if level.requests_per_s * (1 + FLAT_GAIN_FRACTION) >= highest), None)
    limit, at_once = _limit(good, cells)
    return QuickAnswer(
        one_user=levels[0] if levels else None,
        best=best,
        most=max(levels, key=lambda level: level.output_tokens_per_s, default=None),
        limit=limit,
        served_at_once=at_once,
        levels=levels,
        caveats=_caveats(good),
    )


def _limit(good: Sequence[Cell], cells: Sequence[Cell]) -> tuple[Limit, float | None]:
    """The first sign that holds, the surest first."""
    if not good or good[-1].requests_failed > good[-1].requests_ok or any(not cell.requests_ok for cell in cells):
        return "failures", None
    last = good[-1]
    at_once = _waiting_behind(good[0], last)
    full = (last.kv_cache_usage_fraction or 0.0) > _CACHE_FULL or bool(last.preemptions)
    signs: list[tuple[bool, Limit]] = [
        (last.client_bound, "client"),
        (len(good) == 1, "unknown"),
        (len(good) > 1 and not _is_flat(good[-2], last), "not_found"),
        (full, "memory"),
        (at_once is not None, "queue"),
    ]
    limit: Limit = next((name for holds, name in signs if holds), "compute")
    return limit, at_once if limit == "queue" else None


def _waiting_behind(first: Cell, last: Cell) -> float | None:
    """How many requests are in work while others stand in line; None where none do.

    They stand in line where the first token comes late and fewer than half of those in flight are in work.
    """
    alone, crowded = _typical(first.ttft_ms), _typical(last.ttft_ms)
    at_once = _served_at_once(first, last)
    if alone is None or crowded is None or at_once is None:
        return None
    return at_once if crowded > _QUEUED * alone and at_once < (last.concurrency or 1) / 2 else None


def _served_at_once(first: Cell, last: Cell) -> float | None:
    """Little's law on the work itself: rate times the time that a request is in work, which is all but the wait for its turn [requests]."""
    ttft, tpot = _typical(first.ttft_ms), _typical(last.tpot_ms)
    if ttft is None or not last.requests_ok:
        return None
    length = last.output_tokens / last.requests_ok
    return last.requests_per_s.mean * (ttft + (tpot or 0.0) * max(0.0, length - 1)) / 1e3


def _typical(latency: Percentiles) -> float | None:
    return latency.p50 if latency.p50 is not None else latency.mean


def _caveats(cells: Sequence[Cell]) -> tuple[str, ...]:
    codes = {warning.code for cell in cells for warning in cell.warnings}
    found = {
        "few_samples": any(cell.requests_ok < _ENOUGH_REQUESTS for cell in cells),
        "cut_short": any(not cell.complete for cell in cells),
        "chunks_counted": any("chunks" == cell.token_source for cell in cells),
        "early_end": "output_length" in codes,
        "cache_hits": any((cell.prefix_cache_hit_fraction or 0.0) > 0.01 for cell in cells),  # noqa: PLR2004 -- docs/probing.md: what refuses a cell
    }
    return tuple(code for code, holds in found.items() if holds)
