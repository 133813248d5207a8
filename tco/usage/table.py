"""Usage by hour, model and tier: what is left of the files once they are read. It has no prompt, no answer and no identity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import Literal

import numpy as np
import numpy.typing as npt

from tco.errors import InputError
from tco.usage.lengths import LengthSums

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Grain = Literal["request", "hour", "day"]

SECONDS_PER_HOUR = 3600
COLUMNS = (
    "requests", "failed", "input_uncached_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_visible_tokens", "output_reasoning_tokens",
    "billed_usd", "list_usd",
)  # fmt: skip
"""What a cell of the table holds."""

_INPUT = slice(2, 6)
_OUTPUT = slice(6, 8)

INPUT_COLUMNS, OUTPUT_COLUMNS = COLUMNS[_INPUT], COLUMNS[_OUTPUT]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """What one file was.

    Attributes:
        name: of the file.
        source: name of its source.
        title: of its source, for people.
        rows: that were read.
        skipped: rows that are no traffic, by reason.
        checked: records whose source has a total of its own.
        mismatched: of these, those whose buckets do not add up to it.
        first_s: where it begins, since 1970 [s].
        end_s: where it ends [s].
        models: that it has.
        is_bucketed: whether a row counts a span.
    """

    name: str
    source: str
    title: str
    rows: int
    skipped: Mapping[str, int]
    checked: int
    mismatched: int
    first_s: float
    end_s: float
    models: frozenset[str]
    is_bucketed: bool


@dataclass(slots=True)
class ModelFacts:
    """What is known of one model's records.

    Attributes:
        counts_requests: all say how many requests there were.
        tells_tier: all say how they were bought.
        tells_cached: all say what a cache answered.
        tells_reasoning: all tell reasoning apart.
        tells_billed: one of them at least says what was paid.
        widest_s: longest span of a record [s].
        lengths: of single requests.
    """

    counts_requests: bool = True
    tells_tier: bool = True
    tells_cached: bool = True
    tells_reasoning: bool = True
    tells_billed: bool = False
    widest_s: float = 0.0
    lengths: LengthSums = field(default_factory=LengthSums)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Usage:
    """All that was read, by hour, model and tier.

    Attributes:
        files: what they were.
        models: names.
        cell_model: index into `models`, shape (cells,).
        cell_tier: index into `tco.usage.record.TIERS`, -1 where it is not told, shape (cells,).
        cell_hour: hours since 1970 in UTC, shape (cells,); of a bucket longer than an hour its first.
        cells: of `COLUMNS`, shape (cells, 10).
        facts: by model.
        first_hour: where the files begin, hours since 1970.
        end_hour: where they end, exclusive.
        zone: clock of days and weeks.
        notes: what the reader must know, in sentences.
    """

    files: tuple[FileRead, ...]
    models: tuple[str, ...]
    cell_model: Ints
    cell_tier: Ints
    cell_hour: Ints
    cells: Floats
    facts: Mapping[str, ModelFacts]
    first_hour: int
    end_hour: int
    zone: tzinfo
    notes: tuple[str, ...] = ()

    def of_models(self, wanted: Iterable[str]) -> Usage:
        """The usage of some models only.

        Args:
            wanted: names, with or without the seller before them; none: all.

        Raises:
            InputError: a name that none of the models has.
        """
        names = list(wanted)
        if not names:
            return self
        chosen = {model for name in names for model in self._named(name)}
        keep = np.array([self.models[index] in chosen for index in self.cell_model.tolist()], dtype=bool)
        return replace(
            self,
            cell_model=self.cell_model[keep],
            cell_tier=self.cell_tier[keep],
            cell_hour=self.cell_hour[keep],
            cells=self.cells[keep],
            facts={name: facts for name, facts in self.facts.items() if name in chosen},
        )

    def _named(self, name: str) -> list[str]:
        found = [model for model in self.models if name in (model, model.partition("/")[2])]
        if not found:
            there = ", ".join(self.models[:8]) + (", ..." if len(self.models) > 8 else "")  # noqa: PLR2004 - what a sentence holds
            raise InputError(f"no usage of a model {name[:60]!r}; there is: {there}", code="model_unknown")
        return found

    @property
    def totals(self) -> dict[str, float]:
        """Sums of all columns."""
        return dict(zip(COLUMNS, self.cells.sum(axis=0).tolist(), strict=True))

    @property
    def input_tokens(self) -> Floats:
        """All input of each cell [tokens]."""
        return np.asarray(self.cells[:, _INPUT].sum(axis=1))

    @property
    def output_tokens(self) -> Floats:
        """All output of each cell [tokens]."""
        return np.asarray(self.cells[:, _OUTPUT].sum(axis=1))

    @property
    def traffic_facts(self) -> list[ModelFacts]:
        """Facts of models that have traffic; those that were only billed have none to tell."""
        busy = self.cells[:, 0] + self.cells[:, 1] + self.input_tokens + self.output_tokens > 0
        return [self.facts[self.models[index]] for index in sorted(set(self.cell_model[busy].tolist()))]

    @property
    def counts_requests(self) -> bool:
        """Whether all traffic says how many requests there were."""
        return all(facts.counts_requests for facts in self.traffic_facts)

    @property
    def grain(self) -> Grain:
        """How finely times are told."""
        widest = max((facts.widest_s for facts in self.traffic_facts), default=0.0)
        return "request" if widest == 0 else "hour" if widest <= SECONDS_PER_HOUR else "day"

    @property
    def clock(self) -> tzinfo:
        """The clock by which days can be told: the user's, or UTC where the files count whole days of UTC."""
        return UTC if self.grain == "day" else self.zone
