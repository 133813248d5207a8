"""NVIDIA's management library, read so that a machine without it is an ordinary answer and not an error.

The functions take the `pynvml` module as an argument, so that tests can replay a machine that is not there.
API: https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceQueries.html
"""

from __future__ import annotations

import os
from dataclasses import dataclass
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
        driver = _maybe(nvml, lambda: _words(nvml.nvmlSystemGetDriverVersion()))
        gpus = tuple(_gpu(nvml, nvml.nvmlDeviceGetHandleByIndex(index), driver) for index in range(count))
        cuda = _maybe(nvml, nvml.nvmlSystemGetCudaDriverVersion_v2)
        note = None if gpus else "No GPU: the driver is loaded and shows none."
        return GpuInventory(gpus=gpus, cuda_driver=_cuda_version(cuda), note=note)
    except nvml.NVMLError as error:
        return GpuInventory(note=f"No GPU: it was found and cannot be read (`{error}`).")
    finally:
        _maybe(nvml, nvml.nvmlShutdown)


def _gpu(nvml: Any, handle: Any, driver: str | None) -> Gpu:
    limit_milliwatts = _maybe(nvml, lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(handle))
    return Gpu(
        name=_words(nvml.nvmlDeviceGetName(handle)),
        memory_gib=round(nvml.nvmlDeviceGetMemoryInfo(handle).total / GIB, 1),
        power_limit_watts=None if limit_milliwatts is None else limit_milliwatts / 1000,
        driver=driver,
        nvlink=_maybe(nvml, lambda: bool(nvml.nvmlDeviceGetNvLinkState(handle, 0))),
    )


def visible_gpu_indices(nvml: Any, visible: str | None = None) -> tuple[int, ...]:
    """NVML indices of the GPUs that CUDA programs started here will use, in their order.

    NVML numbers all GPUs of the machine; CUDA numbers those in `CUDA_VISIBLE_DEVICES` only, which holds indices or UUIDs.
    As in CUDA, the list ends at the first entry that does not exist.

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
    for word in (part.strip() for part in wanted.split(",")):
        matches = [i for i in range(count) if word == str(i) or (word and uuids[i].startswith(word))]
        if not matches:
            break
        indices.append(matches[0])
    return tuple(indices)


def _maybe(nvml: Any, read: Callable[[], _T]) -> _T | None:
    try:
        return read()
    except nvml.NVMLError:
        return None


def _words(value: str | bytes) -> str:
    # Older versions of the bindings return bytes.
    return value.decode() if isinstance(value, bytes) else value


def _cuda_version(number: int | None) -> str | None:
    """NVML gives 1000 x major + 10 x minor."""
    return None if number is None else f"{number // 1000}.{number % 1000 // 10}"
