"""The appraisal beside its peers': NPV and IRR beside pyxirr, loans beside numpy-financial, many draws beside one at a time, in one run.

pyxirr is compiled Rust and reports one root even where there are several; the figure is the price of ours checking for that. Many draws are held against
the sum of the same array, the least that anything must take that reads it.
"""

from __future__ import annotations

import time

import numpy as np
import numpy_financial
import pyxirr

from tco.capital.annuity import principal_fractions
from tco.finance import irr, npv, npv_of, payback_months, payback_months_of

COUNT, MONTHS = 2_000, 36
DRAWS, DRAWN_MONTHS, ONE_BY_ONE = 100_000, 60, 2_000


def main() -> None:
    """Prints the largest difference and the ratio of times."""
    random = np.random.default_rng(7)
    flows = [np.r_[-random.uniform(1e3, 1e6), random.uniform(0, 5e4, MONTHS)] for _ in range(COUNT)]
    monthly = 1.1 ** (1 / 12) - 1
    ours_s, ours = _timed(lambda: [(npv(0.1, flow), irr(flow).rate_per_year) for flow in flows])
    peer_s, peers = _timed(
        lambda: [(pyxirr.npv(monthly, flow, start_from_zero=True), pyxirr.irr(flow)) for flow in flows]
    )
    npv_off = max(abs(a[0] - b[0]) / max(abs(b[0]), 1) for a, b in zip(ours, peers, strict=True))
    both = [
        (a[1], (1 + b[1]) ** 12 - 1) for a, b in zip(ours, peers, strict=True) if a[1] is not None and b[1] is not None
    ]
    irr_off = max(abs(a - b) / (1 + abs(b)) for a, b in both)
    print(f"\nappraisal beside pyxirr: {COUNT} cash flows of {MONTHS} months, IRR in both for {len(both)}")
    print(
        f"largest relative difference: NPV {npv_off:.1e}, IRR {irr_off:.1e}; time ours over theirs {ours_s / peer_s:.1f}"
    )

    _taxed(random)
    _loans()
    _draws(random)


def _taxed(random: np.random.Generator) -> None:
    """Flows whose sign turns with a tax that is settled once a year: every rate is searched then."""
    flows = [np.r_[-random.uniform(1e5, 3e5), random.uniform(0.9e4, 1.1e4, MONTHS)] for _ in range(COUNT)]
    for flow in flows:
        flow[12::12] -= 0.25 * 12e4
    ours_s, ours = _timed(lambda: [irr(flow) for flow in flows])
    peer_s, peers = _timed(lambda: [pyxirr.irr(flow) for flow in flows])
    both = [
        (a.rate_per_year, (1 + b) ** 12 - 1)
        for a, b in zip(ours, peers, strict=True)
        if a.rate_per_year is not None and b is not None
    ]
    same = sum(abs(a - b) < 1e-6 * (1 + abs(b)) for a, b in both)
    several = sum(found.status == "several" for found in ours)
    print(
        f"with taxes once a year: {same} of {len(both)} rates alike, {several} flows with several and none to name; "
        f"time ours over theirs {ours_s / peer_s:.1f}"
    )


def _loans() -> None:
    rates, terms = np.linspace(1e-4, 0.03, 50), (12, 36, 60, 120)
    off = max(
        float(
            np.max(
                np.abs(
                    principal_fractions(np.asarray(rate), term)
                    / -numpy_financial.ppmt(rate, np.arange(1, term + 1), term, 1.0)
                    - 1
                )
            )
        )
        for rate in rates
        for term in terms
    )
    print(f"loans beside numpy-financial: largest relative difference of {rates.size * len(terms)} plans {off:.1e}")


def _draws(random: np.random.Generator) -> None:
    flows = np.concatenate(
        [-random.uniform(1e5, 1e6, (DRAWS, 1)), random.uniform(0, 3e4, (DRAWS, DRAWN_MONTHS))], axis=1
    )
    floor_s = min(_timed(flows.sum)[0] for _ in range(5))
    npv_s = min(_timed(lambda: npv_of(0.1, flows))[0] for _ in range(5))
    payback_s = min(_timed(lambda: payback_months_of(flows))[0] for _ in range(5))
    single_s, single = _timed(lambda: [payback_months(flow) for flow in flows[:ONE_BY_ONE]])
    together = payback_months_of(flows[:ONE_BY_ONE])
    same = sum(
        (a is None) == bool(np.isinf(b)) and (a is None or a == b) for a, b in zip(single, together, strict=True)
    )
    print(
        f"{DRAWS:,} draws of {DRAWN_MONTHS} months: NPV {npv_s / floor_s:.1f} and payback {payback_s / floor_s:.1f} times the sum of the array; "
        f"payback one at a time {single_s / ONE_BY_ONE / (payback_s / DRAWS):.0f} times slower, {same} of {ONE_BY_ONE} the same"
    )


def _timed(work) -> tuple[float, list]:  # noqa: ANN001
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    main()
