"""What the inputs of `tco.finance_terms` and `tco.sequence_terms` are called and mean."""

from __future__ import annotations

FINANCE_WORDS = {
    "tax_fraction": (
        "Tax",
        "Share of a profit that the tax office takes, and of a cost that it so pays; 0 tells everything before tax.",
    ),
    "cost_escalation_per_year_fraction": (
        "Rise of costs",
        "How costs without a price of their own rise: people, space, support, electricity, named extras.",
    ),
    "salary_escalation_per_year_fraction": ("Rise of salaries", "Likewise of people alone; without it as other costs."),
    "electricity_escalation_per_year_fraction": (
        "Rise of electricity",
        "Likewise of electricity alone; without it as other costs.",
    ),
    "inflation_per_year_fraction": (
        "Inflation",
        "What money loses a year; the answer is told in money of today too, and nothing else changes.",
    ),
    "interest_rate_per_year": ("Interest", "The bank's nominal rate, a twelfth of it a month."),
    "financed_fraction": ("Share that is borrowed", "Of the servers' price; the rest is paid at once."),
    "payment_per_month_fraction": (
        "Lease payment",
        "At the end of each month, over the servers' price; in its place `interest_rate_per_year`.",
    ),
    "buy_out_fraction": (
        "Buy-out",
        "What a leased server is bought for at the end of its lease, over its price; a payment from a rate pays down to it.",
    ),
}
"""Label and meaning of each quantity."""

FINANCE_MEANINGS = {
    "finance": "Tax, loans, leases, rising costs, inflation and another currency, below (appraisal.md).",
    "tax_paid": "When taxes are settled: at the end of each year of the plan (`year-end`), or `monthly`.",
    "depreciation": "How the tax office lets a server's price be deducted, below.",
    "purchase": "How servers are paid for: `kind: cash`, `loan` or `lease`, below; of an option, in place of the scenario's.",
    "reporting_currency": "Results in another currency too, at one rate, below.",
    "schedule": "`straight-line`, `macrs-5-year` (IRS Publication 946, table A-1), or a `table` of your own.",
    "book_life_months": "Of a straight line; without it the option's economic life.",
    "table_fraction": "Shares by year of the plan, which add up to 1; with `schedule: table`.",
    "kind": "What it is.",
    "term_months": "How many payments.",
    "at_end": "What becomes of a leased server: `return`, and another is leased while one is needed, or `purchase`.",
    "at_horizon": "Of a lease that the horizon cuts: what it still asks for is `due` there, or it is `passed-on`.",
    "usd": "US dollars for one unit of the currency.",
    "starts_after_months": "Months in which the baseline still serves; prices are those of the months in which they are paid.",
    "then": "What the option is followed by, below; rent first and buy later, for example.",
    "option": "Name of the option that follows.",
    "after_months": "When it follows, counted from the start of the horizon.",
}
"""Meaning of each other field."""

NEVER_LOOKED_UP = (
    "salary_escalation_per_year_fraction",
    "electricity_escalation_per_year_fraction",
    "inflation_per_year_fraction",
    "interest_rate_per_year",
    "payment_per_month_fraction",
)
"""Quantities that stay open where nobody gives them."""
