"""Who serves an option's requests, and the worst of what each of them keeps.

Options may be made of others, follow each other, start late, or hand tasks on; a constraint is asked of everybody who gets some of the requests.
"""

from __future__ import annotations

from dataclasses import replace

from tco.constraint_result import ConstraintName
from tco.constraint_terms import Constraints
from tco.constraints.facts import Asked, terms_of
from tco.constraints.held import Held, Holds
from tco.scenario import CascadeOption, HybridOption, MixedOption, Option, Scenario
from tco.success_terms import HUMAN

HARD: frozenset[ConstraintName] = frozenset(
    {"licence", "residency", "operator_nationality", "retention", "baa", "certifications"}
)
"""Of law or policy: who cannot show that they are kept may not go ahead."""

_OF_DATA = HARD - {"licence"}
"""Of what becomes of requests: where only sensitive ones are covered, others may go elsewhere."""

_WORST_LAST = ("met", "unknown", "not met")


def worst(name: ConstraintName, holds: Holds, option: Option, wishes: Constraints, asked: Asked) -> tuple[Held, str]:
    """The worst verdict among those that serve some of an option's requests, and whose it is.

    Special cases: the lead time of what follows, or of what an option hands on to, is its own matter; a rating that the option states of itself as a
    whole stands for all; a model that hands on what it does not do well is not judged by its own rating alone.

    Args:
        name: of the constraint.
        holds: its function.
        option: as written.
        wishes: all constraints.
        asked: what else is known.
    """
    if name == "quality" and terms_of(option).rating_points is not None:
        own = holds(option, wishes, asked)
        if own.verdict != "unknown" or not isinstance(option, MixedOption):
            return own, option.name
    verdicts = []
    for each, how in _serving(name, option, wishes, asked.scenario).items():
        its = asked.scenario.option(each)
        if isinstance(its, MixedOption):  # What is made of others has no site, seller or licence of its own.
            continue
        kept = holds(its, wishes, asked)
        says = f"{how} {each}: {kept.says}" if how else kept.says
        if name == "quality" and kept.verdict == "not met" and _hands_on(its, option):
            says = f"{says}; it hands on what it does not do well, and no rating says how good both are together"
            verdicts.append((Held(verdict="unknown", says=says, field="rating_points"), option.name))
        else:
            verdicts.append((replace(kept, says=says), each))
    return max(verdicts, key=lambda each: _WORST_LAST.index(each[0].verdict))


def _serving(name: ConstraintName, option: Option, wishes: Constraints, scenario: Scenario) -> dict[str, str]:
    """Everybody that a constraint is asked of, and how the requests come to them; the option itself first."""
    if name == "supply" and not isinstance(option, MixedOption):
        return {option.name: ""}
    spares_overflow = wishes.covers == "sensitive" and name in _OF_DATA
    return {option.name: ""} | _partners(option, scenario, spares_overflow=spares_overflow)


def _hands_on(its: Option, option: Option) -> bool:
    """Whether what this one does not do well goes to somebody else."""
    escalates = its.success is not None and its.success.escalates_to is not None
    return escalates or (isinstance(option, CascadeOption) and its.name == option.small)


def _partners(option: Option, scenario: Scenario, *, spares_overflow: bool) -> dict[str, str]:
    """The other options that serve some of an option's requests, and how they come to it, each once; hand-overs may go on from there.

    Args:
        option: any.
        scenario: with the others.
        spares_overflow: leave out where a hybrid sends what is not sensitive.
    """
    found: dict[str, str] = {}
    reached = [(option.name, "")]
    while reached:
        name, how = reached.pop(0)
        if name in found:
            continue
        found[name] = how
        its = scenario.option(name)
        if its.starts_after_months:
            reached.append((scenario.baseline, "until it starts there is"))
        if isinstance(its, MixedOption):
            holds_back = isinstance(its, HybridOption) and its.sensitive_fraction.value > 0
            parts = its.parts[:1] if spares_overflow and holds_back else its.parts
            reached.extend((part, "it is made of") for part in parts)
        if its.then is not None:
            reached.append((its.then.option, "it is followed by"))
        if its.success is not None and its.success.escalates_to not in (None, HUMAN):
            reached.append((str(its.success.escalates_to), "tasks are handed on to"))
    del found[option.name]
    return found
