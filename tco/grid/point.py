"""What is kept of one point of a grid: its values, the recommended option, and each option's figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from tco.capacity.latency import Basis
from tco.result import OptionResult, Result


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class OptionAnswer(_Record):
    """One option at one point; the figures are those of `tco.OptionResult`, replicas and GPUs those of the largest month."""

    name: str
    feasible: bool
    reasons: list[str]
    total_usd: float | None
    npv_usd: float | None
    payback_months: float | None
    usd_per_mtok: float | None
    replicas: int | None
    gpus: int | None
    utilisation_fraction: float | None
    basis: Basis | None


class GridPoint(_Record):
    """One point: a line of the results file.

    Attributes:
        index: place in the grid, from 0; the last axis changes fastest.
        values: of each axis.
        error: why it could not be answered, in a sentence; then there are no options.
        recommended: name of the option; None: nothing can serve, or `error`.
        options: in the order of the scenario.
    """

    index: int
    values: dict[str, JsonValue]
    error: str | None = None
    recommended: str | None = None
    options: list[OptionAnswer] = []

    def answer(self) -> OptionAnswer | None:
        """The recommended option's figures."""
        return next((option for option in self.options if option.name == self.recommended), None)


def answered(index: int, values: Mapping[str, Any], result: Result) -> GridPoint:
    """The point of an answered scenario."""
    return GridPoint(
        index=index,
        values=dict(values),
        recommended=result.recommended,
        options=[_option(option) for option in result.options],
    )


def _option(option: OptionResult) -> OptionAnswer:
    capacity = option.capacity
    return OptionAnswer(
        name=option.name,
        feasible=option.feasible,
        reasons=option.reasons,
        total_usd=option.total_usd,
        npv_usd=option.npv_usd,
        payback_months=option.payback_months,
        usd_per_mtok=option.usd_per_mtok,
        replicas=None if capacity is None else capacity.replicas,
        gpus=None if capacity is None else capacity.gpus,
        utilisation_fraction=None if capacity is None else capacity.utilisation_fraction,
        basis=None if capacity is None else capacity.basis,
    )
