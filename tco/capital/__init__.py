"""Capital: how servers are paid for, what the tax office lets one deduct, and how costs rise."""

from tco.capital.capital import Capital, capital_of
from tco.capital.escalation import escalated, in_todays_money, real_rate_per_year
from tco.capital.purchase import Paid, by_time, life_months, paid
from tco.capital.tax import tax_by_time_usd

__all__ = [
    "Capital",
    "Paid",
    "by_time",
    "capital_of",
    "escalated",
    "in_todays_money",
    "life_months",
    "paid",
    "real_rate_per_year",
    "tax_by_time_usd",
]
