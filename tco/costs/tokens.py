"""What tokens cost that are bought from a vendor.

Prices move by `price_change_per_year_fraction`: `price_m = price · (1 + change)^((m − 1) / 12)`.
"""

from __future__ import annotations

import numpy as np

from tco.costs.paths import filled, price_path
from tco.quantity import Numbers
from tco.scenario import Scenario, TokenOption
from tco.workload.demand import TOKENS_PER_MTOK, Demand, Months


def input_tokens_usd(option: TokenOption, scenario: Scenario, asked: Demand) -> Months:
    """Input tokens that are not read from the vendor's cache [USD/month].

    `requests · tokens · tokenizer factor · ((1 − batch) · (1 − cached) · price + batch · batch price)`. The batch share
    gets no cache discount; where the vendor sells no batch tier it is sent and billed like the rest.
    """
    batch, cached = _shares(option, scenario)
    price = (1 - batch) * (1 - cached) * filled(option.input_usd_per_mtok)
    if option.batch_input_usd_per_mtok is not None:
        price = price + batch * option.batch_input_usd_per_mtok.numbers
    return _input_mtok(option, asked) * price * _path(option, asked)


def cached_input_tokens_usd(option: TokenOption, scenario: Scenario, asked: Demand) -> Months:
    """Input tokens read from the vendor's cache at its cached-read price [USD/month]."""
    batch, cached = _shares(option, scenario)
    if option.cached_input_usd_per_mtok is None:
        return np.zeros_like(asked.requests)
    return (
        _input_mtok(option, asked)
        * (1 - batch)
        * cached
        * option.cached_input_usd_per_mtok.numbers
        * _path(option, asked)
    )


def output_tokens_usd(option: TokenOption, scenario: Scenario, asked: Demand) -> Months:
    """Output tokens, reasoning included, the batch share at the batch price [USD/month]."""
    batch, _ = _shares(option, scenario)
    price = (1 - batch) * filled(option.output_usd_per_mtok)
    if option.batch_output_usd_per_mtok is not None:
        price = price + batch * option.batch_output_usd_per_mtok.numbers
    mtok = asked.requests * asked.output_tokens_per_request * option.tokenizer_factor.numbers / TOKENS_PER_MTOK
    return mtok * price * _path(option, asked)


def _shares(option: TokenOption, scenario: Scenario) -> tuple[Numbers, Numbers]:
    """Shares of batch and of cached input that this vendor has a price for."""
    batch = scenario.workload.batchable_fraction.numbers
    cached = scenario.workload.cacheable_input_fraction.numbers
    none = np.zeros(())
    sells_batch = option.batch_input_usd_per_mtok is not None and option.batch_output_usd_per_mtok is not None
    return batch if sells_batch else none, cached if option.cached_input_usd_per_mtok is not None else none


def _input_mtok(option: TokenOption, asked: Demand) -> Months:
    return asked.requests * asked.input_tokens_per_request * option.tokenizer_factor.numbers / TOKENS_PER_MTOK


def _path(option: TokenOption, asked: Demand) -> Months:
    return price_path(filled(option.price_change_per_year_fraction), asked.requests.shape[-1])
