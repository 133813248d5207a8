"""`tco probe compare`: is one run faster than another, and is that more than noise?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from probes import RunError
from probes.compare import compare
from tco.cli._shared import EXIT_FLIPPED, EXIT_INCOMPLETE, fail, print_json
from tco.errors import InputError
from tco.runs import find_run

if TYPE_CHECKING:
    from probes.compare import Comparison, Difference


def compare_command(
    first: Annotated[str, typer.Argument(help="The run to measure against: a file, or a shipped run's name.")],
    second: Annotated[str, typer.Argument(help="The other run.")],
    *,
    threshold: Annotated[
        float,
        typer.Option(min=0, help="Fraction by which B may be slower: 0.05 lets 5 % pass; 0: any shown difference."),
    ] = 0.0,
    force: Annotated[bool, typer.Option("--force", help="Compare although model or traffic differ.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Test whether run B is faster or slower than run A (exit 4 if B is shown to be slower, 5 if nothing could be tested)."""
    try:
        found = compare(find_run(first), find_run(second), force=force)
    except (InputError, RunError) as error:
        fail(str(error))
    worse = found.slower_than(threshold)
    if as_json:
        print_json({**found.model_dump(mode="json"), "threshold_fraction": threshold, "slower": len(worse)})
    else:
        for line in comparison_lines(found):
            typer.echo(line)
    if worse:
        raise typer.Exit(EXIT_FLIPPED)
    if not found.tests:
        fail("nothing could be tested: no load point has intervals or bounds in both runs.", EXIT_INCOMPLETE)


def comparison_lines(found: Comparison) -> list[str]:
    """A comparison as lines of text.

    Args:
        found: from `compare`.
    """
    lines = [f"A  {found.first}", f"B  {found.second}"]
    lines += [f"   differs: {one.name}: {one.first} | {one.second}" for one in found.differing]
    for cell in found.cells:
        lines += ["", cell.load, *(_line(one) for one in cell.differences)]
    for which, loads in (("A", found.only_in_first), ("B", found.only_in_second)):
        if loads:
            lines += ["", f"only in {which}: {', '.join(loads)}"]
    lines += ["", *(f"caution: {warning.message}" for warning in found.warnings)]
    lines.append(f"B against A: {found.verdict} (95 % confidence over {found.tests} tests together)")
    return lines


def _line(one: Difference) -> str:
    change = "" if one.change_fraction is None else f"{one.change_fraction:+.1%}"
    text = f"  {one.metric:<22}{one.first:>12.1f}{one.second:>12.1f}{change:>9}  {one.verdict}"
    if one.verdict == "not tested":
        return f"{text}: {one.reason}"
    seen = "" if one.detectable_fraction is None else f"; {one.detectable_fraction:.1%} could have been seen"
    return f"{text} (p = {one.adjusted_p_value:.2g}{seen})"
