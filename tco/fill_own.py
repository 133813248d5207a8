"""Fills what an option with servers of one's own leaves open: the server, its power, the site."""

from __future__ import annotations

from datetime import date
from typing import Any

import pricing
from pricing import Book, PriceNotFound, Server
from probes.run import Run
from tco.errors import InputError
from tco.number_style import local
from tco.quantity import Quantity, listed
from tco.scenario import ElectricityRegion, OwnOption, Scenario

_REST = "server_rest_fraction_of_gpu_tdp"
_REST_OF_CARDS, _REST_OF_CARDS_LOW = 0.4, 0.3
"""What the rest of a server with PCIe cards draws, over the cards' TDP: 0.4 in the 6.7 kW of one with eight of 600 W."""


def site_of(option: OwnOption, scenario: Scenario, book: Book) -> dict[str, Any]:
    """Electricity and colocation of the option's place, where the scenario does not give them.

    Raises:
        PriceNotFound: the book knows no electricity there.
    """
    electricity = option.electricity_usd_per_kwh
    place = electricity.region if isinstance(electricity, ElectricityRegion) else None
    if isinstance(electricity, ElectricityRegion):
        quote = pricing.electricity_price(electricity.region, on=scenario.as_of, book=book)
        electricity = listed(quote.price, quote.low_usd_per_kwh, quote.high_usd_per_kwh)
    colocation = option.colocation_usd_per_kw_month or listed(pricing.colocation_price(place, scenario.as_of, book))
    return {"electricity_usd_per_kwh": electricity, "colocation_usd_per_kw_month": colocation}


def server_of(option: OwnOption, gpu: str | None, run: Run, scenario: Scenario, book: Book) -> dict[str, Any]:
    """Price and power of one server, where the scenario does not give them.

    Raises:
        InputError: the book's server has another number of GPUs, or nothing says what the server is.
        PriceNotFound: the book has no such server.
    """
    server = _server(option, gpu, scenario, book)
    price = option.server_price_usd
    if price is None:
        if server is None:
            raise InputError(
                f"option {option.name!r}: the run has no GPU, so the book cannot price its server; give `server_price_usd`"
            )
        price = listed(pricing.server_price(server.server, scenario.as_of, book))
    return {
        "server_price_usd": price,
        "server_watts": option.server_watts or _server_watts(option, gpu, server, run, book),
    }


def _server(option: OwnOption, gpu: str | None, scenario: Scenario, book: Book) -> Server | None:
    """The book's server: by the option's name, else by its GPU. One with another number of GPUs prices nothing."""
    name = option.server or gpu
    if name is None:
        return None
    asked = option.server is not None or option.server_price_usd is None
    try:
        server = pricing.server(name, scenario.as_of, book)
    except PriceNotFound:
        if asked:
            raise
        return None
    if server.gpus == option.gpus_per_server:
        return server
    if asked:
        raise InputError(
            f"option {option.name!r}: `gpus_per_server` is {option.gpus_per_server}, but the book's {server.server} has "
            f"{server.gpus}; set it to {server.gpus}, name another `server`, or give `server_price_usd`"
        )
    return None


def _server_watts(option: OwnOption, gpu: str | None, server: Server | None, run: Run, book: Book) -> Quantity:
    """Power of one loaded server [W]: `GPUs · (GPU watts + rest · TDP)`, the GPUs' own part as the run measured it.

    The rest (CPUs, fans, network, power supplies) is what the maker's maximum power leaves beside the GPUs' rated power, where
    the book has that maximum; else the share that such servers have.
    """
    tdp = pricing.gpu_spec(gpu, book).tdp_watts if gpu is not None else None
    if gpu is None or tdp is None:
        raise InputError(
            f"option {option.name!r}: the power of its server is not known "
            f"({'the run has no GPU' if gpu is None else f'the book has no TDP for {gpu}'}); give `server_watts`"
        )
    low, rest, high, source, read_on = _rest(gpu, tdp, server, book)
    # Published power is a mean over a benchmark with its pauses; only a run of one's own, on this very part, says what a loaded GPU draws.
    cells = run.usable_cells if run.evidence == "measured" and _is_on(run, gpu, book) else []
    measured = [cell.power_watts for cell in cells if cell.power_watts is not None]
    own = max(measured) / max(run.gpus_per_replica, 1) if measured else tdp
    return Quantity(
        value=(own + rest * tdp) * option.gpus_per_server,
        low=(own + low * tdp) * option.gpus_per_server,
        high=(max(own, tdp) + high * tdp) * option.gpus_per_server,
        evidence="expert",
        source=source,
        as_of=read_on,
        note=f"{local(own):,.0f} W a GPU ({f'run {run.run_id}' if measured else 'TDP'}) and {local(rest):.2g} x {local(tdp):,.0f} W for the rest",
    )


def _is_on(run: Run, gpu: str, book: Book) -> bool:
    had = run.gpu or (run.environment.gpus[0].name if run.environment.gpus else None)
    return had is not None and (pricing.canonical_gpu(had, book) or had) == (pricing.canonical_gpu(gpu, book) or gpu)


def _rest(
    gpu: str, tdp_watts: float, server: Server | None, book: Book
) -> tuple[float, float, float, str, date | None]:
    """Low, central and high power of the rest of a server over its GPUs' TDP, the source, and the day of it."""
    usual = next(figure for figure in pricing.figures(book) if figure.name == _REST)
    high = usual.high if usual.high is not None else usual.value
    if server is not None and server.max_watts is not None:
        rest = server.max_watts / (server.gpus * tdp_watts) - 1
        # The maximum is what the maker lets it draw; a loaded server stays below it.
        return min(_REST_OF_CARDS, rest), rest, max(high, rest), server.power_source or server.source, server.as_of
    if (pricing.gpu_spec(gpu, book).link_kind or "").startswith("PCIe"):
        return (
            _REST_OF_CARDS_LOW,
            _REST_OF_CARDS,
            usual.value,
            "maximum power of a server with eight PCIe cards, docs/method.md",
            None,
        )
    return _REST_OF_CARDS, usual.value, high, usual.source, usual.as_of
