from __future__ import annotations

import pytest

from probes.energy.meter import SamplingMeter
from probes.energy.rapl import open_rapl

S = 1_000_000_000


class Clock:
    def __init__(self):
        self.now_ns = 0

    def __call__(self):
        return self.now_ns


def zone(root, number, name, energy_uj=0, range_uj=262_143_328_850):
    folder = root / f"intel-rapl:{number}"
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "energy_uj").write_text(f"{energy_uj}\n")
    (folder / "max_energy_range_uj").write_text(f"{range_uj}\n")
    return folder


def meter_over(root, zones, *, seconds=20):
    """Packages at 100 W each: counters that wrap around at their range."""
    clock = Clock()
    source, reason = open_rapl(root, clock)
    assert reason is None
    meter = SamplingMeter(cpu=source, cpu_is_device=True, clock=clock)
    starts = [int((folder / "energy_uj").read_text()) for folder in zones]
    ranges = [int((folder / "max_energy_range_uj").read_text()) for folder in zones]
    for step in range(seconds * 10 + 1):
        clock.now_ns = step * S // 10
        for folder, start, size in zip(zones, starts, ranges, strict=True):
            (folder / "energy_uj").write_text(str((start + step * 10_000_000) % size))
        meter.take()
    return meter


def test_packages_add_up_and_memory_and_platform_zones_do_not_count(tmp_path):
    packages = [zone(tmp_path, 0, "package-0"), zone(tmp_path, 1, "package-1")]
    zone(tmp_path, "0:0", "dram", 5)
    zone(tmp_path, 2, "psys", 5)
    reading = meter_over(tmp_path, packages).between(2 * S, 18 * S)

    # 2 x 100 W for 16 s.
    assert (200.0, 3200.0, 200.0) == (
        pytest.approx(reading.power_watts),
        pytest.approx(reading.energy_joules),
        pytest.approx(reading.cpu_watts),
    )
    assert ("rapl energy counter", [], []) == (reading.source, reading.codes, reading.gpu_watts)


def test_a_counter_that_wraps_around_goes_on(tmp_path):
    # Starts 500 J below its end: it wraps after 5 s, and again 10 s later.
    packages = [zone(tmp_path, 0, "package-0", 500_000_000, 1_000_000_000)]
    reading = meter_over(tmp_path, packages).between(2 * S, 18 * S)

    assert (1600.0, []) == (pytest.approx(reading.energy_joules), reading.codes)


def test_a_counter_for_root_only_leaves_no_source_and_names_it(tmp_path, monkeypatch):
    zone(tmp_path, 0, "package-0")
    secret = zone(tmp_path, 1, "package-1") / "energy_uj"
    read = type(secret).read_text

    def read_text(self, *args, **kwargs):
        if self == secret:
            raise PermissionError(13, "Permission denied")
        return read(self, *args, **kwargs)

    monkeypatch.setattr("pathlib.Path.read_text", read_text)

    assert open_rapl(tmp_path) == (
        None,
        f"The processor's energy counter {secret} may be read by root only; give this user the right to read it.",
    )


def test_a_machine_without_power_zones_says_so(tmp_path):
    source, reason = open_rapl(tmp_path / "missing")

    assert source is None
    assert "shows no processor energy counter" in reason


def test_nonsense_in_a_zone_is_a_reason(tmp_path):
    (zone(tmp_path, 0, "package-0") / "energy_uj").write_text("none")

    assert "cannot be read" in open_rapl(tmp_path)[1]


def test_a_zone_that_disappears_ends_the_numbers(tmp_path):
    packages = [zone(tmp_path, 0, "package-0")]
    meter = meter_over(tmp_path, packages)
    (packages[0] / "energy_uj").unlink()
    meter.take()

    assert meter.between(2 * S, 18 * S).power_watts == pytest.approx(100.0)
    assert meter.between(2 * S, 40 * S).codes == ["not_covered"]
