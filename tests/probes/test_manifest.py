from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from importlib import metadata

import psutil
import pytest

from probes.manifest import (
    busy_processes_count,
    clock_step,
    collect_manifest,
    finish,
    package_versions,
    tool_commit,
    watch_clock,
)
from probes.setting import Manifest
from tests.fake_nvml import FakeNvml
from tests.probes.energy.fake_amdsmi import FakeAmdSmi

S = 1_000_000_000
NO_AMD = FakeAmdSmi(init_error="not loaded")


def manifest_of(command=("tco", "probe"), **options):
    options = {"seeds": {}, "nvml": FakeNvml(2), "amdsmi": NO_AMD, "environ": {}, "watch_s": 0.0} | options
    return collect_manifest(list(command), **options)


@pytest.fixture(autouse=True)
def _all_gpus_visible(monkeypatch):
    for name in ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)


def test_a_manifest_says_how_the_probe_is_run():
    manifest = manifest_of(
        ["tco", "probe", "--seed", "7", "--api-key", "Zq7secret"],
        seeds={"prompts": 7, "arrivals": 8},
        environ={"OMP_NUM_THREADS": "8", "VLLM_API_KEY": "Zq7secret", "EDITOR": "vi"},
    )

    assert ["tco", "probe", "--seed", "7", "--api-key", "***"] == manifest.command
    assert {"OMP_NUM_THREADS": "8", "VLLM_API_KEY": "***"} == manifest.engine_environment
    assert {"prompts": 7, "arrivals": 8} == manifest.seeds
    assert ([61.0, 61.0], [1755.0, 1755.0]) == (manifest.gpu_temperature_celsius, manifest.gpu_sm_clock_mhz)
    assert "Zq7secret" not in manifest.model_dump_json()


def test_a_manifest_survives_its_file():
    manifest = finish(manifest_of())

    assert manifest == Manifest.model_validate(json.loads(manifest.model_dump_json()))


def test_amd_gpus_are_looked_at_where_there_are_no_others():
    manifest = manifest_of(nvml=FakeNvml(init_error="Driver Not Loaded"), amdsmi=FakeAmdSmi(1))

    assert ([64.0], [2100.0]) == (manifest.gpu_temperature_celsius, manifest.gpu_sm_clock_mhz)


def test_without_gpus_their_lists_are_empty():
    manifest = manifest_of(nvml=FakeNvml(init_error="Driver Not Loaded"))
    silent = FakeNvml(2)
    silent.temperature_celsius = None

    assert ([], []) == (manifest.gpu_temperature_celsius, manifest.gpu_sm_clock_mhz)
    assert manifest_of(nvml=silent).gpu_temperature_celsius == []


def test_begin_and_end_are_times_of_day_with_their_zone():
    manifest = manifest_of()
    ended = finish(manifest)

    assert manifest.ended_at is None
    assert datetime.fromisoformat(ended.ended_at).utcoffset() == timedelta(0)
    assert datetime.fromisoformat(ended.started_at) <= datetime.fromisoformat(ended.ended_at)
    assert manifest == ended.model_copy(update={"ended_at": None})


def test_packages_are_those_that_an_import_finds():
    found = package_versions()

    assert {name: metadata.version(name) for name in ("numpy", "uvloop", "httptools", "nvidia-ml-py")}.items() <= (
        found.items()
    )
    assert "pytest" not in found
    assert package_versions(["pytest"])["pytest"] == metadata.version("pytest")


def git(folder, *words):
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", "-C", str(folder), *identity, *words], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_commit_is_told_and_whether_files_differ(tmp_path):
    assert tool_commit(tmp_path) is None
    git(tmp_path, "init", "-q")
    assert tool_commit(tmp_path) is None
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-qm", "first")
    git(tmp_path, "tag", "v1")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert commit == tool_commit(tmp_path)
    (tmp_path / "a").write_text("2")

    assert f"{commit}-dirty" == tool_commit(tmp_path)


def test_this_tools_commit_is_a_commit_or_none():
    commit = tool_commit()

    assert commit is None or re.fullmatch(r"[0-9a-f]{40}(-dirty)?", commit)


def test_without_git_there_is_no_commit(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))

    assert tool_commit(tmp_path) is None


@pytest.mark.slow
def test_a_process_that_computes_is_busy_and_one_that_waits_is_not(monkeypatch):
    idle = [sys.executable, "-c", "input()"]
    busy = [sys.executable, "-c", "while True: pass"]
    with subprocess.Popen(idle, stdin=subprocess.PIPE) as waits, subprocess.Popen(busy) as computes:
        both = [psutil.Process(waits.pid), psutil.Process(computes.pid), psutil.Process()]
        monkeypatch.setattr("psutil.process_iter", lambda: both)
        try:
            # On a machine that others use, one look may find it starved of its fifth of a core.
            found = {busy_processes_count(1.0) for _ in range(5)}
        finally:
            computes.kill()

    assert 1 in found
    assert found <= {0, 1}


def test_processor_time_of_processes_is_compared_one_by_one(monkeypatch):
    looks = iter([{(1, 0.0): 5.0, (2, 0.0): 5.0, (3, 0.0): 5.0}, {(1, 0.0): 5.5, (2, 0.0): 5.1, (3, 9.0): 99.0}])
    monkeypatch.setattr("probes.manifest._cpu_seconds", lambda: next(looks))

    # Half a second and a tenth in one second; the number 3 was used again by another process.
    assert busy_processes_count(1.0, sleep=lambda _s: None) == 1


def clocks(wall_s, monotonic_s):
    return {"wall": lambda: round(wall_s * S), "monotonic": lambda: round(monotonic_s * S)}


@pytest.mark.parametrize(
    ("wall_s", "monotonic_s", "step_s"),
    [(1600, 600, None), (1600.9, 600, None), (1599.1, 600, None), (1603.5, 600, 3.5), (1000, 600, -600.0)],
)
def test_a_clock_that_was_set_is_told(wall_s, monotonic_s, step_s):
    began = watch_clock(**clocks(1000, 0))
    found = clock_step(began, **clocks(wall_s, monotonic_s))

    assert step_s == (found and found.observed)
    assert found is None or (found.code, found.threshold) == ("clock_step", 1.0)


def test_the_real_clocks_agree_here():
    assert clock_step(watch_clock()) is None
