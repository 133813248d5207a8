"""Idle power: with nothing on the GPUs, and with a model loaded that nobody asks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from probes.energy.codes import CODES, spoiling
from probes.energy.contract import PowerMeter
from probes.findings import IdlePower

if TYPE_CHECKING:
    from collections.abc import Callable

    from probes.cell import EnergyReading

SETTLE_S = 10.0
"""Time that clocks are given to fall before power is read [s]."""

_HARMLESS = {"window_short", "sensor_constant"}
"""At rest power is even, so a short window has nothing to misjudge at its edges, and a sensor may rightly give one value all the time."""


class IdleMeter(PowerMeter, Protocol):
    """A power meter that also knows whether it reads anything, and what runs on the GPUs."""

    @property
    def reads(self) -> bool:
        """Whether there is anything to read."""

    def processes_count(self, start_ns: int, end_ns: int) -> int | None:
        """The most programs that computed on the GPUs in a window; None where the driver does not say."""


def driver_idle(
    meter: IdleMeter,
    seconds: float,
    *,
    settle_s: float = SETTLE_S,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], int] = time.perf_counter_ns,
) -> IdlePower:
    """Power before the engine is started [W]: what the machine takes for being switched on.

    Args:
        meter: an open meter.
        seconds: how long to measure [s].
        settle_s: how long to wait before [s].
        sleep: waits [s]; for tests.
        clock: gives nanoseconds; for tests.

    Returns:
        `driver_idle_watts`, or the reason why there is none: no meter, or a program that computes on the GPUs already.
    """
    reading, busy = _measure(meter, seconds, settle_s, sleep, clock)
    if busy:
        return IdlePower(reason=f"Driver idle was not measured: {busy} program(s) computed on the GPUs already.")
    watts, reason = _believed(reading, "Driver idle")
    return IdlePower(driver_idle_watts=watts, source=reading.source, reason=reason)


def loaded_idle(
    meter: IdleMeter,
    seconds: float,
    before: IdlePower | None = None,
    *,
    settle_s: float = SETTLE_S,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], int] = time.perf_counter_ns,
) -> IdlePower:
    """Power with the model loaded and no request [W]: what a replica takes at night.

    Args:
        meter: an open meter.
        seconds: how long to measure [s]; the caller sends nothing meanwhile.
        before: what `driver_idle` gave, to be completed.
        settle_s: how long to wait before [s].
        sleep: waits [s]; for tests.
        clock: gives nanoseconds; for tests.

    Returns:
        `before` with `loaded_idle_watts`; `reason` joins the reasons of both.
    """
    before = before if before is not None else IdlePower()
    reading, _ = _measure(meter, seconds, settle_s, sleep, clock)
    watts, reason = _believed(reading, "Loaded idle")
    reasons = dict.fromkeys(words for words in (before.reason, reason) if words)
    return before.model_copy(
        update={
            "loaded_idle_watts": watts,
            "source": before.source or reading.source,
            "reason": " ".join(reasons) or None,
        }
    )


def _measure(
    meter: IdleMeter, seconds: float, settle_s: float, sleep: Callable[[float], None], clock: Callable[[], int]
) -> tuple[EnergyReading, int]:
    sleep(settle_s)
    start_ns = clock()
    sleep(seconds)
    end_ns = clock()
    return meter.between(start_ns, end_ns), meter.processes_count(start_ns, end_ns) or 0


def _believed(reading: EnergyReading, what: str) -> tuple[float | None, str | None]:
    if reading.power_watts is None:
        return None, f"{what} was not measured: {reading.reason}"
    wrong = [code for code in spoiling(reading.codes) if code not in _HARMLESS]
    if wrong:
        return None, f"{what} was not measured: {' '.join(CODES[code].sentence for code in wrong)}"
    return reading.power_watts, None
