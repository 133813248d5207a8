"""What may be wrong with a power reading: one code each, a sentence, and whether the energy is spoiled by it.

| code | meaning | energy per token |
|---|---|---|
| `window_short` | under 15 s: the counter's steps weigh too much at the edges | withheld |
| `not_covered` | the meter did not sample over the whole window: no number | withheld |
| `gpu_unreadable` | one GPU or more gave no readings: no number, because a sum without it would be too low and look right | withheld |
| `samples_missing` | a gap of more than 1 s between two samples | withheld |
| `sources_disagree` | energy counter and integrated power differ by more than 5 % | withheld |
| `counter_backwards` | the energy counter fell; power was integrated instead | withheld |
| `counter_stuck` | the energy counter did not move; power was integrated instead | withheld |
| `sensor_constant` | a GPU's power sensor gave one and the same value 50 times or more | withheld |
| `above_cap` | a GPU's mean power is more than 5 % above its cap, which the sensor's tolerance does not explain | withheld |
| `gpu_shared` | programs of more than one owner computed on a GPU: the energy is of all of them | withheld |
| `gpu_mig` | a GPU is divided (MIG); the driver measures the whole of it | withheld |
| `cap_changed` | a power cap was changed inside the window | withheld |
| `throttled_thermal` | slowed down by heat: the energy is right, and of a machine slower than it can be | given |
| `throttled_power_brake` | slowed down by the power brake of the server | given |
| `throttled_hardware` | slowed down by its own protection (power or heat), at half the clock or less | given |

The software power cap is not among them: a GPU that is kept at its cap does what it is built for. It is in `throttle_reasons`.

Kept to known practice: InferenceX refuses windows that samples do not bracket, gaps, wrong GPU counts and values that are no number
(https://github.com/SemiAnalysisAI/InferenceX, `utils/aggregate_power.py`); Zeus distrusts a counter that power does not confirm
(https://github.com/ml-energy/zeus, `zeus/device/gpu/amd.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from probes.record import Warn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from probes.cell import EnergyReading

SHORT_WINDOW_S = 15.0
"""Windows below this get `window_short`.

NVML renews the counter about every 100 ms (https://ml.energy/blog/energy/measurement/thermally-stable-profiling-for-accurate-gpu-energy-measurement),
so each edge may be off by 0.1 s of power: both together by at most 0.2 s / 15 s = 1.3 % at even load.
"""

MAX_GAP_S = 1.0
"""Longest time between two samples [s], ten times the usual one."""

MAX_DISAGREEMENT_FRACTION = 0.05
"""Largest difference between integrated power and counter; NVIDIA gives the sensor's own accuracy as within 5 %."""

CAP_TOLERANCE_FRACTION = 0.05
"""How far a GPU's mean power may lie above its cap before the reading is not believed."""

CONSTANT_SAMPLES = 50
"""So many equal power values in a row are a stuck sensor: 5 s at ten a second."""


@dataclass(frozen=True, slots=True)
class Code:
    """One thing that may be wrong with a reading.

    Attributes:
        sentence: what it means, for people.
        spoils: whether the energy must not be divided by tokens.
    """

    sentence: str
    spoils: bool = True


CODES: dict[str, Code] = {
    "window_short": Code(f"The window is shorter than {SHORT_WINDOW_S:g} s: its energy is uncertain at the edges."),
    "not_covered": Code("The power meter did not sample over the whole window."),
    "gpu_unreadable": Code("The power of one GPU or more could not be read."),
    "samples_missing": Code(f"No power was sampled for more than {MAX_GAP_S:g} s."),
    "sources_disagree": Code("The energy counter and the power sensor differ by more than 5 %."),
    "counter_backwards": Code(
        "The energy counter went backwards, as after a reload of the driver; power was integrated."
    ),
    "counter_stuck": Code("The energy counter did not move; power was integrated."),
    "sensor_constant": Code("A power sensor gave one and the same value all the time: it may be stuck."),
    "above_cap": Code("A GPU's mean power is more than 5 % above its power cap: the sensor or the cap is wrong."),
    "gpu_shared": Code("Programs of more than one owner computed on a GPU: the energy is of all of them."),
    "gpu_mig": Code("A GPU is divided into instances (MIG): its power is that of all of them."),
    "cap_changed": Code("A power cap was changed during the window."),
    "throttled_thermal": Code("A GPU slowed down because it was too hot.", spoils=False),
    "throttled_power_brake": Code("A GPU slowed down because the server's power brake was pulled.", spoils=False),
    "throttled_hardware": Code("A GPU's hardware protection halved its clock or more.", spoils=False),
}
"""Every code that a reading may carry."""


def spoiling(codes: Iterable[str]) -> list[str]:
    """Those of some codes that forbid to divide the energy by tokens; an unknown code forbids it too.

    >>> spoiling(["throttled_thermal", "window_short"])
    ['window_short']
    """
    return [code for code in codes if code not in CODES or CODES[code].spoils]


def energy_warnings(reading: EnergyReading) -> list[Warn]:
    """One warning a code, as a cell carries them."""
    observed = {
        "window_short": (reading.window_s, SHORT_WINDOW_S),
        "sources_disagree": (reading.disagreement_fraction, MAX_DISAGREEMENT_FRACTION),
    }
    return [
        Warn(
            code=code,
            message=CODES[code].sentence if code in CODES else code,
            observed=observed.get(code, (None, None))[0],
            threshold=observed.get(code, (None, None))[1],
        )
        for code in reading.codes
    ]
