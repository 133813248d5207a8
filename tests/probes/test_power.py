from __future__ import annotations

import time

import pytest

from probes.power import GpuEnergyMeter, PowerSampler, energy_meter
from tests.fake_nvml import FakeNvml

pytestmark = pytest.mark.slow


class Clock:
    """Returns each time in turn, then stays at the last."""

    def __init__(self, *times):
        self.times = list(times)

    def __call__(self):
        return self.times.pop(0) if len(self.times) > 1 else self.times[0]


@pytest.fixture(autouse=True)
def _all_gpus_visible(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_energy_is_the_difference_of_the_counters_summed_over_gpus():
    # GPU 0: 5,000,000 -> 8,500,000 mJ = 3500 J; GPU 1: 1,000,000 -> 3,500,000 mJ = 2500 J; 6000 J in 10 s = 600 W.
    nvml = FakeNvml(gpus=2, energy_mj=[[5_000_000, 8_500_000], [1_000_000, 3_500_000]])
    meter = GpuEnergyMeter(nvml, [0, 1], Clock(100.0, 110.0))
    meter.start()

    assert (600.0, 6000.0) == meter.stop()


def test_a_meter_measures_one_window_after_another():
    meter = GpuEnergyMeter(FakeNvml(energy_mj=[[0, 1000, 5000, 9000]]), [0], Clock(0.0, 1.0, 2.0, 4.0))
    meter.start()
    assert (1.0, 1.0) == meter.stop()
    meter.start()

    assert (2.0, 4.0) == meter.stop()


@pytest.mark.parametrize(
    "readings",
    [
        [[9_000_000, 1_000]],  # the driver was loaded anew in between
        [[1_000, None]],  # the GPU was lost in between
    ],
)
def test_a_counter_that_goes_backwards_or_fails_gives_nothing(readings):
    meter = GpuEnergyMeter(FakeNvml(energy_mj=readings), [0], Clock(0.0, 1.0))
    meter.start()

    assert (None, None) == meter.stop()


def test_one_unreadable_gpu_of_two_gives_nothing_and_not_half():
    meter = GpuEnergyMeter(FakeNvml(gpus=2, energy_mj=[[0, 5000], [0, None]]), [0, 1], Clock(0.0, 1.0))
    meter.start()

    assert (None, None) == meter.stop()


def test_a_window_that_was_never_started_gives_nothing():
    assert (None, None) == GpuEnergyMeter(FakeNvml(energy_mj=[[0]]), [0]).stop()


def test_without_a_counter_power_is_sampled_instead():
    # A constant 300 W over however long the window really was; long enough that the thread's start does not count.
    nvml = FakeNvml(power_mw=[[300_000] * 1000])
    meter = GpuEnergyMeter(nvml, [0])
    meter.start()
    time.sleep(0.3)
    watts, joules = meter.stop()

    assert watts == pytest.approx(300.0, rel=0.05)
    assert joules is not None


def test_without_counter_and_without_power_there_is_no_number():
    meter = GpuEnergyMeter(FakeNvml(), [0])
    meter.start()

    assert (None, None) == meter.stop()


def test_samples_are_integrated_by_the_trapezoidal_rule():
    # 100 W, 300 W one second later, 200 W two seconds after that: (100+300)/2*1 + (300+200)/2*2 = 200 + 500 J.
    watts = iter([100.0, 300.0, 200.0])
    sampler = PowerSampler(lambda: next(watts), Clock(0.0, 1.0, 3.0))
    sampler.sample()
    sampler.sample()

    assert sampler.end() == 700.0


def test_a_meter_takes_as_many_gpus_as_serve_one_model():
    nvml = FakeNvml(gpus=4, energy_mj=[[0, 1000], [0, 2000], [0, 4000], [0, 8000]])
    meter = energy_meter(2, nvml)
    assert meter is not None
    meter.start()

    assert meter.stop()[1] == 3.0


def test_there_is_no_meter_where_there_is_no_gpu():
    assert energy_meter(None, FakeNvml(init_error="Driver Not Loaded")) is None
    assert energy_meter(None, FakeNvml(gpus=0)) is None
    assert energy_meter(0, FakeNvml(gpus=4)) is None
