"""What a rented fleet needs in which hour, and what each tier of commitment costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pricing import Book
from probes.run import Run
from tco.capacity.capacity import capacity_of
from tco.capacity.fleet_rules import load_of, spares_of
from tco.capacity.replica import Replica
from tco.capacity.replicas.availability import kept_fraction
from tco.capacity.replicas.needed import replicas_for
from tco.commitments.records import TIERS, Tier, TierPrice
from tco.compare import Prepared, prepare
from tco.costs import price_path
from tco.errors import InputError
from tco.fill import fill
from tco.quantity import Quantity
from tco.replicas_of import gpu_of
from tco.scaling import Failures
from tco.scenario import RentalPrice, RentOption, Scenario
from tco.workload.demand import Months, demand
from tco.workload.sent import as_work, sent

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the asker wants.

    Attributes:
        option: rented option whose fleet it is; None: the only one.
        spot_share_fraction: largest share of an hour's replicas that may be spot: so much may be taken back at once [fraction].
        prices_usd_per_hour: own prices of a GPU (or machine) by tier, over the book's [USD/hour].
        is_due: whether what a term asks for after the horizon is counted; else it is passed on to somebody.
    """

    option: str | None = None
    spot_share_fraction: float = 0.25
    prices_usd_per_hour: Mapping[str, float] = field(default_factory=dict)
    is_due: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The question, as the program needs it.

    Attributes:
        scenario: its name.
        option: whose fleet.
        gpu: what is rented; None: a machine without a GPU.
        machines_per_replica: rented units of one replica.
        needed: replicas in each hour of the week, spares included, shape (months, 168).
        prices: of each tier that is to be had.
        price_path: factor on prices by month, for those taken by the hour and for terms that start then, shape (months,).
        hours_per_month: that are paid for [h].
        discount_rate_per_year: effective [fraction].
        spot_share_fraction: largest share of an hour's replicas that may be spot [fraction].
        is_due: whether what a term asks for after the horizon counts.
        notes: what is to be known, in sentences.
    """

    scenario: str
    option: str
    gpu: str | None
    machines_per_replica: int
    needed: Counts
    prices: Mapping[Tier, TierPrice]
    price_path: Months
    hours_per_month: float
    discount_rate_per_year: float
    spot_share_fraction: float
    is_due: bool
    notes: tuple[str, ...] = ()

    def replica_usd_per_hour(self, tier: str) -> float:
        """What an hour of one replica costs in a tier: `price · units / share of time that they are there` [USD/hour]."""
        price = next(each for name, each in self.prices.items() if name == tier)
        return price.usd_per_hour * self.machines_per_replica / price.available_fraction


def commitment_question(
    scenario: Scenario, wishes: Wishes, runs: Mapping[str, Run] | None = None, book: Book | None = None
) -> Asked:
    """Works out the replicas of every hour and looks up the prices.

    The fleet follows the hours of the week: `spares(ceil(covered_h / goodput))`, at least `scaling.min_replicas`. Starting ahead of the hour is not counted.

    Args:
        scenario: the question as written.
        wishes: what the asker wants.
        runs: runs that the caller holds already.
        book: the prices; None: those that the scenario names.

    Raises:
        InputError: no such option, no price at all, or a fleet that cannot keep the promise.
    """
    _check(wishes)
    name = _chosen(scenario, wishes)
    prepared = prepare(scenario, runs, book)
    filled = prepared.scenario
    hourly = _by_the_hour(scenario, name, prepared)
    replica = prepared.replicas[name]
    gpu = gpu_of(hourly, prepared.runs[name])
    tiers = dict(_prices(scenario, name, prepared, wishes))
    missing = [tier for tier in TIERS if tier not in tiers and not (tier == "spot" and wishes.spot_share_fraction == 0)]
    if set(tiers) <= {"spot"}:
        raise InputError(
            f"option {name!r}: the price book has no rent of {gpu or 'a machine without GPU'} by the hour or for a term; give prices with --price, for example "
            "--price on-demand=2.5 --price reserved-1y=1.8",
            code="no_price",
        )
    assert hourly.price_change_per_year_fraction is not None  # `tco.fill` leaves nothing open
    notes = [f"no price for {tier}: it is left out" for tier in missing]
    return Asked(
        scenario=filled.name,
        option=name,
        gpu=gpu,
        machines_per_replica=max(replica.gpus, 1),
        needed=_needed(filled, hourly, replica),
        prices=tiers,
        price_path=price_path(hourly.price_change_per_year_fraction.value, filled.horizon_months),
        hours_per_month=filled.hours_per_month,
        discount_rate_per_year=filled.discount_rate_per_year.value,
        spot_share_fraction=wishes.spot_share_fraction,
        is_due=wishes.is_due,
        notes=tuple(notes),
    )


def _check(wishes: Wishes) -> None:
    if not 0 <= wishes.spot_share_fraction <= 1:
        raise InputError(
            f"--spot-share {wishes.spot_share_fraction:g} is outside 0 to 1; write a fraction, 0.25 for a quarter of an hour's replicas"
        )
    for tier, usd in wishes.prices_usd_per_hour.items():
        if tier not in TIERS:
            raise InputError(f"--price {tier}: no such tier; choose one of: {', '.join(TIERS)}")
        if not 0 < usd < 1e6:  # noqa: PLR2004 - dearer than any machine
            raise InputError(f"--price {tier}={usd:g} is no price of an hour; give USD above 0 for one GPU or machine")


def _chosen(scenario: Scenario, wishes: Wishes) -> str:
    rented = [option.name for option in scenario.options if isinstance(option, RentOption)]
    if not rented:
        raise InputError(f"{scenario.name!r} rents nothing; add an option of kind `rent` with a run")
    if wishes.option is None and len(rented) > 1:
        raise InputError(f"several options are rented; name one with --option: {', '.join(rented)}")
    name = wishes.option or rented[0]
    if name not in rented:
        raise InputError(f"--option {name!r}: no rented option has that name; there are: {', '.join(rented)}")
    return name


def _needed(filled: Scenario, option: RentOption, replica: Replica) -> Counts:
    capacity = capacity_of(replica, filled.workload)
    if not capacity.feasible:
        raise InputError(f"option {option.name!r} cannot serve: {'; '.join(capacity.reasons)}", code="not_feasible")
    factor = 1.0 if option.throughput_factor is None else option.throughput_factor.value
    work = as_work(option, sent(option, filled.workload, demand(filled)))
    load = load_of(filled.workload, work)
    try:
        needed = spares_of(option, replica.gpus)(
            replicas_for(load.covered_requests_per_s, capacity.requests_per_s * factor)
        )
    except OverflowError as error:
        raise InputError(f"option {option.name!r}: {error}", code="too_many_replicas") from None
    is_open = work.mean_requests_per_s[:, None] > 0
    return np.asarray(np.where(is_open, np.maximum(needed, option.scaling.min_replicas), 0), dtype=np.int64)


def _by_the_hour(scenario: Scenario, name: str, prepared: Prepared) -> RentOption:
    """The option as it would be rented on demand, filled; spares do not count what only spot machines suffer."""
    filled = prepared.scenario.single(name)
    assert isinstance(filled, RentOption)
    found = _as_tier(scenario, name, prepared, "on-demand")
    return found or filled


def _prices(scenario: Scenario, name: str, prepared: Prepared, wishes: Wishes) -> Iterator[tuple[Tier, TierPrice]]:
    """Price of each tier: the asker's, else the book's, which stands to the option's own price as the tiers of the book stand to each other."""
    written = scenario.single(name)
    assert isinstance(written, RentOption)
    found = {tier: _as_tier(scenario, name, prepared, tier) for tier in TIERS}
    given, at = written.price_usd_per_hour, found[written.price.commitment]
    scale = 1.0
    if given is not None and at is not None and at.price_usd_per_hour is not None and at.price_usd_per_hour.value > 0:
        scale = given.value / at.price_usd_per_hour.value
    for tier in TIERS:
        own, option = wishes.prices_usd_per_hour.get(tier), found[tier]
        quantity = option.price_usd_per_hour if option is not None else None
        if own is not None:
            quantity = Quantity(value=own, note="given")
        elif given is not None and tier == written.price.commitment:
            quantity = given
        elif quantity is not None and scale != 1:
            note = f"the book's {quantity.value:.4g} times {scale:.3g}, as your own {written.price.commitment} price is to the book's"
            quantity = quantity.model_copy(
                update={"value": quantity.value * scale, "evidence": "assumption", "note": note}
            )
        if quantity is None or quantity.value <= 0 or (tier == "spot" and wishes.spot_share_fraction == 0):
            continue
        yield tier, _tier_price(tier, quantity, option)


def _tier_price(tier: Tier, quantity: Quantity, option: RentOption | None) -> TierPrice:
    return TierPrice(
        tier=tier,
        usd_per_hour=quantity.value,
        available_fraction=_kept(option) if tier == "spot" else 1.0,
        evidence=quantity.evidence,
        source=quantity.source,
        as_of=quantity.as_of,
        note=quantity.note,
    )


def _kept(option: RentOption | None) -> float:
    if option is None or option.failures.interruptions_per_hour is None or option.failures.restart_minutes is None:
        return 1.0
    return kept_fraction(option.failures.interruptions_per_hour.value, option.failures.restart_minutes.value)


def _as_tier(scenario: Scenario, name: str, prepared: Prepared, tier: Tier) -> RentOption | None:
    """The option rented in a tier, filled from the book; None: the book has no such price."""
    written, filled = scenario.single(name), prepared.scenario.single(name)
    assert isinstance(written, RentOption)
    assert isinstance(filled, RentOption)
    price = RentalPrice.model_validate(written.price.model_dump(by_alias=True) | {"commitment": tier})
    failures = written.failures if tier == "spot" or written.price.commitment != "spot" else Failures()
    asked = written.model_copy(
        update={
            "price": price,
            "price_usd_per_hour": None,
            "machine_usd_per_hour": None,
            "commitments": {},
            # Known already, and the dearest thing to find.
            "throughput_factor": filled.throughput_factor,
            "failures": failures,
        }
    )
    options = [asked if option.name == name else option for option in prepared.scenario.options]
    try:
        found = fill(prepared.scenario.model_copy(update={"options": options}), prepared.replicas, prepared.book)
    except InputError:
        return None
    option = found.single(name)
    assert isinstance(option, RentOption)
    return option
