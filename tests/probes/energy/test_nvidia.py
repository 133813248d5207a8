from __future__ import annotations

import pytest

from probes.energy.nvidia import open_nvidia, reason_names
from probes.nvml import load_nvml
from tests.fake_nvml import FakeNvml, ShapedNvml


@pytest.fixture(autouse=True)
def _all_gpus_visible(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_counter_and_power_carry_the_moment_between_asking_and_answer():
    nvml = ShapedNvml(watts=lambda _gpu, _t_s: 250.0, joules=lambda _gpu, _t_s: 7.0)
    times = iter([100, 110, 150])
    source, _ = open_nvidia(1, nvml, lambda: next(times))
    (sample,) = source.sample()

    assert (105, 7.0, 130, 250.0) == (
        sample.counter_ns,
        sample.counter_joules,
        sample.power_ns,
        sample.power_watts,
    )


def test_each_way_of_having_no_nvidia_gpu_is_a_sentence_and_lets_go_of_the_driver(monkeypatch):
    assert open_nvidia(None, FakeNvml(init_error="Driver Not Loaded")) == (
        None,
        "There is no NVIDIA GPU: the management library says `Driver Not Loaded`.",
    )
    lost, few = FakeNvml(count_error="GPU is lost"), FakeNvml(gpus=2)
    assert open_nvidia(None, lost) == (None, "The NVIDIA GPUs cannot be listed: `GPU is lost`.")
    assert open_nvidia(4, few) == (None, "NVIDIA's driver and CUDA_VISIBLE_DEVICES show only 2 of 4 GPUs.")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    hidden = FakeNvml(gpus=2)
    assert open_nvidia(None, hidden) == (None, "NVIDIA's driver and CUDA_VISIBLE_DEVICES show no GPU.")
    assert [lost.open, few.open, hidden.open] == [0, 0, 0]


def test_the_real_library_answers_here_with_or_without_a_gpu():
    source, reason = open_nvidia()

    assert (source is None) == (reason is not None)


def test_reasons_are_named_as_the_real_library_numbers_them():
    real = load_nvml()
    expected = {
        "applications_clocks_setting": real.nvmlClocksEventReasonApplicationsClocksSetting,
        "sw_power_cap": real.nvmlClocksEventReasonSwPowerCap,
        "hw_slowdown": real.nvmlClocksThrottleReasonHwSlowdown,
        "sync_boost": real.nvmlClocksEventReasonSyncBoost,
        "sw_thermal_slowdown": real.nvmlClocksEventReasonSwThermalSlowdown,
        "hw_thermal_slowdown": real.nvmlClocksThrottleReasonHwThermalSlowdown,
        "hw_power_brake": real.nvmlClocksThrottleReasonHwPowerBrakeSlowdown,
        "display_clock_setting": real.nvmlClocksEventReasonDisplayClockSetting,
    }

    assert {name: (name,) for name in expected} == {name: reason_names(bit) for name, bit in expected.items()}
    assert reason_names(real.nvmlClocksEventReasonGpuIdle) == ()
