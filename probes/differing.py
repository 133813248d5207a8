"""What two runs differ in besides their speed, and whether they are of the same thing at all. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from probes.record import Record
from probes.run import Run

NOT_KNOWN = "not known"

SAME_LENGTH_FRACTION = 0.05
"""Mean lengths that differ by less are those of one traffic."""

_NOT_COMPARED = {"start_s", "started_by_probe", "hostname_hash", "uuid_hash", "note", "python", "vocab_size"}


class Differing(Record):
    """Something else in which the runs differ, so that a difference of speed is not ascribed to the wrong thing."""

    name: str
    first: str
    second: str


def unlike(first: Run, second: Run) -> str | None:
    """Why the two runs are of different things, as a sentence; None where they are not.

    Args:
        first: a run.
        second: another one.
    """
    mine, theirs = first.model, second.model
    if _base(mine.name) != _base(theirs.name) and (
        mine.config_sha256 is None or mine.config_sha256 != theirs.config_sha256
    ):
        return f"the runs are of different models, {mine.name!r} and {theirs.name!r}."
    if mine.layers != theirs.layers and mine.layers is not None and theirs.layers is not None:
        return f"the runs are of different depths of a model, {mine.layers} and {theirs.layers} layers."
    one, two = first.workload, second.workload
    for word, length, other in (
        ("prompts", one.input_tokens, two.input_tokens),
        ("answers", one.output_tokens, two.output_tokens),
    ):
        if max(length, other) > min(length, other) * (1 + SAME_LENGTH_FRACTION):
            return f"the runs have different traffic, {word} of {length} and of {other} tokens."
    kinds = [(shape.lengths.kind, shape.turns, shape.shared_prefix_fraction) for shape in (one, two)]
    if kinds[0] != kinds[1] and "published" not in (one.prompt, two.prompt):
        return f"the runs have different traffic (lengths, turns, shared prefix: {kinds[0]} and {kinds[1]})."
    return None


def _base(name: str) -> str:
    return name.rstrip("/").rsplit("/", 1)[-1].casefold()


def differing_in(first: Run, second: Run) -> Iterator[Differing]:
    """Everything of machine, engine, model and traffic in which the runs differ, the measuring tool among it.

    Args:
        first: a run.
        second: another one.
    """
    flat = [dict(_flat(run)) for run in (first, second)]
    for name in [*flat[0], *(name for name in flat[1] if name not in flat[0])]:
        one, two = (_word(values.get(name)) for values in flat)
        if one != two:
            yield Differing(name=name, first=one, second=two)


def _flat(run: Run) -> Iterator[tuple[str, Any]]:
    data = run.model_dump(mode="json", include={"gpu", "gpus_per_replica", "evidence", "tool_version"})
    yield from data.items()
    for part in ("environment", "engine", "model"):
        for name, value in getattr(run, part).model_dump(mode="json").items():
            if name not in _NOT_COMPARED and not (part == "model" and name == "name"):
                yield f"{part}.{name}", "none" if name == "quantization" and value is None else value
    yield "workload.prompt", run.workload.prompt
    yield "tool", (run.source or "tco probe").split(" ", 1)[0]
    if run.manifest:
        for name in ("container", "cpu_governor", "engine_environment"):
            yield f"manifest.{name}", getattr(run.manifest, name)


def _word(value: Any) -> str:
    """A value as people read it; GPUs by their names and what limits them."""
    if value is None or value in ([], {}, "", "unknown"):
        return NOT_KNOWN
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return ", ".join(
            " ".join(f"{key}={inner}" for key, inner in item.items() if inner is not None and key not in _NOT_COMPARED)
            for item in value
        )
    if isinstance(value, list):
        return " ".join(str(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}={inner}" for key, inner in sorted(value.items()))
    return str(value)
