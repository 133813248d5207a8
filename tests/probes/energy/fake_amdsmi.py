"""A stand-in for the `amdsmi` module, with the names, units and return forms of amdsmi 7.0.2 on Linux."""

from __future__ import annotations


class AmdSmiError(Exception):
    pass


class FakeAmdSmi:
    """MI300X cards; time passes only when the test says so. `watts(gpu, t_s)` may return a string, as the library does for `N/A`."""

    class AmdSmiClkType:
        GFX = 1
        MEM = 5

    class AmdSmiTemperatureType:
        HOTSPOT = 1

    class AmdSmiTemperatureMetric:
        CURRENT = 0

    def __init__(self, gpus=1, *, watts=None, joules=None, init_error=None):
        self.gpus = gpus
        self.watts = watts
        self.joules = joules
        self.init_error = init_error
        self.now_ns = 0
        self.fields = ("socket_power", "current_socket_power")
        self.hip_ids = list(range(gpus))
        self.violations = {}
        self.pids = [[] for _ in range(gpus)]
        self.old_energy_key = False
        self.open = 0

    def clock(self):
        return self.now_ns

    def sleep(self, seconds):
        self.now_ns += round(seconds * 1e9)

    def amdsmi_init(self):
        if self.init_error:
            raise AmdSmiError(self.init_error)
        self.open += 1

    def amdsmi_shut_down(self):
        self.open -= 1

    def amdsmi_get_processor_handles(self):
        return list(range(self.gpus))

    def amdsmi_get_gpu_enumeration_info(self, handle):
        return {
            "drm_render": 128,
            "drm_card": 1,
            "hsa_id": 1,
            "hip_id": self.hip_ids[handle],
            "hip_uuid": f"GPU-{handle}",
        }

    def amdsmi_get_energy_count(self, handle):
        if self.joules is None:
            raise AmdSmiError("AMDSMI_STATUS_NOT_SUPPORTED - Feature not supported")
        resolution_uj = 15.259
        ticks = round(self.joules(handle, self.now_ns / 1e9) * 1e6 / resolution_uj)
        key = "power" if self.old_energy_key else "energy_accumulator"
        return {key: ticks, "counter_resolution": resolution_uj, "timestamp": self.now_ns}

    def amdsmi_get_power_info(self, handle):
        if self.watts is None:
            raise AmdSmiError("AMDSMI_STATUS_NOT_SUPPORTED - Feature not supported")
        value = self.watts(handle, self.now_ns / 1e9)
        value = value if isinstance(value, str) else round(value)
        fields = ("socket_power", "current_socket_power", "average_socket_power")
        return {field: value if field in self.fields else "N/A" for field in fields}

    def amdsmi_get_power_cap_info(self, handle):
        return {"power_cap": 750_000_000, "default_power_cap": 750_000_000, "max_power_cap": 750_000_000}

    def amdsmi_get_violation_status(self, handle):
        return self.violations

    def amdsmi_get_gpu_process_list(self, handle):
        return [{"name": "python", "pid": pid} for pid in self.pids[handle]]

    def amdsmi_get_clock_info(self, handle, kind):
        highest = 1300 if kind == self.AmdSmiClkType.MEM else 2100
        return {"clk": highest, "min_clk": 132, "max_clk": highest}

    def amdsmi_get_gpu_asic_info(self, handle):
        return {"market_name": "AMD Instinct MI300X"}

    def amdsmi_get_gpu_vram_usage(self, handle):
        return {"vram_total": 196_592, "vram_used": 283}

    def amdsmi_get_gpu_driver_info(self, handle):
        return {"driver_name": "amdgpu", "driver_version": "6.14.14", "driver_date": "2025/07/01"}

    def amdsmi_get_gpu_device_uuid(self, handle):
        return f"a4ff74a1-0000-1000-80{handle:02x}-000000000000"

    def amdsmi_get_temp_metric(self, handle, sensor, metric):
        return 64
