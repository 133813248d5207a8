"""AMD's management library, read so that a machine without it is an ordinary answer and not an error.

Names and units as in amdsmi 7.0.2 on Linux (https://rocm.docs.amd.com/projects/amdsmi/en/latest/).
"""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any

from probes.nvml import hash_uuid
from probes.setting import Gpu

if TYPE_CHECKING:
    from collections.abc import Callable


def load_amdsmi() -> Any:
    """The `amdsmi` module, or None where it or the library behind it is not there."""
    try:
        # It prints advice when it does not find its library, and may raise anything then.
        with contextlib.redirect_stdout(io.StringIO()):
            import amdsmi  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415
    except Exception:  # noqa: BLE001 -- OSError, KeyError and AttributeError have all been seen, by version
        return None
    return amdsmi


def describe_amd_gpus(amdsmi: Any) -> tuple[Gpu, ...]:
    """Lists the AMD GPUs with what decides their speed and their power draw.

    Args:
        amdsmi: the module; None when it is not installed.

    Returns:
        One record a GPU, in the library's order; empty where there is none or the library does not answer.
    """
    if amdsmi is None:
        return ()
    try:
        amdsmi.amdsmi_init()
    except Exception:  # noqa: BLE001 -- the library has four kinds of exceptions and more by version
        return ()
    try:
        return tuple(_gpu(amdsmi, handle) for handle in amdsmi.amdsmi_get_processor_handles())
    except Exception:  # noqa: BLE001 -- as above
        return ()
    finally:
        _read(amdsmi.amdsmi_shut_down)


def _gpu(amdsmi: Any, handle: Any) -> Gpu:
    uuid = _read(lambda: str(amdsmi.amdsmi_get_gpu_device_uuid(handle)))
    return Gpu(
        name=str(amdsmi.amdsmi_get_gpu_asic_info(handle)["market_name"]),
        memory_gib=round(amdsmi.amdsmi_get_gpu_vram_usage(handle)["vram_total"] / 1024, 1),  # it gives MiB
        power_limit_watts=_read(lambda: amdsmi.amdsmi_get_power_cap_info(handle)["power_cap"] / 1e6),
        driver=_read(lambda: str(amdsmi.amdsmi_get_gpu_driver_info(handle)["driver_version"])),
        uuid_hash=None if uuid is None else hash_uuid(uuid),
        power_limit_default_watts=_read(lambda: amdsmi.amdsmi_get_power_cap_info(handle)["default_power_cap"] / 1e6),
        sm_clock_max_mhz=_read(
            lambda: int(amdsmi.amdsmi_get_clock_info(handle, amdsmi.AmdSmiClkType.GFX)["max_clk"]),
        ),
        memory_clock_max_mhz=_read(
            lambda: int(amdsmi.amdsmi_get_clock_info(handle, amdsmi.AmdSmiClkType.MEM)["max_clk"]),
        ),
    )


def _read(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except Exception:  # noqa: BLE001 -- a reading that a GPU lacks is no harm
        return None
