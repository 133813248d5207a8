"""Monte Carlo: all ranges of a scenario at once, and what they make of its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tco.books import named
from tco.compare import Comparison, Prepared, compare
from tco.errors import InputError
from tco.quantity import Numbers
from tco.result import Caution
from tco.risk.distributions import kind_of
from tco.risk.draws import MOST_DRAWS, groups
from tco.risk.inputs import Uncertain, factor_of, uncertain_inputs
from tco.risk.lengths import LengthEffect, length_effects
from tco.risk.many import Flags, Outcome, central_capacities, drawn, outcomes
from tco.risk.measuring import Without, without_run
from tco.risk.records import Measuring, OptionRisk, PaidBack, Risk, Share, VariedInput
from tco.risk.statistics import band, histogram, probability, shares_of_layouts, variance_share
from tco.risk.subjects import subject_of

LEAST_DRAWS = 100
DEFAULT_DRAWS = 10_000
_WITHIN_MONTHS = (12, 24, 36, 48, 60)
_WORTH_A_SHARE = 0.002
_LENGTHS_MISSED = 0.05
_NINE_OF_TEN = (0.05, 0.95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """All runs of one simulation.

    Attributes:
        inputs: what was drawn.
        values: of each input, shape (inputs, draws), in single precision.
        layouts: the fleet layout of each run.
        outcomes: of each option, by name.
    """

    inputs: tuple[Uncertain, ...]
    values: npt.NDArray[np.float32]
    layouts: npt.NDArray[np.int64]
    outcomes: dict[str, Outcome]


def simulate(
    prepared: Prepared,
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = 1,
    option: str | None = None,
    on_runs: Callable[[int, int], None] = lambda _done, _total: None,
) -> Risk:
    """Answers a scenario many times, each time with every uncertain input drawn from its own distribution.

    Args:
        prepared: the scenario and what its answer rests on.
        draws: how many runs.
        seed: the same seed gives the same runs.
        option: whose variance is told apart by input; null: the best alternative to the baseline.
        on_runs: called with the runs that are done, and with all.

    Raises:
        InputError: a number of draws that makes no sense, an unknown option, correlations that contradict each other.
    """
    if not LEAST_DRAWS <= draws <= MOST_DRAWS:
        raise InputError(f"--draws {draws}: {LEAST_DRAWS:,} to {MOST_DRAWS:,} runs can be made")
    filled = prepared.scenario
    known = compare(prepared, filled)
    judged = _judged(option, known, filled.baseline)
    inputs = uncertain_inputs(filled, prepared.runs)
    factor, effects = factor_of(filled, inputs), length_effects(filled, prepared.replicas, inputs)
    without = None if judged is None else without_run(prepared, judged, inputs)
    total = draws * (1 if without is None else 2)
    question = _Question(prepared=prepared, factor=factor, effects=effects, draws=draws, seed=seed)
    sample = question.sample(inputs, [each.name for each in filled.options], lambda done: on_runs(done, total))
    other = None
    if without is not None and judged is not None:
        other = question.sample(without.inputs, [judged], lambda done: on_runs(draws + done, total))
    return Risk(
        scenario=filled.name,
        as_of=filled.as_of,
        baseline=filled.baseline,
        option=judged,
        recommended=known.recommended,
        draws=draws,
        seed=seed,
        horizon_months=filled.horizon_months,
        price_book=named(prepared.book),
        options=_options(sample, filled.baseline, filled.horizon_months),
        **_variance(sample, judged),
        measuring=_measuring(sample, other, judged, without),
        inputs=[_varied(each) for each in inputs],
        warnings=[*_cautions(effects), *_unvaried(inputs)],
    )


def _judged(option: str | None, known: Comparison, baseline: str) -> str | None:
    names = [each.name for each in known.options]
    if option is not None and option not in names:
        raise InputError(f"--option {option!r}: no such option; the scenario has: {', '.join(names)}")
    if option == baseline:
        raise InputError(f"--option {option!r} is the baseline, which is compared with itself; name another one")
    return option or known.contender


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    prepared: Prepared
    factor: Numbers
    effects: dict[str, LengthEffect]
    draws: int
    seed: int

    def sample(self, inputs: tuple[Uncertain, ...], names: list[str], on_runs: Callable[[int], None]) -> Sample:
        """Draws the inputs and answers each draw."""
        prepared, capacities = self.prepared, central_capacities(self.prepared)
        values = np.empty((len(inputs), self.draws), dtype=np.float32)
        layouts, parts, done = np.empty(self.draws, dtype=np.int64), [], 0
        for group in groups(inputs, self.factor, self.draws, self.seed):
            scenario = drawn(prepared.scenario, inputs, group.values, self.effects)
            parts.append(outcomes(prepared, scenario, names, group.count, capacities))
            here = slice(done, done + group.count)
            layouts[here] = group.layout
            for row, own in enumerate(group.values):
                values[row, here] = own
            done += group.count
            on_runs(done)
        return Sample(inputs=inputs, values=values, layouts=layouts, outcomes=_joined(parts))


def _joined(parts: list[dict[str, Outcome]]) -> dict[str, Outcome]:
    return {
        name: Outcome(
            served=np.concatenate([part[name].served for part in parts]),
            npv_usd=np.concatenate([part[name].npv_usd for part in parts]),
            payback_months=np.concatenate([part[name].payback_months for part in parts]),
            total_usd=np.concatenate([part[name].total_usd for part in parts]),
        )
        for name in parts[0]
    }


def _options(sample: Sample, baseline: str, horizon_months: int) -> list[OptionRisk]:
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


def _variance(sample: Sample, judged: str | None) -> dict[str, object]:
    """Shares of the variance of the judged option's NPV, largest first, and what no input explains alone."""
    if judged is None or not sample.outcomes[judged].served.any():
        return {"shares": [], "unexplained_fraction": None}
    used = sample.outcomes[judged].served
    npv, layouts = sample.outcomes[judged].npv_usd[used], sample.layouts[used]
    free = [number for number, each in enumerate(sample.inputs) if not each.shapes_the_fleet]
    shaping = [number for number, each in enumerate(sample.inputs) if each.shapes_the_fleet]
    found = {number: variance_share(sample.values[number][used].astype(float), npv) for number in free}
    found |= dict(zip(shaping, shares_of_layouts(sample.values[shaping][:, used], layouts, npv), strict=True))
    shares = [
        Share(path=sample.inputs[number].path, subject=subject_of(sample.inputs[number].path), share_fraction=share)
        for number, share in found.items()
    ]
    told = sorted(
        (share for share in shares if share.share_fraction > _WORTH_A_SHARE), key=lambda share: -share.share_fraction
    )
    rest = 1 - sum(share.share_fraction for share in told)
    return {"shares": told, "unexplained_fraction": max(0.0, rest) if told else None}


def _measuring(sample: Sample, other: Sample | None, judged: str | None, without: Without | None) -> Measuring | None:
    if other is None or judged is None or without is None:
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


def _varied(each: Uncertain) -> VariedInput:
    kind = kind_of(each.quantity)
    assert kind is not None  # uncertain inputs have a range
    assert each.quantity.bounds is not None
    low, high = each.quantity.bounds
    return VariedInput(
        path=each.path, also=list(each.paths[1:]), value=each.quantity.value, low=low, high=high, distribution=kind
    )


def _cautions(effects: dict[str, LengthEffect]) -> list[Caution]:
    return [
        Caution(
            code="lengths_interact",
            path=f"options.{name}.throughput_factor",
            message=f"{name}: longer prompts and longer answers together change a replica's capacity by {effect.missed_fraction:.0%} more or less than one after the other; "
            "the runs add the two up",
        )
        for name, effect in effects.items()
        if effect.missed_fraction is not None and effect.missed_fraction > _LENGTHS_MISSED
    ]


def _unvaried(inputs: tuple[Uncertain, ...]) -> list[Caution]:
    if inputs:
        return []
    return [
        Caution(
            code="no_ranges",
            message="no input has a range, so all runs are the same; give `low` and `high` where you are not sure",
        )
    ]
