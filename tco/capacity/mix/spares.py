"""How many spares a number of serving replicas asks for, as steps that a linear program can hold."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import bdtrc

from tco.capacity.mix.records import MachineType
from tco.errors import InputError

MAX_STEPS = 64
"""Different numbers of spares of one type; each is a yes-or-no variable of the program."""

# As in tco.capacity.replicas: never below the target by the last bit.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class SpareStep:
    """Up to `serving` replicas that serve, `spares` are kept beside them."""

    serving: int
    spares: int


def spare_steps(machine: MachineType, most: int) -> tuple[SpareStep, ...]:
    """Spares by the number of replicas that serve, as ascending steps; the last one reaches `most`.

    A fixed number of spares is one step. An availability target gives the spares of `tco.capacity.replicas.with_spares`: the fewest `k` with
    `P(Bin(n + k, availability) >= n) >= target`; they never fall with `n`, so that each `k` holds up to some `n`.

    Args:
        machine: whose spares.
        most: serving replicas that could at most be needed.

    Raises:
        InputError: the target asks for more than `MAX_STEPS` different numbers of spares.

    >>> spare_steps(MachineType(name="a", price_usd_per_hour=1, replica_availability_fraction=0.99, availability_target_fraction=0.999), 10)
    (SpareStep(serving=4, spares=1), SpareStep(serving=10, spares=2))
    """
    if most <= 0:
        return ()
    if machine.availability_target_fraction is None:
        return (SpareStep(most, machine.spares),)
    steps: list[SpareStep] = []
    spares = 0
    while not steps or steps[-1].serving < most:
        reach = _reach(machine, spares, most)
        if reach > (steps[-1].serving if steps else 0):
            steps.append(SpareStep(reach, spares))
        spares += 1
        if len(steps) > MAX_STEPS or spares > most + 1000:
            raise InputError(
                f"machine type {machine.name!r}: a fleet of up to {most:,} replicas that answer {machine.replica_availability_fraction:g} of the time "
                f"needs more than {MAX_STEPS} different numbers of spares; give `spares` instead of `availability_target_fraction`"
            )
    return tuple(steps)


def spares_for(steps: tuple[SpareStep, ...], serving: int) -> int:
    """Spares beside so many serving replicas; none beside none."""
    if serving <= 0:
        return 0
    return next(step.spares for step in steps if serving <= step.serving)


def _reach(machine: MachineType, spares: int, most: int) -> int:
    """Largest number of serving replicas for which so many spares are enough, by bisection; 0 where none."""
    target = machine.availability_target_fraction or 0.0
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        enough = bdtrc(middle - 1, middle + spares, machine.replica_availability_fraction) >= target - _ROUNDING
        low, high = (middle, high) if enough else (low, middle - 1)
    return low
