"""One question to a real cluster, as a program: what hangs in a cluster's own code can then be ended with its processes.

`python on_cluster.py starts ray -`, or `own`, `running` or `who` in place of `starts`, with a folder that
holds the grid.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tco.errors import InputError
from tco.grid import Job, load_grid, make_job, open_results, run_grid
from tco.grid.backends import Backend, results, workers
from tco.grid.worker import Done


def main(what: str, backend: Backend, folder: Path) -> None:
    if what == "starts":
        with running(backend):
            pass
    elif what == "who":
        print_who(backend)
    elif what == "own":
        answer(folder, backend=backend, jobs=2)
    else:
        with running(backend) as address:
            answer(folder, backend=backend, address=address)
            if backend == "dask":
                assert_jobs_are_refused(address)


def answer(folder: Path, **how: object) -> None:
    job = job_in(folder)
    with open_results(folder / "cluster.jsonl", job) as file:
        run_grid(job, file, **how)
        assert [] == file.missing()


def job_in(folder: Path) -> Job:
    return make_job(load_grid(folder / "grid.yaml"))


@contextlib.contextmanager
def running(backend: Backend) -> Iterator[str | None]:
    """A cluster that was there before us, by nothing but the library's own means."""
    if backend == "dask":
        import distributed  # noqa: PLC0415 - of an extra

        with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
            yield cluster.scheduler_address
        return
    import ray  # noqa: PLC0415 - of an extra

    # With one processor joblib would answer in this process.
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    try:
        assert 1 == ray.get(ray.remote(lambda: 1).remote())
        yield None
    finally:
        ray.shutdown()


def assert_jobs_are_refused(address: str | None) -> None:
    with pytest.raises(InputError, match="a Dask cluster uses all of its cores"), workers("dask", 2, address):
        pass


def print_who(backend: Backend) -> None:
    # Within the function, so that it travels whole: workers cannot import tests.
    def who(job: bytes, index: int) -> Done:
        return Done(index=index, line=str(os.getpid()))

    with workers(backend, 2):
        found = list(results(who, b"", range(12)))
    sys.stdout.write(json.dumps([os.getpid(), sorted((done.index, int(done.line)) for done in found)]))


if __name__ == "__main__":
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))  # type: ignore[arg-type]
