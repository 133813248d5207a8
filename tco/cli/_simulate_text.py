"""A simulation told to people: what users see, whether the promise holds, how the replicas are used, how far to trust it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.table import Table

from tco.capacity.simulator.summary import Estimate, Latency
from tco.capacity.week.records import PromiseEstimate, UseEstimate, WeekEstimate, hour_name
from tco.cli._shared import console
from tco.cli._tables import cell
from tco.format import share
from tco.simulation import Answer, Asked

_SHOWN = ("p50", "p95", "p99")
_NAMED_HOURS = 3


def show_simulation(asked: Asked, answer: Answer) -> None:
    """Prints the answer.

    Args:
        asked: the option.
        answer: what users see.
    """
    out = console()
    out.print(f"\n{asked.scenario.name} ({asked.scenario.as_of}), {asked.option.name}", style="dim", markup=False)
    out.print(headline(answer), style="bold", markup=False)
    _show_found(answer.found, is_week=answer.load.kind == "week")
    if answer.beside is not None:
        out.print(f"\nFor comparison, {answer.load.replicas} replicas that do both:", markup=False)
        _show_found(answer.beside, is_week=False)
    recorded = answer.recording
    if recorded is not None and recorded.shared_fraction:
        out.print(
            f"{share(recorded.shared_fraction)} of the prompt tokens had come before: a cache without end would answer these.",
            markup=False,
        )
    told = [*answer.found.notes, *answer.cautions]
    if told:
        out.print("\nMind:")
        for sentence in told:
            out.print(f"• {sentence}", style="yellow", markup=False)
    out.print(f"\n{footing(asked, answer)}", style="dim", markup=False)


def headline(answer: Answer) -> str:
    """Whether the promise holds, and at which load on how many replicas.

    Args:
        answer: what users see.
    """
    promised = any(kind.promises for kind in answer.found.classes)
    verdict = "The promise holds" if answer.found.is_kept else "The promise is broken"
    return f"{verdict if promised else 'What users see'} {_load(answer)}."


def _load(answer: Answer) -> str:
    load = answer.load
    rate = "at once" if math.isinf(load.requests_per_s) else f"at {load.requests_per_s:,.3g} requests/s"
    spares = f", {load.spares} of them spare" if load.spares else ""
    if load.is_planned and load.kind != "week":
        rate += ", the peak of the first month,"
    many = f"{load.replicas:,} replica{'' if load.replicas == 1 else 's'}{spares}"
    if load.kind == "week":
        return f"over a week {rate} on average, on up to {many}"
    if load.kind == "split":
        return f"{rate} on {many}, in pools for prompts and answers"
    recorded = answer.recording
    if recorded is not None:
        return f"with {recorded.traffic.requests:,} recorded requests {rate} on {many}"
    return f"{rate} on {many}"


def _show_found(found: WeekEstimate, *, is_week: bool) -> None:
    out = console()
    out.print()
    out.print(_latencies(found))
    if any(kind.promises for kind in found.classes):
        out.print()
        out.print(_promises(found))
    if is_week:
        for sentence in hours_of(found):
            out.print(f"• {sentence}", markup=False)
    out.print(f"\n{'; '.join(_uses(found.use))}.", markup=False)


def _latencies(found: WeekEstimate) -> Table:
    table = _table("ms", *_SHOWN)
    for kind in found.classes:
        for name, latency in (("TTFT", kind.ttft_s), ("TPOT", kind.tpot_s), ("E2E", kind.e2e_s)):
            if latency is not None:
                label = f"{kind.name}: {name}" if kind.name else name
                table.add_row(cell(label), *(_figure(latency, percentile) for percentile in _SHOWN))
    return table


def _figure(latency: Latency, percentile: str) -> str:
    found: Estimate = getattr(latency, percentile)
    error = None if found.standard_error is None else found.standard_error * 1e3
    return in_ms(Estimate(value=found.value * 1e3, standard_error=error))


def _promises(found: WeekEstimate) -> Table:
    table = _table("promise", "limit ms", "simulated ms", "later than it", "verdict")
    for kind in found.classes:
        for promise in kind.promises:
            late = promise.late_fraction
            error = "" if late.standard_error is None else f" ± {share(late.standard_error)}"
            table.add_row(
                cell(_label(kind.name, promise)),
                f"{promise.limit_ms:,.0f}",
                in_ms(promise.found_ms),
                share(late.value) + error,
                "kept" if promise.is_kept else "broken",
            )
    return table


def hours_of(found: WeekEstimate) -> Iterator[str]:
    """The worst hour of each promise, and in how many it breaks, in sentences.

    Args:
        found: the week.
    """
    for kind in found.classes:
        for promise in kind.promises:
            worst = "no bound" if math.isinf(promise.worst_hour_ms) else f"{promise.worst_hour_ms:,.0f} ms"
            yield f"{_label(kind.name, promise)}: worst in {hour_name(promise.worst_hour)} with {worst}; {_broken(promise)}"


def _broken(promise: PromiseEstimate) -> str:
    broken = promise.broken_hours
    if not broken:
        return "kept in every hour"
    named = ", ".join(hour_name(hour) for hour in broken[:_NAMED_HOURS])
    more = "" if len(broken) <= _NAMED_HOURS else " and others"
    unsure = len(set(broken) & set(promise.unsure_hours))
    near = f"; {unsure} of them within two standard errors" if unsure else ""
    return f"broken in {len(broken)} of the hours ({named}{more}){near}"


def _label(name: str, promise: PromiseEstimate) -> str:
    return f"{name}: {promise.metric}" if name else promise.metric


def in_ms(found: Estimate) -> str:
    """A latency with its error, to digits that the error allows [ms].

    Args:
        found: the latency [ms].

    >>> in_ms(Estimate(value=1234.4, standard_error=8.3)), in_ms(Estimate(value=12.344, standard_error=0.02))
    ('1,234 ± 8', '12.34 ± 0.02')
    >>> in_ms(Estimate(value=math.inf, standard_error=None)), in_ms(Estimate(value=250.0, standard_error=None))
    ('no bound', '250')
    """
    if not math.isfinite(found.value):
        return "no bound" if math.isinf(found.value) else "–"
    if found.standard_error is None:
        return f"{found.value:,.3g}" if found.value < 100 else f"{found.value:,.0f}"  # noqa: PLR2004
    digits = 0 if found.standard_error <= 0 else max(0, min(3, -math.floor(math.log10(found.standard_error))))
    return f"{found.value:,.{digits}f} ± {found.standard_error:,.{digits}f}"


def _uses(use: UseEstimate) -> Iterator[str]:
    yield f"Replicas work {share(use.utilisation_fraction)} of the time, with {use.sequences_mean:,.1f} sequences in a batch"
    yield f"{share(use.kv_usage_mean_fraction)} of the KV cache is in use on average and {share(use.kv_usage_peak_fraction)} at most"
    if use.preemptions_per_request:
        yield f"{share(use.preemptions_per_request)} of the requests lost their cache to others and were computed again"
    else:
        yield "no request was preempted"
    if use.prefix_hit_fraction:
        yield f"the prefix cache answered {share(use.prefix_hit_fraction)} of the prompt tokens"


def footing(asked: Asked, answer: Answer) -> str:
    """What the numbers rest on and how far such a model misses.

    Args:
        asked: the option.
        answer: what users see.
    """
    engine, found = asked.engine, answer.found
    seed = "" if answer.load.seed is None else f", seed {answer.load.seed}"
    many = f"{found.requests_counted:,} requests"
    if answer.load.kind == "week":
        many += f" that stand for {found.requests:,.0f}"
    return (
        f"modelled: {engine.origin}. Such a model missed what was measured by {engine.error_fraction:.0%} typically and {engine.band_fraction:.0%} nine times in ten at most "
        f"({engine.error_source}). ± is the standard error of the simulation alone, {many}{seed}; "
        f"routing {answer.load.routing}."
    )


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="right", overflow="fold")
    return table
