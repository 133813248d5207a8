"""Finding the run that an option names: a file beside the scenario, or one that ships with the product."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

import probes
from probes.run import Run
from probes.run_file import RunError, load_run
from tco.errors import InputError
from tco.hosting import refuse_server_file
from tco.scenario import Scenario, SelfHostedOption

_SHIPPED = Path(probes.__file__).parent / "runs"


def shipped_runs() -> dict[str, Path]:
    """Runs that come with the product, by name."""
    return {path.stem: path for path in sorted(_SHIPPED.glob("*.json"))}


def find_run(reference: str, folder: Path | None = None) -> Run:
    """Reads the run that a scenario names.

    Args:
        reference: a path (absolute, or relative to `folder`), or the name of a shipped run. Where no such file exists, the
            shipped run of the same file name is taken: `runs/h100-llama-3.1-8b-fp8.json` needs no copy.
        folder: the scenario file's folder; None where the scenario came from no file.

    Raises:
        InputError: no such run, not a valid run file, or a file's name on a hosted server.
    """
    shipped = shipped_runs()
    if reference not in shipped:
        refuse_server_file(reference, "run")
    if folder is not None and (folder / reference).is_file():
        path = folder / reference
    elif Path(reference).is_file():
        path = Path(reference)
    elif (name := Path(reference).name.removesuffix(".json")) in shipped:
        path = shipped[name]
    else:
        near = difflib.get_close_matches(Path(reference).stem, shipped, n=1, cutoff=0.4)
        hint = f"did you mean the shipped run {near[0]!r}? " if near else ""
        raise InputError(
            f"run {reference!r}: no such file and no shipped run; {hint}"
            f"Shipped: {', '.join(shipped) or 'none'}. Make one here: tco probe run --out {Path(reference).name}"
        )
    try:
        return load_run(path)
    except RunError as error:
        raise InputError(str(error)) from None


def find_runs(scenario: Scenario, given: Mapping[str, Run] | None = None) -> dict[str, Run]:
    """The run of every self-hosted option, by option name.

    Args:
        scenario: the question.
        given: runs that the caller holds already, by the reference that the scenario uses.

    Raises:
        InputError: see `find_run`; the message names the option.
    """
    found = {}
    for option in scenario.options:
        if not isinstance(option, SelfHostedOption):
            continue
        try:
            found[option.name] = (given or {}).get(option.run) or find_run(option.run, scenario.folder)
        except InputError as error:
            raise InputError(f"option {option.name!r}: {error}") from None
    return found
