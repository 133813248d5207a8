from __future__ import annotations

import shutil
import stat
import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families

from probes import Interval, Percentiles, RunError, load_run
from probes.cell import CellShape, EnergyReading
from probes.findings import Goodput, IdlePower
from probes.prometheus import prometheus_text, write_prometheus
from probes.setting import Engine, Model
from tco.runs import shipped_runs
from tests.factories import cell, run


def samples(text):
    """Value by name and labels, as Prometheus' own parser reads them."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert "gauge" == family.type
        for sample in family.samples:
            key = (sample.name.removeprefix("tco_probe_"), frozenset(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def value(text, name, **labels):
    rows = [v for (n, have), v in samples(text).items() if n == name and set(labels.items()) <= have]
    assert 1 == len(rows), (name, labels, rows)
    return rows[0]


def test_a_load_point_is_told_in_base_units():
    text = prometheus_text(run())

    # The second load point of the factory: 0.9 requests/s, 45 tokens/s, TTFT p95 150 ms.
    assert 45.0 == value(text, "output_tokens_per_second", concurrency="2")
    assert 0.9 == value(text, "requests_per_second", concurrency="2")
    assert 0.15 == value(text, "ttft_seconds", concurrency="2", percentile="p95")
    assert 1 == value(text, "usable", concurrency="2", model="test-model", engine="vllm", gpu="H100-SXM")
    assert 1 == value(text, "run_info", run_id="test-run", evidence="measured")


def test_when_it_was_measured_is_a_value_in_seconds():
    # date -u -d 2026-11-23T12:00:00Z +%s
    assert 1795435200.0 == value(prometheus_text(run()), "created_timestamp_seconds")
    assert 1795392000.0 == value(prometheus_text(run(created_at="2026-11-23")), "created_timestamp_seconds")
    assert [] == [name for name, _ in samples(prometheus_text(run(created_at="summer"))) if "timestamp" in name]


def test_what_is_not_known_has_no_line():
    names = {name for name, _ in samples(prometheus_text(run(cells=[cell(1, 1.0, 10.0)])))}

    assert "power_watts" not in names
    assert "itl_seconds" not in names
    assert "goodput_requests_per_second" not in names


def test_energy_goodput_and_idle_power_are_told():
    point = cell(1, 1.0, 10.0, power_watts=300.0, energy=EnergyReading(energy_joules_per_output_token=0.25))
    promise = Goodput(limits_ms={"ttft": 2000.0}, target_fraction=0.95, requests_per_s=3.5, resolved=True)
    text = prometheus_text(
        run(cells=[point], goodput=[promise], idle=IdlePower(driver_idle_watts=60.0, loaded_idle_watts=110.0))
    )

    assert (300.0, 0.25) == (value(text, "power_watts"), value(text, "energy_joules_per_output_token"))
    assert 3.5 == value(text, "goodput_requests_per_second", limits="ttft<=2s")
    assert (60.0, 110.0) == (
        value(text, "idle_power_watts", state="driver"),
        value(text, "idle_power_watts", state="loaded"),
    )


def test_load_points_of_one_load_and_other_lengths_are_series_of_their_own():
    longer = cell(8, 0.5, 9.0, role="lengths", shape=CellShape(input_tokens=512, output_tokens=64))
    open_loop = cell(8, 0.5, 9.0).model_copy(update={"concurrency": None, "request_rate_per_s": 2.5, "role": "goodput"})
    text = prometheus_text(run(cells=[cell(8, 2.0, 9.0), longer, open_loop]))

    assert 0.5 == value(text, "requests_per_second", concurrency="8", input_tokens="512")
    assert 0.5 == value(text, "requests_per_second", requests_per_second_offered="2.5")
    assert 3 == len([1 for name, _ in samples(text) if name == "requests_per_second"])


def test_of_a_load_point_that_was_measured_twice_the_last_stands():
    text = prometheus_text(run(cells=[cell(1, 1.0, 10.0), cell(1, 2.0, 10.0)]))

    assert 2.0 == value(text, "requests_per_second", concurrency="1")


def test_labels_survive_whatever_a_name_holds():
    name = 'a\\b"c\nd{e="f"}\\n'
    text = prometheus_text(run(model=Model(name=name), engine=Engine(name="ü")))

    assert 1 == value(text, "run_complete", model=name, engine="ü")


@pytest.mark.parametrize("path", shipped_runs().values(), ids=lambda path: path.stem)
def test_every_shipped_run_is_read_by_prometheus_own_parser(path):
    shipped = load_run(path)
    text = prometheus_text(shipped)

    assert len(shipped.cells) == len([1 for name, _ in samples(text) if name == "usable"])
    assert text.endswith("\n")


def test_numbers_keep_their_full_precision():
    text = prometheus_text(run(cells=[cell(1, 1.0, 10.0, output_tokens_per_s=Interval(mean=1234567.8901234))]))

    assert 1234567.8901234 == value(text, "output_tokens_per_second", concurrency="1")


def test_the_file_is_replaced_in_one_step_and_readable_by_the_collector(tmp_path):
    target = tmp_path / "new" / "probe.prom"
    write_prometheus(run(), target)
    write_prometheus(run(cells=[cell(1, 1.0, 10.0, ttft_ms=Percentiles())]), target)

    assert ["probe.prom"] == [path.name for path in target.parent.iterdir()]
    assert 0o644 == stat.S_IMODE(target.stat().st_mode)
    assert prometheus_text(run(cells=[cell(1, 1.0, 10.0, ttft_ms=Percentiles())])) == target.read_text()


def test_a_file_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(RunError, match="--prometheus"):
        write_prometheus(run(), tmp_path / "taken" / "x.prom")

    assert "mine" == (tmp_path / "taken").read_text()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Prometheus' promtool is not installed")
def test_promtool_finds_nothing_to_complain_about():
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=prometheus_text(run()), text=True, capture_output=True, check=False
    )

    assert (0, "") == (done.returncode, done.stdout + done.stderr)
