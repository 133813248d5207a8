"""`tco probe run --config FILE` and `tco probe init`: options in a file, which the command line overrules."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from probes import ProbeError
from probes.probe_config import ProbeConfig, example_config, load_config
from tco.cli._shared import console, fail

if TYPE_CHECKING:
    from tco.cli._probe_options import RunRequest

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="YAML file with options; `tco probe init` writes one. The command line wins."),
]


def _comma(values: list[Any]) -> str:
    return ",".join(f"{value:g}" if isinstance(value, float) else str(value) for value in values)


def _pairs(values: dict[str, float]) -> str:
    return ",".join(f"{name}={value:g}" for name, value in values.items())


def _same(value: Any) -> Any:
    return value


# Field of the file: field of the request, and how the command line would write the value. Others have one name and one form.
_CONVERTED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "budget_s": ("budget", "{:g}s".format),
    "concurrency": ("concurrency", _comma),
    "layers": ("layers", _comma),
    "measure": ("measure", _comma),
    "out": ("out", Path),
    "precision_fraction": ("precision", _same),
    "prometheus": ("prometheus", Path),
    "request_rates_per_s": ("rate", _comma),
    "shared_prefix_fraction": ("shared_prefix", _same),
    "slo": ("slo", _pairs),
    "trace": ("trace", Path),
    "trace_speed_factor": ("trace_speed", _same),
}


def given_on_command_line(context: typer.Context) -> set[str]:
    """Parameters that the user wrote himself, by the names of the command's function.

    Args:
        context: of the command.
    """
    # By name: which module the enumeration lives in depends on the version of typer.
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}


def options_of(config: ProbeConfig) -> dict[str, Any]:
    """A file's options by the names of `RunRequest`, in the form in which the command line gives them.

    Args:
        config: the file.
    """
    options = {}
    for name, value in config.model_dump(exclude_none=True).items():
        if name != "schema_":
            target, convert = _CONVERTED.get(name, (name, _same))
            options[target] = convert(value)
    return options


def with_config(request: RunRequest, file: Path | None, given: Collection[str]) -> RunRequest:
    """The request with what a file adds to it.

    A model on the command line replaces an endpoint of the file with all that belongs to it, and the other way round.

    Args:
        request: from the command line, defaults filled in.
        file: the configuration, None where there is none.
        given: parameters that were on the command line; `start_timeout` is `start_timeout_s` in the request.

    Raises:
        ProbeError: `bad_arguments`: the file cannot be read, or holds what is not an option.
    """
    if file is None:
        return request
    wins = {"start_timeout_s" if name == "start_timeout" else name for name in given}
    options = options_of(load_config(file))
    if "endpoint" in wins:
        wins |= _OF_AN_ENGINE
    if "model" in wins:
        wins |= _OF_AN_ENDPOINT
    return replace(request, **{name: value for name, value in options.items() if name not in wins})


_OF_AN_ENGINE = {
    "model", "weights", "dtype", "quantization", "max_model_len", "tensor_parallel_size", "pipeline_parallel_size", "layers",
    "engine_arg", "port", "start_timeout_s",
}  # fmt: skip
_OF_AN_ENDPOINT = {
    "endpoint",
    "served_model",
    "api_key_env",
    "profile",
    "usd_per_mtok_input",
    "usd_per_mtok_output",
    "max_usd",
}


def init_command(
    file: Annotated[Path, typer.Argument(help="The file to write.")] = Path("probe.yaml"),
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write a configuration with every option, its meaning and an example."""
    try:
        write_example(file, force=force)
    except ProbeError as error:
        fail(str(error))
    console().print(f"{file}: edit it, then `tco probe run --config {file}`.", markup=False, soft_wrap=True)


def write_example(file: Path, *, force: bool) -> None:
    """Writes the example.

    Args:
        file: where to.
        force: whether a file that exists may be overwritten.

    Raises:
        ProbeError: `bad_arguments`: it exists, or cannot be written.
    """
    try:
        with file.open("w" if force else "x", encoding="utf-8") as opened:
            opened.write(example_config())
    except FileExistsError:
        raise ProbeError(
            "bad_arguments", f"{file} exists already. Add --force to overwrite it, or name another."
        ) from None
    except OSError as error:
        raise ProbeError("bad_arguments", f"{file}: cannot be written ({error.strerror}). Name another file.") from None
