from __future__ import annotations

import pytest

from probes.nvml import describe_gpus, load_nvml, visible_gpu_indices
from probes.setting import Gpu
from tests.fake_nvml import FakeNvml


def test_a_gpu_is_described_in_gib_and_watts():
    found = describe_gpus(FakeNvml())

    # 85,520,809,984 bytes / 2^30 = 79.6 GiB, the figure that nvidia-smi shows as 81559 MiB.
    expected = Gpu(name="NVIDIA H100 80GB HBM3", memory_gib=79.6, power_limit_watts=700.0, driver="570.86.15")
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
