"""Real clusters on this machine: their results are those of one process, byte by byte. Each needs the [scale] extra."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tco.errors import InputError
from tco.grid import Job, open_results, run_grid
from tco.grid.backends import results, workers
from tco.grid.worker import Done
from tests.tco.grid.grids import job_of

pytestmark = [
    pytest.mark.slow,
    # Both leave sockets and temporary folders to their own processes, and warn of each other's Python.
    pytest.mark.filterwarnings("default"),
]


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return job_of(tmp_path)


def bytes_of(job: Job, path: Path, **how: object) -> bytes:
    with open_results(path, job) as file:
        run_grid(job, file, **how)
        assert [] == file.missing()
    return path.read_bytes()


@pytest.fixture
def alone(job: Job, tmp_path: Path) -> bytes:
    return bytes_of(job, tmp_path / "alone.jsonl", jobs=1)


def test_a_dask_cluster_of_its_own(job: Job, alone: bytes, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="needs the [scale] extra")

    assert alone == bytes_of(job, tmp_path / "dask.jsonl", backend="dask", jobs=2)


def test_a_dask_cluster_that_runs_already(job: Job, alone: bytes, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="needs the [scale] extra")

    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        assert alone == bytes_of(job, tmp_path / "dask.jsonl", backend="dask", address=address)
        with pytest.raises(InputError, match="a Dask cluster uses all of its cores"), workers("dask", 2, address):
            pass


@pytest.fixture
def ray() -> Iterator[object]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    module = pytest.importorskip("ray", reason="needs the [scale] extra")
    # With one processor joblib would answer in this process.
    module.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    yield module
    module.shutdown()


def test_a_ray_cluster_that_runs_already(job: Job, alone: bytes, tmp_path: Path, ray: object) -> None:
    assert alone == bytes_of(job, tmp_path / "ray.jsonl", backend="ray")


def test_a_ray_cluster_of_its_own(job: Job, alone: bytes, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs the [scale] extra")

    assert alone == bytes_of(job, tmp_path / "ray.jsonl", backend="ray", jobs=2)


@pytest.mark.parametrize(("backend", "module"), [("dask", "distributed"), ("ray", "ray")])
def test_points_are_answered_by_other_processes(backend: str, module: str) -> None:
    pytest.importorskip(module, reason="needs the [scale] extra")

    # Within the test, so that it travels whole: workers cannot import tests.
    def who(job: bytes, index: int) -> Done:
        return Done(index=index, line=str(os.getpid()))

    with workers(backend, 2):
        found = list(results(who, b"", range(12)))
    assert list(range(12)) == sorted(done.index for done in found)
    assert str(os.getpid()) not in {done.line for done in found}
