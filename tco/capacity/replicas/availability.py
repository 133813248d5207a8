"""How often one replica answers: GPUs that fail together, machines that are taken back."""

from __future__ import annotations

MINUTES_PER_HOUR = 60


def group_availability(gpu_availability: float, gpus: int) -> float:
    """Availability of a replica whose GPUs work as one group: `a_gpu ** gpus` [fraction].

    A tensor-parallel or pipeline-parallel group answers only while all its GPUs do: parts in series.

    Args:
        gpu_availability: share of time that one GPU with its share of the machine works [fraction].
        gpus: of one replica; a replica without GPU counts as one part.

    >>> round(group_availability(0.999, 8), 6)
    0.992028
    """
    return gpu_availability ** max(gpus, 1)


def kept_fraction(interruptions_per_hour: float, restart_minutes: float) -> float:
    """Share of time that a machine which is taken back now and then is there: `MTBI / (MTBI + restart)` [fraction].

    MTBI is the mean time between interruptions, `1 / interruptions_per_hour`, counted while the machine is there.

    Args:
        interruptions_per_hour: how often one machine is taken back [1/hour].
        restart_minutes: from then until another replica answers in its place [min].

    Special cases: never taken back, always there.

    >>> kept_fraction(0.1, 60.0), kept_fraction(0.0, 60.0)
    (0.9090909090909091, 1.0)
    """
    return 1 / (1 + interruptions_per_hour * restart_minutes / MINUTES_PER_HOUR)
