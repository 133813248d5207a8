"""Adding records up, one at a time, so that a file of any length takes as much memory as its hours and models do."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import tzinfo

import numpy as np

from tco.errors import InputError
from tco.usage.record import TIERS, UsageRecord
from tco.usage.table import COLUMNS, SECONDS_PER_HOUR, FileRead, ModelFacts, Usage

MAX_MODELS = 5_000
MAX_CELLS = 2_000_000
_LONGEST_BUCKET_S = 25 * SECONDS_PER_HOUR


@dataclass(slots=True)
class Tally:
    """Sums so far."""

    cells: dict[tuple[str, int, int], list[float]] = field(default_factory=dict)
    facts: dict[str, ModelFacts] = field(default_factory=dict)
    first_s: float = math.inf
    end_s: float = -math.inf

    def add(self, record: UsageRecord, where: str) -> None:
        """One more record.

        Args:
            record: of any source.
            where: its row, for messages.

        Raises:
            InputError: a span that ends before it begins or is longer than a day, too many models, too many hours of them.
        """
        if not 0 <= record.width_s <= _LONGEST_BUCKET_S:
            raise InputError(
                f"{where}: a row of {record.width_s / SECONDS_PER_HOUR:g} hours; it has to count a day at most, for the days of a week differ",
                code="bucket_too_long",
            )
        busy = record.has_traffic
        if busy or not record.model:
            self.first_s = min(self.first_s, record.start_s)
            self.end_s = max(self.end_s, record.start_s + record.width_s)
        if record.model:
            self._add_facts(record, busy)
            self._add_cell(record, where)

    def _add_facts(self, record: UsageRecord, busy: bool) -> None:
        facts = self.facts.get(record.model)
        if facts is None:
            if len(self.facts) >= MAX_MODELS:
                raise InputError(
                    f"more than {MAX_MODELS:,} models; is the model's column the right one?", code="too_many_models"
                )
            facts = self.facts[record.model] = ModelFacts()
        facts.tells_billed |= record.billed_usd is not None
        if not busy:
            return
        facts.counts_requests &= record.requests is not None
        facts.widest_s = max(facts.widest_s, record.width_s)
        if record.requests != 0:
            facts.tells_tier &= record.tier is not None
            facts.tells_cached &= record.cache_read_tokens is not None
            facts.tells_reasoning &= record.output_reasoning_tokens is not None
        if record.width_s == 0 and record.requests == 1:
            facts.lengths.add(record.input_tokens, record.output_tokens)

    def _add_cell(self, record: UsageRecord, where: str) -> None:
        tier = -1 if record.tier is None else TIERS.index(record.tier)
        key = (record.model, tier, int(record.start_s // SECONDS_PER_HOUR))
        cell = self.cells.get(key)
        if cell is None:
            if len(self.cells) >= MAX_CELLS:
                raise InputError(
                    f"{where}: more than {MAX_CELLS:,} hours of models; give fewer files at a time",
                    code="too_many_cells",
                )
            cell = self.cells[key] = [0.0] * len(COLUMNS)
        cell[0] += record.requests or 0
        cell[1] += record.failed
        cell[2] += record.input_uncached_tokens
        cell[3] += record.cache_read_tokens or 0
        cell[4] += record.cache_write_tokens
        cell[5] += record.cache_write_1h_tokens
        cell[6] += record.output_visible_tokens
        cell[7] += record.output_reasoning_tokens or 0
        cell[8] += record.billed_usd or 0.0
        cell[9] += record.list_usd or 0.0

    def usage(
        self, files: tuple[FileRead, ...], zone: tzinfo, span_s: tuple[float, float] | None, notes: tuple[str, ...]
    ) -> Usage:
        """What was added up.

        Args:
            files: what they were.
            zone: clock of days and weeks.
            span_s: the span that the user says they cover, since 1970 [s]; None: from their first to their last record.
            notes: in sentences.
        """
        models = tuple(sorted(self.facts))
        index = {model: number for number, model in enumerate(models)}
        keys = sorted(self.cells)
        first_s, end_s = span_s or (self.first_s, self.end_s)
        return Usage(
            files=files,
            models=models,
            cell_model=np.array([index[model] for model, _, _ in keys], dtype=np.int64),
            cell_tier=np.array([tier for _, tier, _ in keys], dtype=np.int64),
            cell_hour=np.array([hour for _, _, hour in keys], dtype=np.int64),
            cells=np.array([self.cells[key] for key in keys], dtype=np.float64).reshape(len(keys), len(COLUMNS)),
            facts=self.facts,
            first_hour=math.floor(first_s / SECONDS_PER_HOUR),
            # A single request in an hour stands for that hour.
            end_hour=math.ceil(max(end_s, first_s + 1) / SECONDS_PER_HOUR),
            zone=zone,
            notes=notes,
        )
