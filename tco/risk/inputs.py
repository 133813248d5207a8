"""Which inputs are uncertain, which of them are one and the same number, and how they move together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from probes.run import Run
from tco.errors import InputError
from tco.quantity import Quantity
from tco.register import path_hint, quantities
from tco.scenario import Scenario

_SHAPES_THE_FLEET = (
    "batchable_fraction",
    "peak_headroom_fraction",
    "availability_target_fraction",
    "replica_availability_fraction",
    ".scaling.",
    ".failures.",
    ".upgrades.",
)
_LENGTHS = (
    "workload.input_tokens_per_request",
    "workload.output_tokens_per_request",
    "workload.reasoning_tokens_per_request",
    "workload.agent.",
    "workload.classes.",
)
_LENGTHS_OF_A_MODEL = ".reasoning_factor"
_OWN_WAY = ("price_change_per_year_fraction",)
"""Fields in which equal ranges are not one number: two sellers with one history behind them still go their own way."""
_SMALLEST_EIGENVALUE = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """One uncertain number, and all places of the scenario that it stands in.

    Attributes:
        paths: where, the first one names it.
        quantity: its range and distribution.
    """

    paths: tuple[str, ...]
    quantity: Quantity

    @property
    def path(self) -> str:
        """The path that names it."""
        return self.paths[0]

    @property
    def shapes_the_fleet(self) -> bool:
        """Whether it changes how a fleet is laid out, rather than how much there is of it."""
        return any(part in self.path for part in _SHAPES_THE_FLEET)

    @property
    def is_length(self) -> bool:
        """Whether it changes what a request asks of a replica."""
        return self.path.startswith(_LENGTHS) or self.path.endswith(_LENGTHS_OF_A_MODEL)

    @property
    def is_answered_alone(self) -> bool:
        """Whether each of its values is a question of its own, that no table and no sum answers."""
        return self.shapes_the_fleet or self.is_length

    def concerns(self, options: Collection[str]) -> bool:
        """Whether it is of one of these options, or of all."""
        return any(not path.startswith("options.") or path.split(".")[1] in options for path in self.paths)


def uncertain_inputs(scenario: Scenario, runs: Mapping[str, Run]) -> tuple[Uncertain, ...]:
    """All quantities with a range, each number once.

    The same field with the same value, range and source in several options is one number: a salary is the same whatever runs, and two options that rest
    on one run are wrong about it together. Price changes are each seller's own.

    Args:
        scenario: filled.
        runs: of self-hosted options, by option name.
    """
    found: dict[object, list[tuple[str, Quantity]]] = {}
    for path, quantity in quantities(scenario):
        if quantity.bounds is not None:
            found.setdefault(_identity(path, quantity, runs), []).append((path, quantity))
    return tuple(Uncertain(paths=tuple(path for path, _ in same), quantity=same[0][1]) for same in found.values())


def _identity(path: str, quantity: Quantity, runs: Mapping[str, Run]) -> object:
    head, _, rest = path.partition(".")
    if head != "options" or rest.endswith(_OWN_WAY):
        return path
    option, _, field = rest.partition(".")
    run = runs[option].run_id if field == "throughput_factor" and option in runs else None
    return field, run, quantity.model_dump_json(exclude={"note"})


def factor_of(scenario: Scenario, inputs: tuple[Uncertain, ...]) -> npt.NDArray[np.float64]:
    """The factor L that turns independent normal numbers z into such as move together, `L z`: `L Lᵀ` is their correlation matrix.

    A rank correlation ρ between two quantities is one of `2 sin(π ρ / 6)` between the normal numbers behind them (a Gaussian copula).

    Args:
        scenario: whose `correlations` count.
        inputs: in the order of the matrix.

    Raises:
        InputError: a path names no uncertain input, a pair is given twice, or no numbers at all move together in such a way.
    """
    if not scenario.correlations:
        return np.eye(len(inputs))
    at = {path: number for number, each in enumerate(inputs) for path in each.paths}
    matrix = np.eye(len(inputs))
    for number, given in enumerate(scenario.correlations):
        one, other = (_place(path, at, scenario, f"correlations.{number}") for path in given.between)
        if one == other:
            raise InputError(
                f"`correlations`: {' and '.join(given.between)} are the same number in two options, they always move together",
                path=f"correlations.{number}",
            )
        if matrix[one, other]:
            raise InputError(
                f"`correlations`: {' and '.join(given.between)} are given twice", path=f"correlations.{number}"
            )
        matrix[one, other] = matrix[other, one] = 2 * np.sin(np.pi * given.correlation / 6)
    values, vectors = np.linalg.eigh(matrix)
    if values[0] < -_SMALLEST_EIGENVALUE:
        raise InputError(
            f"`correlations` contradict each other: no numbers move together like this (the matrix has an eigenvalue of {values[0]:.3g}, none may be below 0); "
            "bring them closer to 0",
            code="correlations_impossible",
            path="correlations",
        )
    if (values > _SMALLEST_EIGENVALUE).all():
        return np.asarray(np.linalg.cholesky(matrix), dtype=float)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))


def _place(path: str, at: Mapping[str, int], scenario: Scenario, where: str) -> int:
    if path in at:
        return at[path]
    known = {known for known, _ in quantities(scenario)}
    if path in known:
        raise InputError(
            f"`correlations`: {path} has no range, so it does not move; give it `low` and `high`", path=where
        )
    raise InputError(f"`correlations`: no input has the path {path!r}; {path_hint(path, known)}", path=where)
