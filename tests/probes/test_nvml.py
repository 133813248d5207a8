from __future__ import annotations

import pytest

from probes.nvml import compute_pids, describe_gpus, hash_uuid, load_nvml, visible_gpu_indices
from probes.setting import Gpu
from tests.fake_nvml import FakeNvml, ShapedNvml


def test_a_gpu_is_described_in_gib_and_watts():
    found = describe_gpus(FakeNvml())

    # 85,520,809,984 bytes / 2^30 = 79.6 GiB, the figure that nvidia-smi shows as 81559 MiB.
    expected = Gpu(
        name="NVIDIA H100 80GB HBM3",
        memory_gib=79.6,
        power_limit_watts=700.0,
        driver="570.86.15",
        uuid_hash=hash_uuid("GPU-0000"),
        power_limit_default_watts=700.0,
        sm_clock_max_mhz=1980,
        memory_clock_max_mhz=2619,
        mig=False,
        persistence=True,
    )
    assert (expected,) == found.gpus
    assert found.cuda_driver == "12.8"
    assert found.note is None


def test_each_way_of_having_no_gpu_is_a_sentence_and_not_an_error():
    assert describe_gpus(None).note == "No GPU: the package `nvidia-ml-py` is not installed."
    assert describe_gpus(FakeNvml(init_error="Driver Not Loaded")).note == (
        "No GPU: NVIDIA's management library answers `Driver Not Loaded`."
    )
    assert describe_gpus(FakeNvml(count_error="GPU is lost")).note == (
        "No GPU: it was found and cannot be read (`GPU is lost`)."
    )
    assert describe_gpus(FakeNvml(gpus=0)).note == "No GPU: the driver is loaded and shows none."


def test_the_real_library_answers_here_with_or_without_a_gpu():
    found = describe_gpus(load_nvml())

    assert (found.note is None) == bool(found.gpus)


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        ("0,1,2,3", (0, 1, 2, 3)),
        ("2,0", (2, 0)),
        ("GPU-0003,1", (3, 1)),
        ("1,9,0", (1,)),  # CUDA stops at the first entry that does not exist
        ("", ()),
        ("-1", ()),
    ],
)
def test_cuda_visible_devices_is_read_as_cuda_reads_it(visible, expected):
    assert expected == visible_gpu_indices(FakeNvml(gpus=4), visible)


def test_all_gpus_are_visible_when_nothing_is_said(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    assert visible_gpu_indices(FakeNvml(gpus=2)) == (0, 1)


def test_a_gpus_id_is_not_given_away_and_two_gpus_differ():
    gpus = describe_gpus(FakeNvml(gpus=2, uuids=["GPU-aaaa", "GPU-bbbb"])).gpus

    assert "GPU-aaaa" not in gpus[0].model_dump_json()
    assert gpus[0].uuid_hash != gpus[1].uuid_hash


def test_what_a_gpu_does_not_support_is_null():
    nvml = FakeNvml()
    nvml.limit_mw = nvml.default_limit_mw = nvml.mig = nvml.persistence = None
    gpu = describe_gpus(nvml).gpus[0]

    assert (None, None, None, None) == (gpu.power_limit_watts, gpu.power_limit_default_watts, gpu.mig, gpu.persistence)


@pytest.mark.parametrize(
    ("links", "expected"), [(None, None), ([0, 0, 1], True), ([0, 0], False), ([1] * 18, True), ([], None)]
)
def test_nvlink_is_up_when_any_link_is(links, expected):
    nvml = FakeNvml()
    nvml.nvlinks = links

    assert describe_gpus(nvml).gpus[0].nvlink is expected


def test_a_mig_instance_stands_for_its_gpu():
    nvml = FakeNvml(gpus=4)
    nvml.mig_parent = {"MIG-aaaa": 2, "MIG-bbbb": 2}

    assert visible_gpu_indices(nvml, "MIG-aaaa,MIG-bbbb,1") == (2, 1)
    assert visible_gpu_indices(nvml, "MIG-unknown,1") == ()


def test_programs_under_the_multi_process_service_count():
    nvml = FakeNvml()
    nvml.pids = [[11, 12]]
    nvml.nvmlDeviceGetMPSComputeRunningProcesses = lambda handle: [type("P", (), {"pid": 13})()]

    assert compute_pids(nvml, 0) == {11, 12, 13}


def test_a_driver_older_than_the_bindings_says_nothing_of_programs_and_breaks_nothing():
    def older(handle):
        raise FakeNvml.NVMLLibraryMismatchError("Unversioned function called")

    nvml = FakeNvml()
    nvml.nvmlDeviceGetComputeRunningProcesses = older

    assert compute_pids(nvml, 0) is None
    assert len(describe_gpus(nvml).gpus) == 1


def test_the_stand_in_has_nothing_that_the_real_library_lacks():
    real = load_nvml()
    names = {name for name in dir(ShapedNvml) if name.startswith(("nvml", "NVML"))}

    assert {name for name in names if not hasattr(real, name)} == set()
    assert not issubclass(real.NVMLLibraryMismatchError, real.NVMLError)
    constants = {name for name in names if name.startswith("NVML_")}
    assert {name: getattr(real, name) for name in constants} == {name: getattr(FakeNvml, name) for name in constants}
