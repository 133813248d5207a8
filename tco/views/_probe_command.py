"""What the form asks for, as a command line and as a place in the queue."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from probes import Run
from probes.blanking import blank_text
from probes.engines.vllm import EXPECTED_START_S
from probes.jobs.records import JobRequest

HERE = "this machine"
"""Where a probe is that starts an engine itself."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MINUTE_S = 60.0
_CLIENT_S = 5.0
"""What the probe needs before it measures: its own start, and the measuring client's look at itself [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRequest:
    """What is to be measured.

    Attributes:
        target: arguments that name a model to start, or an endpoint.
        concurrency: load points, as `1,2,4`.
        input_tokens: in a prompt.
        output_tokens: in an answer.
        repeats: of each load point.
        budget_minutes: for measuring.
        more: further arguments, each bound by `=`.
    """

    target: tuple[str, ...]
    concurrency: str
    input_tokens: int
    output_tokens: int
    repeats: int
    budget_minutes: int
    more: tuple[str, ...] = ()

    @property
    def model(self) -> str:
        """The model as it was named."""
        return self._value("--model") or self._value("--served-model")

    @property
    def name(self) -> str:
        """The model, for the run's file name."""
        return _UNSAFE.sub("-", self.model)[:60]

    def command(self, out: Path, events: Path) -> list[str]:
        """The command line; values are bound by `=`, so that none is taken for a flag."""
        return [
            *(sys.executable, "-m", "tco.cli", "probe", "run"),
            *self.target,
            f"--concurrency={self.concurrency}",
            f"--input-tokens={self.input_tokens}",
            f"--output-tokens={self.output_tokens}",
            f"--repeats={self.repeats}",
            f"--budget={self.budget_minutes}m",
            *self.more,
            f"--out={out}",
            f"--progress-file={events}",
        ]

    def job(self, folder: Path) -> JobRequest:
        """Its place in the queue.

        Args:
            folder: where its run goes.
        """

        def settle(events: Path) -> tuple[Sequence[str], Path]:
            out = new_file(folder, self.name, datetime.now(UTC))
            return self.command(out, events), out

        endpoint = self._value("--endpoint")
        return JobRequest(
            title=self.model,
            where=_where(endpoint),
            # Without marks between thousands: it stands in the queue, which visitors of any language see.
            load=f"concurrency {self.concurrency}, {self.input_tokens} tokens in, {self.output_tokens} out",
            limit_s=_MINUTE_S * self.budget_minutes,
            start_s=_start_s(endpoint),
            settle=settle,
        )

    def _value(self, flag: str) -> str:
        return next((part.partition("=")[2] for part in self.target if part.startswith(f"{flag}=")), "")


def new_file(folder: Path, name: str, now: datetime) -> Path:
    """A file for a new run that is not there yet; the names of later runs sort behind those of earlier ones.

    Args:
        folder: where runs lie.
        name: of the model.
        now: the time of day.
    """
    first = f"{now:%Y%m%d-%H%M%S}-{name}"
    names = itertools.chain([first], (f"{first}-{number}" for number in itertools.count(2)))
    return next(path for each in names if not (path := folder / f"{each}.json").exists())


def resume_command(file: Path, events: Path) -> list[str]:
    """The command line that goes on with an interrupted run."""
    return [*(sys.executable, "-m", "tco.cli", "probe", "resume"), f"--progress-file={events}", "--", str(file)]


def resume_job(run: Run, file: Path) -> JobRequest:
    """The place in the queue of a run that is gone on with.

    Args:
        run: the run.
        file: where it lies on this machine.
    """
    plan = run.plan
    endpoint = None if plan is None else plan.endpoint
    return JobRequest(
        title=run.model.name,
        where=_where(endpoint),
        load=f"going on with {file.name}",
        limit_s=None if plan is None else plan.budget_s,
        start_s=_start_s(endpoint),
        settle=lambda events: (resume_command(file, events), file),
        file=file,
    )


def _where(endpoint: str | None) -> str:
    # An address may carry a password.
    return blank_text(endpoint) if endpoint else HERE


def _start_s(endpoint: str | None) -> float:
    return _CLIENT_S if endpoint else _CLIENT_S + EXPECTED_START_S["cpu"]
