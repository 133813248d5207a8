"""What one replica of each self-hosted option is: as it was probed, or carried to another machine."""

from __future__ import annotations

from collections.abc import Mapping

import pricing
from pricing import Book
from probes.run import Run
from tco.capacity.replica import Replica
from tco.scenario import FROM_RUN, OwnOption, RentOption, Scenario, TokenOption


def replicas_of(scenario: Scenario, runs: Mapping[str, Run], book: Book) -> dict[str, Replica]:
    """One replica of every self-hosted option, by option name.

    Args:
        scenario: the question.
        runs: the run of each, by option name.
        book: what is known of GPUs.
    """
    del book
    return {
        option.name: _replica(option, runs[option.name])
        for option in scenario.options
        if not isinstance(option, TokenOption)
    }


def gpu_of(option: RentOption | OwnOption, run: Run) -> str | None:
    """The GPU by its name in the book: the option's own, or the one that the run was measured on; None without a GPU."""
    if option.gpu != FROM_RUN:
        return option.gpu
    if run.gpu is not None:
        return run.gpu
    return pricing.canonical_gpu(run.environment.gpus[0].name) if run.environment.gpus else None


def model_of(option: RentOption | OwnOption, run: Run) -> str:
    """The open model that an option runs: the one that it names, or the one that the run was measured with."""
    return run.model.name if option.model == FROM_RUN else option.model


def _replica(option: RentOption | OwnOption, run: Run) -> Replica:
    gpus = run.gpus_per_replica if option.gpus_per_replica is None else option.gpus_per_replica
    return Replica(run=run, gpus=gpus)
