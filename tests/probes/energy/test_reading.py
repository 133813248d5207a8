from __future__ import annotations

from probes.energy.reading import Device, Energy, compose, energy_of
from probes.energy.series import Window
from probes.energy.source import GpuState


def window(joules, *, values=(1.0, 2.0), samples=200, gap_s=0.1):
    return Window(joules=joules, values=values, samples=samples, gap_s=gap_s)


def test_all_devices_are_read_in_one_way():
    # The second GPU has no counter: both are taken by power, not one by each.
    energy = energy_of([Device(counter=window(90.0), power=window(100.0)), Device(power=window(200.0))])

    assert ((100.0, 200.0), False, None) == (energy.joules, energy.by_counter, energy.disagreement_fraction)


def test_no_devices_have_no_energy():
    assert energy_of([]) == Energy()


def test_a_sensor_is_called_stuck_from_fifty_equal_samples_on():
    def codes(samples):
        return energy_of([Device(power=window(100.0, values=(5.0, 5.0), samples=samples))]).codes

    assert ((), ("sensor_constant",)) == (codes(49), codes(50))


def test_disagreement_is_that_of_all_devices_together():
    # Power 330 J over a counter of 300 J: 10 %.
    devices = [Device(counter=window(100.0), power=window(130.0)), Device(counter=window(200.0), power=window(200.0))]
    energy = energy_of(devices)

    assert (round(energy.disagreement_fraction, 12), energy.codes) == (0.1, ("sources_disagree",))


def test_a_cap_is_summed_only_where_every_gpu_has_one():
    energy = Energy(joules=(100.0, 100.0), used=(window(100.0), window(100.0)), by_counter=True)
    capped, bare = GpuState(power_limit_watts=700.0), GpuState()

    def limit(*row):
        return compose(energy, [row], window_s=20.0, source="x").power_limit_watts

    assert (1400.0, None, None) == (limit(capped, capped), limit(capped, bare), limit(bare, bare))


def test_without_states_there_is_energy_all_the_same():
    energy = Energy(joules=(100.0,), used=(window(100.0),), by_counter=True)
    reading = compose(energy, [], window_s=20.0, source="x")

    assert (5.0, [], [], None) == (
        reading.power_watts,
        reading.codes,
        reading.gpu_temperature_max_celsius,
        reading.power_limit_watts,
    )
