from __future__ import annotations

import os
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.energy.choose import open_meter
from probes.energy.meter import SamplingMeter
from probes.energy.nvidia import NvidiaSource
from tests.fake_nvml import ShapedNvml
from tests.probes.energy.shaped import S, meter_over, sample, steady


@pytest.fixture(autouse=True)
def _all_gpus_visible(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_even_power_of_two_gpus_gives_watts_and_joules_known_by_hand():
    # 2 x 500 W for 20 s: 1000 W, 20,000 J.
    reading = meter_over(steady(500.0, gpus=2, ripple=5.0), 30).between(5 * S, 25 * S)

    assert reading.power_watts == pytest.approx(1000.0)
    assert reading.energy_joules == pytest.approx(20_000.0)
    assert reading.gpu_watts == pytest.approx([500.0, 500.0])
    assert (20.0, "nvml energy counter", [], None) == (reading.window_s, reading.source, reading.codes, reading.reason)
    assert reading.disagreement_fraction == pytest.approx(0.0, abs=1e-3)
    assert reading.samples == 201


def test_a_ramp_gives_its_integral():
    # P = 20 t W, E = 10 t² J: from 4 s to 24 s 10 x (576 - 16) = 5600 J, 280 W.
    nvml = ShapedNvml(watts=lambda _gpu, t_s: 20 * t_s, joules=lambda _gpu, t_s: 10 * t_s**2)
    reading = meter_over(nvml, 30).between(4 * S, 24 * S)

    assert (280.0, 5600.0) == (pytest.approx(reading.power_watts), pytest.approx(reading.energy_joules))


def test_edges_between_samples_are_interpolated():
    # Samples at whole seconds only: the ramp's chord from 4 to 5 s is 90 J long, so 4.5 s lies at 160 + 45 J; 24.5 s at 5760 + 245.
    nvml = ShapedNvml(watts=lambda _gpu, t_s: 20 * t_s, joules=lambda _gpu, t_s: 10 * t_s**2)
    reading = meter_over(nvml, 30, every_s=1.0).between(9 * S // 2, 49 * S // 2)

    assert reading.energy_joules == pytest.approx((5760 + 245) - (160 + 45))


@settings(max_examples=30)
@given(st.integers(0, 10 * S), st.integers(15 * S, 20 * S), st.integers(0, 99))
def test_a_counter_that_is_renewed_every_100_ms_is_right_within_the_bound_that_makes_windows_15_s_long(
    start_ns, length_ns, phase_ms
):
    # A staircase of 70 J steps. Each edge is late by one step at most: 2 x 70 J of at least 15 s x 700 W, 1.3 %.
    nvml = ShapedNvml(joules=lambda _gpu, t_s: 70.0 * ((round(t_s * 1000) + phase_ms) // 100))
    meter = SamplingMeter(NvidiaSource(nvml, [0], nvml.clock), clock=nvml.clock)
    for step in range(301):
        nvml.now_ns = step * S // 10 + (step * 7919 % 13) * 1_000_000  # a scheduler is late by up to 12 ms
        meter.take()
    reading = meter.between(start_ns, min(start_ns + length_ns, 30 * S))

    assert reading.codes == []
    assert reading.power_watts == pytest.approx(700.0, rel=2 * 0.1 / 15)


@given(st.lists(st.integers(0, 30 * S), min_size=3, max_size=3, unique=True))
def test_windows_that_touch_add_up(cuts):
    a, b, c = sorted(cuts)
    nvml = ShapedNvml(watts=lambda _gpu, t_s: 20 * t_s, joules=lambda _gpu, t_s: 10 * t_s**2)
    meter = meter_over(nvml, 30, every_s=0.5)
    # A window without any step of the counter inside it is read from power: compare those that are of one kind.
    readings = [meter.between(a, b), meter.between(b, c), meter.between(a, c)]
    first, second, whole = (reading.energy_joules for reading in readings)

    assert len({reading.source for reading in readings}) == 1
    assert whole == pytest.approx(first + second, abs=1e-6)


def test_without_a_counter_power_is_integrated():
    nvml = ShapedNvml(watts=lambda _gpu, t_s: 20 * t_s)
    reading = meter_over(nvml, 30).between(4 * S, 24 * S)

    assert reading.energy_joules == pytest.approx(5600.0)
    assert ("nvml instant power", None, []) == (reading.source, reading.disagreement_fraction, reading.codes)


def test_a_driver_without_instant_power_says_that_it_averages():
    nvml = ShapedNvml(watts=lambda _gpu, t_s: 300 + t_s, instant=False)

    assert meter_over(nvml, 30).between(4 * S, 24 * S).source == (
        "nvml power usage (averaged over 1 s on Ampere and newer)"
    )


def test_a_short_window_has_a_number_and_a_code():
    reading = meter_over(steady(ripple=5.0), 30).between(5 * S, 15 * S)

    assert (["window_short"], 500.0) == (reading.codes, pytest.approx(reading.power_watts))


@pytest.mark.parametrize(
    ("factor", "codes"), [(1.049, []), (1.051, ["sources_disagree"]), (0.949, ["sources_disagree"])]
)
def test_counter_and_power_must_agree_within_five_percent(factor, codes):
    nvml = ShapedNvml(
        watts=lambda _gpu, t_s: factor * (400 + (5 if round(t_s * 10) % 2 else -5)), joules=lambda _gpu, t_s: 400 * t_s
    )
    reading = meter_over(nvml, 30).between(5 * S, 25 * S)

    assert codes == reading.codes
    assert reading.disagreement_fraction == pytest.approx(factor - 1, abs=1e-3)
    assert reading.power_watts == pytest.approx(400.0)  # the counter's


def test_a_counter_that_went_backwards_is_replaced_by_power():
    nvml = steady(ripple=5.0)
    nvml.joules = lambda _gpu, t_s: 500 * t_s if t_s < 15 else 500 * (t_s - 15)
    reading = meter_over(nvml, 30).between(5 * S, 25 * S)

    assert (["counter_backwards"], "nvml instant power") == (reading.codes, reading.source)
    assert reading.power_watts == pytest.approx(500.0, rel=1e-3)


def test_a_counter_that_went_backwards_without_power_gives_no_number():
    nvml = ShapedNvml(joules=lambda _gpu, t_s: 500 * t_s if t_s < 15 else 500 * (t_s - 15))
    reading = meter_over(nvml, 30).between(5 * S, 25 * S)

    assert (None, None) == (reading.power_watts, reading.energy_joules)
    assert reading.codes == ["counter_backwards", "gpu_unreadable"]


def test_a_counter_that_stands_still_is_never_zero_joules():
    nvml = steady(ripple=5.0)
    nvml.joules = lambda _gpu, _t_s: 1000.0
    assert meter_over(nvml, 30).between(5 * S, 25 * S).codes == ["counter_stuck"]

    nvml = ShapedNvml(watts=lambda _gpu, _t_s: 0.0, joules=lambda _gpu, _t_s: 1000.0)
    reading = meter_over(nvml, 30).between(5 * S, 25 * S)
    assert (None, None) == (reading.power_watts, reading.energy_joules)
    assert reading.reason == "The power of the GPU could not be read."


def test_a_gap_of_more_than_a_second_is_told():
    nvml = steady(ripple=5.0)
    meter = meter_over(nvml, 10)
    sample(meter, nvml, 11.2, 30)

    assert meter.between(5 * S, 25 * S).codes == ["samples_missing"]
    assert meter.between(12 * S, 28 * S).codes == []


def test_a_gpu_that_stops_answering_for_a_moment_does_not_lose_the_window():
    nvml = steady(ripple=5.0)
    nvml.joules = lambda _gpu, t_s: None if 10 < t_s < 10.5 else 500 * t_s
    nvml.watts = lambda _gpu, t_s: None if 10 < t_s < 10.5 else 500 + round(t_s * 10) % 2

    reading = meter_over(nvml, 30).between(5 * S, 25 * S)
    assert ([], 500.0) == (reading.codes, pytest.approx(reading.power_watts))


def test_one_unreadable_gpu_of_two_gives_nothing_and_not_half():
    nvml = steady(gpus=2, ripple=5.0)
    nvml.joules = lambda gpu, t_s: 500 * t_s if gpu == 0 or t_s < 10 else None
    nvml.watts = lambda gpu, t_s: 500.0 + t_s if gpu == 0 or t_s < 10 else None
    reading = meter_over(nvml, 30).between(5 * S, 25 * S)

    assert (None, None, []) == (reading.power_watts, reading.energy_joules, reading.gpu_watts)
    assert reading.codes == ["gpu_unreadable"]
    assert reading.reason == "The power of the 2 GPUs could not be read (1 of 2 gave nothing): Not Supported."


def test_a_window_that_the_meter_did_not_see_has_no_number():
    meter = meter_over(steady(ripple=5.0), 30)

    for start_s, end_s in [(-5, 20), (20, 40), (50, 70)]:
        reading = meter.between(start_s * S, end_s * S)
        assert (["not_covered"], None) == (reading.codes, reading.power_watts)
        assert reading.reason == "The power of the GPU was not sampled over the whole window."
    assert meter.between(5 * S, 5 * S).reason == "The window is empty."


def test_a_sensor_that_never_changes_is_told():
    nvml = steady(500.0)

    assert meter_over(nvml, 30).between(5 * S, 25 * S).codes == ["sensor_constant"]


def test_power_above_the_cap_is_not_believed():
    # 5 % of tolerance over a cap of 700 W: 735 W.
    assert meter_over(steady(734.0, ripple=1.0), 30).between(5 * S, 25 * S).codes == []
    assert meter_over(steady(736.0, ripple=1.0), 30).between(5 * S, 25 * S).codes == ["above_cap"]


@pytest.mark.parametrize(
    ("mask", "reasons", "codes"),
    [
        (0x1, [], []),
        (0x4, ["sw_power_cap"], []),
        (0x20, ["sw_thermal_slowdown"], ["throttled_thermal"]),
        (0x48, ["hw_slowdown", "hw_thermal_slowdown"], ["throttled_thermal", "throttled_hardware"]),
        (0x80, ["hw_power_brake"], ["throttled_power_brake"]),
    ],
)
def test_throttling_is_told_by_its_reason(mask, reasons, codes):
    nvml = steady(ripple=5.0)
    nvml.event_reasons = mask
    reading = meter_over(nvml, 30).between(5 * S, 25 * S)

    assert (reasons, codes) == (reading.throttle_reasons, reading.codes)


def test_throttling_outside_the_window_does_not_count():
    nvml = steady(ripple=5.0)
    meter = meter_over(nvml, 30)
    nvml.event_reasons = 0x20
    sample(meter, nvml, 30.1, 60)

    assert meter.between(5 * S, 25 * S).codes == []
    assert meter.between(35 * S, 55 * S).codes == ["throttled_thermal"]


def test_programs_of_two_owners_share_a_gpu_and_a_workers_group_is_one_owner():
    nvml = steady(ripple=5.0)
    nvml.pids = [[os.getpid(), os.getpid()]]
    assert meter_over(nvml, 30).between(5 * S, 25 * S).codes == []

    nvml.pids = [[os.getpid(), 2**22 + 1]]  # beyond the kernel's largest process number
    meter = meter_over(nvml, 30)
    assert meter.between(5 * S, 25 * S).codes == ["gpu_shared"]
    assert meter.processes_count(5 * S, 25 * S) == 2


def test_a_divided_gpu_and_a_cap_that_changes_are_told():
    nvml = steady(ripple=5.0)
    nvml.mig = [1, 1]
    assert meter_over(nvml, 30).between(5 * S, 25 * S).codes == ["gpu_mig"]

    nvml = steady(ripple=5.0)
    meter = meter_over(nvml, 15)
    nvml.limit_mw = 600_000
    sample(meter, nvml, 15.1, 30)
    reading = meter.between(5 * S, 25 * S)
    assert (["cap_changed"], 600.0) == (reading.codes, reading.power_limit_watts)


def test_heat_and_clocks_are_kept_by_gpu():
    nvml = steady(gpus=2, ripple=5.0)
    meter = meter_over(nvml, 14.9)
    nvml.temperature_celsius, nvml.sm_clock_mhz = 71, 1555
    sample(meter, nvml, 15.0, 30)
    # States at 5..14 s say 61 °C, 1755 MHz, those at 15..24 s 71 °C, 1555 MHz.
    reading = meter.between(5 * S, 24 * S)

    assert (1400.0, [71.0, 71.0], [1655.0, 1655.0]) == (
        reading.power_limit_watts,
        reading.gpu_temperature_max_celsius,
        reading.gpu_sm_clock_mean_mhz,
    )


def test_what_a_gpu_does_not_say_stays_empty():
    nvml = steady(ripple=5.0)
    nvml.limit_mw = nvml.temperature_celsius = nvml.sm_clock_mhz = nvml.event_reasons = nvml.pids = nvml.mig = None
    meter = meter_over(nvml, 30)
    reading = meter.between(5 * S, 25 * S)

    assert (None, [], [], [], []) == (
        reading.power_limit_watts,
        reading.gpu_temperature_max_celsius,
        reading.gpu_sm_clock_mean_mhz,
        reading.throttle_reasons,
        reading.codes,
    )
    assert meter.processes_count(5 * S, 25 * S) is None


def test_older_drivers_name_the_reasons_differently():
    nvml = steady(ripple=5.0)
    nvml.old_event_name, nvml.event_reasons = True, 0x20

    assert meter_over(nvml, 30).between(5 * S, 25 * S).codes == ["throttled_thermal"]


def test_declared_watts_and_the_estimate_are_passed_through():
    meter = meter_over(steady(ripple=5.0), 30, declared_host_watts=850.0, estimate=True)
    reading = meter.between(5 * S, 25 * S)

    assert (500.0, 850.0, True) == (pytest.approx(reading.power_watts), reading.host_watts, reading.estimate)


def test_a_driver_that_breaks_in_an_unexpected_way_does_not_end_the_meter():
    class Broken(ShapedNvml):
        def nvmlDeviceGetTotalEnergyConsumption(self, handle):  # noqa: N802
            raise AttributeError("symbol not found")

        def nvmlDeviceGetTemperature(self, handle, sensor):  # noqa: N802
            raise OSError("gone")

    nvml = Broken(watts=lambda _gpu, t_s: 300 + t_s)

    assert meter_over(nvml, 30).between(5 * S, 25 * S).energy_joules == pytest.approx(20 * 315)


def test_nothing_is_sampled_without_a_source():
    with SamplingMeter(reason="There is nothing here.") as meter:
        assert "power-meter" not in {thread.name for thread in threading.enumerate()}
        reading = meter.between(0, 20 * S)

    assert (None, None, "There is nothing here.") == (reading.power_watts, reading.energy_joules, reading.reason)


@pytest.mark.slow
def test_a_real_thread_samples_ten_times_a_second_and_brackets_a_window_that_just_ended():
    nvml = ShapedNvml(watts=lambda _gpu, _t_s: 300.0, joules=lambda _gpu, _t_s: 300 * time.perf_counter())
    with open_meter(gpus=1, nvml=nvml, declared_host_watts=1.0) as meter:
        start_ns = time.perf_counter_ns()
        time.sleep(1.5)
        reading = meter.between(start_ns, time.perf_counter_ns())
    after = meter.between(start_ns, start_ns + S)

    assert reading.power_watts == pytest.approx(300.0, rel=0.02)
    assert after.power_watts == pytest.approx(300.0, rel=0.02)
    assert nvml.open == 0
    assert "power-meter" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.slow
def test_a_window_of_the_future_is_not_covered():
    nvml = ShapedNvml(watts=lambda _gpu, _t_s: 300.0)
    source = NvidiaSource(nvml, [0])
    with SamplingMeter(source) as meter:
        now_ns = time.perf_counter_ns()
        reading = meter.between(now_ns, now_ns + 60 * S)

    assert reading.codes == ["not_covered"]
