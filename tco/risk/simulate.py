"""Monte Carlo: all ranges of a scenario at once, and what they make of its answer."""

from __future__ import annotations

from collections.abc import Callable

from tco.books import named
from tco.compare import Comparison, Prepared, compare
from tco.errors import InputError
from tco.result import Caution
from tco.risk.distributions import kind_of
from tco.risk.draws import MOST_DRAWS
from tco.risk.inputs import Uncertain, factor_of, uncertain_inputs
from tco.risk.lengths import LengthEffect, length_effects
from tco.risk.measuring import without_run
from tco.risk.records import Risk, VariedInput
from tco.risk.sample import Sampler
from tco.risk.summary import measuring, options_of, variance
from tco.splice import involved

LEAST_DRAWS = 100
DEFAULT_DRAWS = 10_000
_LENGTHS_MISSED = 0.05


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
    concerns = () if judged is None else (*involved(judged, filled), *involved(filled.baseline, filled))
    total = draws * (1 if without is None else 2)
    sampler = Sampler(prepared=prepared, factor=factor, effects=effects, draws=draws, seed=seed)
    sample = sampler.sample(inputs, [each.name for each in filled.options], lambda done: on_runs(done, total))
    other = None
    if without is not None and judged is not None:
        other = sampler.sample(without.inputs, [judged], lambda done: on_runs(draws + done, total))
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
        options=options_of(sample, filled.baseline, filled.horizon_months),
        **variance(sample, judged, filled.baseline, concerns),
        measuring=measuring(sample, other, judged, filled.baseline, without),
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
