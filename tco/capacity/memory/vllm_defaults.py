"""What vLLM does where nobody tells it: step size, sequences, blocks, share of memory, scheduling ahead.

From the source of vLLM 0.32: `engine/arg_utils.py` (`get_batch_defaults`, `_set_default_max_num_seqs_and_batched_tokens_args`), `config/cache.py`,
`config/vllm.py`, `platforms/cpu.py`; values for `vllm serve`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from tco.capacity.memory.engine_args import value_of, whole_of

LARGEST_GIB = 160
"""From this device memory on the largest steps are the default: B200, MI300X."""

LARGE_GIB = 70
"""From this device memory on, except on an A100: H100, H200."""

BLOCK_TOKENS = 16
CPU_BLOCK_TOKENS = 128

UTILISATION_FRACTION = 0.92
OLD_UTILISATION_FRACTION = 0.90
UTILISATION_SINCE = (0, 22)
ASYNC_SINCE = (0, 14)


class BatchDefaults(NamedTuple):
    """What a step holds at most.

    Attributes:
        max_num_batched_tokens: tokens of one step.
        max_num_seqs: sequences that run at once.
    """

    max_num_batched_tokens: int
    max_num_seqs: int


def batch_defaults(memory_gib: float | None, gpu: str | None, *, workers: int = 1) -> BatchDefaults:
    """What a step holds at most where neither is set.

    Args:
        memory_gib: of one GPU [GiB]; None where it is not known, which vLLM treats as small.
        gpu: its name; None on a processor.
        workers: tensor times pipeline parallel size; counts on a processor only.

    >>> batch_defaults(80, "H100-SXM"), batch_defaults(80, "A100-80GB-SXM").max_num_seqs, batch_defaults(None, None)
    (BatchDefaults(max_num_batched_tokens=8192, max_num_seqs=1024), 256, BatchDefaults(max_num_batched_tokens=2048, max_num_seqs=128))
    """
    if gpu is None:
        return BatchDefaults(2048 * workers, 128 * workers)
    memory = memory_gib or 0.0
    if memory >= LARGEST_GIB:
        return BatchDefaults(16384, 1024)
    if memory >= LARGE_GIB and "a100" not in gpu.lower():
        return BatchDefaults(8192, 1024)
    return BatchDefaults(2048, 256)


def step_limits(
    args: Sequence[str],
    memory_gib: float | None,
    gpu: str | None,
    *,
    workers: int = 1,
    max_model_len: int | None = None,
) -> BatchDefaults:
    """What a step holds at most: as the arguments say, and else as `_set_default_max_num_seqs_and_batched_tokens_args` settles it.

    Args:
        args: of the engine.
        memory_gib: of one GPU [GiB]; None where it is not known.
        gpu: its name; None on a processor.
        workers: tensor times pipeline parallel size; counts on a processor only.
        max_model_len: longest request, which bounds a step of few sequences; None where it is not known.

    Raises:
        InputError: an argument that is no number.

    >>> step_limits(["--max-num-seqs", "4"], 80, "H100-SXM", max_model_len=1024)
    BatchDefaults(max_num_batched_tokens=4096, max_num_seqs=4)
    """
    defaults = batch_defaults(memory_gib, gpu, workers=workers)
    factor = 2 if value_of(args, "--performance-mode") == "throughput" else 1
    sequences = whole_of(args, "--max-num-seqs")
    batched = whole_of(args, "--max-num-batched-tokens")
    if batched is None:
        batched = defaults.max_num_batched_tokens * factor
        if max_model_len is not None:
            batched = min((sequences or defaults.max_num_seqs * factor) * max_model_len, batched)
    return BatchDefaults(batched, sequences if sequences is not None else min(defaults.max_num_seqs * factor, batched))


def utilisation_default(version: str | None) -> float:
    """Share of a GPU's memory that the engine takes where `--gpu-memory-utilization` is not set [fraction]: 0.92, before 0.22 it was 0.90.

    Args:
        version: of vLLM; None where it is not known: taken as today's.
    """
    return OLD_UTILISATION_FRACTION if is_before(version, UTILISATION_SINCE) else UTILISATION_FRACTION


def async_scheduling_default(version: str | None, *, on_cpu: bool) -> bool:
    """Whether a step is scheduled while the one before runs: since 0.14 on GPUs, never on a processor (`platforms/cpu.py`).

    Args:
        version: of vLLM; None where it is not known: taken as today's.
        on_cpu: the engine computes on the processor.
    """
    return not on_cpu and not is_before(version, ASYNC_SINCE)


def is_before(version: str | None, first: tuple[int, int]) -> bool:
    """Whether a version of vLLM is older than another; one that is not known is not.

    Args:
        version: as the engine states it.
        first: major and minor number.

    >>> is_before("0.19.0", (0, 21)), is_before("v0.32.0+cpu", (0, 21)), is_before(None, (0, 21))
    (True, False, False)
    """
    found = re.match(r"v?(\d{1,6})\.(\d{1,6})", version or "")
    return found is not None and (int(found.group(1)), int(found.group(2))) < first
