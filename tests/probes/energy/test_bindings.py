"""The real Python bindings against a library that answers as NVIDIA's does: names of calls, structures and units are theirs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = """
import json, time
from probes.energy.choose import open_meter
from probes.machine_state import gpu_processes
from probes.manifest import collect_manifest
from probes.nvml import describe_gpus, load_nvml

found = describe_gpus(load_nvml())
with open_meter(gpus=None) as meter:
    start_ns = time.perf_counter_ns()
    time.sleep(1.6)
    end_ns = time.perf_counter_ns()
    reading = meter.between(start_ns, end_ns)
    processes = meter.processes_count(start_ns, end_ns)
print(json.dumps({
    "cuda": found.cuda_driver,
    "gpus": [gpu.model_dump() for gpu in found.gpus],
    "reading": reading.model_dump(),
    "processes": [processes, gpu_processes(load_nvml())],
    "celsius": collect_manifest([], seeds={}, watch_s=0.0).gpu_temperature_celsius,
}))
"""


STOPPED = """
import json, sys, time
from probes.energy.choose import open_meter

with open_meter(gpus=1) as meter:
    time.sleep(0.3)
    start_ns = time.perf_counter_ns()
    print("sampling", flush=True)
    sys.stdin.readline()
    reading = meter.between(start_ns, time.perf_counter_ns())
print(json.dumps(reading.model_dump()))
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nvml")
    source = Path(__file__).parent / "stand_in_nvml.c"
    words = ["cc", "-shared", "-fPIC", "-w", "-o", str(folder / "libnvidia-ml.so.1"), str(source)]
    subprocess.run(words, check=True, timeout=60)
    hidden = {"CUDA_VISIBLE_DEVICES", "PYTHONPATH"}
    environ = {name: value for name, value in os.environ.items() if name not in hidden}
    environ["LD_LIBRARY_PATH"] = str(folder)
    return {"env": environ, "cwd": Path(__file__).parents[3], "text": True}


@pytest.fixture(scope="module")
def answers(library):
    words = [sys.executable, "-c", SCRIPT]
    return json.loads(subprocess.run(words, check=True, timeout=60, stdout=subprocess.PIPE, **library).stdout)


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("cc") is None or sys.platform != "linux", reason="needs a C compiler on Linux"),
]


def test_watts_of_both_gpus_are_those_of_the_library(answers):
    reading = answers["reading"]

    assert reading["gpu_watts"] == pytest.approx([300.0, 450.0], rel=0.01)
    assert reading["power_watts"] == pytest.approx(750.0, rel=0.01)
    assert reading["disagreement_fraction"] == pytest.approx(0.0, abs=0.01)
    assert reading["source"] == "nvml energy counter"
    assert reading["samples"] >= 8


def test_state_of_both_gpus_is_that_of_the_library(answers):
    reading = answers["reading"]

    assert ([60.0, 61.0], [1755.0, 1755.0], 1400.0) == (
        reading["gpu_temperature_max_celsius"],
        reading["gpu_sm_clock_mean_mhz"],
        reading["power_limit_watts"],
    )
    assert ["sw_power_cap", "sw_thermal_slowdown"] == reading["throttle_reasons"]
    assert ["window_short", "throttled_thermal"] == reading["codes"]
    assert [1, {"0": 1, "1": 1}] == answers["processes"]
    assert [60.0, 61.0] == answers["celsius"]


def test_both_gpus_are_described_as_by_the_library(answers):
    first, second = answers["gpus"]

    assert answers["cuda"] == "13.0"
    assert first.pop("uuid_hash") != second.pop("uuid_hash")
    assert first == second
    assert first == {
        "name": "NVIDIA Stand-In",
        "memory_gib": 80.0,
        "power_limit_watts": 700.0,
        "driver": "580.65.06",
        "nvlink": True,
        "power_limit_default_watts": 700.0,
        "sm_clock_max_mhz": 1980,
        "memory_clock_max_mhz": 2619,
        "mig": False,
        "persistence": True,
    }


def test_a_meter_that_stood_still_says_that_samples_are_missing(library):
    words = [sys.executable, "-c", STOPPED]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **library) as process:
        try:
            assert process.stdout.readline() == "sampling\n"
            os.kill(process.pid, signal.SIGSTOP)
            time.sleep(1.5)
            os.kill(process.pid, signal.SIGCONT)
            output, _ = process.communicate("\n", timeout=30)
        finally:
            process.kill()
    reading = json.loads(output)

    # The counter went on, so the energy is right all the same.
    assert "samples_missing" in reading["codes"]
    assert reading["power_watts"] == pytest.approx(300.0, rel=0.01)
