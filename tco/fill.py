"""Fills what a scenario leaves open from the price book and the runs, so that every number has a source.

The filled scenario is what is evaluated, listed in the assumptions register, and varied in a sensitivity run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pricing
from pricing import BOOK, Book, Price, PriceNotFound
from probes.run import Run
from tco.capacity.curve import slo_capacity
from tco.errors import InputError
from tco.price_outlook import PathKind, price_change, token_prices_of
from tco.quantity import Quantity
from tco.scenario import ElectricityRegion, OwnOption, RentOption, Scenario, TokenOption, Workload

_SMALLEST_FACTOR = 0.01
_REST_OF_SERVER, _REST_OF_SERVER_LOW, _REST_OF_SERVER_HIGH = 0.8, 0.4, 0.9
_HOUR_RANGE_NOTE = "low and high are the cheapest and the dearest listed row"
_COMMITTED = {"reserved-1y", "reserved-3y"}


@dataclass(frozen=True, slots=True)
class _Sources:
    """What an option is filled from."""

    scenario: Scenario
    book: Book


def fill(scenario: Scenario, runs: Mapping[str, Run], book: Book) -> Scenario:
    """A scenario in which no quantity is open.

    Args:
        scenario: the question as written.
        runs: the run of each self-hosted option, by option name.
        book: where prices are looked up.

    Returns:
        The same question with token prices, rental prices and the range of their change, electricity, server power and the
        run's throughput interval as quantities with evidence, source and date. What the scenario gives itself is kept.

    Raises:
        InputError: the book has no such price; the message says which field supplies it.
    """
    sources = _Sources(scenario, book)
    options: list[TokenOption | RentOption | OwnOption] = []
    for option in scenario.options:
        try:
            if isinstance(option, TokenOption):
                options.append(_fill_tokens(option, sources))
            elif isinstance(option, RentOption):
                options.append(_fill_rent(option, runs[option.name], sources))
            else:
                options.append(_fill_own(option, runs[option.name], sources))
        except PriceNotFound as error:
            raise InputError(f"option {option.name!r}: {error.args[0]}") from None
    return scenario.model_copy(update={"options": options})


def gpu_of(option: RentOption | OwnOption, run: Run) -> str | None:
    """The GPU by its name in the book: the option's own, or the one that the run was measured on; None without a GPU."""
    if option.gpu != "from-run":
        return option.gpu
    if run.gpu is not None:
        return run.gpu
    return pricing.canonical_gpu(run.environment.gpus[0].name) if run.environment.gpus else None


def _listed(price: Price, low: float | None = None, high: float | None = None, note: str | None = None) -> Quantity:
    """A price as an input: the user's own entry that it comes from or that changed it is named first."""
    own = None if price.layer == BOOK else price.layer
    return Quantity(
        value=price.amount,
        low=price.low if low is None else low,
        high=price.high if high is None else high,
        evidence=price.evidence,
        source=price.source,
        as_of=price.as_of,
        note="; ".join(part for part in (own, price.derived, note or price.note) if part) or None,
    )


def _fill_tokens(option: TokenOption, sources: _Sources) -> TokenOption:
    """Listed prices of the scenario's date; a mean prompt above the vendor's threshold is billed whole at the long rate."""
    listed = {} if option.input_usd_per_mtok and option.output_usd_per_mtok else _token_prices(option, sources)
    update = {
        name: _listed(price) for name, price in listed.items() if price is not None and getattr(option, name) is None
    }
    output = option.output_usd_per_mtok or update["output_usd_per_mtok"]
    change = option.price_change_per_year_fraction or price_change("same-model", output, sources.scenario, sources.book)
    return option.model_copy(update={**update, "price_change_per_year_fraction": change})


def _token_prices(option: TokenOption, sources: _Sources) -> dict[str, Price | None]:
    prices = token_prices_of(option.model, sources.scenario, sources.book)
    tokens = sources.scenario.workload.input_tokens_per_request.value * option.tokenizer_factor.value
    is_long = prices.long_context_from_tokens is not None and tokens > prices.long_context_from_tokens
    return {
        "input_usd_per_mtok": (prices.long_context_input if is_long else None) or prices.input,
        "output_usd_per_mtok": (prices.long_context_output if is_long else None) or prices.output,
        "cached_input_usd_per_mtok": (prices.long_context_cached_read if is_long else None) or prices.cached_read,
        "batch_input_usd_per_mtok": prices.batch_input,
        "batch_output_usd_per_mtok": prices.batch_output,
    }


def _fill_rent(option: RentOption, run: Run, sources: _Sources) -> RentOption:
    price = option.price_usd_per_hour or _rent(option, run, sources)
    kind: PathKind | None = None if gpu_of(option, run) is None or option.price.commitment in _COMMITTED else "gpu-rent"
    change = option.price_change_per_year_fraction or price_change(kind, price, sources.scenario, sources.book)
    return option.model_copy(
        update={
            "price_usd_per_hour": price,
            "price_change_per_year_fraction": change,
            "throughput_factor": _throughput(option, run, sources.scenario.workload),
        }
    )


def _rent(option: RentOption, run: Run, sources: _Sources) -> Quantity:
    """The book's median for the run's GPU; the option's own figure where the run has none, or the book no such GPU."""
    gpu = gpu_of(option, run)
    if gpu is None:
        if option.machine_usd_per_hour is None:
            raise InputError(
                f"option {option.name!r}: the run has no GPU, so the book cannot price its machine; "
                "give `machine_usd_per_hour`"
            )
        return option.machine_usd_per_hour
    wish = option.price
    try:
        quote = pricing.rental_price(
            gpu,
            on=sources.scenario.as_of,
            provider_class=wish.class_,
            tier=wish.commitment,
            provider=wish.provider,
            region=wish.region,
            book=sources.book,
        )
    except PriceNotFound:
        if option.machine_usd_per_hour is None:
            raise
        # `tco.checks` says so: a desk's GPU that nobody lets must not end the answer.
        return option.machine_usd_per_hour
    note = f"median of {quote.count} listed rows; {_HOUR_RANGE_NOTE}"
    return _listed(quote.price, quote.low_usd_per_hour, quote.high_usd_per_hour, note)


def _fill_own(option: OwnOption, run: Run, sources: _Sources) -> OwnOption:
    electricity = option.electricity_usd_per_kwh
    if isinstance(electricity, ElectricityRegion):
        quote = pricing.electricity_price(electricity.region, on=sources.scenario.as_of, book=sources.book)
        electricity = _listed(quote.price, quote.low_usd_per_kwh, quote.high_usd_per_kwh)
    return option.model_copy(
        update={
            "electricity_usd_per_kwh": electricity,
            "server_watts": option.server_watts or _server_watts(option, run, sources.book),
            "throughput_factor": _throughput(option, run, sources.scenario.workload),
        }
    )


def _server_watts(option: OwnOption, run: Run, book: Book) -> Quantity:
    """Power of one loaded server [W]: `GPUs · (GPU watts + 0.8 · TDP)`, the GPUs' own part as the run measured it.

    The rest of a server (CPUs, fans, network, power supplies) draws about 0.8 of its GPUs' rated power: 14.3 kW for the
    8 x 1,000 W of a DGX B200, about 10.2 kW for the 8 x 700 W of a DGX H100 (vendor data sheets).
    """
    gpu = gpu_of(option, run)
    tdp = pricing.gpu_spec(gpu, book).tdp_watts if gpu is not None else None
    if tdp is None:
        raise InputError(
            f"option {option.name!r}: the power of its server is not known "
            f"({'the run has no GPU' if gpu is None else f'the book has no TDP for {gpu}'}); give `server_watts`"
        )
    # Published power is a mean over a benchmark with its pauses; only a run of one's own says what a loaded GPU draws.
    cells = run.usable_cells if run.evidence == "measured" else []
    measured = [cell.power_watts for cell in cells if cell.power_watts is not None]
    own = max(measured) / max(run.gpus_per_replica, 1) if measured else tdp
    note = f"{own:,.0f} W a GPU ({f'run {run.run_id}' if measured else 'TDP'}) and {_REST_OF_SERVER:g} x {tdp:,.0f} W for the rest"
    return Quantity(
        value=(own + _REST_OF_SERVER * tdp) * option.gpus_per_server,
        low=(own + _REST_OF_SERVER_LOW * tdp) * option.gpus_per_server,
        high=max(own, tdp) * (1 + _REST_OF_SERVER_HIGH) * option.gpus_per_server,
        evidence="expert",
        source="DGX H100 and DGX B200 data sheets",
        note=note,
    )


def _throughput(option: RentOption | OwnOption, run: Run, workload: Workload) -> Quantity:
    """Factor 1 on the run's capacity, with the run's own interval as its range."""
    if option.throughput_factor is not None:
        return option.throughput_factor
    capacity = slo_capacity(
        run, workload.slo, workload.input_tokens_per_request.value, workload.output_tokens_per_request.value
    )
    return Quantity(
        value=1.0,
        low=max(capacity.relative_low, _SMALLEST_FACTOR),
        high=capacity.relative_high,
        evidence=run.evidence,
        source=f"run {run.run_id}",
        note="95 % interval of the run over its repeats, and of the conversion to these lengths where there is one",
    )
