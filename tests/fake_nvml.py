"""A stand-in for the `pynvml` module that replays the readings of a machine."""

from __future__ import annotations

from types import SimpleNamespace


class NVMLError(Exception):
    pass


class FakeNvml:
    """`energy_mj` and `power_mw` are readings by GPU, each a list that is read from the front; None means not supported."""

    NVMLError = NVMLError

    def __init__(self, gpus=1, *, energy_mj=None, power_mw=None, init_error=None, count_error=None, uuids=None):
        self.gpus = gpus
        self.energy_mj = energy_mj
        self.power_mw = power_mw
        self.init_error = init_error
        self.count_error = count_error
        self.uuids = uuids or [f"GPU-{index:04d}" for index in range(gpus)]

    def nvmlInit(self):  # noqa: N802
        if self.init_error:
            raise NVMLError(self.init_error)

    def nvmlShutdown(self):  # noqa: N802
        pass

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

    def nvmlDeviceGetUUID(self, handle):  # noqa: N802
        return self.uuids[handle]

    def nvmlDeviceGetName(self, handle):  # noqa: N802
        return "NVIDIA H100 80GB HBM3"

    def nvmlDeviceGetMemoryInfo(self, handle):  # noqa: N802
        return SimpleNamespace(total=85_520_809_984, used=0, free=85_520_809_984)

    def nvmlDeviceGetEnforcedPowerLimit(self, handle):  # noqa: N802
        return 700_000

    def nvmlDeviceGetNvLinkState(self, handle, link):  # noqa: N802
        raise NVMLError("Not Supported")

    def nvmlDeviceGetTotalEnergyConsumption(self, handle):  # noqa: N802
        return self._next(self.energy_mj, handle)

    def nvmlDeviceGetPowerUsage(self, handle):  # noqa: N802
        return self._next(self.power_mw, handle)

    @staticmethod
    def _next(readings, handle):
        if readings is None:
            raise NVMLError("Not Supported")
        value = readings[handle].pop(0)
        if value is None:
            raise NVMLError("GPU is lost")
        return value
