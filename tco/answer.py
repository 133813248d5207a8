"""The answer in sentences: what to do, when it pays back, what would have to be true."""

from __future__ import annotations

from tco.constraint_words import nothing_is_left
from tco.format import month_count, months, share, usd, volume
from tco.hybrid_words import mix_sentence
from tco.number_style import local
from tco.result import OptionResult, Result
from tco.words import model_error, number

_MANY_TIMES = 100
"""From here on per cents more are figures that nobody can read."""


def headline(result: Result) -> str:
    """One sentence: stay, move and when it pays back, or nothing can serve."""
    if result.recommended is None and nothing_is_left(result.constraints):
        return "No option that can serve this workload meets all constraints."
    if result.recommended is None:
        return "No option can serve this workload within its latency promise."
    if result.contender is None:
        return _unrivalled(result)
    best = result.option(result.contender)
    horizon = month_count(result.conventions.horizon_months)
    if best.npv_usd is None:
        return f"{result.baseline} is ruled out for this workload; {best.name} is the cheapest option that is not."
    if result.recommended == result.baseline:
        more = f"would cost {usd(-best.npv_usd)} more" if best.npv_usd else "costs just as much"
        return f"Stay with {result.baseline}: the best alternative, {best.name}, {more} over {horizon}."
    return f"Move to {best.name}: it {_pays_back(best)} and is worth {usd(best.npv_usd)} over {horizon}."


def _unrivalled(result: Result) -> str:
    if len(result.options) == 1:
        return f"{result.baseline} is the only option, so there is nothing to hold it against."
    may = " and may" if result.constraints else ""
    return f"Stay with {result.baseline}: no other option can{may} serve this workload."


def _pays_back(option: OptionResult) -> str:
    if option.payback_months is None:
        return "does not pay back from running costs alone"
    if option.payback_months == 0:
        return "saves from the first month"
    return f"pays back in {months(option.payback_months)}{_band(option)}"


def _band(option: OptionResult) -> str:
    if option.payback_band_months is None:
        return ""
    soonest, latest = (months(end).removesuffix(" months") for end in option.payback_band_months)
    return "" if soonest == latest else f" ({soonest} to {latest} over the run's interval)"


def footing(result: Result) -> str:
    """What the numbers rest on: the conventions, the state of the price book, and the user's own prices over it."""
    kept, book = result.conventions, result.price_book
    own = f", under your own prices {book.own_prices}" if book.own_prices else ""
    return (
        f"{month_count(kept.horizon_months)}, {local(kept.hours_per_month):g} hours a month, {kept.discount_rate_per_year:.0%} a year, {kept.taxes}; "
        f"{kept.text}. Price book {book.id}{own}."
    )


def explain(result: Result, option: OptionResult, *, searched: bool = True) -> str:
    """One sentence on one option: what it costs a million tokens and what would have to be true for it to pay back.

    Args:
        result: the answer.
        option: of it.
        searched: whether break-even volumes were looked for (`tco.evaluate`); where not, nothing is said of them.
    """
    if not option.feasible:
        return f"{option.name} is ruled out: {'; '.join(option.reasons)}."
    cost = f"{option.name} costs {unit_cost(result, option)}"
    if (mix := mix_sentence(option)) is not None:
        return f"{cost}: {mix}{_mixed(result, option)}."
    if option.name == result.baseline:
        return f"{cost} (what you pay today)."
    if not result.option(result.baseline).feasible:
        at = "" if option.capacity is None else f" at {share(option.capacity.utilisation_fraction)} utilisation"
        return (
            f"{cost}{at}; there is nothing to hold it against, since {result.baseline} is ruled out{_missed(option)}."
        )
    saved = _against_today(result, option)
    if option.capacity is None:
        return f"{cost}, {saved}, and {_verdict(option)}."
    busy = share(option.capacity.utilisation_fraction)
    needs = f"; {_needs(result, option)}" if searched else ""
    return f"{cost} at {busy} utilisation, {saved}, and {_verdict(option)}{needs}{_missed(option)}."


def unit_cost(result: Result, option: OptionResult) -> str:
    """What a million tokens cost; where there are so few that this has no meaning, what all of them cost."""
    if option.usd_per_mtok is None:
        return f"{usd(option.total_usd)} over {month_count(result.conventions.horizon_months)}"
    return f"{usd(option.usd_per_mtok)} per million tokens"


def _mixed(result: Result, option: OptionResult) -> str:
    """What follows on who serves what in an option that is made of others."""
    if option.npv_usd is None or option.name == result.baseline:
        return ""
    against = f"; this is {_against_today(result, option)}"
    if option.capacity is None:
        return against
    busy = share(option.capacity.utilisation_fraction)
    return f"{against}, its machines {busy} used, and {_verdict(option)}{_missed(option)}"


def _missed(option: OptionResult) -> str:
    missed = model_error(option)
    return f"; its throughput is modelled: {missed}" if missed else ""


def _against_today(result: Result, option: OptionResult) -> str:
    """How much less or more than the baseline it costs over the horizon: the number that claims are made of."""
    today = result.option(result.baseline).total_usd
    if not today or option.total_usd is None:
        return "with nothing to compare"
    if option.total_usd > _MANY_TIMES * today:
        return f"{number(option.total_usd / today)} times today's cost"
    less = 1 - option.total_usd / today
    return f"{less * 100:.0f}% less than today" if less >= 0 else f"{-less * 100:.0f}% more than today"


def _verdict(option: OptionResult) -> str:
    if option.payback_months is None:
        return "never pays back"
    if option.payback_months == 0:
        return "saves from the first month" if option.npv_usd else "saves nothing"
    return f"pays back in {months(option.payback_months)}"


def _needs(result: Result, option: OptionResult) -> str:
    """What would have to be true: a volume, or how much cheaper a fully loaded fleet would have to be."""
    if option.breakeven_requests_per_day == 0:
        return "it is cheaper at any volume"
    if option.breakeven_requests_per_day is not None:
        return f"it is cheaper from {volume(option.breakeven_requests_per_day)} requests a day on"
    today, full = result.option(result.baseline).usd_per_mtok, option.usd_per_mtok_at_full_load
    if not today or not full:
        return "no volume makes it cheaper"
    if full <= today:
        return f"at full load it would cost {usd(full)}, but no volume that was tried keeps it that busy"
    return (
        f"no volume makes it cheaper: even fully loaded it costs {usd(full)}, so it would have to be {local(full / today):,.1f} times "
        "faster or cheaper"
    )
