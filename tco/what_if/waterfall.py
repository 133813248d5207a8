"""What sets two scenarios apart, and what each difference does to the NPV: a waterfall from the first to the second."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pricing import Overrides
from probes.run import Run
from tco.books import find_book
from tco.compare import Comparison, compare, prepare
from tco.errors import InputError
from tco.runs import find_run
from tco.scenario import Scenario, SelfHostedOption
from tco.scenario_file import of_data

_WORDS_ONLY = {"schema", "name", "question"}
_GONE = object()


class _Held(NamedTuple):
    """What the caller holds already, and what was read meanwhile."""

    runs: dict[str, Run]
    prices: Mapping[str, Overrides]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One difference, or several that are only valid together.

    Attributes:
        paths: of the inputs.
        before: their values in the first scenario; None where it has none.
        after: in the second one.
        npv_usd: NPV of the option against the baseline with this and all differences before it; None where it cannot serve [USD].
        change_usd: what this difference adds; None where it is not known on one of its sides [USD].
    """

    paths: tuple[str, ...]
    before: tuple[Any, ...]
    after: tuple[Any, ...]
    npv_usd: float | None
    change_usd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two scenarios, and the way from one to the other.

    Attributes:
        option: whose NPV it is.
        npv_first_usd: in the first scenario; None where it cannot serve [USD].
        npv_second_usd: in the second one.
        recommended_first: option that the first one recommends; None: nothing can serve.
        recommended_second: likewise.
        steps: in the order of the scenario file.
    """

    option: str
    npv_first_usd: float | None
    npv_second_usd: float | None
    recommended_first: str | None
    recommended_second: str | None
    steps: tuple[Step, ...]

    @property
    def flips(self) -> bool:
        """Whether the recommendation differs."""
        return self.recommended_first != self.recommended_second


def difference(
    first: Scenario,
    second: Scenario,
    option: str | None = None,
    *,
    own_runs: Mapping[str, Run] | None = None,
    own_prices: Mapping[str, Overrides] | None = None,
    on_step: Callable[[int, int], None] = lambda _done, _total: None,
) -> Difference:
    """Makes the second scenario out of the first, one difference after the other, and asks for the NPV after each.

    The parts add up to the whole. Where inputs act together (twice the price of half the volume), what each one does hangs on their order, which is that of
    the scenario file: workload first, then the options.

    Args:
        first: from a file.
        second: likewise.
        option: whose NPV; null: the second one's best alternative that both have.
        own_runs: runs that the caller holds already, by the reference that the scenarios use; others are read from files.
        own_prices: files of prices likewise, by name.
        on_step: called with the steps that are done, and with all.

    Raises:
        InputError: a run or a price is missing, no option is in both, or the one that is named is not.
    """
    held = _Held(dict(own_runs or {}), own_prices or {})
    data, goal = _data(first, held), _data(second, held)
    ends = [_compared(each, held) for each in (data, goal)]
    name = option if option is not None else _default(first, second, ends)
    for each, ordinal in ((first, "first"), (second, "second")):
        if name not in [own.name for own in each.options]:
            raise InputError(
                f"--option {name!r}: the {ordinal} scenario has no such option; it has: {', '.join(o.name for o in each.options)}"
            )
    npvs = [found.option(name).npv_usd for found in ends]
    return Difference(
        option=name,
        npv_first_usd=npvs[0],
        npv_second_usd=npvs[1],
        recommended_first=ends[0].recommended,
        recommended_second=ends[1].recommended,
        steps=tuple(_steps(data, goal, held, name, npvs[0], on_step)),
    )


def _steps(
    data: dict[str, Any],
    goal: dict[str, Any],
    files: _Held,
    option: str,
    npv_usd: float | None,
    on_step: Callable[[int, int], None],
) -> Iterator[Step]:
    before, after = dict(_leaves(data)), dict(_leaves(goal))
    paths = _differing(before, after)
    working = deepcopy(data)
    held: list[str] = []
    for number, path in enumerate(paths):
        _put(working, path, after.get(path, _GONE))
        held.append(path)
        on_step(number, len(paths))
        if _goes_on(paths, number, before):
            continue
        try:
            found = _compared(working, files)
        except InputError:
            if number < len(paths) - 1:  # not valid without the ones that follow
                continue
            raise
        now = found.option(option).npv_usd
        yield Step(
            paths=tuple(held),
            before=tuple(_shown(before.get(each, _GONE)) for each in held),
            after=tuple(_shown(after.get(each, _GONE)) for each in held),
            npv_usd=now,
            change_usd=None if now is None or npv_usd is None else now - npv_usd,
        )
        npv_usd, held = now, []


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Paths at which the two differ, in the order of the second one; what only the first one has comes last, an option as a whole."""
    kept = _options(after)
    changed = [path for path in after if _weight(before.get(path, _GONE)) != _weight(after[path])]
    for path in before:
        gone = path.startswith("options.") and path.split(".")[1] not in kept
        if path in after or (gone and path != f"options.{path.split('.')[1]}.name"):
            continue
        if not any(each.startswith(f"{path}.") or path.startswith(f"{each}.") for each in after):
            changed.append(path)
    return changed


def _goes_on(paths: list[str], number: int, before: Mapping[str, Any]) -> bool:
    """Whether the next path belongs to the same option, which only the second scenario has: an option comes as a whole."""
    if number == len(paths) - 1:
        return False
    mine, following = (".".join(path.split(".")[:2]) for path in paths[number : number + 2])
    return mine == following and mine.startswith("options.") and mine.split(".")[1] not in _options(before)


def _options(leaves: Mapping[str, Any]) -> set[str]:
    return {path.split(".")[1] for path in leaves if path.startswith("options.")}


def _default(first: Scenario, second: Scenario, ends: list[Comparison]) -> str:
    both = {option.name for option in first.options} & {option.name for option in second.options}
    for found in reversed(ends):
        if found.contender in both:
            return str(found.contender)
    rest = sorted(both - {first.baseline, second.baseline})
    if not rest:
        raise InputError(
            "the scenarios have no option in common but what is paid today; there is nothing whose NPV could be compared"
        )
    return rest[0]


def _compared(data: dict[str, Any], files: _Held) -> Comparison:
    scenario = of_data(data)
    prepared = prepare(scenario, files.runs, find_book(scenario, files.prices))
    return compare(prepared, prepared.scenario)


def _data(scenario: Scenario, files: _Held) -> dict[str, Any]:
    """A scenario as plain data that hangs on no folder: runs by their ids, own prices by their whole path; options by name."""
    data: dict[str, Any] = scenario.model_dump(by_alias=True, mode="json", exclude_none=True, exclude={"cases"})
    for option, held in zip(scenario.options, data["options"], strict=True):
        if isinstance(option, SelfHostedOption):
            run = files.runs.get(option.run) or find_run(option.run, scenario.folder)
            # Two files may claim one id; then each keeps its own name, and the step shows it.
            name = run.run_id if files.runs.get(run.run_id, run) == run else option.run
            files.runs[name] = run
            held["run"] = name
    own = scenario.prices.file
    if own is not None and own not in files.prices:
        data["prices"]["file"] = str(((scenario.folder or Path()) / own).resolve())
    return data


def _leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Inputs by path: quantities, texts, numbers and lists are whole; an option is found by its name."""
    for key, value in node.items():
        at = f"{path}.{key}" if path else key
        if at == "options":
            for option in value:
                yield from _leaves(option, f"options.{option['name']}")
        elif at in _WORDS_ONLY:
            continue
        elif isinstance(value, dict) and "evidence" not in value:
            yield from _leaves(value, at)
        else:
            yield at, value


def _weight(leaf: Any) -> Any:
    """What of an input the costs hang on: of a quantity its value."""
    return leaf["value"] if isinstance(leaf, dict) and "value" in leaf else leaf


def _shown(leaf: Any) -> Any:
    return None if leaf is _GONE else _weight(leaf)


def _put(data: dict[str, Any], path: str, leaf: Any) -> None:
    keys = path.split(".")
    node: dict[str, Any] = data
    if keys[0] == "options":
        named = [option for option in data["options"] if option["name"] == keys[1]]
        if keys[2:] == ["name"] and leaf is _GONE:
            data["options"].remove(named[0])
            return
        if not named:
            named = [{"name": keys[1]}]
            data["options"] += named
        node, keys = named[0], keys[2:]
    for key in keys[:-1]:
        child = node.get(key)
        # A quantity in place of a record, such as a price in place of a region, goes as a whole.
        node[key] = child if isinstance(child, dict) and "evidence" not in child else {}
        node = node[key]
    if leaf is _GONE:
        node.pop(keys[-1], None)
    else:
        node[keys[-1]] = leaf
