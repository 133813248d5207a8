"""What the people cost who set an option up and keep it running."""

from __future__ import annotations

import numpy as np

from tco.costs.paths import MONTHS_PER_YEAR
from tco.scenario import OwnOption, RentOption, TokenOption
from tco.workload.demand import Months


def people_usd(option: TokenOption | RentOption | OwnOption, months: int) -> Months:
    """Staff who run the option: `FTE · cost per FTE / 12` [USD/month]."""
    monthly = option.people.run_fte.numbers * option.people.cost_per_fte_usd_per_year.numbers / MONTHS_PER_YEAR
    return monthly * np.ones(months)
