from __future__ import annotations

import os

import pytest

from probes.amd import load_amdsmi
from probes.energy.amd import open_amd, visible_handles
from probes.energy.meter import SamplingMeter
from tests.probes.energy.fake_amdsmi import FakeAmdSmi
from tests.probes.energy.shaped import S, sample


@pytest.fixture(autouse=True)
def _all_gpus_visible(monkeypatch):
    for name in ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)


def steady(watts=600.0, gpus=1, **options):
    return FakeAmdSmi(
        gpus, watts=lambda _gpu, t_s: watts + round(t_s * 10) % 2, joules=lambda _gpu, t_s: watts * t_s, **options
    )


def reading_of(amdsmi, gpus=None):
    source, reason = open_amd(gpus, amdsmi, amdsmi.clock, amdsmi.sleep)
    assert reason is None
    meter = SamplingMeter(source, clock=amdsmi.clock)
    sample(meter, amdsmi, 1, 30)
    return meter.between(5 * S, 25 * S)


def test_two_cards_give_watts_and_joules_known_by_hand():
    reading = reading_of(steady(600.0, gpus=2))

    # 2 x 600 W for 20 s; the counter's ticks are 15.259 uJ.
    assert reading.energy_joules == pytest.approx(24_000.0, rel=1e-6)
    assert (1200.0, 1500.0) == (pytest.approx(reading.power_watts), reading.power_limit_watts)
    assert ("amdsmi energy counter", []) == (reading.source, reading.codes)
    assert ([64.0, 64.0], [2100.0, 2100.0]) == (reading.gpu_temperature_max_celsius, reading.gpu_sm_clock_mean_mhz)


@pytest.mark.parametrize("counted_watts", [6.0, 290.0, 1210.0, 60_000.0])
def test_a_counter_that_power_does_not_confirm_is_not_used(counted_watts):
    amdsmi = steady(600.0)
    amdsmi.joules = lambda _gpu, t_s: counted_watts * t_s
    reading = reading_of(amdsmi)

    assert ("amdsmi power", []) == (reading.source, reading.codes)
    assert reading.power_watts == pytest.approx(600.5, rel=1e-3)


def test_the_older_name_of_the_counter_and_the_older_field_of_power_are_read():
    amdsmi = steady(600.0)
    amdsmi.old_energy_key, amdsmi.fields = True, ("average_socket_power",)
    assert reading_of(amdsmi).source == "amdsmi energy counter"

    amdsmi = FakeAmdSmi(watts=lambda _gpu, t_s: 600 + t_s)
    amdsmi.fields = ("average_socket_power",)
    assert reading_of(amdsmi).source == "amdsmi average power"


@pytest.mark.parametrize("value", ["N/A", 0xFFFF, 0xFFFFFFFF])
def test_a_field_without_a_value_is_never_read_as_watts(value):
    reading = reading_of(FakeAmdSmi(watts=lambda _gpu, _t_s: value))

    assert (None, ["gpu_unreadable"]) == (reading.power_watts, reading.codes)
    assert "this GPU has no socket_power" in reading.reason


def test_heat_violations_and_strangers_are_told():
    amdsmi = steady()
    amdsmi.violations = {
        "active_hbm_thrm": True,
        "active_ppt_pwr": True,
        "active_prochot_thrm": False,
        "active_vr_thrm": "N/A",
    }
    amdsmi.pids = [[os.getpid(), 2**22 + 1]]
    reading = reading_of(amdsmi)

    assert reading.throttle_reasons == ["hbm_thermal", "sw_power_cap"]
    assert reading.codes == ["gpu_shared", "throttled_thermal"]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, [0, 1, 2, 3]),
        ({"HIP_VISIBLE_DEVICES": "2,0"}, [2, 0]),
        ({"CUDA_VISIBLE_DEVICES": "3"}, [3]),
        ({"HIP_VISIBLE_DEVICES": "1", "CUDA_VISIBLE_DEVICES": "3"}, [1]),
        ({"ROCR_VISIBLE_DEVICES": "2,3", "HIP_VISIBLE_DEVICES": "1"}, [3]),
        ({"ROCR_VISIBLE_DEVICES": "GPU-1"}, [1]),
        ({"HIP_VISIBLE_DEVICES": "1,9,0"}, [1]),
        ({"HIP_VISIBLE_DEVICES": ""}, []),
    ],
)
def test_visible_devices_are_read_as_hip_reads_them(monkeypatch, variables, expected):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert expected == visible_handles(FakeAmdSmi(4))


def test_cards_stand_in_hips_order_and_not_in_the_librarys():
    amdsmi = FakeAmdSmi(3)
    amdsmi.hip_ids = [2, 0, 1]

    assert visible_handles(amdsmi) == [1, 2, 0]


def test_each_way_of_having_no_amd_gpu_is_a_sentence():
    assert open_amd(None, FakeAmdSmi(init_error="driver\n not loaded")) == (
        None,
        "There is no AMD GPU: its management library says `driver not loaded`.",
    )
    assert open_amd(None, FakeAmdSmi(0)) == (None, "AMD's driver and HIP_VISIBLE_DEVICES show no GPU.")
    assert open_amd(4, FakeAmdSmi(2)) == (None, "AMD's driver and HIP_VISIBLE_DEVICES show only 2 of 4 GPUs.")


def test_the_real_module_is_asked_without_a_word_on_the_screen(capsys):
    if load_amdsmi() is None:
        assert open_amd() == (None, "The package `amdsmi` (part of ROCm) is not installed.")

    assert capsys.readouterr().out == ""
