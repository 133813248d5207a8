"""What the machine is doing and how it is set up, beyond what it consists of: read from the system, nothing judged.

Nothing here raises: what cannot be read is None or empty. `root` is the file system's root, so that tests can show another machine.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from probes.energy.amd import open_amd
from probes.energy.nvidia import open_nvidia
from probes.energy.rapl import open_rapl
from probes.nvml import compute_pids, load_nvml, read_or_none, visible_gpu_indices

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path("/")

_ID = re.compile(r"[0-9a-f]{64}")
_HOLDERS = {
    "libpod": "podman",
    "kubepods": "kubernetes",
    "kubelet": "kubernetes",
    "containerd": "containerd",
    "docker": "docker",
}
"""Words in control groups and mounts, and whose container they tell of; the first that fits counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineState:
    """State of a machine just before a probe.

    Attributes:
        gpu_processes: programs that compute on each GPU that will be used, in NVML order, by the GPU's number.
        cpu_governors: how the processor chooses its clock, every kind that occurs (`performance`, `powersave`, …).
        cpu_driver: the kernel's driver that sets the clock.
        cpu_quota_cores: processor time that the container may use, in cores, which may be a fraction; None without a limit.
        cpu_throttled_count: how often the container was stopped because it had used up its time.
        swap_used_gib: memory that was moved to disk.
        clock_source: what the kernel reads time from.
        clock_monotonic: whether Python's performance counter never goes back.
        device_order: value of `CUDA_DEVICE_ORDER`.
        numa_nodes_count: parts of the machine with memory of their own.
        container: what holds this process, and its id or image where it shows; None outside of any.
        power: how power can be read here, or why not, by device: `GPU`, `processor`.
        gpu_power: whether the power of GPUs can be read.
    """

    gpu_processes: Mapping[int, int] | None = None
    cpu_governors: tuple[str, ...] = ()
    cpu_driver: str | None = None
    cpu_quota_cores: float | None = None
    cpu_throttled_count: int | None = None
    swap_used_gib: float = 0.0
    clock_source: str | None = None
    clock_monotonic: bool = True
    device_order: str | None = None
    numa_nodes_count: int | None = None
    container: str | None = None
    power: tuple[tuple[str, str], ...] = ()
    gpu_power: bool = False


def read_machine_state(nvml: Any = None, amdsmi: Any = None, root: Path = ROOT) -> MachineState:
    """Reads the state of this machine.

    Args:
        nvml: the `pynvml` module or a stand-in for tests; None loads it.
        amdsmi: the `amdsmi` module or a stand-in for tests; None loads it.
        root: root of the file system.
    """
    cpus = root / "sys/devices/system/cpu"
    gpu_power, power = _power(nvml, amdsmi, root)
    return MachineState(
        gpu_processes=gpu_processes(nvml if nvml is not None else load_nvml()),
        cpu_governors=cpu_governors(root),
        cpu_driver=read_words(cpus / "cpu0/cpufreq/scaling_driver"),
        cpu_quota_cores=cpu_quota_cores(root / "sys/fs/cgroup"),
        cpu_throttled_count=_throttled_count(root),
        swap_used_gib=psutil.swap_memory().used / 2**30,
        clock_source=read_words(root / "sys/devices/system/clocksource/clocksource0/current_clocksource"),
        clock_monotonic=time.get_clock_info("perf_counter").monotonic,
        device_order=os.environ.get("CUDA_DEVICE_ORDER"),
        numa_nodes_count=numa_nodes_count(root),
        container=container(root),
        power=power,
        gpu_power=gpu_power,
    )


def _power(nvml: Any, amdsmi: Any, root: Path) -> tuple[bool, tuple[tuple[str, str], ...]]:
    nvidia, nvidia_reason = open_nvidia(None, nvml)
    gpu = nvidia
    if nvidia is not None:
        gpu_words = f"{nvidia.gpus} by NVML ({nvidia.power_kind})"
        nvidia.close()
    else:
        # The counter need not be compared with power here, which takes half a second.
        amd, amd_reason = open_amd(None, amdsmi, sleep=lambda _seconds: None)
        gpu_words = f"{amd.gpus} by amdsmi" if amd is not None else f"{nvidia_reason} {amd_reason}"
        if amd is not None:
            amd.close()
            return True, (("GPU", gpu_words), ("processor", _rapl_words(root)))
    return gpu is not None, (("GPU", gpu_words), ("processor", _rapl_words(root)))


def _rapl_words(root: Path) -> str:
    rapl, reason = open_rapl(root / "sys/class/powercap")
    return reason or "" if rapl is None else f"{rapl.packages} package(s) by RAPL"


def gpu_processes(nvml: Any) -> dict[int, int] | None:
    """Programs that compute on each GPU that CUDA shows, by NVML number.

    Args:
        nvml: the `pynvml` module; None when it is not installed.

    Returns:
        None where there are no NVIDIA GPUs, or they do not say.
    """
    if nvml is None or read_or_none(nvml, lambda: nvml.nvmlInit() or True) is None:
        return None
    try:
        indices = visible_gpu_indices(nvml)
        pids = {index: compute_pids(nvml, nvml.nvmlDeviceGetHandleByIndex(index)) for index in indices}
    except nvml.NVMLError:
        return None
    finally:
        read_or_none(nvml, nvml.nvmlShutdown)
    return {index: len(found) for index, found in pids.items() if found is not None} or None


def cpu_governors(root: Path = ROOT) -> tuple[str, ...]:
    """How the processors choose their clock: every kind that occurs, sorted; empty where the system hides it, as most virtual machines do."""
    files = (root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_governor")
    return tuple(sorted({words for file in files if (words := read_words(file))}))


def cpu_quota_cores(groups: Path) -> float | None:
    """Processor time that the container may use, in cores (cgroup v2 `cpu.max`, v1 `cpu.cfs_quota_us`); None without a limit.

    Args:
        groups: where the control groups are mounted.
    """
    words = (read_words(groups / "cpu.max") or "").split()
    if len(words) != 2:  # noqa: PLR2004 -- the file is "quota period"
        words = [read_words(groups / f"cpu/cpu.cfs_{name}_us") or "" for name in ("quota", "period")]
    quota, period = words
    valid = quota.isdigit() and period.isdigit() and int(quota) > 0 and int(period) > 0
    return int(quota) / int(period) if valid else None


def _throttled_count(root: Path) -> int | None:
    for place in ("cpu.stat", "cpu/cpu.stat"):
        found = re.search(r"^nr_throttled (\d+)$", read_words(root / "sys/fs/cgroup" / place) or "", re.MULTILINE)
        if found:
            return int(found.group(1))
    return None


def numa_nodes_count(root: Path = ROOT) -> int | None:
    """Parts of the machine that have memory of their own (NUMA nodes); None where the system does not say."""
    return len(list((root / "sys/devices/system/node").glob("node[0-9]*"))) or None


def container(root: Path = ROOT) -> str | None:
    """What container this process runs in.

    Returns:
        For example `docker:3f5a…` with the container's id, `podman:IMAGE@sha256:…` where the image shows, `apptainer:PATH`, or the kind alone where the
        id does not show. None outside of any.
    """
    image = os.environ.get("APPTAINER_CONTAINER") or os.environ.get("SINGULARITY_CONTAINER")
    if image:
        return f"apptainer:{image}"
    podman = dict(re.findall(r'^(\w+)="(.*)"$', read_words(root / "run/.containerenv") or "", re.MULTILINE))
    if podman.get("image"):
        return f"podman:{podman['image']}" + (f"@sha256:{podman['imageid']}" if podman.get("imageid") else "")
    for place in ("proc/self/cgroup", "proc/self/mountinfo"):
        for line in (read_words(root / place) or "").splitlines():
            kind = next((kind for word, kind in _HOLDERS.items() if word in line), None)
            found = _ID.search(line)
            if kind and found:
                return f"{kind}:{found.group()}"
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        return "kubernetes"
    if (root / "run/.containerenv").exists():
        return "podman"
    return "docker" if (root / ".dockerenv").exists() else None


def read_words(path: Path) -> str | None:
    """Text of a small system file without blanks around it; None where it is missing, empty or may not be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip() or None
    except OSError:
        return None
