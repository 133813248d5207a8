"""What tokens cost that are bought from a vendor.

Prices move by `price_change_per_year_fraction`: `price_m = price · (1 + change)^((m − 1) / 12)`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tco.costs.paths import filled, price_path
from tco.quantity import Numbers
from tco.scenario import Scenario, TokenOption
from tco.workload.demand import TOKENS_PER_MTOK, Demand, Months


def input_tokens_usd(option: TokenOption, scenario: Scenario, asked: Demand) -> Months:
    """Input tokens that are neither read from the vendor's cache nor written to it at a price of their own [USD/month].

    `requests · tokens · tokenizer factor · ((1 − batch) · (1 − cached − written) · price + batch · batch price)`. The batch share
    gets no cache discount; where the vendor sells no batch tier it is sent and billed like the rest.
    """
    shares = _shares(option, scenario)
    price = (1 - shares.batch) * (1 - shares.cached - shares.written) * filled(option.input_usd_per_mtok)
    if option.batch_input_usd_per_mtok is not None:
        price = price + shares.batch * option.batch_input_usd_per_mtok.numbers
    return _input_mtok(option, asked) * price * _path(option, asked)


def cached_input_tokens_usd(option: TokenOption, scenario: Scenario, asked: Demand) -> Months:
    """Input tokens read from the vendor's cache at its cached-read price [USD/month]."""
    shares = _shares(option, scenario)
    if option.cached_input_usd_per_mtok is None:
        return np.zeros_like(asked.requests)
    price = (1 - shares.batch) * shares.cached * option.cached_input_usd_per_mtok.numbers
    return _input_mtok(option, asked) * price * _path(option, asked)


def cache_write_tokens_usd(option: TokenOption, scenario: Scenario, asked: Demand) -> Months:
    """Input tokens written to the vendor's cache at its cache-write price [USD/month]: `workload.cache_write_input_fraction` of all.

    Special cases: a vendor without such a price bills what it writes as fresh input, so the line is zero; so is it where nobody says how much is written.
    """
    shares = _shares(option, scenario)
    if option.cache_write_usd_per_mtok is None or scenario.workload.cache_write_input_fraction is None:
        return np.zeros(asked.requests.shape[-1])
    price = (1 - shares.batch) * shares.written * option.cache_write_usd_per_mtok.numbers
    return _input_mtok(option, asked) * price * _path(option, asked)


def output_tokens_usd(option: TokenOption, scenario: Scenario, asked: Demand) -> Months:
    """Output tokens, reasoning included, the batch share at the batch price [USD/month]."""
    batch = _shares(option, scenario).batch
    price = (1 - batch) * filled(option.output_usd_per_mtok)
    if option.batch_output_usd_per_mtok is not None:
        price = price + batch * option.batch_output_usd_per_mtok.numbers
    mtok = asked.output_tokens * _tokenizer_factor(option) / TOKENS_PER_MTOK
    return mtok * price * _path(option, asked)


class _Shares(NamedTuple):
    """Shares of requests, and of input, that this vendor has a price for."""

    batch: Numbers
    cached: Numbers
    written: Numbers


def _shares(option: TokenOption, scenario: Scenario) -> _Shares:
    workload, none = scenario.workload, np.zeros(())
    sells_batch = option.batch_input_usd_per_mtok is not None and option.batch_output_usd_per_mtok is not None
    writes = workload.cache_write_input_fraction
    return _Shares(
        batch=workload.batchable_fraction.numbers if sells_batch else none,
        cached=workload.cacheable_input if option.cached_input_usd_per_mtok is not None else none,
        written=writes.numbers if writes is not None and option.cache_write_usd_per_mtok is not None else none,
    )


def _input_mtok(option: TokenOption, asked: Demand) -> Months:
    return asked.input_tokens * _tokenizer_factor(option) / TOKENS_PER_MTOK


def _tokenizer_factor(option: TokenOption) -> Numbers:
    return np.ones(()) if option.tokenizer_factor is None else option.tokenizer_factor.numbers


def _path(option: TokenOption, asked: Demand) -> Months:
    return price_path(filled(option.price_change_per_year_fraction), asked.requests.shape[-1])
