"""The hardware sidecar: what a benchmark's result file does not say of machine, engine and model."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from probes.imports.reading import read_result
from probes.record import NonNegative, Record, Warn
from probes.run_file import RunError


class Hardware(Record):
    """Machine, engine and model of a benchmark, as its owner states them; every field may be left out.

    `gpu` is a name like `H100-SXM`; `gpus_per_replica` how many of them one copy of the model takes, by default `tensor_parallel_size` x
    `pipeline_parallel_size`. `weights` says whether they were the model's own or random ones.
    """

    gpu: str | None = None
    gpus_per_replica: Annotated[int, Field(ge=0, le=100_000)] | None = None
    cpu: str | None = None
    cpu_cores: Annotated[int, Field(ge=1)] | None = None
    memory_gib: NonNegative | None = None
    os: str | None = None
    driver: str | None = None
    engine: str | None = None
    engine_version: str | None = None
    engine_args: tuple[str, ...] = ()
    tensor_parallel_size: Annotated[int, Field(ge=1, le=100_000)] = 1
    pipeline_parallel_size: Annotated[int, Field(ge=1, le=100_000)] = 1
    model: str | None = None
    revision: str | None = None
    quantization: str | None = None
    dtype: str | None = None
    weights: Literal["dummy", "real", "unknown"] | None = None
    container: str | None = None
    note: str | None = None

    @property
    def gpus(self) -> int:
        """GPUs of one replica; 0 without a GPU."""
        if self.gpus_per_replica is not None:
            return self.gpus_per_replica
        return self.tensor_parallel_size * self.pipeline_parallel_size if self.gpu else 0


def read_hardware(path: str | Path) -> Hardware:
    """Reads a sidecar: YAML or JSON, one object.

    Args:
        path: the file.

    Raises:
        RunError: not readable, an unknown field (with the nearest known one), or a value of the wrong kind.
    """
    found = read_result(path)
    if len(found.objects) != 1:
        raise RunError(f"{path}: a hardware file is one object, this holds {len(found.objects)}.")
    return hardware_of(found.objects[0], str(path))


def hardware_of(data: dict[str, Any], where: str) -> Hardware:
    """Checks what somebody says of a machine.

    Args:
        data: fields by name.
        where: how messages name it.

    Raises:
        RunError: an unknown field (with the nearest known one), or a value of the wrong kind.

    >>> hardware_of({"gpu": "H100-SXM", "tensor_parallel_size": 2}, "x").gpus
    2
    """
    known = list(Hardware.model_fields)
    for name in data:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=2, cutoff=0.5)
            hint = f"did you mean {' or '.join(f'`{one}`' for one in near)}? " if near else ""
            raise RunError(
                f"{where}: `{str(name)[:60]}` is no field of a hardware file; {hint}Fields: {', '.join(known)}."
            )
    try:
        return Hardware.model_validate({name: _plain(value) for name, value in data.items()})
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise RunError(f"{where}: `{place}`: {problem['msg']}.") from None


def merged(said: dict[str, Any], stated: Hardware | None, where: str) -> Hardware:
    """What the result file says, overruled by what the sidecar states.

    Args:
        said: fields found in the result file.
        stated: the sidecar.
        where: how messages name the result file.
    """
    mine = stated.model_dump(exclude_unset=True) if stated else {}
    return hardware_of({**said, **mine}, where)


def lacking(hardware: Hardware) -> list[Warn]:
    """What is still not known and would be needed to rely on the run, as one caution; none where all is said.

    >>> [warning.message for warning in lacking(Hardware(gpu="L4", engine_version="0.9", dtype="bfloat16"))]
    ['Not said: weights. State it in a hardware file (--hardware FILE): fields `weights`.']
    """
    missing = {
        "gpu": hardware.gpu is None and hardware.cpu is None,
        "engine_version": hardware.engine_version is None,
        "dtype": hardware.dtype is None and hardware.quantization is None,
        "weights": hardware.weights is None,
    }
    names = [name for name, absent in missing.items() if absent]
    if not names:
        return []
    words = {"gpu": "hardware", "engine_version": "engine version", "dtype": "number format", "weights": "weights"}
    return [
        Warn(
            code="hardware_unstated",
            message=f"Not said: {', '.join(words[name] for name in names)}. State it in a hardware file (--hardware FILE): "
            f"fields {', '.join(f'`{name}`' for name in names)}.",
        )
    ]


def _plain(value: Any) -> Any:
    """A version that YAML took for a number (`0.19`) is meant as text."""
    return str(value) if isinstance(value, float) else value
