"""The chart of `tco plan --replicas-chart`."""

from __future__ import annotations

from pathlib import Path

from tco import InputError, Result


def draw_replicas(result: Result, path: Path) -> None:
    """Writes what the first hybrid that can serve costs by its number of replicas.

    Args:
        result: the answer.
        path: of the picture.

    Raises:
        InputError: there is no such hybrid, or the file cannot be written.
    """
    made = next((option.hybrid for option in result.options if option.hybrid is not None), None)
    if made is None:
        raise InputError(
            f"--replicas-chart {path}: no hybrid of the scenario can serve; add an option of kind `hybrid` (docs/hybrid.md)"
        )
    # Drawing loads pandas and Altair, two seconds that an answer in text need not wait for.
    from tco.charts import save_chart  # noqa: PLC0415
    from tco.hybrid_charts import cost_over_replicas  # noqa: PLC0415

    save_chart(cost_over_replicas(made), path)
