"""What is odd about a scenario, in sentences: nothing here changes a number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from pricing import STALE_AFTER_DAYS, Book, PriceNotFound, token_prices
from probes.run import Run
from tco.capacity.steptime.observed import contradictions, observed
from tco.cashflow import Ledger
from tco.fill_terms import tokenizer_family
from tco.number_style import local
from tco.quality_check import quality_cautions
from tco.register import quantities
from tco.replicas_of import gpu_of
from tco.result import Caution
from tco.scenario import OwnOption, RentOption, Scenario, TokenOption
from tco.workload.demand import Demand

LOW_UTILISATION_FRACTION = 0.10

_BY_TRAFFIC = {
    "input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "output_tokens",
    "parallel_run",
    "commitment_due",
}
"""Line items that are zero for a reason: the traffic has none of it, no migration is told of, no term outlasts the horizon."""


def check(
    scenario: Scenario, runs: Mapping[str, Run], ledgers: Mapping[str, Ledger], asked: Demand, book: Book
) -> list[Caution]:
    """All cautions about a filled scenario, its runs and its prices, most general first."""
    return [
        *_workload(scenario, asked),
        *quality_cautions(scenario, book),
        *_runs(runs),
        *_rents(scenario, runs),
        *_capacity(ledgers),
        *_zero_lines(scenario, ledgers),
        *_tokenizers(scenario),
        *_withdrawn(scenario, book),
        *_stale_prices(scenario),
    ]


def _workload(scenario: Scenario, asked: Demand) -> Iterator[Caution]:
    if float(np.sum(asked.requests)) == 0:
        yield Caution(
            code="no_demand",
            path="workload.requests_per_day",
            message="there are no requests, so there are no unit costs",
        )
    for option in scenario.options:
        if not isinstance(option, TokenOption):
            continue
        if scenario.workload.cacheable_input_fraction.value and option.cached_input_usd_per_mtok is None:
            yield Caution(
                code="no_cached_price",
                path=f"options.{option.name}.cached_input_usd_per_mtok",
                message=f"{option.name}: no cached-read price is known, so cacheable input is billed in full",
            )


def _runs(runs: Mapping[str, Run]) -> Iterator[Caution]:
    for name, run in runs.items():
        path = f"options.{name}.run"
        if not run.complete:
            reason = run.incomplete_reason or "no reason given"
            yield Caution(
                code="run_incomplete",
                path=path,
                message=f"{name}: the run is incomplete ({reason}); only its finished cells count",
            )
        if run.evidence == "literature":
            yield Caution(
                code="run_not_yours",
                path=path,
                message=f"{name}: throughput was published by others ({run.source}), not measured here",
            )
        for odd in contradictions(observed(run)):
            yield Caution(code=odd.code, path=path, message=f"{name}: {odd.sentence}")
        if any(cell.client_bound for cell in run.cells):
            yield Caution(
                code="client_bound",
                path=path,
                message=f"{name}: some cells were limited by the measuring client and are left out",
            )
        if any(cell.token_source == "chunks" for cell in run.cells):  # noqa: S105 - tokens of text, no secret
            yield Caution(
                code="tokens_counted_by_chunks",
                path=path,
                message=f"{name}: tokens were counted by chunks and may be too few",
            )


def _rents(scenario: Scenario, runs: Mapping[str, Run]) -> Iterator[Caution]:
    for option in scenario.options:
        if not isinstance(option, RentOption) or option.machine_usd_per_hour is None:
            continue
        gpu = gpu_of(option, runs[option.name])
        if gpu is not None and option.price_usd_per_hour == option.machine_usd_per_hour:
            yield Caution(
                code="rent_without_gpu",
                path=f"options.{option.name}.price_usd_per_hour",
                message=f"{option.name}: the price book has no rent for {gpu}, so the price of a machine without GPU was taken; "
                "give `price_usd_per_hour`",
            )


def _capacity(ledgers: Mapping[str, Ledger]) -> Iterator[Caution]:
    for name, own in ledgers.items():
        fleet = own.fleet
        if fleet is None:
            continue
        other = "capacity_note" if fleet.capacity.feasible else "not_feasible"
        for number, reason in enumerate(fleet.capacity.reasons):
            code = fleet.capacity.code if number == 0 else None
            yield Caution(code=code or other, path=f"options.{name}", message=f"{name}: {reason}")
        if 0 < fleet.utilisation_fraction < LOW_UTILISATION_FRACTION:
            share = fleet.utilisation_fraction
            yield Caution(
                code="idle_fleet",
                path=f"options.{name}",
                message=f"{name}: the fleet is used {local(share):.1%} of its capacity; the rest is paid for idle",
            )


def _zero_lines(scenario: Scenario, ledgers: Mapping[str, Ledger]) -> Iterator[Caution]:
    """Lines that are zero because nobody set them; of the vendor's bill only whether it is there at all."""
    for name, own in ledgers.items():
        option = scenario.option(name)
        told = _BY_TRAFFIC | ({"gpu_rent"} if isinstance(option, RentOption) and option.commitments else set())
        zero = [item for item, months in own.line_items.items() if item not in told and not np.asarray(months).any()]
        if isinstance(option, TokenOption | RentOption | OwnOption) and option.people.setup_person_days is None:
            zero.append("set_up_work")
        zero = [item.replace("_", " ") for item in zero]
        if own.feasible and zero:
            yield Caution(
                code="zero_line", path=f"options.{name}", message=f"{name}: nothing is charged for {', '.join(zero)}"
            )


def _tokenizers(scenario: Scenario) -> Iterator[Caution]:
    """A factor of 1 without a range for another tokenizer than the baseline's says more than anybody knows."""
    counted = tokenizer_family(scenario.option(scenario.baseline))
    for option in scenario.options:
        if not isinstance(option, TokenOption | RentOption | OwnOption):
            continue
        factor, own = option.tokenizer_factor, tokenizer_family(option)
        if own != counted and factor is not None and factor.value == 1 and factor.bounds is None:
            yield Caution(
                code="tokenizer_not_compared",
                path=f"options.{option.name}.tokenizer_factor",
                message=f"{option.name}: `tokenizer_factor` is 1 without a range, though {own} and {counted} count tokens differently; count a sample of "
                "your text, or leave the factor out for a usual range",
            )


def _withdrawn(scenario: Scenario, book: Book) -> Iterator[Caution]:
    """A model that its seller withdraws must be left within the horizon, and a move costs."""
    for option in scenario.options:
        if not isinstance(option, TokenOption):
            continue
        try:
            gone = token_prices(option.model, scenario.as_of, book).deprecated
        except PriceNotFound:
            continue
        if gone and option.migrations is None:
            yield Caution(
                code="model_withdrawn",
                path=f"options.{option.name}.model",
                message=f"{option.name}: its seller has withdrawn {option.model} or is about to; say what the move to another model costs in `migrations`",
            )


def _stale_prices(scenario: Scenario) -> Iterator[Caution]:
    for path, quantity in quantities(scenario):
        # A measured curve does not age as a price does.
        if (
            quantity.as_of is None
            or quantity.evidence not in {"listed", "literature"}
            or path.endswith(".throughput_factor")
        ):
            continue
        age_days = (scenario.as_of - quantity.as_of).days
        if age_days > STALE_AFTER_DAYS:
            yield Caution(
                code="stale_price",
                path=path,
                message=f"{path}: read {age_days} days before the scenario's date; check it",
            )
