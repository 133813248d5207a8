"""The appraisal beside a peer's: NPV and IRR of two thousand cash flows, ours and pyxirr's, in one run.

pyxirr is compiled Rust and reports one root even where there are several; the figure is the price of ours checking for that.
"""

from __future__ import annotations

import time

import numpy as np
import pyxirr

from tco.finance import irr, npv

COUNT, MONTHS = 2_000, 36


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


def _timed(work) -> tuple[float, list]:  # noqa: ANN001
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    main()
