"""What a fit of step times says: terms with their bounds, what it misses, what it was not able to tell, why it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tco.capacity.step_time import StepTime
from tco.number_style import local

Method = Literal["identities", "simulation"]
"""How terms were fitted: to linear identities of the cells, or further by simulating each cell."""

_FAR = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term of a step time with its 95 % interval.

    Attributes:
        name: of the field in `StepTime`.
        value: in the field's own unit.
        low: lower end.
        high: upper end.
    """

    name: str
    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """What a fit misses of one measured number.

    Attributes:
        cell: label of the load point.
        role: what it was measured for.
        metric: which number.
        measured: its value, in the metric's own unit.
        modelled: what the fit gives.
    """

    cell: str
    role: str
    metric: str
    measured: float
    modelled: float

    @property
    def fraction(self) -> float:
        """Modelled over measured, less 1."""
        return self.modelled / self.measured - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """Something to know about a fit.

    Attributes:
        code: for machines.
        sentence: for people.
        path: where in the run.
    """

    code: str
    sentence: str
    path: str = "cells"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a run gives no step times, and what to measure so that it does.

    Attributes:
        code: for machines.
        sentence: for people.
        command: that measures what is missing.
        path: where in the run.
    """

    code: str
    sentence: str
    command: str
    path: str = "cells"

    @property
    def feasible(self) -> bool:
        """Never."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelError:
    """How far the model misses loads that it was not fitted to.

    Attributes:
        metric: `requests_per_s`, `tpot_p50`, `ttft_p50` or `ttft_p99`.
        median_fraction: of the relative errors, taken without sign; half of the loads are closer.
        worst_fraction: the largest.
        cells: loads that were left out and predicted, each once.
    """

    metric: str
    median_fraction: float
    worst_fraction: float
    cells: int

    @property
    def sentence(self) -> str:
        """For people.

        >>> ModelError(metric="ttft_p50", median_fraction=0.031, worst_fraction=0.1, cells=9).sentence
        'ttft_p50: half of 9 loads that were left out of the fit are met within 3.1 %, all within 10.0 %'
        """
        return (
            f"{self.metric}: half of {self.cells} loads that were left out of the fit are met within "
            f"{self.median_fraction:.1%}, all within {self.worst_fraction:.1%}".replace("%", " %")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a fit has seen; beyond it a term is carried on.

    Attributes:
        prompt_tokens: longest mean prompt [tokens].
        context_tokens: longest mean prompt and answer together [tokens].
        streams: most requests in flight, of closed loops.
    """

    prompt_tokens: float
    context_tokens: float
    streams: int

    def beyond(self, input_tokens: float, output_tokens: float, streams: float = 0.0) -> Caution | None:
        """A caution where requests are longer than twice what was seen, or more of them are in flight; else None.

        Terms are per token and per sequence, so that lengths up to twice the longest rest on their slopes; further on other kernels may run.

        Args:
            input_tokens: mean prompt [tokens].
            output_tokens: mean answer [tokens].
            streams: in flight; 0 where it is not known.

        >>> Reach(prompt_tokens=512, context_tokens=544, streams=16).beyond(4000, 100).sentence
        'prompts of 4,000 tokens are beyond what the run has seen (512); the step times are carried on'
        """
        asked = (
            ("prompts of", input_tokens, "tokens are", self.prompt_tokens),
            ("contexts of", input_tokens + output_tokens, "tokens are", self.context_tokens),
            ("", streams, "requests in flight are", self.streams),
        )
        for before, value, after, seen in asked:
            if seen and value > _FAR * seen:
                what = f"{before} {local(value):,.0f} {after}".strip()
                sentence = f"{what} beyond what the run has seen ({local(seen):,.0f}); the step times are carried on"
                return Caution(code="beyond_the_run", sentence=sentence)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedStepTime:
    """Step times of one run.

    Attributes:
        step_time: the model.
        terms: its terms with intervals, in the order of `StepTime`'s fields; terms that were left out are not among them.
        residuals: what it misses, by cell and metric.
        cells_used: cells that gave at least one equation.
        reach: loads that they cover.
        residual_fraction: root mean square of the relative misses.
        method: how the terms were had.
        errors: on loads that were left out of the fit; empty where that was not computed.
        cautions: what to know.
    """

    step_time: StepTime
    terms: tuple[Term, ...]
    residuals: tuple[Residual, ...]
    cells_used: int
    reach: Reach
    residual_fraction: float
    method: Method = "identities"
    errors: tuple[ModelError, ...] = ()
    cautions: tuple[Caution, ...] = ()

    @property
    def feasible(self) -> bool:
        """Always; a `Refusal` is the other answer."""
        return True
