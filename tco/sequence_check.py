"""What is to be known of options that start too late to serve."""

from __future__ import annotations

from collections.abc import Iterator

from tco.result import Caution
from tco.scenario import Scenario
from tco.splice import served_by


def sequence_cautions(scenario: Scenario) -> Iterator[Caution]:
    """One caution for each option that does not come to serve within the horizon, or whose follower does not.

    Args:
        scenario: filled.
    """
    horizon = scenario.horizon_months
    for option in scenario.options:
        serving = {name for name, _ in served_by(option.name, scenario)}
        if option.starts_after_months >= horizon:
            yield Caution(
                code="never_starts",
                path=f"options.{option.name}.starts_after_months",
                message=f"{option.name}: it would start after {option.starts_after_months} months, past the horizon of {horizon}; "
                f"its costs are those of {scenario.baseline}",
            )
        elif option.then is not None and option.then.option not in serving:
            yield Caution(
                code="never_followed",
                path=f"options.{option.name}.then.after_months",
                message=f"{option.name}: {option.then.option} would follow after {option.then.after_months} months, past the horizon of {horizon}; "
                "it never serves",
            )
        elif option.name not in serving:
            yield Caution(
                code="never_starts",
                path=f"options.{option.name}.then.after_months",
                message=f"{option.name}: it is followed at once, so its costs are those of what follows it",
            )
