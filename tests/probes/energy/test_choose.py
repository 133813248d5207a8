from __future__ import annotations

import pytest

from probes.energy.choose import no_meter, open_meter
from tests.fake_nvml import FakeNvml
from tests.probes.energy.fake_amdsmi import FakeAmdSmi
from tests.probes.energy.shaped import S, sample, steady
from tests.probes.energy.test_rapl import zone

NO_NVIDIA = FakeNvml(init_error="Driver Not Loaded")
NO_AMD = FakeAmdSmi(init_error="not loaded")


@pytest.fixture(autouse=True)
def _all_gpus_visible(monkeypatch):
    for name in ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)


def meter_of(tmp_path, machine=None, **options):
    options = {"gpus": None, "nvml": NO_NVIDIA, "amdsmi": NO_AMD, "powercap": tmp_path} | options
    meter = open_meter(**options, **({"clock": machine.clock} if machine else {}))
    if machine:
        sample(meter, machine, 0, 30)
    return meter.between(5 * S, 25 * S)


def test_nvidia_is_read_before_amd(tmp_path):
    nvml = steady(ripple=5.0, gpus=4)

    assert meter_of(tmp_path, nvml, nvml=nvml, amdsmi=FakeAmdSmi(4)).gpu_watts == pytest.approx([500.0] * 4)


def test_as_many_gpus_are_read_as_the_engine_uses_and_those_that_it_sees(tmp_path, monkeypatch):
    nvml = steady(gpus=4)
    nvml.watts = lambda gpu, t_s: 100 * (gpu + 1) + round(t_s * 10) % 2
    nvml.joules = lambda gpu, t_s: 100 * (gpu + 1) * t_s
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,1,0")

    assert meter_of(tmp_path, nvml, nvml=nvml, gpus=2).gpu_watts == pytest.approx([400.0, 200.0])


def test_gpus_on_which_nothing_computes_can_be_left_out(tmp_path):
    nvml = steady(gpus=4)
    nvml.watts = lambda gpu, t_s: 100 * (gpu + 1) + round(t_s * 10) % 2
    nvml.joules = lambda gpu, t_s: 100 * (gpu + 1) * t_s
    nvml.pids = [[], [7], [], [8]]
    assert meter_of(tmp_path, nvml, nvml=nvml, only_busy=True).gpu_watts == pytest.approx([200.0, 400.0])

    nvml.pids = None  # the driver does not name programs
    assert meter_of(tmp_path, nvml, nvml=nvml, only_busy=True).gpu_watts == pytest.approx([100.0, 200.0, 300.0, 400.0])

    idle = meter_of(tmp_path, nvml=FakeNvml(2), only_busy=True)
    assert idle.power_watts is None
    assert "show no GPU on which a program computes" in idle.reason


def test_amd_gpus_on_which_nothing_computes_can_be_left_out(tmp_path):
    amdsmi = FakeAmdSmi(3, watts=lambda gpu, t_s: 100 * (gpu + 1) + round(t_s * 10) % 2)
    amdsmi.pids = [[], [], [9]]
    reading = meter_of(tmp_path, amdsmi, amdsmi=amdsmi, only_busy=True)

    assert reading.gpu_watts == pytest.approx([300.5], rel=1e-2)


def test_fewer_gpus_than_the_engine_uses_is_a_reason_and_no_number(tmp_path):
    zone(tmp_path, 0, "package-0")
    reading = meter_of(tmp_path, nvml=FakeNvml(gpus=2), gpus=4)

    assert (None, None, None) == (reading.power_watts, reading.energy_joules, reading.energy_joules_per_output_token)
    assert "show only 2 of 4 GPUs" in reading.reason


def test_without_any_source_there_is_a_reason_and_no_zero(tmp_path):
    reading = meter_of(tmp_path, declared_host_watts=900.0)

    assert ("declared", None, None, None, 900.0) == (
        reading.source,
        reading.power_watts,
        reading.energy_joules,
        reading.cpu_watts,
        reading.host_watts,
    )
    for words in ("Driver Not Loaded", "no AMD GPU", "no processor energy counter"):
        assert words in reading.reason


def test_a_server_elsewhere_is_not_measured_by_the_meters_of_this_machine():
    with no_meter("The server runs on another machine.", dummy_weights=True) as meter:
        reading = meter.between(0, 20 * S)

    assert (None, None, "The server runs on another machine.", True) == (
        reading.source,
        reading.power_watts,
        reading.reason,
        reading.estimate,
    )


def test_an_engine_on_the_processor_is_not_measured_by_the_gpus_beside_it(tmp_path):
    reading = meter_of(tmp_path, nvml=steady(), gpus=0)

    assert (None, []) == (reading.power_watts, reading.gpu_watts)
    assert "no processor energy counter" in reading.reason


def test_processor_packages_are_read_beside_gpus(tmp_path):
    nvml = steady(ripple=5.0)
    package = zone(tmp_path, 0, "package-0")
    meter = open_meter(gpus=1, nvml=nvml, amdsmi=NO_AMD, powercap=tmp_path, clock=nvml.clock)
    for step in range(301):
        nvml.now_ns = step * S // 10
        (package / "energy_uj").write_text(str(step * 8_000_000))
        meter.take()
    reading = meter.between(5 * S, 25 * S)

    assert (500.0, 80.0) == (pytest.approx(reading.power_watts), pytest.approx(reading.cpu_watts))


def test_random_weights_make_an_estimate(tmp_path):
    nvml = steady(ripple=5.0)

    assert meter_of(tmp_path, nvml, nvml=nvml, dummy_weights=True).estimate
    assert meter_of(tmp_path, dummy_weights=True).estimate


def test_this_machine_gives_a_meter_and_a_sentence_or_a_number():
    with open_meter(gpus=None) as meter:
        reading = meter.between(0, 20 * S)

    assert (reading.power_watts is None) == bool(reading.reason)
