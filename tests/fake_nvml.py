"""A stand-in for the `pynvml` module that replays the readings of a machine."""

from __future__ import annotations

from types import SimpleNamespace


class NVMLError(Exception):
    pass


class NVMLLibraryMismatchError(Exception):
    """What the bindings raise where the library is older than they are; not an `NVMLError`."""


class FakeNvml:
    """`energy_mj` and `power_mw` are readings by GPU, each a list that is read from the front; None means not supported.

    The rest is one value for all GPUs; an attribute that is None is not supported. `pids` are the processes that compute, by GPU.
    """

    NVMLError = NVMLError
    NVMLLibraryMismatchError = NVMLLibraryMismatchError
    NVML_SUCCESS = 0
    NVML_FI_DEV_POWER_INSTANT = 186
    NVML_CLOCK_SM = 1
    NVML_CLOCK_MEM = 2
    NVML_TEMPERATURE_GPU = 0
    NVML_FEATURE_ENABLED = 1
    NVML_DEVICE_MIG_ENABLE = 1
    NVML_NVLINK_MAX_LINKS = 36

    def __init__(self, gpus=1, *, energy_mj=None, power_mw=None, init_error=None, count_error=None, uuids=None):
        self.gpus = gpus
        self.energy_mj = energy_mj
        self.power_mw = power_mw
        self.init_error = init_error
        self.count_error = count_error
        self.uuids = uuids or [f"GPU-{index:04d}" for index in range(gpus)]
        self.names = ["NVIDIA H100 80GB HBM3"] * gpus
        self.limit_mw = 700_000
        self.default_limit_mw = 700_000
        self.max_clocks_mhz = {1: 1980, 2: 2619}
        self.sm_clock_mhz = 1755
        self.temperature_celsius = 61
        self.event_reasons = 0
        self.old_event_name = False
        self.mig = [0, 0]
        self.mig_parent = {}
        self.persistence = 1
        self.nvlinks = None
        self.pids = [[] for _ in range(gpus)]
        self.open = 0

    def nvmlInit(self):  # noqa: N802
        if self.init_error:
            raise NVMLError(self.init_error)
        self.open += 1

    def nvmlShutdown(self):  # noqa: N802
        self.open -= 1

    def nvmlDeviceGetCount(self):  # noqa: N802
        if self.count_error:
            raise NVMLError(self.count_error)
        return self.gpus

    def nvmlSystemGetDriverVersion(self):  # noqa: N802
        return b"570.86.15"

    def nvmlSystemGetCudaDriverVersion_v2(self):  # noqa: N802
        return 12080

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return index

    def nvmlDeviceGetHandleByUUID(self, uuid):  # noqa: N802
        if uuid not in self.mig_parent:
            raise NVMLError("Not Found")
        return uuid

    def nvmlDeviceGetDeviceHandleFromMigDeviceHandle(self, handle):  # noqa: N802
        return self.mig_parent[handle]

    def nvmlDeviceGetUUID(self, handle):  # noqa: N802
        return self.uuids[handle]

    def nvmlDeviceGetName(self, handle):  # noqa: N802
        return self.names[handle]

    def nvmlDeviceGetMemoryInfo(self, handle):  # noqa: N802
        return SimpleNamespace(total=85_520_809_984, used=0, free=85_520_809_984)

    def nvmlDeviceGetEnforcedPowerLimit(self, handle):  # noqa: N802
        return self._supported(self.limit_mw)

    def nvmlDeviceGetPowerManagementDefaultLimit(self, handle):  # noqa: N802
        return self._supported(self.default_limit_mw)

    def nvmlDeviceGetMaxClockInfo(self, handle, kind):  # noqa: N802
        return self.max_clocks_mhz[kind]

    def nvmlDeviceGetClockInfo(self, handle, kind):  # noqa: N802
        return self._supported(self.sm_clock_mhz)

    def nvmlDeviceGetTemperature(self, handle, sensor):  # noqa: N802
        return self._supported(self.temperature_celsius)

    def nvmlDeviceGetCurrentClocksEventReasons(self, handle):  # noqa: N802
        return self._supported(None if self.old_event_name else self.event_reasons)

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, handle):  # noqa: N802
        return self._supported(self.event_reasons)

    def nvmlDeviceGetMigMode(self, handle):  # noqa: N802
        return self._supported(self.mig)

    def nvmlDeviceGetPersistenceMode(self, handle):  # noqa: N802
        return self._supported(self.persistence)

    def nvmlDeviceGetComputeRunningProcesses(self, handle):  # noqa: N802
        return [SimpleNamespace(pid=pid) for pid in self._supported(self.pids)[handle]]

    def nvmlDeviceGetMPSComputeRunningProcesses(self, handle):  # noqa: N802
        raise NVMLLibraryMismatchError("Unversioned function called")

    def nvmlDeviceGetNvLinkState(self, handle, link):  # noqa: N802
        if self.nvlinks is None or link >= len(self.nvlinks):
            raise NVMLError("Not Supported")
        return self.nvlinks[link]

    def nvmlDeviceGetTotalEnergyConsumption(self, handle):  # noqa: N802
        return self._next(self.energy_mj, handle)

    def nvmlDeviceGetPowerUsage(self, handle):  # noqa: N802
        return self._next(self.power_mw, handle)

    def nvmlDeviceGetFieldValues(self, handle, fields):  # noqa: N802
        # A driver too old for a field answers with a return code in the field, not with an error.
        return [SimpleNamespace(nvmlReturn=3, value=SimpleNamespace(uiVal=0)) for _ in fields]

    @staticmethod
    def _supported(value):
        if value is None:
            raise NVMLError("Not Supported")
        return value

    @staticmethod
    def _next(readings, handle):
        if readings is None:
            raise NVMLError("Not Supported")
        value = readings[handle].pop(0)
        if value is None:
            raise NVMLError("GPU is lost")
        return value


class ShapedNvml(FakeNvml):
    """GPUs whose power and energy are known at every moment; time passes only when the test says so.

    `watts(gpu, t_s)` is the power and `joules(gpu, t_s)` the counter; either may be None (not supported) or return None (this reading fails).
    """

    def __init__(self, gpus=1, *, watts=None, joules=None, instant=True):
        super().__init__(gpus)
        self.watts = watts
        self.joules = joules
        self.instant = instant
        self.now_ns = 0

    def clock(self):
        return self.now_ns

    def nvmlDeviceGetTotalEnergyConsumption(self, handle):  # noqa: N802
        return round(self._at(self.joules, handle) * 1000)

    def nvmlDeviceGetPowerUsage(self, handle):  # noqa: N802
        return round(self._at(self.watts, handle) * 1000)

    def nvmlDeviceGetFieldValues(self, handle, fields):  # noqa: N802
        if not self.instant:
            return super().nvmlDeviceGetFieldValues(handle, fields)
        assert fields == [self.NVML_FI_DEV_POWER_INSTANT]
        milliwatts = round(self._at(self.watts, handle) * 1000)
        return [SimpleNamespace(nvmlReturn=0, value=SimpleNamespace(uiVal=milliwatts))]

    def _at(self, shape, handle):
        return self._supported(self._supported(shape)(handle, self.now_ns / 1e9))
