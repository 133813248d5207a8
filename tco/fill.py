"""Fills what a scenario leaves open from the price book and the runs, so that every number has a source.

The filled scenario is what is evaluated, listed in the assumptions register, and varied in a sensitivity run.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pricing
from pricing import Book, Price, PriceNotFound, TokenPrices
from probes.run import Run
from tco.capacity.capacity import capacity_of
from tco.capacity.replica import Replica
from tco.errors import InputError
from tco.fill_own import server_of, site_of
from tco.fill_scaling import running_of
from tco.fill_terms import pipeline_of, with_terms
from tco.hybrid_terms import OF_PARTS
from tco.price_outlook import PathKind, price_change, token_prices_of
from tco.quantity import Quantity, listed
from tco.replicas_of import gpu_of, model_of
from tco.scenario import AnyOption, MixedOption, OwnOption, RentOption, Scenario, TokenOption, Workload

_SMALLEST_FACTOR = 0.01
_HOUR_RANGE_NOTE = "low and high are the cheapest and the dearest offer"
_TIERS = ("flex", "priority", "fast")
_COMMITTED = {"reserved-1y", "reserved-3y"}


@dataclass(frozen=True, slots=True)
class _Sources:
    """What an option is filled from."""

    scenario: Scenario
    book: Book


def fill(scenario: Scenario, replicas: Mapping[str, Replica], book: Book) -> Scenario:
    """A scenario in which no quantity is open.

    Args:
        scenario: the question as written.
        replicas: of each self-hosted option, by its name.
        book: where prices are looked up.

    Returns:
        The same question with token prices, rental prices and the range of their change, electricity, server power and the
        run's throughput interval as quantities with evidence, source and date. What the scenario gives itself is kept.

    Raises:
        InputError: the book has no such price; the message says which field supplies it.
    """
    sources = _Sources(scenario, book)
    options: list[AnyOption] = []
    for option in scenario.options:
        try:
            if isinstance(option, TokenOption):
                options.append(_fill_tokens(option, sources))
            elif isinstance(option, RentOption):
                options.append(_fill_rent(option, replicas[option.name], sources))
            elif isinstance(option, OwnOption):
                options.append(_fill_own(option, replicas[option.name], sources))
            else:
                options.append(option)
        except PriceNotFound as error:
            raise InputError(f"option {option.name!r}: {error.args[0]}") from None
    models = {option.name: option.model for option in options}
    named = scenario.model_copy(update={"options": [_fill_mixed(option, models) for option in options]})
    return named.model_copy(
        update={"options": [_fill_terms(option, named, replicas, book) for option in named.options]}
    )


def _fill_terms(option: AnyOption, scenario: Scenario, replicas: Mapping[str, Replica], book: Book) -> AnyOption:
    """The costs around a model; an option that is made of others has those of its parts, and further models beside them."""
    replica = replicas.get(option.name)
    try:
        if isinstance(option, MixedOption):
            return option.model_copy(update=pipeline_of(option, scenario, book))
        return with_terms(option, scenario, None if replica is None else replica.run, book)
    except PriceNotFound as error:
        raise InputError(f"option {option.name!r}: {error.args[0]}") from None


def _fill_mixed(option: AnyOption, models: Mapping[str, str]) -> AnyOption:
    """What is made of other options has their models' names."""
    if not isinstance(option, MixedOption) or option.model != OF_PARTS:
        return option
    return option.model_copy(update={"model": " + ".join(models[part] for part in option.parts)})


def _fill_tokens(option: TokenOption, sources: _Sources) -> TokenOption:
    """Listed prices of the scenario's date; a mean prompt above the vendor's threshold is billed whole at the long rate."""
    found = {} if option.input_usd_per_mtok and option.output_usd_per_mtok else _token_prices(option, sources)
    update = {
        name: listed(price) for name, price in found.items() if price is not None and getattr(option, name) is None
    }
    output = option.output_usd_per_mtok or update["output_usd_per_mtok"]
    change = option.price_change_per_year_fraction or price_change("same-model", output, sources.scenario, sources.book)
    return option.model_copy(update={**update, "price_change_per_year_fraction": change})


def _token_prices(option: TokenOption, sources: _Sources) -> dict[str, Price | None]:
    prices = token_prices_of(option.model, sources.scenario, sources.book)
    factor = 1.0 if option.tokenizer_factor is None else option.tokenizer_factor.value
    tokens = sources.scenario.workload.mean_input_tokens * factor
    if option.tier != "standard":
        return _tier_prices(option, prices)
    writes = sources.scenario.workload.cache_write_input_fraction is not None
    is_long = prices.long_context_from_tokens is not None and tokens > prices.long_context_from_tokens
    return {
        "input_usd_per_mtok": (prices.long_context_input if is_long else None) or prices.input,
        "output_usd_per_mtok": (prices.long_context_output if is_long else None) or prices.output,
        "cached_input_usd_per_mtok": (prices.long_context_cached_read if is_long else None) or prices.cached_read,
        "cache_write_usd_per_mtok": ((prices.long_context_cache_write if is_long else None) or prices.cache_write)
        if writes
        else None,
        "batch_input_usd_per_mtok": prices.batch_input,
        "batch_output_usd_per_mtok": prices.batch_output,
    }


def _tier_prices(option: TokenOption, prices: TokenPrices) -> dict[str, Price | None]:
    """Of a tier that is slower and cheaper, or faster and dearer; what can wait is still a batch.

    Raises:
        InputError: the seller has no such tier of the model.
    """
    found: dict[str, Price | None] = {
        "input_usd_per_mtok": getattr(prices, f"{option.tier}_input"),
        "output_usd_per_mtok": getattr(prices, f"{option.tier}_output"),
        "cached_input_usd_per_mtok": getattr(prices, f"{option.tier}_cached_read"),
        "batch_input_usd_per_mtok": prices.batch_input,
        "batch_output_usd_per_mtok": prices.batch_output,
    }
    if found["input_usd_per_mtok"] is None or found["output_usd_per_mtok"] is None:
        sold = [name for name in _TIERS if getattr(prices, f"{name}_input") is not None]
        raise InputError(
            f"option {option.name!r}: {prices.model} is not sold as `tier: {option.tier}` on {prices.as_of}; there is: {', '.join(('standard', *sold))}. "
            "Or give `input_usd_per_mtok` and `output_usd_per_mtok`.",
            path=f"options.{option.name}.tier",
        )
    return found


def _fill_rent(option: RentOption, replica: Replica, sources: _Sources) -> RentOption:
    run = replica.run
    price = option.price_usd_per_hour or _rent(option, run, sources)
    kind: PathKind | None = None if gpu_of(option, run) is None or option.price.commitment in _COMMITTED else "gpu-rent"
    change = option.price_change_per_year_fraction or price_change(kind, price, sources.scenario, sources.book)
    return option.model_copy(
        update={
            "model": model_of(option, run),
            "price_usd_per_hour": price,
            "price_change_per_year_fraction": change,
            "throughput_factor": _throughput(option, replica, sources.scenario.workload),
            **running_of(option, run, replica.gpus, sources.book),
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
    note = f"median of {quote.sellers} sellers; {_HOUR_RANGE_NOTE}" if quote.count > 1 else quote.price.note
    return listed(quote.price, quote.low_usd_per_hour, quote.high_usd_per_hour, note)


def _fill_own(option: OwnOption, replica: Replica, sources: _Sources) -> OwnOption:
    run = replica.run
    scenario, book = sources.scenario, sources.book
    update = {**site_of(option, scenario, book), **server_of(option, gpu_of(option, run), run, scenario, book)}
    update |= {"model": model_of(option, run), "throughput_factor": _throughput(option, replica, scenario.workload)}
    update |= running_of(option, run, replica.gpus, book)
    return option.model_copy(update=update)


def _day_of(run: Run) -> dt.date | None:
    """When it was measured; an imported run may not say it in a form that can be read."""
    try:
        return dt.date.fromisoformat(run.created_at[:10])
    except ValueError:
        return None


def _throughput(option: RentOption | OwnOption, replica: Replica, workload: Workload) -> Quantity:
    """Factor 1 on the run's capacity, with the run's own interval as its range."""
    if option.throughput_factor is not None:
        return option.throughput_factor
    capacity = capacity_of(replica, workload)
    low, high = max(capacity.relative_low, _SMALLEST_FACTOR), capacity.relative_high
    return Quantity(
        value=1.0,
        low=low,
        high=high,
        distribution="lognormal" if low < high else None,
        evidence="assumption" if replica.carried is not None else replica.run.evidence,
        source=f"run {replica.run.run_id}",
        as_of=_day_of(replica.run),
        note="95 % interval of the run over its repeats, and of the conversion to these lengths where there is one",
    )
