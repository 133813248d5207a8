"""Where the points of a grid are answered: processes of this machine, or a Ray or Dask cluster, all through joblib."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import Literal, get_args

import joblib

from tco.errors import InputError
from tco.grid.worker import Done, WorkerError, begin_worker

Backend = Literal["local", "ray", "dask"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)

MAX_JOBS = 4096

_WAVE_S = 5.0
"""About so long a wave takes where results come back wave by wave."""
_GROWTH = 4.0


@contextlib.contextmanager
def workers(backend: Backend = "local", jobs: int | None = None, address: str | None = None) -> Iterator[None]:
    """Sets where joblib's calls run, for the time of the context. Each worker has one thread for numerics.

    Args:
        backend: `local`, `ray` or `dask`; the latter two start a cluster on this machine where no address is given.
        jobs: worker processes; null: one for each core, or all of a cluster.
        address: of a running cluster: `ray://host:10001`, `auto`, or `tcp://host:8786`.

    Raises:
        InputError: the backend is not installed, no cluster answers at the address, or the number of jobs makes no sense.
    """
    if jobs is not None and not 1 <= jobs <= MAX_JOBS:
        raise InputError(f"--jobs {jobs}: 1 to {MAX_JOBS} processes can be asked for")
    if backend == "local":
        if address is not None:
            raise InputError("--address is of a cluster; add --backend ray or --backend dask")
        with joblib.parallel_config(
            backend="loky", n_jobs=jobs or -1, inner_max_num_threads=1, max_nbytes=None, initializer=begin_worker
        ):
            yield
        return
    with (_ray if backend == "ray" else _dask)(jobs, address):
        yield


def results(call: Callable[[bytes, int], Done], job: bytes, indices: Sequence[int]) -> Iterator[Done]:
    """Answers points inside of `workers`, and yields each as soon as it is known, in any order.

    joblib puts as many points into a task as take a fraction of a second, so that sending costs little beside them.

    Args:
        call: answers one point.
        job: as `packed` made it.
        indices: the points.

    Raises:
        WorkerError: a worker died, or the cluster is gone.
    """
    try:
        yield from _results(call, job, indices)
    except (InputError, WorkerError):
        raise
    except Exception as error:
        # Points do not raise; each backend has its own words for a worker that is gone.
        raise WorkerError(
            f"a worker ended before its points were answered ({type(error).__name__}: {str(error).partition(chr(10))[0]}). "
            "If memory ran out, ask for fewer --jobs"
        ) from error


def _results(call: Callable[[bytes, int], Done], job: bytes, indices: Sequence[int]) -> Iterator[Done]:
    tasks = (joblib.delayed(call)(job, index) for index in indices)
    try:
        parallel = joblib.Parallel(return_as="generator_unordered")
    except ValueError:  # the backend, Ray's, hands results over in lists only
        yield from _in_waves(call, job, indices)
        return
    with contextlib.closing(parallel(tasks)) as found:
        yield from found


def _in_waves(call: Callable[[bytes, int], Done], job: bytes, indices: Sequence[int]) -> Iterator[Done]:
    with joblib.Parallel() as parallel:
        start, size = 0, 2 * joblib.effective_n_jobs()
        while start < len(indices):
            began = time.perf_counter()
            yield from parallel(joblib.delayed(call)(job, index) for index in indices[start : start + size])
            start += size
            size = max(1, int(size * min(_GROWTH, _WAVE_S / max(time.perf_counter() - began, 1e-9))))


@contextlib.contextmanager
def _dask(jobs: int | None, address: str | None) -> Iterator[None]:
    _need("dask", "distributed")
    import distributed  # noqa: PLC0415 - of an extra

    ours = address is None
    with contextlib.ExitStack() as stack:
        if address is None:
            cluster = distributed.LocalCluster(
                n_workers=jobs or joblib.cpu_count(),
                threads_per_worker=1,
                dashboard_address=None,
                silence_logs=logging.ERROR,
            )
            address = stack.enter_context(cluster).scheduler_address
        elif jobs is not None:
            raise InputError("--jobs: a Dask cluster uses all of its cores; leave it away")
        try:
            client = stack.enter_context(distributed.Client(address, timeout="20s"))
        except (OSError, ValueError) as error:
            raise InputError(f"--address {address}: no Dask scheduler answers there ({error})") from None
        if ours:
            client.run(begin_worker)
        with joblib.parallel_config(backend="dask", n_jobs=-1, client=client):
            yield


@contextlib.contextmanager
def _ray(jobs: int | None, address: str | None) -> Iterator[None]:
    _need("ray", "ray")
    # Planning uses no network, and Ray would send statistics of its use.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray  # noqa: PLC0415 - of an extra
    from ray.util.joblib import register_ray  # noqa: PLC0415

    register_ray()
    ours = not ray.is_initialized()
    if ours:
        try:
            ray.init(
                address=address,
                num_cpus=(jobs or joblib.cpu_count()) if address is None else None,
                include_dashboard=None if address else False,
                log_to_driver=False,
                logging_level="error",
            )
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise InputError(f"--address {address}: no Ray cluster answers there ({error})") from None
    try:
        with joblib.parallel_config(backend="ray", n_jobs=jobs or -1):
            yield
    finally:
        if ours:
            ray.shutdown()


def _need(backend: str, module: str) -> None:
    if find_spec(module) is None:
        raise InputError(f"--backend {backend} needs the [scale] extra: pip install 'tco-llm[scale]'")
