"""What a Monte Carlo simulation says, in sentences: shares of runs and months, never a bare percentile."""

from __future__ import annotations

from tco.format import month_count, share, usd
from tco.number_style import local
from tco.risk.records import Band, Measuring, OptionRisk, Probability, Risk

_SPOKEN = {"90": "9 in 10 runs pay back", "75": "3 in 4 runs pay back", "50": "half of the runs pay back"}
_SURE = 0.9995
_SAME = 0.02


def risk_headline(risk: Risk) -> str:
    """One sentence: how likely the option saves, and by when it pays back.

    Args:
        risk: the answer.
    """
    if risk.option is None:
        return "Every alternative to the baseline is ruled out."
    option = risk.of(risk.option)
    if option.saves is None:
        return _not_compared(option, risk)
    return f"{option.name} saves money against {risk.baseline} in {likely(option.saves)}; {paid_back(option, risk.horizon_months)}."


def _not_compared(option: OptionRisk, risk: Risk) -> str:
    """Why there is no saving to tell of."""
    if option.served.fraction == 0:
        return f"{option.name} is ruled out in every run."
    if risk.of(risk.baseline).served.fraction == 0:
        return f"{risk.baseline} is ruled out in every run, so that there is nothing to hold {option.name} against; {option.name} serves in {likely(option.served)}."
    return f"{option.name} and {risk.baseline} never serve in the same run."


def no_saving(option: OptionRisk, risk: Risk) -> str:
    """What a table says of the saving of an option that has none: `–`, `ruled out` or `no baseline`.

    Args:
        option: whose saving is not known.
        risk: the answer.
    """
    if option.name == risk.baseline:
        return "–"
    return "ruled out" if option.served.fraction == 0 else "no baseline"


def likely(found: Probability) -> str:
    """A probability in words, with its error.

    >>> likely(Probability(fraction=0.8312, standard_error=0.004)), likely(Probability(fraction=1.0, standard_error=0.0))
    ('83.1% (±0.4 points) of the runs', 'all runs')
    """
    if found.fraction >= _SURE:
        return "all runs"
    if found.fraction <= 1 - _SURE:
        return "none of the runs"
    return f"{share(found.fraction)} (±{local(100 * found.standard_error):.1f} points) of the runs"


def paid_back(option: OptionRisk, horizon_months: int) -> str:
    """By when most of the runs have paid back; what is reached, in the strongest words that hold."""
    assert option.payback_months is not None  # of an option that is compared
    for percent, spoken in _SPOKEN.items():
        month = option.payback_months.percentiles[percent]
        if month is not None:
            return (
                "9 in 10 runs have nothing to pay back"
                if month == 0 and percent == "90"
                else f"{spoken} by month {month:.0f}"
            )
    reached = option.paid_back[-1].probability.fraction
    return (
        f"only {share(reached)} pay back within {month_count(horizon_months)}"
        if reached
        else f"no run pays back within {month_count(horizon_months)}"
    )


def npv_range(npv: Band) -> str:
    """Nine runs of ten by their NPV."""
    return f"{usd(npv.percentiles['5'])} to {usd(npv.percentiles['95'])}"


def measuring_sentence(found: Measuring) -> str:
    """What a run on one's own machine is worth, in money and months."""
    with_, without = (_width(ends) for ends in (found.with_run_npv_usd, found.without_run_npv_usd))
    if abs(with_ - without) <= _SAME * max(with_, without):
        return (
            f"What measuring is worth: little here. A data sheet's error of {share(found.without_run_error_fraction)} either way hardly moves the answer: "
            f"the NPV of nine runs in ten spans {usd(with_)} with a run of your own and {usd(without)} without."
        )
    months = _months(found.with_run_payback_months, found.without_run_payback_months)
    if found.is_measured:
        return (
            f"What measuring bought: the NPV of nine runs in ten spans {usd(with_)} instead of {usd(without)} from a data sheet, "
            f"which misses by up to {share(found.without_run_error_fraction)} nine times in ten{months}."
        )
    return (
        f"What measuring would buy: the throughput is modelled, and the NPV of nine runs in ten spans {usd(without)}; with a run of your own it would span "
        f"about {usd(with_)}{months}."
    )


def _width(ends: tuple[float, float]) -> float:
    return ends[1] - ends[0]


def _months(with_run: tuple[float | None, float | None], without: tuple[float | None, float | None]) -> str:
    if None in with_run or None in without:
        return ""
    narrow, wide = (float(ends[1] or 0) - float(ends[0] or 0) for ends in (with_run, without))
    return f"; the payback spans {local(narrow):.1f} months instead of {local(wide):.1f}"
