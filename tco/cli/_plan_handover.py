"""What `tco plan --deploy` does: writes the deployments that were costed, and says where and what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from tco import InputError, Result, Scenario
from tco.books import find_book
from tco.fill import fill
from tco.handover import Deployment, NothingToDeploy, ReplicaBounds, handovers, write_deployment
from tco.handover.names import command_lines
from tco.handover.write import files_there, start_words
from tco.replicas_of import replicas_of
from tco.runs import find_runs
from tco.scenario import SelfHostedOption

_S_PER_MINUTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What was written.

    Attributes:
        folders: of each deployment.
        made: the deployments, in the same order.
        left_out: options that have none, and why.
    """

    folders: tuple[Path, ...]
    made: tuple[Deployment, ...]
    left_out: tuple[NothingToDeploy, ...]


def hand_over(
    question: Scenario,
    result: Result,
    folder: Path,
    *,
    option: str | None = None,
    force: bool = False,
    policies: Mapping[str, ReplicaBounds] | None = None,
) -> HandedOver:
    """Writes the deployments of an answered scenario, each into a folder of its own.

    Args:
        question: the scenario as it was loaded.
        result: its answer.
        folder: the folders go below it, named after the options.
        option: one option by name; None: every one that can be deployed.
        force: write over an earlier deployment.
        policies: between how many replicas an option moves, by name, where it has a scaling policy; None: those that were costed.

    Raises:
        InputError: no option of that name, nothing to deploy, files are there already, or the folder cannot be written.
    """
    book, runs = find_book(question), find_runs(question)
    filled = fill(question, replicas_of(question, runs, book), book)
    policies = costed_bounds(filled, result) if policies is None else policies
    found = handovers(filled, runs, result, book=book, made_on=datetime.now(UTC).date(), policies=policies)
    if option is not None:
        names = [one.name for one in question.options]
        if option not in names:
            raise InputError(f"--option {option!r}: no such option; the scenario has: {', '.join(names)}")
        found = [found[names.index(option)]]
    made = [one for one in found if isinstance(one, Deployment)]
    left_out = [one for one in found if isinstance(one, NothingToDeploy)]
    if not made:
        raise InputError(f"--deploy: nothing to deploy. {_sentences(left_out)}")
    folders = [folder / one.slug for one in made]
    there = [path for path in folders if files_there(path)]
    if there and not force:
        # Before anything is written: half of the deployments old and half new would be worse than none.
        raise InputError(
            f"{', '.join(map(str, there))}: a deployment is there already; name another folder, or add --force to write over"
        )
    for path, one in zip(folders, made, strict=True):
        write_deployment(one, path, force=force)
    return HandedOver(folders=tuple(folders), made=tuple(made), left_out=tuple(left_out))


def costed_bounds(filled: Scenario, result: Result) -> dict[str, ReplicaBounds]:
    """Between how many replicas each option moves whose costs rest on a scaling policy, by option name.

    The fewest are those of the quietest hour of the smallest month that has a fleet, the most those of the busiest hour of the largest one.

    Args:
        filled: the scenario, filled.
        result: its answer.
    """
    found = {}
    for option in result.options:
        capacity, asked = option.capacity, filled.option(option.name)
        if (
            capacity is None
            or not isinstance(asked, SelfHostedOption)
            or capacity.policy == "fixed"
            or capacity.replicas < 1
        ):
            continue
        months = zip(capacity.least_replicas_by_month, capacity.replicas_by_month, strict=True)
        cool_down = asked.scaling.cool_down_minutes
        found[option.name] = ReplicaBounds(
            policy=capacity.policy,
            min_replicas=min(fewest for fewest, most in months if most > 0),
            max_replicas=capacity.replicas,
            scale_down_s=None if cool_down is None else cool_down.value * _S_PER_MINUTE,
        )
    return found


def show_handover(handed: HandedOver, out: Console) -> None:
    """Prints what was written, how each engine is started, and what is still to be done."""
    for folder, made in zip(handed.folders, handed.made, strict=True):
        out.print(f"\nDeployment of {made.provenance.option}: {folder} (read README.md first)", markup=False)
        for line in _facts(made):
            out.print(f"  {line}", markup=False, soft_wrap=True)
        for sentence in made.to_do:
            out.print(f"  To do: {sentence}", style="yellow", markup=False, soft_wrap=True)
    for one in handed.left_out:
        out.print(f"\nNo deployment: {one.reason}.", style="dim", markup=False, soft_wrap=True)


def _facts(made: Deployment) -> Iterator[str]:
    scaling, hardware = made.scaling, made.hardware
    count = f"{scaling.min_replicas} to {scaling.max_replicas}" if scaling.autoscaled else f"{scaling.max_replicas}"
    where = (
        f"{hardware.gpus_per_replica} × {hardware.gpu}" if hardware.gpus_per_replica else "one machine without a GPU"
    )
    yield f"{count} replica{'' if count == '1' else 's'} of {where}, each for {made.promise.requests_per_s:.3g} requests/s ({made.promise.basis})"
    yield f"{len(made.engine.differences)} arguments are not as measured; README.md says why"
    yield from command_lines(start_words(made)).splitlines()


def _sentences(left_out: Sequence[NothingToDeploy]) -> str:
    return ". ".join(one.reason for one in left_out) + "."
