"""How long prompts and answers are, as a user writes it: `fixed`, `uniform:0.5`, `lognormal:1.0,corr=0.3`, `pairs:FILE.csv`."""

from __future__ import annotations

from probes.run import Lengths
from probes.workload.sampling import Rows


def recorded_rows(lengths: Lengths) -> Rows | None:
    """The recorded pairs of `pairs`; None for any other kind of lengths.

    Args:
        lengths: as a run keeps them.

    Raises:
        ProbeError: `bad_arguments`: the file cannot be read, or is not the one of the record.
    """
    if lengths.kind != "pairs":
        return None
    raise NotImplementedError
