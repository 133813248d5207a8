from __future__ import annotations

import pytest

from probes.machine_findings import check_state
from probes.machine_state import (
    MachineState,
    container,
    cpu_governors,
    cpu_quota_cores,
    gpu_processes,
    numa_nodes_count,
    read_machine_state,
)
from probes.setting import Environment, Gpu
from tests.fake_nvml import FakeNvml, ShapedNvml
from tests.probes.energy.fake_amdsmi import FakeAmdSmi

ID = "3f5a" * 16
NO_AMD = FakeAmdSmi(init_error="not loaded")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    for name in (
        *("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"),
        *("APPTAINER_CONTAINER", "SINGULARITY_CONTAINER", "KUBERNETES_SERVICE_HOST"),
    ):
        monkeypatch.delenv(name, raising=False)


def write(root, path, text):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_a_whole_machine_is_read(tmp_path, monkeypatch):
    cpus = "sys/devices/system/cpu"
    write(tmp_path, f"{cpus}/cpu0/cpufreq/scaling_governor", "performance\n")
    write(tmp_path, f"{cpus}/cpu11/cpufreq/scaling_governor", "powersave\n")
    write(tmp_path, f"{cpus}/cpu0/cpufreq/scaling_driver", "intel_pstate\n")
    write(tmp_path, "sys/fs/cgroup/cpu.max", "250000 100000\n")
    write(tmp_path, "sys/fs/cgroup/cpu.stat", "usage_usec 5\nnr_periods 9\nnr_throttled 4\nthrottled_usec 77\n")
    write(tmp_path, "sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n")
    write(tmp_path, "sys/devices/system/node/node0/cpulist", "0-7\n")
    write(tmp_path, "sys/devices/system/node/node1/cpulist", "8-15\n")
    write(tmp_path, "sys/class/powercap/intel-rapl:0/name", "package-0\n")
    write(tmp_path, "sys/class/powercap/intel-rapl:0/energy_uj", "1\n")
    write(tmp_path, "sys/class/powercap/intel-rapl:0/max_energy_range_uj", "262143328850\n")
    monkeypatch.setattr("psutil.swap_memory", lambda: type("S", (), {"used": 2**31}))
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    nvml = ShapedNvml(2, watts=lambda _gpu, _t_s: 100.0)
    nvml.pids = [[], [7, 8]]

    assert read_machine_state(nvml, NO_AMD, tmp_path) == MachineState(
        gpu_processes={0: 0, 1: 2},
        cpu_governors=("performance", "powersave"),
        cpu_driver="intel_pstate",
        cpu_quota_cores=2.5,
        cpu_throttled_count=4,
        swap_used_gib=2.0,
        clock_source="tsc",
        device_order="PCI_BUS_ID",
        numa_nodes_count=2,
        power=(("GPU", "2 by NVML (instant power)"), ("processor", "1 package(s) by RAPL")),
        gpu_power=True,
    )
    assert nvml.open == 0


def test_an_empty_machine_is_read_without_an_error(tmp_path):
    state = read_machine_state(FakeNvml(init_error="Driver Not Loaded"), NO_AMD, tmp_path)

    assert (None, (), None, None, None, None, False) == (
        state.gpu_processes,
        state.cpu_governors,
        state.cpu_quota_cores,
        state.clock_source,
        state.numa_nodes_count,
        state.container,
        state.gpu_power,
    )
    assert "Driver Not Loaded" in dict(state.power)["GPU"]


def test_amd_gpus_are_shown_with_what_reads_their_power(tmp_path):
    amdsmi = FakeAmdSmi(4, watts=lambda _gpu, _t_s: 140)
    state = read_machine_state(FakeNvml(init_error="Driver Not Loaded"), amdsmi, tmp_path)

    assert ("4 by amdsmi", True, 0) == (dict(state.power)["GPU"], state.gpu_power, amdsmi.open)


def test_only_gpus_that_cuda_shows_are_looked_at(monkeypatch):
    nvml = FakeNvml(4)
    nvml.pids = [[1], [], [2, 3], []]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")

    assert gpu_processes(nvml) == {2: 2, 3: 0}
    assert gpu_processes(None) is None
    nvml.pids = None
    assert gpu_processes(nvml) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("250000 100000", 2.5), ("max 100000", None), ("0 100000", None), ("100000 0", None), ("7", None), ("", None)],
)
def test_a_quota_is_read_in_cores(tmp_path, text, expected):
    write(tmp_path, "cpu.max", text)

    assert expected == cpu_quota_cores(tmp_path)


def test_this_system_is_read():
    assert set(cpu_governors()) <= {"performance", "powersave", "ondemand", "conservative", "schedutil", "userspace"}
    assert numa_nodes_count() is None or numa_nodes_count() >= 1


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({".dockerenv": ""}, "docker"),
        ({"proc/self/cgroup": f"0::/docker/{ID}\n"}, f"docker:{ID}"),
        ({"proc/self/cgroup": f"0::/system.slice/docker-{ID}.scope\n"}, f"docker:{ID}"),
        (
            {"proc/self/cgroup": f"0::/kubepods.slice/kubepods-pod1_2.slice/cri-containerd-{ID}.scope\n"},
            f"kubernetes:{ID}",
        ),
        (
            {
                "proc/self/cgroup": "0::/\n",
                "proc/self/mountinfo": f"9 8 0:1 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw - ext4 x rw\n",
            },
            f"docker:{ID}",
        ),
        ({"proc/self/cgroup": f"0::/machine.slice/libpod-{ID}.scope\n", "run/.containerenv": ""}, f"podman:{ID}"),
        (
            {"run/.containerenv": f'engine="podman-5"\nimage="docker.io/vllm/vllm-openai:v0.33.0"\nimageid="{ID}"\n'},
            f"podman:docker.io/vllm/vllm-openai:v0.33.0@sha256:{ID}",
        ),
        ({"proc/self/cgroup": "0::/user.slice/user-1000.slice\n"}, None),
        ({"proc/self/cgroup": f"0::/process_api/{ID}\n"}, None),
    ],
)
def test_a_container_is_named_by_its_id_or_image(tmp_path, files, expected):
    for path, text in files.items():
        write(tmp_path, path, text)

    assert expected == container(tmp_path)


def test_containers_that_show_in_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert container(tmp_path) == "kubernetes"

    monkeypatch.setenv("APPTAINER_CONTAINER", "/images/vllm.sif")
    assert container(tmp_path) == "apptainer:/images/vllm.sif"


H100 = Gpu(
    name="NVIDIA H100 80GB HBM3",
    memory_gib=79.6,
    power_limit_watts=700.0,
    power_limit_default_watts=700.0,
    mig=False,
    persistence=True,
)


def warnings_of(state, gpus=(H100,)):
    return [
        finding for finding in check_state(Environment(cpu_cores=16, gpus=list(gpus)), state) if finding.level == "warn"
    ]


def test_a_machine_that_is_set_up_well_has_nothing_to_warn_of():
    state = MachineState(
        gpu_processes={0: 0},
        cpu_governors=("performance",),
        clock_source="kvm-clock",
        swap_used_gib=0.05,
        power=(("GPU", "1 by NVML (instant power)"), ("processor", "2 package(s) by RAPL")),
        gpu_power=True,
    )
    (finding,) = check_state(Environment(cpu_cores=16, gpus=[H100]), state)

    assert ("ok", "Power. GPU: 1 by NVML (instant power); processor: 2 package(s) by RAPL.") == (
        finding.level,
        finding.sentence,
    )


@pytest.mark.parametrize(
    ("change", "words", "remedy"),
    [
        ({"gpu_processes": {0: 0, 3: 2}}, "GPU 3: 2 program(s) compute on it already", "nvidia-smi"),
        ({"cpu_governors": ("performance", "powersave")}, "lowest clock", "cpupower"),
        ({"cpu_governors": ("powersave",), "cpu_driver": "intel_pstate"}, "falls between requests", "cpupower"),
        ({"cpu_quota_cores": 2.5, "cpu_throttled_count": 4}, "2.5 cores' time", "--cpuset-cpus"),
        ({"swap_used_gib": 1.26}, "1.3 GiB of memory lie in swap", "swapoff"),
        ({"clock_source": "hpet"}, "'hpet'", "clocksource=tsc"),
        ({"clock_monotonic": False}, "may go backwards", "another machine"),
    ],
)
def test_each_setting_that_spoils_numbers_is_one_warning_with_a_remedy(change, words, remedy):
    (warning,) = warnings_of(MachineState(gpu_power=True, **change))

    assert words in warning.sentence
    assert remedy in warning.remedy


@pytest.mark.parametrize(
    ("change", "words", "remedy"),
    [
        ({"power_limit_watts": 500.0}, "capped at 500 W of 700 W", "-pl 700"),
        ({"mig": True}, "divided into instances", "-mig 0"),
        ({"persistence": False}, "persistence mode is off", "-pm 1"),
    ],
)
def test_each_setting_of_a_gpu_is_one_warning_with_its_number(change, words, remedy):
    (warning,) = warnings_of(MachineState(gpu_power=True), [H100, H100.model_copy(update=change)])

    assert words in warning.sentence
    assert f"-i 1 {remedy}" in warning.remedy


def test_what_a_gpu_does_not_say_is_no_warning():
    assert warnings_of(MachineState(gpu_power=True), [Gpu(name="x", memory_gib=1.0)]) == []
    assert warnings_of(MachineState(gpu_power=True), [H100.model_copy(update={"power_limit_watts": 750.0})]) == []


def test_gpus_of_two_kinds_want_one_order():
    gpus = [H100, H100.model_copy(update={"name": "NVIDIA L40S"})]

    assert "CUDA_DEVICE_ORDER=PCI_BUS_ID" in warnings_of(MachineState(gpu_power=True), gpus)[0].remedy
    assert warnings_of(MachineState(gpu_power=True, device_order="PCI_BUS_ID"), gpus) == []


def test_gpus_whose_power_cannot_be_read_are_a_warning():
    (warning,) = warnings_of(MachineState(power=(("GPU", "no permission"),)))

    assert warning.sentence == "The power of the GPUs cannot be read: no permission"
