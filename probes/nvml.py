"""NVIDIA's management library, read so that a machine without it is an ordinary answer and not an error.

The functions take the `pynvml` module as an argument, so that tests can replay a machine that is not there.
API: https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceQueries.html
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from probes.setting import Gpu

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuInventory:
    """The GPUs that the driver shows.

    Attributes:
        gpus: one record a GPU, in NVML order.
        cuda_driver: newest CUDA version that the driver supports, for example `12.8`.
        note: why there is no GPU; None when there is one.
    """

    gpus: tuple[Gpu, ...] = ()
    cuda_driver: str | None = None
    note: str | None = None


def load_nvml() -> Any:
    """The `pynvml` module, or None where it is not installed."""
    try:
        import pynvml  # noqa: PLC0415 -- its absence is one of the answers
    except ImportError:
        return None
    return pynvml


def describe_gpus(nvml: Any) -> GpuInventory:
    """Lists the GPUs with what decides their speed and their power draw.

    Args:
        nvml: the `pynvml` module; None when it is not installed.

    Returns:
        The inventory. A reading that a GPU does not support is None in its record.
    """
    if nvml is None:
        return GpuInventory(note="No GPU: the package `nvidia-ml-py` is not installed.")
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        return GpuInventory(note=f"No GPU: NVIDIA's management library answers `{error}`.")
    try:
        count = nvml.nvmlDeviceGetCount()
        driver = read_or_none(nvml, lambda: _words(nvml.nvmlSystemGetDriverVersion()))
        gpus = tuple(_gpu(nvml, nvml.nvmlDeviceGetHandleByIndex(index), driver) for index in range(count))
        cuda = read_or_none(nvml, nvml.nvmlSystemGetCudaDriverVersion_v2)
        note = None if gpus else "No GPU: the driver is loaded and shows none."
        return GpuInventory(gpus=gpus, cuda_driver=_cuda_version(cuda), note=note)
    except nvml.NVMLError as error:
        return GpuInventory(note=f"No GPU: it was found and cannot be read (`{error}`).")
    finally:
        read_or_none(nvml, nvml.nvmlShutdown)


def _gpu(nvml: Any, handle: Any, driver: str | None) -> Gpu:
    def read(function: Callable[[], _T]) -> _T | None:
        return read_or_none(nvml, function)

    uuid = read(lambda: _words(nvml.nvmlDeviceGetUUID(handle)))
    return Gpu(
        name=_words(nvml.nvmlDeviceGetName(handle)),
        memory_gib=round(nvml.nvmlDeviceGetMemoryInfo(handle).total / GIB, 1),
        power_limit_watts=read(lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(handle) / 1000),
        driver=driver,
        nvlink=_has_nvlink(nvml, handle),
        uuid_hash=None if uuid is None else hash_uuid(uuid),
        power_limit_default_watts=read(lambda: nvml.nvmlDeviceGetPowerManagementDefaultLimit(handle) / 1000),
        sm_clock_max_mhz=read(lambda: nvml.nvmlDeviceGetMaxClockInfo(handle, nvml.NVML_CLOCK_SM)),
        memory_clock_max_mhz=read(lambda: nvml.nvmlDeviceGetMaxClockInfo(handle, nvml.NVML_CLOCK_MEM)),
        mig=read(lambda: is_divided(nvml, handle)),
        persistence=read(lambda: nvml.nvmlDeviceGetPersistenceMode(handle) == nvml.NVML_FEATURE_ENABLED),
    )


def hash_uuid(uuid: str) -> str:
    """First 12 digits of the SHA-256 of a GPU's id with a fixed prefix: two runs on one GPU show as such, and the id is not given away.

    >>> len(hash_uuid("GPU-0000"))
    12
    """
    return hashlib.sha256(f"tco-llm:{uuid}".encode()).hexdigest()[:12]


def _has_nvlink(nvml: Any, handle: Any) -> bool | None:
    """Whether any NVLink is up; None where the GPU has none or does not say."""
    seen = False
    for link in range(nvml.NVML_NVLINK_MAX_LINKS):
        active = read_or_none(nvml, partial(nvml.nvmlDeviceGetNvLinkState, handle, link))
        if active:
            return True
        if active is None:  # past the last link
            break
        seen = True
    return False if seen else None


def is_divided(nvml: Any, handle: Any) -> bool:
    """Whether a GPU is divided into instances (MIG) now.

    Raises:
        NVMLError: the GPU has no such mode.
    """
    current, _pending = nvml.nvmlDeviceGetMigMode(handle)
    return bool(current == nvml.NVML_DEVICE_MIG_ENABLE)


def compute_pids(nvml: Any, handle: Any) -> set[int] | None:
    """Numbers of the processes that compute on a GPU, those under CUDA's multi-process service included.

    Returns:
        None where they cannot be listed.
    """
    own = read_or_none(nvml, lambda: nvml.nvmlDeviceGetComputeRunningProcesses(handle))
    if own is None:
        return None
    shared = read_or_none(nvml, lambda: nvml.nvmlDeviceGetMPSComputeRunningProcesses(handle)) or []
    return {process.pid for process in [*own, *shared]}


def visible_gpu_indices(nvml: Any, visible: str | None = None) -> tuple[int, ...]:
    """NVML indices of the GPUs that CUDA programs started here will use, in their order.

    NVML numbers all GPUs of the machine; CUDA numbers those in `CUDA_VISIBLE_DEVICES` only, which holds indices or UUIDs, a MIG instance's too: it stands
    for its GPU. As in CUDA, the list ends at the first entry that does not exist. CUDA and NVML number GPUs alike where all are of one kind, or where
    `CUDA_DEVICE_ORDER` is `PCI_BUS_ID`.

    Args:
        nvml: the `pynvml` module, initialised.
        visible: value of `CUDA_VISIBLE_DEVICES`; None reads the environment.

    Raises:
        NVMLError: the GPUs cannot be listed.
    """
    wanted = os.environ.get("CUDA_VISIBLE_DEVICES") if visible is None else visible
    count = nvml.nvmlDeviceGetCount()
    if wanted is None:
        return tuple(range(count))
    uuids = [_words(nvml.nvmlDeviceGetUUID(nvml.nvmlDeviceGetHandleByIndex(index))) for index in range(count)]
    indices: list[int] = []
    for part in wanted.split(","):
        word = _whole_gpu(nvml, part.strip())
        matches = [i for i in range(count) if word == str(i) or (word and uuids[i].startswith(word))]
        if not matches:
            break
        if matches[0] not in indices:
            indices.append(matches[0])
    return tuple(indices)


def _whole_gpu(nvml: Any, word: str) -> str:
    """The UUID of the GPU that a MIG instance is part of; any other word unchanged."""
    if not word.startswith("MIG-"):
        return word

    def parent() -> str:
        handle = nvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(nvml.nvmlDeviceGetHandleByUUID(word))
        return _words(nvml.nvmlDeviceGetUUID(handle))

    return read_or_none(nvml, parent) or word


def read_or_none(nvml: Any, read: Callable[[], _T]) -> _T | None:
    """What a reading gives, or None where the library or the GPU does not support it, or the library is older than its bindings."""
    mismatch: type[Exception] = getattr(
        nvml, "NVMLLibraryMismatchError", nvml.NVMLError
    )  # no NVMLError, and not in all bindings
    try:
        return read()
    except (nvml.NVMLError, mismatch):
        return None


def _words(value: str | bytes) -> str:
    # Older versions of the bindings return bytes.
    return value.decode() if isinstance(value, bytes) else value


def _cuda_version(number: int | None) -> str | None:
    """NVML gives 1000 x major + 10 x minor."""
    return None if number is None else f"{number // 1000}.{number % 1000 // 10}"
