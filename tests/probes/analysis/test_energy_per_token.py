import pytest

from probes.analysis.cell import energy_per_token
from probes.cell import EnergyReading
from probes.energy.codes import CODES


def test_energy_of_a_token_is_power_over_throughput_also_where_a_code_leaves_it_standing():
    reading = EnergyReading(window_s=20.0, power_watts=500.0, energy_joules=10_000.0, codes=["throttled_thermal"])
    # 500 J each second, 200 tokens each second; what a counter counted in the window is not asked.
    assert reading.model_copy(update={"energy_joules_per_output_token": 2.5}) == energy_per_token(reading, 200.0)


@pytest.mark.parametrize("code", [code for code, meaning in CODES.items() if meaning.spoils] + ["unheard_of"])
def test_a_code_that_spoils_the_energy_leaves_no_energy_of_a_token(code):
    reading = EnergyReading(power_watts=500.0, energy_joules=10_000.0, codes=[code])
    assert reading == energy_per_token(reading, 200.0)
    assert energy_per_token(reading, 200.0).energy_joules_per_output_token is None


@pytest.mark.parametrize(("watts", "tokens_per_s"), [(None, 200.0), (500.0, 0.0), (500.0, -1.0)])
def test_without_power_or_tokens_there_is_none(watts, tokens_per_s):
    assert energy_per_token(EnergyReading(power_watts=watts), tokens_per_s).energy_joules_per_output_token is None


def test_without_a_reading_there_is_none():
    assert energy_per_token(None, 200.0) is None
