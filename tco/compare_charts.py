"""Chart of what sets two scenarios apart, as Altair: a waterfall from the NPV of the first to that of the second. No Streamlit here."""

from __future__ import annotations

from collections import Counter

import altair as alt
import pandas as pd

from tco.charts import DOLLARS, LIGHT, Palette
from tco.what_if import Difference, Step
from tco.words import label, name

FIRST, SECOND, REST = "first scenario", "second scenario", "all smaller changes"
MOST_STEPS = 12
_LONGEST = 44


def step_title(step: Step) -> str:
    """What a step changes, in words.

    Args:
        step: of a difference.
    """
    head = step.paths[0]
    if head.startswith("options.") and head.endswith(".name") and len(step.paths) > 1:
        title = f"option {head.split('.')[1]}"
    else:
        title = _name(head)
        if len(step.paths) > 1:
            title += f" and {len(step.paths) - 1} more"
    return title if len(title) <= _LONGEST else f"{title[: _LONGEST - 1]}…"


def _name(path: str) -> str:
    """What an input is called that need not be a number."""
    try:
        return label(path).rpartition(" (")[0]
    except LookupError:
        # No number, so it has no unit: a model, a run, a country.
        parts = path.split(".")
        return f"{name(path)} of {parts[1]}" if parts[0] == "options" and len(parts) > 2 else name(path)  # noqa: PLR2004


def waterfall_frame(found: Difference) -> pd.DataFrame:
    """The way from one NPV to the other: columns `place`, `what`, `from_usd`, `to_usd`, `change_usd`, `kind`.

    Steps whose effect is not known, because an end cannot serve, are left out; of more than `MOST_STEPS` the smaller ones are one.
    The bars hang together only where every step is known: `Difference.steps` has all of them.

    Args:
        found: the difference.
    """
    known = [(step_title(step), step.change_usd) for step in found.steps if step.change_usd]
    if len(known) > MOST_STEPS:
        large = sorted(known, key=lambda pair: -abs(pair[1]))[: MOST_STEPS - 1]
        rest = sum(change for _, change in known) - sum(change for _, change in large)
        known = [pair for pair in known if pair in large] + [(REST, rest)]
    rows, at = [], found.npv_first_usd or 0.0
    rows.append(_row(FIRST, 0.0, at, "end"))
    for what, change in _apart(known):
        rows.append(_row(what, at, at + change, "gain" if change > 0 else "loss"))
        at += change
    rows.append(_row(SECOND, 0.0, at if found.npv_second_usd is None else found.npv_second_usd, "end"))
    frame = pd.DataFrame(rows, columns=["what", "from_usd", "to_usd", "change_usd", "kind"])
    frame.insert(0, "place", range(len(frame)))
    return frame


def _apart(steps: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """The steps with a number behind the title of each that is not the first of its name: bars of one name would be one bar."""
    seen: Counter[str] = Counter()
    apart = []
    for what, change in steps:
        seen[what] += 1
        apart.append((what if seen[what] == 1 else f"{what} ({seen[what]})", change))
    return apart


def _row(what: str, start: float, end: float, kind: str) -> tuple[str, float, float, float, str]:
    return what, start, end, end - start, kind


def waterfall_chart(found: Difference, palette: Palette = LIGHT) -> alt.LayerChart:
    """Bars from the first scenario's NPV through every difference to the second's.

    Args:
        found: of two scenarios in both of which the option can serve.
        palette: colours.
    """
    frame = waterfall_frame(found)
    labels = frame["what"].tolist()
    base = alt.Chart(frame).encode(
        y=alt.Y("what:N", sort=labels, title=None, axis=alt.Axis(labelLimit=260)),
        tooltip=[
            alt.Tooltip("what:N", title="Change"),
            alt.Tooltip("change_usd:Q", title="Moves the NPV by", format="$,.0f"),
            alt.Tooltip("to_usd:Q", title="NPV then", format="$,.0f"),
        ],
    )
    bars = base.mark_bar(height={"band": 0.62}).encode(
        x=alt.X("from_usd:Q", title="NPV against the baseline (USD)", axis=alt.Axis(labelExpr=DOLLARS, tickCount=6)),
        x2=alt.X2("to_usd:Q"),
        color=alt.Color(
            "kind:N",
            title=None,
            scale=alt.Scale(
                domain=["end", "gain", "loss"], range=[palette.lines[2], palette.lines[0], palette.lines[1]]
            ),
            legend=None,
        ),
    )
    zero = alt.Chart(pd.DataFrame({"at": [0.0]})).mark_rule(color=palette.muted).encode(x=alt.X("at:Q"))
    return alt.LayerChart(layer=[bars, zero], height=max(180, 40 + 34 * len(frame)), width="container")
