"""Real clusters on this machine: their results are those of one process, byte by byte. Each needs the [scale] extra.

Each question is a process of its own with a limit: Ray waits within its own C++ code, where no signal ends it.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tco.grid import open_results, run_grid
from tests.tco.grid.grids import job_of

LIMIT_S = 100
MODULES = {"dask": "distributed", "ray": "ray"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3 * LIMIT_S)]


def on_cluster(what: str, backend: str, folder: Path) -> str:
    command = [sys.executable, str(Path(__file__).with_name("on_cluster.py")), what, backend, str(folder)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            out, err = process.communicate(timeout=LIMIT_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert 0 == process.returncode, err
    return out


@functools.cache
def _starts(backend: str) -> str | None:
    """What keeps the library itself, without a line of ours, from starting a cluster here; null: nothing."""
    try:
        on_cluster("starts", backend, Path("-"))
    except subprocess.TimeoutExpired:
        return f"{backend} itself starts no cluster on this machine within {LIMIT_S} s"
    except AssertionError as error:
        return f"{backend} itself starts no cluster on this machine: {error}"
    return None


@pytest.fixture(params=["dask", "ray"])
def backend(request: pytest.FixtureRequest) -> str:
    pytest.importorskip(MODULES[request.param], reason="needs the [scale] extra")
    if reason := _starts(request.param):
        pytest.skip(reason)
    return request.param


@pytest.mark.parametrize("cluster", ["own", "running"])
def test_a_cluster_gives_the_bytes_of_one_process(cluster: str, backend: str, tmp_path: Path) -> None:
    job = job_of(tmp_path)
    with open_results(tmp_path / "alone.jsonl", job) as file:
        run_grid(job, file, jobs=1)
        assert [] == file.missing()
    on_cluster(cluster, backend, tmp_path)
    assert (tmp_path / "alone.jsonl").read_bytes() == (tmp_path / "cluster.jsonl").read_bytes()


def test_points_are_answered_by_other_processes(backend: str, tmp_path: Path) -> None:
    asked, answered = json.loads(on_cluster("who", backend, tmp_path))
    assert list(range(12)) == [index for index, _ in answered]
    assert asked not in {who for _, who in answered}
