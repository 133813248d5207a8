"""Recorded traffic as the simulator takes it, with common beginnings of prompts from the identities of their blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from probes.errors import ProbeError
from probes.workload.request import Arrival
from probes.workload.traces import Replay, ReplayOptions, read_trace
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.traffic import Ints, Traffic
from tco.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """Recorded traffic.

    Attributes:
        path: of its file.
        format: `azure`, `mooncake`, `csv` or `jsonl`.
        traffic: the requests.
        shared_fraction: prompt tokens that an earlier request began with too: the most that a prefix cache could answer.
        warnings: what was cut or left out, in sentences.
    """

    path: str
    format: str
    traffic: Traffic
    shared_fraction: float
    warnings: tuple[str, ...]

    @property
    def requests_per_s(self) -> float:
        """Mean rate from the first to the last request [requests/s]; infinite where all came at once."""
        times = self.traffic.arrival_s
        span_s = float(times[-1] - times[0])
        return (times.size - 1) / span_s if span_s > 0 else float("inf")


def recording(
    path: Path, limits: EngineLimits, *, first: int | None = None, speed_factor: float = 1.0, skip_empty: bool = False
) -> Recording:
    """Reads recorded traffic: Azure's and Mooncake's traces, and your own logs (`probes.workload.traces.read_trace`).

    Args:
        path: the file.
        limits: of the engine; longer requests are cut to its context, input and output in proportion.
        first: leaves out all but so many requests.
        speed_factor: how much faster than it came; 2 halves every gap.
        skip_empty: leaves out requests without input or output, which are an error else.

    Raises:
        InputError: what `read_trace` refuses, with the row.
    """
    options = ReplayOptions(
        first=first,
        speed_factor=speed_factor,
        skip_empty=skip_empty,
        context_limit_tokens=min(limits.max_model_len, limits.kv_tokens),
    )
    try:
        replay = read_trace(path, options)
    except ProbeError as error:
        raise InputError(f"trace: {error}", code="trace_refused", path=str(path)) from None
    return _recording(path, replay)


def _recording(path: Path, replay: Replay) -> Recording:
    arrivals = replay.arrivals
    group, tokens = common_beginnings(arrivals)
    prompts = np.array([arrival.input_tokens for arrival in arrivals], dtype=np.int32)
    return Recording(
        path=str(path),
        format=replay.source.format,
        traffic=Traffic(
            arrival_s=np.array([arrival.offset_s for arrival in arrivals]),
            input_tokens=prompts,
            output_tokens=np.array([arrival.output_tokens for arrival in arrivals], dtype=np.int32),
            prefix_group=group,
            prefix_tokens=tokens,
        ),
        shared_fraction=sum(arrival.planned_hit_tokens for arrival in arrivals) / int(prompts.sum(dtype=np.int64)),
        warnings=tuple(warning.message for warning in replay.warnings),
    )


def common_beginnings(arrivals: Sequence[Arrival]) -> tuple[Ints, Ints]:
    """Which beginning each prompt has in common with others, and how long it is [tokens]; -1 and 0 where it has none.

    The simulator knows one beginning for a prompt, of which prompts may have a longer or a shorter part. Blocks make a tree: behind a system prompt that all have,
    every conversation goes on in its own way. The tree is cut into paths, each of which goes on where most requests do; a prompt belongs to the path on which the
    last block lies that it shares with another. So turns of one conversation find all that the turn before them left. The first turn of a conversation does
    not find the system prompt that others left: hits are a little too few, on the safe side.

    Args:
        arrivals: with the identities of their blocks.

    >>> turns = [(1, 2), (1, 2, 3, 4), (1, 2, 3, 4, 5), (1, 9), (7, 8)]
    >>> arrivals = [Arrival(offset_s=0.0, input_tokens=16 * len(ids), output_tokens=1, blocks=ids, block_tokens=16) for ids in turns]
    >>> [column.tolist() for column in common_beginnings(arrivals)]
    [[0, 0, 0, 0, -1], [32, 64, 64, 16, 0]]
    """
    chains = _chains(arrivals)
    uses = Counter(node for chain in chains for node in chain)
    # A node that only one prompt has is shared with nobody, and neither is what lies behind it.
    shared = [[node for node in chain if uses[node] > 1] for chain in chains]
    path_of = _paths(shared, uses)
    group = np.full(len(arrivals), -1, dtype=np.int32)
    tokens = np.zeros(len(arrivals), dtype=np.int32)
    numbers: dict[int, int] = {}
    for row, (arrival, chain) in enumerate(zip(arrivals, shared, strict=True)):
        if chain:
            group[row] = numbers.setdefault(path_of[chain[-1]], len(numbers))
            tokens[row] = min(len(chain) * arrival.block_tokens, arrival.input_tokens)
    return group, tokens


def _chains(arrivals: Sequence[Arrival]) -> list[list[int]]:
    """The nodes of the tree of blocks that each prompt passes: equal where all blocks up to there are."""
    nodes: dict[tuple[int, int], int] = {}
    chains = []
    for arrival in arrivals:
        chain, node = [], -1
        for block in arrival.blocks:
            node = nodes.setdefault((node, block), len(nodes))
            chain.append(node)
        chains.append(chain)
    return chains


def _paths(chains: Sequence[Sequence[int]], uses: Counter[int]) -> dict[int, int]:
    """The first node of the path that each node is on: a node goes on its parent's where no sibling has more requests."""
    parents: dict[int, int | None] = {}
    for chain in chains:
        for before, node in zip((None, *chain), chain, strict=False):
            parents.setdefault(node, before)
    heirs: dict[int, int] = {}
    for node, before in parents.items():
        if before is not None and uses[node] > (uses[heirs[before]] if before in heirs else 0):
            heirs[before] = node
    paths: dict[int, int] = {}
    for node, before in parents.items():
        paths[node] = paths[before] if before is not None and heirs[before] == node else node
    return paths
