"""What all runs of a simulation say of each option, of the inputs, and of the run on the user's machine."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from tco.quantity import Numbers
from tco.risk.inputs import Uncertain
from tco.risk.many import Flags, Outcome
from tco.risk.measuring import Without
from tco.risk.records import Measuring, OptionRisk, PaidBack, Share
from tco.risk.sample import Sample
from tco.risk.statistics import band, histogram, probability, shares_of_layouts, variance_share
from tco.risk.subjects import subject_of

_WITHIN_MONTHS = (12, 24, 36, 48, 60)
_WORTH_A_SHARE = 0.004
_NINE_OF_TEN = (0.05, 0.95)


def options_of(sample: Sample, baseline: str, horizon_months: int) -> list[OptionRisk]:
    """Every option over all runs, in the sample's order: the baseline first.

    Args:
        sample: all runs.
        baseline: what the others are compared with.
        horizon_months: of the scenario [months].
    """
    worth = {name: np.where(each.served, each.npv_usd, -np.inf) for name, each in sample.outcomes.items()}
    highest = np.max(list(worth.values()), axis=0)
    can = sample.outcomes[baseline].served
    return [
        _option(
            name,
            sample,
            (worth[name] == highest) & np.isfinite(highest),
            horizon_months,
            None if name == baseline else can,
        )
        for name in sample.outcomes
    ]


def _option(name: str, sample: Sample, best: Flags, horizon_months: int, compared: Flags | None) -> OptionRisk:
    found, layouts = sample.outcomes[name], sample.layouts
    known: OptionRisk = OptionRisk(
        name=name, served=probability(found.served, layouts), best=probability(best, layouts)
    )
    if not found.served.any():
        return known
    known = known.model_copy(update={"total_usd": band(found.total_usd[found.served])})
    if compared is None or not (found.served & compared).any():
        return known
    both = found.served & compared
    payback = np.where(both, found.payback_months, np.inf)
    months = np.arange(horizon_months + 1)
    whole = layouts if both.all() else None
    return known.model_copy(
        update={
            "saves": probability(both & (found.npv_usd > 0), layouts),
            "paid_back": [
                PaidBack(within_months=month, probability=probability(payback <= month, layouts))
                for month in sorted({month for month in _WITHIN_MONTHS if month < horizon_months} | {horizon_months})
            ],
            "npv_usd": band(found.npv_usd[both], whole),
            "payback_months": band(payback, whole),
            "npv_histogram": histogram(found.npv_usd[both]),
            "paid_back_by_month": (np.searchsorted(np.sort(payback), months, side="right") / payback.size).tolist(),
        }
    )


def variance(sample: Sample, judged: str | None, baseline: str, concerns: Collection[str]) -> dict[str, object]:
    """Shares of the variance of the judged option's NPV, largest first, and what no input explains alone.

    Args:
        sample: all runs.
        judged: whose NPV; null: nobody's.
        baseline: what it is compared with; where that cannot serve there is no NPV.
        concerns: options that matter to it, itself first; inputs of others explain nothing.
    """
    if judged is None or not _compared(sample, judged, baseline).any():
        return {"shares": [], "unexplained_fraction": None}
    used = _compared(sample, judged, baseline)
    npv, layouts = sample.outcomes[judged].npv_usd[used], sample.layouts[used]
    asked = [number for number, each in enumerate(sample.inputs) if each.concerns(concerns)]
    free = [number for number in asked if not sample.inputs[number].shapes_the_fleet]
    shaping = [number for number in asked if sample.inputs[number].shapes_the_fleet]
    found = {number: variance_share(sample.values[number][used].astype(float), npv) for number in free}
    found |= dict(zip(shaping, shares_of_layouts(sample.values[shaping][:, used], layouts, npv), strict=True))
    named = {number: _place(sample.inputs[number], concerns) for number in found}
    shares = [
        Share(path=named[number], subject=subject_of(named[number]), share_fraction=share)
        for number, share in found.items()
    ]
    told = sorted(
        (share for share in shares if share.share_fraction > _WORTH_A_SHARE), key=lambda share: -share.share_fraction
    )
    rest = 1 - sum(share.share_fraction for share in told)
    return {"shares": told, "unexplained_fraction": max(0.0, rest) if told else None}


def _compared(sample: Sample, judged: str, baseline: str) -> Flags:
    """Runs in which there is an NPV: both can serve."""
    return sample.outcomes[judged].served & sample.outcomes[baseline].served


def _place(each: Uncertain, concerns: Collection[str]) -> str:
    """Of a number that stands in several options, the place that the judged one knows it by: the first of these options that has it."""
    own = {path.split(".")[1]: path for path in reversed(each.paths) if path.startswith("options.")}
    return next((own[name] for name in concerns if name in own), each.path)


def measuring(
    sample: Sample, other: Sample | None, judged: str | None, baseline: str, without: Without | None
) -> Measuring | None:
    """Both simulations side by side; None where there is no other one, one of them has no run that is served, or there is no NPV.

    Args:
        sample: with the scenario's own range of the throughput.
        other: with that of `tco.risk.measuring.without_run`.
        judged: whose answer.
        baseline: what it is compared with.
        without: what the other one is.
    """
    if other is None or judged is None or without is None or not _compared(sample, judged, baseline).any():
        return None
    own, changed = sample.outcomes[judged], other.outcomes[judged]
    with_run, blind = (own, changed) if without.is_measured else (changed, own)
    if not (with_run.served.any() and blind.served.any()):
        return None
    return Measuring(
        option=judged,
        is_measured=without.is_measured,
        with_run_npv_usd=_nine_of_ten(with_run.npv_usd[with_run.served]),
        without_run_npv_usd=_nine_of_ten(blind.npv_usd[blind.served]),
        with_run_payback_months=_paybacks(with_run),
        without_run_payback_months=_paybacks(blind),
        without_run_error_fraction=without.error_fraction,
        source=without.source,
    )


def _nine_of_ten(values: Numbers) -> tuple[float, float]:
    low, high = np.quantile(values, _NINE_OF_TEN)
    return float(low), float(high)


def _paybacks(found: Outcome) -> tuple[float | None, float | None]:
    months = np.where(found.served, found.payback_months, np.inf)
    low, high = np.quantile(months, _NINE_OF_TEN, method="inverted_cdf")
    return float(low) if np.isfinite(low) else None, float(high) if np.isfinite(high) else None
