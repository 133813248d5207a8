"""What a probe of a paid endpoint may cost: its prices from the price book, its cap from the user."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from probes import ProbeError
from probes.servers.spending import SpendingCap, SpendingGuard, Usage, check_plan
from probes.stages.load import usage_of
from probes.stages.points import Point, ladder, length_mixes, prefill_points

if TYPE_CHECKING:
    from probes import Plan, WorkloadShape
    from probes.servers.profile import Profile

DEFAULT_MAX_USD = 5.0
"""A paid endpoint that nobody capped is capped here: a mistyped concurrency must not cost a month's budget [USD]."""


def capped(plan: Plan, profile: Profile | None, model: str) -> Plan:
    """The plan of a paid endpoint with a cap and the prices to count with; any other plan as it is.

    Args:
        plan: as the user has it.
        profile: which server it is; None where nobody knows.
        model: whose prices are looked up where the plan has none.

    Raises:
        ProbeError: `bad_arguments`: the price is not known, and tokens are not capped.
    """
    asked = plan.max_usd is not None or plan.max_tokens is not None
    if not asked and (profile is None or not profile.paid):
        return plan
    usd_input, usd_output = plan.input_usd_per_mtok, plan.output_usd_per_mtok
    if usd_input is None or usd_output is None:
        listed = _listed(model)
        usd_input = listed[0] if usd_input is None else usd_input
        usd_output = listed[1] if usd_output is None else usd_output
    if plan.max_tokens is None and (usd_input is None or usd_output is None):
        raise ProbeError(
            "bad_arguments",
            f"{model} is not in the price book, so that what it will cost cannot be told. Name --usd-per-mtok-input and "
            "--usd-per-mtok-output, or cap the tokens with --max-tokens.",
        )
    return plan.model_copy(
        update={
            "max_usd": plan.max_usd if asked else DEFAULT_MAX_USD,
            "input_usd_per_mtok": usd_input,
            "output_usd_per_mtok": usd_output,
        }
    )


def spending_guard(plan: Plan, shape: WorkloadShape) -> SpendingGuard | None:
    """The guard of a probe, checked against its plan before anything is sent.

    Args:
        plan: from `capped`.
        shape: lengths.

    Returns:
        None where nothing is capped.

    Raises:
        ProbeError: `bad_arguments`: a cap in dollars without prices, or a first load point beyond the cap.
    """
    if plan.max_usd is None and plan.max_tokens is None:
        return None
    cap = SpendingCap(
        max_tokens=plan.max_tokens,
        max_usd=plan.max_usd,
        usd_per_mtok_input=plan.input_usd_per_mtok,
        usd_per_mtok_output=plan.output_usd_per_mtok,
    )
    check_plan(cap, planned_usage(plan, shape))
    return SpendingGuard(cap=cap)


def planned_usage(plan: Plan, shape: WorkloadShape) -> list[Usage]:
    """What the parts of a plan that are known beforehand use, load point by load point.

    Args:
        plan: what is measured.
        shape: lengths.
    """
    points = [Point(role="curve", concurrency=load) for load in ladder(plan)] if "curve" in plan.measure else []
    points += [Point(role="curve", request_rate_per_s=rate) for rate in plan.request_rates_per_s]
    if "lengths" in plan.measure:
        points += length_mixes(shape, ladder(plan)[-1])
    if "prefill" in plan.measure:
        points += prefill_points(shape)
    return [usage_of(point, plan, shape) for point in points]


def _listed(model: str) -> tuple[float | None, float | None]:
    """Prices of a model today [USD per million tokens]; None where the price book does not know it."""
    import pricing  # noqa: PLC0415 -- only paid endpoints need the book

    try:
        found = pricing.token_prices(model, dt.datetime.now(dt.UTC).date())
    except pricing.PriceNotFound:
        return None, None
    return found.input.amount, found.output.amount
