from __future__ import annotations

import pytest

from probes.cell import EnergyReading
from probes.energy.choose import open_meter
from probes.energy.idle import driver_idle, loaded_idle
from probes.findings import IdlePower
from tests.fake_nvml import FakeNvml
from tests.probes.energy.fake_amdsmi import FakeAmdSmi
from tests.probes.energy.shaped import S, meter_over, steady


class Waiting:
    """A clock that a meter's machine follows: sleeping samples ten times a second."""

    def __init__(self, nvml, meter):
        self.nvml, self.meter = nvml, meter

    def sleep(self, seconds):
        for _ in range(round(seconds * 10)):
            self.nvml.now_ns += S // 10
            self.meter.take()

    def options(self, settle_s=10.0):
        return {"sleep": self.sleep, "clock": self.nvml.clock, "settle_s": settle_s}


def falling(watts):
    """Clocks need 10 s to fall: 300 W until then."""
    nvml = steady()
    nvml.watts = lambda _gpu, t_s: 300.0 if t_s < 10 else watts
    nvml.joules = lambda _gpu, t_s: 300.0 * t_s if t_s < 10 else 3000.0 + watts * (t_s - 10)
    return nvml


def test_idle_power_is_read_after_the_clocks_have_fallen():
    nvml = falling(70.0)
    meter = meter_over(nvml, 0)
    idle = driver_idle(meter, 20.0, **Waiting(nvml, meter).options())

    assert (70.0, None, None) == (pytest.approx(idle.driver_idle_watts), idle.loaded_idle_watts, idle.reason)
    assert idle.source == "nvml energy counter"


def test_loaded_idle_completes_driver_idle():
    nvml = falling(120.0)
    nvml.pids = [[1]]
    meter = meter_over(nvml, 0)
    before = IdlePower(driver_idle_watts=70.0, source="nvml energy counter")
    idle = loaded_idle(meter, 20.0, before, **Waiting(nvml, meter).options())

    assert (70.0, 120.0, None) == (idle.driver_idle_watts, pytest.approx(idle.loaded_idle_watts), idle.reason)


def test_driver_idle_is_not_measured_while_something_computes():
    nvml = falling(70.0)
    nvml.pids = [[1]]
    meter = meter_over(nvml, 0)
    idle = driver_idle(meter, 20.0, **Waiting(nvml, meter).options())

    assert idle.driver_idle_watts is None
    assert idle.reason == "Driver idle was not measured: 1 program(s) computed on the GPUs already."


def test_a_short_look_at_even_power_is_believed_and_a_gap_is_not():
    nvml = falling(70.0)
    meter = meter_over(nvml, 0)
    assert driver_idle(meter, 5.0, **Waiting(nvml, meter).options()).driver_idle_watts == pytest.approx(70.0)

    class Stalled(Waiting):
        def sleep(self, seconds):
            self.nvml.now_ns += round(seconds * S)
            self.meter.take()

    idle = loaded_idle(meter, 20.0, **Stalled(nvml, meter).options())
    assert idle.loaded_idle_watts is None
    assert idle.reason == "Loaded idle was not measured: No power was sampled for more than 1 s."


def test_without_a_meter_both_are_null_with_the_reason():
    meter = open_meter(gpus=1, nvml=FakeNvml(init_error="Driver Not Loaded"), amdsmi=FakeAmdSmi(init_error="none"))
    options = {"sleep": lambda _s: None, "clock": iter(range(0, 100 * S, S)).__next__}
    before = driver_idle(meter, 20.0, **options)
    idle = loaded_idle(meter, 20.0, before, **options)

    assert (None, None, None) == (idle.driver_idle_watts, idle.loaded_idle_watts, idle.source)
    assert "Driver idle was not measured: There is no NVIDIA GPU" in idle.reason
    assert "Loaded idle was not measured" in idle.reason


def test_the_reason_is_told_once():
    class Same:
        def between(self, start_ns, end_ns):
            return EnergyReading(reason="There is no meter.")

        def processes_count(self, start_ns, end_ns):
            return None

    before = IdlePower(reason="Loaded idle was not measured: There is no meter.")
    idle = loaded_idle(Same(), 1.0, before, sleep=lambda _s: None)
    assert idle.reason == "Loaded idle was not measured: There is no meter."
