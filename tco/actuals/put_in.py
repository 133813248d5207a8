"""Actuals put into a scenario: inputs at the level that was seen, prices at what the bills say, throughput as it was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tco.actuals.assumed import BILL, GOODPUT, LINE_ITEMS, assumed, level, month_factors, outcome_of
from tco.actuals.records import Actuals, Level
from tco.compare import Comparison, Prepared, compare, prepare
from tco.errors import InputError
from tco.register import quantities
from tco.scenario import Scenario, TokenOption
from tco.scenario_file import change, of_data

_TOKEN_LINES = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens")
_SCALED_BY = {
    "input_tokens": ("input_usd_per_mtok", "batch_input_usd_per_mtok"),
    "cached_input_tokens": ("cached_input_usd_per_mtok",),
    "cache_write_tokens": ("cache_write_usd_per_mtok",),
    "output_tokens": ("output_usd_per_mtok", "batch_output_usd_per_mtok"),
    "gpu_rent": ("price_usd_per_hour",),
    "people": ("people.run_fte",),
    "on_call": ("people.oncall_fte",),
    "electricity": ("electricity_usd_per_kwh",),
    "colocation": ("colocation_usd_per_kw_month",),
    "maintenance": ("maintenance_fraction_per_year",),
}
"""Inputs of an option that a line item is proportional to."""

_FACTOR = "throughput_factor"


@dataclass(kw_only=True)
class PutIn:
    """A scenario on its way to what has come true.

    Attributes:
        data: plain data with every input that was filled written out, so that an actual changes nothing but itself.
        folder_of: the scenario as written, whose folder runs are looked up in.
        levels: what was changed, and how.
        not_put_in: paths of actuals that are compared only, with the reason.
    """

    data: dict[str, Any]
    folder_of: Scenario
    levels: list[Level] = field(default_factory=list)
    not_put_in: dict[str, str] = field(default_factory=dict)

    def scenario(self) -> Scenario:
        """As it stands now."""
        return of_data(self.data).in_folder(self.folder_of.folder)

    def answer(self) -> tuple[Prepared, Comparison]:
        """What it rests on, and its answer."""
        prepared = prepare(self.scenario())
        return prepared, compare(prepared, prepared.scenario)

    def set(self, path: str, because: str, values: tuple[float, float], months: int) -> None:
        """Puts one input to another value: (before, after)."""
        change(self.data, path, {"value": values[1], "evidence": "invoice" if because != path else "measured"})
        self.levels.append(Level(path=path, because=because, before=values[0], after=values[1], months=months))


def written_out(scenario: Scenario, prepared: Prepared) -> PutIn:
    """A scenario with every input that was filled written out; its answer is the same.

    The throughput factor stays open: written out, it would take the place of step times that are carried over to another machine.

    Args:
        scenario: as written.
        prepared: filled.
    """
    data: dict[str, Any] = scenario.model_dump(by_alias=True, mode="json", exclude_none=True, exclude={"cases"})
    for path, quantity in quantities(prepared.scenario):
        if path.startswith("options.") and path.split(".")[2] != _FACTOR:
            change(data, path, quantity.model_dump(mode="json", exclude_none=True))
    return PutIn(data=data, folder_of=scenario)


def put_in(state: PutIn, prepared: Prepared, actuals: Actuals) -> None:
    """Puts actuals into a scenario: measured inputs and throughput first, then what bills say beyond them.

    - An input takes the first month's value that gives what was seen with the scenario's own growth (`tco.actuals.assumed.level`).
    - Throughput becomes the throughput factor over the run's own curve.
    - A line item scales the price (or the staff) that it is proportional to by what was billed over what the scenario, with the measured inputs put in,
      has for the same months; a whole bill of an option paid per token scales all its token prices.

    Args:
        state: the scenario, changed in place.
        prepared: the same, filled.
        actuals: what has come true.

    Raises:
        InputError: the scenario has no such path, or an actual is outside what its input may be.
    """
    seen = actuals.by_path()
    bills = {}
    for path, values in seen.items():
        outcome = outcome_of(path, prepared.scenario)
        if path.endswith(f".{_FACTOR}"):
            name = path.split(".")[1]
            raise InputError(
                f"`{path}`: a factor is measured by nobody; give what a replica carried, options.{name}.{GOODPUT}",
                path=path,
            )
        if outcome is None:
            _input(state, prepared, path, values)
        elif outcome[1] == GOODPUT:
            _throughput(state, path, outcome[0], values)
        elif outcome[1] in (LINE_ITEMS, BILL):
            bills[path] = outcome
        else:
            state.not_put_in[path] = (
                "no single input says how many GPU-hours stand; they follow from load, throughput and policy"
            )
    if bills:
        measured, found = state.answer()
        for path, (name, _, item) in bills.items():
            _bill(state, measured, found, _Bill(path=path, option=name, item=item, values=seen[path]))


def _input(state: PutIn, prepared: Prepared, path: str, values: Mapping[int, float]) -> None:
    before = dict(quantities(prepared.scenario))[path].value
    after = level(dict(values), month_factors(path, prepared.scenario))
    state.set(path, path, (before, after), len(values))


def _throughput(state: PutIn, path: str, name: str, values: Mapping[int, float]) -> None:
    """The factor over the run's own curve, whatever the scenario did before: step times carried over, or a factor of its own."""
    factor = f"options.{name}.{_FACTOR}"
    now = sum(values.values()) / len(values)
    if now <= 0:
        state.not_put_in[path] = "a throughput of zero is an outage, not a level"
        return
    trial = PutIn(
        data=of_data(state.data).model_dump(by_alias=True, mode="json", exclude_none=True),
        folder_of=state.folder_of,
    )
    change(trial.data, factor, 1.0)
    capacity = trial.answer()[1].option(name).capacity
    if capacity is None:
        state.not_put_in[path] = (
            "the run's own curve does not carry these requests, so there is nothing to put a factor on"
        )
        return
    had = state.answer()[1].option(name).capacity
    before = had.goodput_requests_per_s if had is not None else 0.0
    curve = capacity.goodput_requests_per_s
    state.set(factor, path, (before / curve, now / curve), len(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bill:
    path: str
    option: str
    item: str
    values: Mapping[int, float]


def _bill(state: PutIn, measured: Prepared, found: Comparison, bill: _Bill) -> None:
    has = dict(quantities(measured.scenario))
    is_whole = not bill.item
    lines = _TOKEN_LINES if is_whole else (bill.item,)
    extra = f"options.{bill.option}.extra_usd_per_month.{bill.item}"
    if extra in has:
        targets = [extra]
    else:
        targets = [
            path
            for line in lines
            for path in (f"options.{bill.option}.{name}" for name in _SCALED_BY.get(line, ()))
            if path in has
        ]
    taken = {each.path for each in state.levels}
    if not targets or (is_whole and not isinstance(measured.scenario.option(bill.option), TokenOption)):
        state.not_put_in[bill.path] = "no single input says what it is; it is compared only"
    elif taken & set(targets):
        state.not_put_in[bill.path] = f"{min(taken & set(targets))} has actuals of its own"
    else:
        _scale(state, measured, found, bill, targets)


def _scale(state: PutIn, measured: Prepared, found: Comparison, bill: _Bill, targets: list[str]) -> None:
    has = dict(quantities(measured.scenario))
    months = [month - 1 for month in bill.values]
    expected = float(assumed(bill.path, measured, found)[months].sum())
    billed = sum(bill.values.values())
    if not bill.item:  # of a whole bill, what tokens are not is taken as it was assumed
        answer = found.option(bill.option)
        tokens = sum(answer.line_items[line][month] for line in _TOKEN_LINES for month in months)
        billed, expected = billed - (expected - tokens), tokens
    if expected <= 0 or billed < 0:
        state.not_put_in[bill.path] = "the scenario has nothing for these months that could be scaled to it"
        return
    for path in targets:
        state.set(path, bill.path, (has[path].value, has[path].value * billed / expected), len(months))
