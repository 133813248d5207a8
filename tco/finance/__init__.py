"""Appraisal of a cash flow: present value, rates of return, payback.

Sign convention: money received or saved is positive, money spent negative. Flow 0 falls at time zero, flow m at the end of
month m. Yearly rates are effective: a monthly factor is `(1 + r)^(1/12)`. Functions that end with `_of` take many flows at once,
months on the last axis.
"""

from tco.finance.payback import (
    discounted_payback_months,
    discounted_payback_months_of,
    payback_months,
    payback_months_of,
)
from tco.finance.profile import PROFILE_RATES_PER_YEAR, irr_roots_per_year, npv_profile, sign_changes_count
from tco.finance.returns import Irr, irr, mirr, roi_fraction
from tco.finance.value import MONTHS_PER_YEAR, Flows, discounted, npv, npv_of

__all__ = [
    "MONTHS_PER_YEAR",
    "PROFILE_RATES_PER_YEAR",
    "Flows",
    "Irr",
    "discounted",
    "discounted_payback_months",
    "discounted_payback_months_of",
    "irr",
    "irr_roots_per_year",
    "mirr",
    "npv",
    "npv_of",
    "npv_profile",
    "payback_months",
    "payback_months_of",
    "roi_fraction",
    "sign_changes_count",
]
