from __future__ import annotations

import re

from probes.cell import EnergyReading
from probes.energy import codes
from probes.energy.codes import CODES, energy_warnings, spoiling


def test_the_table_of_the_module_names_every_code_and_whether_it_spoils():
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (withheld|given) \|$", codes.__doc__, re.MULTILINE))

    assert rows == {code: "withheld" if meaning.spoils else "given" for code, meaning in CODES.items()}


def test_each_code_is_a_warning_with_what_was_seen():
    reading = EnergyReading(
        window_s=8.0, disagreement_fraction=0.07, codes=["window_short", "sources_disagree", "gpu_mig"]
    )
    found = energy_warnings(reading)

    assert [("window_short", 8.0, 15.0), ("sources_disagree", 0.07, 0.05), ("gpu_mig", None, None)] == [
        (warning.code, warning.observed, warning.threshold) for warning in found
    ]
    assert all(warning.message == CODES[warning.code].sentence for warning in found)


def test_what_the_power_cap_does_is_no_fault():
    assert spoiling(["throttled_hardware", "throttled_power_brake"]) == []
    assert "sw_power_cap" not in CODES
