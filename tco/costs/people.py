"""What the people cost who set an option up, keep it running, and are called when it does not."""

from __future__ import annotations

import numpy as np

from tco.costs.paths import MONTHS_PER_YEAR, or_nothing
from tco.quantity import Numbers
from tco.scenario import OwnOption, RentOption, TokenOption
from tco.terms.people import People
from tco.workload.demand import Months

WORKDAYS_PER_YEAR = 220
"""Days that one person works in a year: 52 weeks of five, less 25 days of leave, 10 holidays and 5 days of illness."""


def people_usd(option: TokenOption | RentOption | OwnOption, months: int) -> Months:
    """Staff who keep the option running: `run FTE · cost per FTE / 12` [USD/month]."""
    return _fte_usd(option.people, option.people.run_fte.numbers, months)


def on_call_usd(option: TokenOption | RentOption | OwnOption, months: int) -> Months:
    """What being on call takes: `on-call FTE · cost per FTE / 12` [USD/month]; on-call FTE are people on the rota times the share of their time."""
    return _fte_usd(option.people, or_nothing(option.people.oncall_fte), months)


def set_up_usd(option: TokenOption | RentOption | OwnOption) -> Numbers:
    """Work to set the option up, once: `person-days · cost per FTE / 220` [USD], shape () or (draws, 1)."""
    return person_days_usd(option.people, or_nothing(option.people.setup_person_days))


def person_days_usd(people: People, days: Numbers) -> Numbers:
    """What days of work cost: `days · cost per FTE / 220` [USD].

    Args:
        people: whose.
        days: person-days, shape () or (draws, 1).
    """
    return np.asarray(days * people.cost_per_fte_usd_per_year.numbers / WORKDAYS_PER_YEAR)


def _fte_usd(people: People, fte: Numbers, months: int) -> Months:
    monthly = fte * people.cost_per_fte_usd_per_year.numbers / MONTHS_PER_YEAR
    return monthly * np.ones(months)
