"""Which part of an option stands for it where one machine, one run or one price has to be named."""

from __future__ import annotations

from tco.scenario import AnyOption, CascadeOption, HybridOption, MixedOption, Scenario, SelfHostedOption, SingleOption


def carrier(option: AnyOption, scenario: Scenario) -> SingleOption:
    """The option itself; of a hybrid its base; of a cascade the part that is self-hosted, the small model's first.

    Args:
        option: any.
        scenario: filled.
    """
    if isinstance(option, HybridOption):
        return scenario.single(option.base)
    if isinstance(option, CascadeOption):
        parts = [scenario.single(part) for part in option.parts]
        return next((part for part in parts if isinstance(part, SelfHostedOption)), parts[0])
    return option


def parts_of(option: AnyOption, scenario: Scenario) -> list[SingleOption]:
    """The options that an option is made of; itself, where it is not made of others."""
    if isinstance(option, MixedOption):
        return [scenario.single(part) for part in option.parts]
    return [option]
