import math

import numpy as np
import pytest
from scipy import integrate, stats

from probes.workload.lognormal import clipped_lognormal
from probes.workload.sampling import TAIL_Z


def test_the_tail_begins_at_one_in_ten_thousand():
    assert TAIL_Z == pytest.approx(stats.norm.isf(1e-4), rel=1e-15)


@pytest.mark.parametrize("spread", [0.05, 0.5, 1.0, 3.0, 10.0])
def test_mean_and_spread_are_those_asked_for_by_numerical_integration(spread):
    mu, sigma = clipped_lognormal(700.0, spread, TAIL_Z)

    def moment(order):
        inside, _ = integrate.quad(
            lambda z: math.exp(order * (mu + sigma * z)) * stats.norm.pdf(z), -TAIL_Z, TAIL_Z, epsabs=0, epsrel=1e-11
        )
        ends = [math.exp(order * (mu + sigma * z)) for z in (-TAIL_Z, TAIL_Z)]
        return inside + stats.norm.sf(TAIL_Z) * sum(ends)

    mean = moment(1)
    assert 700.0 == pytest.approx(mean, rel=1e-9)
    assert spread == pytest.approx(math.sqrt(moment(2) / mean**2 - 1), rel=1e-8)


@pytest.mark.parametrize("spread", [0.2, 1.0])
def test_without_a_cut_they_are_the_textbook_parameters(spread):
    sigma_squared = np.log1p(spread**2)
    expected = (math.log(40) - sigma_squared / 2, math.sqrt(sigma_squared))
    assert expected == pytest.approx(clipped_lognormal(40.0, spread, 30.0), rel=1e-9)


def test_no_spread_is_a_constant():
    mu, sigma = clipped_lognormal(40.0, 0.0, TAIL_Z)
    assert (40.0, 0.0) == (pytest.approx(math.exp(mu)), pytest.approx(sigma, abs=1e-9))
