"""All options side by side: figures as rows, options as columns, the best of each row known. No Streamlit here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pricing.quality.scores import ARENA
from tco.answer import unit_cost
from tco.constraint_result import LABELS
from tco.cost_sources import CARRIES
from tco.format import milliseconds, month_count, months, share, usd, volume
from tco.number_style import local
from tco.offers import PROMISED, Offer
from tco.option_rows import NOTHING, Figure, Group, Row, compared, numbers_row, payback_words, verdict, words_row
from tco.option_words import SHORT_KINDS
from tco.result import Assumption, OptionResult, Result
from tco.risk.records import OptionRisk
from tco.risk_words import npv_range
from tco.words import amount, basis


def rows_of(
    result: Result, offers: Mapping[str, Offer] | None = None, risk: Mapping[str, OptionRisk] | None = None
) -> tuple[Row, ...]:
    """Every figure of which at least one option has something.

    Args:
        result: the answer.
        offers: what the options offer beside their price, by name; None leaves these rows out.
        risk: how they fare over the ranges of the inputs, by name; None likewise.
    """
    rows = [
        *_answer(result, risk or {}),
        *_unit_costs(result),
        *_capacity(result, offers or {}),
        *_kept(result),
        *_terms(result, offers or {}),
    ]
    barred = frozenset(place for place, option in enumerate(result.options) if not option.feasible)
    return tuple(row._replace(barred=barred) for row in rows if set(row.cells) != {NOTHING})


def side_by_side_sentence(result: Result) -> str:
    """How many options there are, which one is best and by how much, and how many are ruled out.

    Args:
        result: the answer.
    """
    barred = sum(not option.feasible for option in result.options)
    count = len(result.options)
    out = "" if not barred else f"; {barred} of them {'is' if barred == 1 else 'are'} ruled out"
    if result.recommended is None:
        return (
            f"{count} options side by side, and none of them can and may serve this workload."
            if count > 1
            else "One option, and it cannot or may not serve this workload."
        )
    best = result.option(result.recommended)
    if count == 1:
        return f"One option, {best.name}, at {unit_cost(result, best)}."
    return f"{count} options side by side: {best.name} is best, at {unit_cost(result, best)}{out}."


_ANSWER: Group = "Answer"


def _answer(result: Result, risk: Mapping[str, OptionRisk]) -> list[Row]:
    horizon, group = result.conventions.horizon_months, _ANSWER

    def saves(option: OptionResult) -> float | None:
        known = risk.get(option.name)
        return None if known is None or known.saves is None else known.saves.fraction

    def nine_of_ten(option: OptionResult) -> str | None:
        known = risk.get(option.name)
        band = None if known is None or option.name == result.baseline else known.npv_usd
        return None if band is None or None in (band.percentiles["5"], band.percentiles["95"]) else npv_range(band)

    payback = words_row(result, group, "Payback", lambda option: payback_words(option, result), "Payback")
    paid_back = numbers_row(result, group, "", compared(result, lambda option: option.payback_months), months)
    return [
        words_row(result, group, "Verdict", lambda option: verdict(option, result), "Baseline"),
        words_row(result, group, "Ruled out by", lambda option: _ruled_out_by(option, result), "Constraint"),
        numbers_row(result, group, f"Cost in {month_count(horizon)}", lambda option: option.total_usd, usd, "low"),
        numbers_row(result, group, "First month", lambda option: next(iter(option.monthly_usd), None), usd, "low"),
        numbers_row(result, group, "Investment", lambda option: option.capex_usd, usd, "low", "Capex"),
        numbers_row(
            result, group, "Saved of today's cost", compared(result, lambda option: option.saving_fraction), share, "high"
        ),
        numbers_row(result, group, "NPV saved", compared(result, lambda option: option.npv_usd), usd, "high", "NPV"),
        words_row(result, group, "NPV, nine runs in ten", nine_of_ten, "Nine runs in ten"),
        numbers_row(result, group, "Chance that it saves", compared(result, saves), share, "high"),
        payback._replace(numbers=paid_back.numbers, better="low"),
        _irr(result),
        numbers_row(result, group, "ROI", compared(result, lambda option: option.roi_fraction), share, "high", "ROI"),
        numbers_row(
            result,
            group,
            "Break-even, requests a day",
            compared(result, lambda option: option.breakeven_requests_per_day),
            volume,
            "low",
            "Break-even volume",
        ),
    ]  # fmt: skip


def _ruled_out_by(option: OptionResult, result: Result) -> str | None:
    """The constraints that rule it out, else what its capacity lacks; the whole reasons are too long for a cell."""
    if option.feasible:
        return None
    found = () if result.constraints is None else result.constraints.findings
    names = [LABELS[each.constraint] for each in found if each.option == option.name and each.rules_out]
    return ", ".join(names) or "what it can carry"


def _irr(result: Result) -> Row:
    row = numbers_row(
        result, _ANSWER, "IRR a year", compared(result, lambda option: option.irr_per_year), share, "high", "IRR"
    )
    told = zip(row.cells, result.options, strict=True)
    return row._replace(cells=tuple("several" if option.irr_status == "several" else cell for cell, option in told))


def _unit_costs(result: Result) -> list[Row]:
    def unit(name: str) -> Figure:
        return lambda option: None if option.unit_costs is None else getattr(option.unit_costs, name)

    def each(title: str, figure: Figure, *words: str) -> Row:
        return numbers_row(result, "Unit costs", title, figure, usd, "low", *words)

    return [
        each("A million tokens", lambda option: option.usd_per_mtok, "Mtok"),
        each("of input", unit("input_usd_per_mtok")),
        each("of output", unit("output_usd_per_mtok")),
        each("A million at full load", lambda option: option.usd_per_mtok_at_full_load),
        each("A request", lambda option: option.usd_per_request),
        each("A user and month", unit("usd_per_user_month")),
        each(
            "A solved task",
            lambda option: None if option.task_cost is None else option.task_cost.usd_per_successful_task,
            "Solved task",
        ),
    ]


def _capacity(result: Result, offers: Mapping[str, Offer]) -> list[Row]:
    group: Group = "Capacity"

    def of(name: str) -> Figure:
        return lambda option: None if option.capacity is None else getattr(option.capacity, name)

    def replicas(option: OptionResult) -> str | None:
        held = option.capacity if option.feasible else None
        if held is None:
            return None
        least = min(held.least_replicas_by_month, default=held.replicas)
        return (
            f"{local(held.replicas):,}"
            if held.policy == "fixed"
            else f"{local(least):,} to {local(held.replicas):,}, {held.policy}"
        )

    def count(number: float) -> str:
        return f"{local(number):,.0f}"

    return [
        words_row(result, group, "Replicas, busiest hour", replicas, "Replica"),
        numbers_row(result, group, "GPUs", of("gpus"), count),
        numbers_row(result, group, "Servers", of("servers"), count),
        numbers_row(
            result, group, "Goodput (requests/s)", of("goodput_requests_per_s"), lambda rate: f"{local(rate):,.3g}", None, "Goodput"
        ),
        numbers_row(result, group, "Utilisation", of("utilisation_fraction"), share, "high", "Utilisation"),
        numbers_row(result, group, "Idle cost", of("idle_usd"), usd, "low", "Idle cost"),
        numbers_row(result, group, "Late by start-up", lambda option: of("late_fraction")(option) or None, share, "low", "Late"),
        words_row(result, group, "Basis", lambda option: basis(option) if option.feasible else None, "Basis", "Evidence"),
        _ttft(result, offers),
    ]  # fmt: skip


def _ttft(result: Result, offers: Mapping[str, Offer]) -> Row:
    """Time to first token. Of a fleet that is only known to keep its promise it is a bound, so nobody is then called best."""
    held = [offers.get(option.name) for option in result.options]
    numbers = tuple(None if offer is None else offer.ttft_p95_ms for offer in held)
    bounds = [offer is not None and offer.ttft_basis == PROMISED for offer in held]
    cells = tuple(
        NOTHING if number is None else f"{'at most ' if bound else ''}{milliseconds(number)}"
        for number, bound in zip(numbers, bounds, strict=True)
    )
    return Row("Capacity", "TTFT P95", cells, numbers, None if any(bounds) else "low", ("TTFT", "P95"))


def _kept(result: Result) -> list[Row]:
    """The verdict of each constraint on each option."""
    if result.constraints is None:
        return []
    found: dict[str, dict[str, str]] = {}
    for each in result.constraints.findings:
        title = f"{LABELS[each.constraint]} {each.asks}".strip()
        mark = each.verdict if each.verdict != "unknown" else "not known"
        allowed = "" if each.verdict == "met" else ", ruled out" if each.rules_out else ", allowed"
        found.setdefault(title[:1].upper() + title[1:], {})[each.option] = f"{mark}{allowed}"
    return [
        Row(
            "Quality and constraints",
            title,
            tuple(verdicts.get(option.name, NOTHING) for option in result.options),
            words=("Constraint",),
        )
        for title, verdicts in found.items()
    ]


def _terms(result: Result, offers: Mapping[str, Offer]) -> list[Row]:
    group: Group = "Quality and constraints"

    def of(text: Callable[[Offer], str | None]) -> Callable[[OptionResult], str | None]:
        return lambda option: text(offers[option.name]) if option.name in offers else None

    def number(figure: Callable[[Offer], float | None]) -> Figure:
        return lambda option: figure(offers[option.name]) if option.name in offers else None

    return [
        numbers_row(result, group, _rated_by(offers), number(lambda offer: offer.rating_points), lambda points: f"{local(points):,.0f}", "high", "Rating"),
        words_row(result, group, "Licence", of(lambda offer: offer.licence)),
        words_row(result, group, "Data may be in", of(lambda offer: offer.data_in), "Residency"),
        words_row(result, group, "Run by a group of", of(lambda offer: offer.operator)),
        words_row(result, group, "Requests are kept", of(_retention)),
        words_row(result, group, "Certificates", of(lambda offer: None if offer.certifications is None else ", ".join(offer.certifications) or "none")),
        words_row(result, "Terms", "Kind", lambda option: SHORT_KINDS[option.kind]),
        words_row(result, "Terms", "Model", lambda option: short_model(option.model)),
        words_row(result, "Terms", "Bought as", of(lambda offer: offer.bought_as), "Commitment"),
        *_price(result),
        numbers_row(result, "Terms", "Lead time (months)", number(lambda offer: offer.lead_time_months), lambda count: f"{local(count):.3g}", "low"),
    ]  # fmt: skip


def _rated_by(offers: Mapping[str, Offer]) -> str:
    measures = {offer.rating_measure for offer in offers.values()} - {None, ARENA}
    return f"Rating ({', '.join(sorted(map(str, measures)))})" if measures else "Rating"


def short_model(name: str) -> str:
    """A model's name without its seller and maker; of several, each.

    >>> short_model("Meta-Llama-3.1-8B + together/meta-llama/Llama-3.3-70B-Instruct-Turbo")
    'Meta-Llama-3.1-8B + Llama-3.3-70B-Instruct-Turbo'
    """
    return " + ".join(part.rpartition("/")[2] for part in name.split(" + "))


def _retention(offer: Offer) -> str | None:
    if offer.retention_days is None:
        return None
    return f"{local(offer.retention_days):g} days" if offer.retention_days else "not at all"


_PRICE_ITEMS = ("output_tokens", "gpu_rent", "servers")
"""Line items whose price stands for an option's terms, first that there is."""


def price_row(option: OptionResult, result: Result) -> Assumption | None:
    """The price that carries an option: of a token, of an hour, of a server; None where it has none of its own.

    Args:
        option: of the answer.
        result: the answer, whose register has it.
    """
    held = {row.path: row for row in result.assumptions}
    paths = (f"options.{option.name}.{name}" for item in _PRICE_ITEMS for name in CARRIES[item])
    return next((held[path] for path in paths if path in held), None)


def _price(result: Result) -> Sequence[Row]:
    held = {option.name: price_row(option, result) for option in result.options}

    def of(text: Callable[[Assumption], str | None]) -> Callable[[OptionResult], str | None]:
        def told(option: OptionResult) -> str | None:
            row = held[option.name]
            return None if row is None else text(row)

        return told

    return (
        words_row(result, "Terms", "Price that carries it", of(lambda row: amount(row.value, row.unit))),
        words_row(result, "Terms", "Evidence of the price", of(lambda row: row.evidence), "Evidence"),
        words_row(
            result, "Terms", "Price as of", of(lambda row: None if row.as_of is None else f"{row.as_of:%d %b %Y}")
        ),
    )
