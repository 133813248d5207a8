"""Results of other benchmarks as runs: `vllm bench serve`, GuideLLM, AIPerf and genai-perf, InferenceX, llm-d-benchmark.

`import_run` finds out which tool a file is from, brings its numbers to our definitions and units, checks that they add up, and keeps whose they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from probes.imports import aiperf, guidellm, inferencex, llm_d, vllm_bench
from probes.imports.assemble import run_of
from probes.imports.hardware import Hardware, read_hardware
from probes.imports.point import Report
from probes.imports.reading import Fields, ResultFile, read_result
from probes.run import Run
from probes.run_file import RunError

__all__ = ["FORMATS", "Hardware", "import_run", "read_hardware"]


class _Reader(Protocol):
    """What the module of a format offers."""

    TOOL: str

    def matches(self, data: dict[str, Any]) -> bool:
        """Whether an object looks like a result of this tool."""

    def read(self, fields: Fields) -> Report:
        """Reads one object."""


_MODULES: tuple[_Reader, ...] = (guidellm, aiperf, llm_d, inferencex, vllm_bench)
_READERS = {module.TOOL: module for module in _MODULES}

FORMATS = tuple(sorted(_READERS))
"""Names of the formats that can be read."""


def import_run(
    paths: str | Path | Sequence[str | Path],
    *,
    sidecar: Hardware | str | Path | None = None,
    format: str | None = None,  # noqa: A002 -- the word that users know
) -> Run:
    """Turns result files of another tool into a run.

    Several files of one tool, one model and one traffic become the cells of one run; equal loads are repeats of each other, whose throughput then has
    an interval.

    Args:
        paths: one file, or several.
        sidecar: what the files do not say of machine, engine and model, or the file that says it; it overrules the result files.
        format: one of `FORMATS`; found from the content where None.

    Returns:
        A run with evidence `measured`, or `literature` for InferenceX. Its `source` names the tool and each file's digest. Texts of prompts and
        answers, addresses and command lines are not kept.

    Raises:
        RunError: a file cannot be read, is of no known format, lacks a field, or does not go with the others.
    """
    if format is not None and format not in _READERS:
        raise RunError(f"format {format!r} is not known; {', '.join(FORMATS)} are.")
    several = [paths] if isinstance(paths, str | Path) else list(paths)
    if not several:
        raise RunError("no file is named. Name at least one result file.")
    files = [read_result(path) for path in several]
    _check_different(files)
    stated = read_hardware(sidecar) if isinstance(sidecar, str | Path) else sidecar
    reports = [report for file in files for report in _reports(file, format)]
    return run_of(files, reports, stated)


def _check_different(files: Sequence[ResultFile]) -> None:
    seen: dict[str, str] = {}
    for file in files:
        if file.sha256 in seen:
            raise RunError(f"{file.path}: the same result as {seen[file.sha256]}; a copy is no repeat.")
        seen[file.sha256] = file.path


def _reports(file: ResultFile, tool: str | None) -> list[Report]:
    several = len(file.objects) > 1
    found = []
    for number, data in enumerate(file.objects):
        where = f"{file.path} (object {number + 1})" if several else file.path
        reader = _READERS[tool or _detected(data, where)]
        found.append(reader.read(Fields(data, where)))
    return found


def _detected(data: dict[str, Any], where: str) -> str:
    for name, reader in _READERS.items():
        if reader.matches(data):
            return name
    keys = ", ".join(str(key)[:40] for key in list(data)[:6]) or "none"
    raise RunError(
        f"{where}: not a result that is known here (its first fields: {keys}). Known: {', '.join(FORMATS)}; "
        "--format NAME if it is one of them. A run of this tool needs no import."
    )
