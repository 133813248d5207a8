"""Waiting lines beside hand arithmetic, tables and each other."""

from __future__ import annotations

import math

import pytest

from tco.errors import InputError
from tests.tco.capacity.queueing import erlang_c, md1, mg1, mgc, mmc


@pytest.mark.parametrize(
    ("servers", "load", "probability"),
    [
        # 1 server: C = rho. 2 servers: C = 2 rho^2 / (1 + rho). 3 servers of load 2: (8/6 · 3) / (1 + 2 + 2 + 4) = 4/9.
        (1, 0.3, 0.3),
        (2, 1.0, 1 / 3),
        (2, 1.6, 2 * 0.64 / 1.8),
        (3, 2.0, 4 / 9),
    ],
)
def test_erlang_c_is_hand_arithmetic_for_few_servers(servers: int, load: float, probability: float) -> None:
    assert probability == pytest.approx(erlang_c(servers, load), rel=1e-12)


def test_erlang_c_is_the_plain_sum_for_eight_servers_and_overflows_nothing_for_ten_thousand() -> None:
    load = 6.5
    last = load**8 / math.factorial(8) * 8 / (8 - load)
    plain = last / (sum(load**k / math.factorial(k) for k in range(8)) + last)
    assert plain == pytest.approx(erlang_c(8, load), rel=1e-12)
    # Halfin and Whitt (1981): C → 1 / (1 + β Φ(β) / φ(β)) with β = (1 − ρ) √c; here β = 1: 1 / (1 + 0.8413447 / 0.2419707).
    assert 1 / (1 + 0.8413447 / 0.2419707) == pytest.approx(erlang_c(10_000, 9_900.0), rel=5e-3)


def test_one_server_is_the_textbook_line() -> None:
    line = mmc(8.0, 0.1)
    assert (0.8, 0.5, 0.4) == pytest.approx((line.utilisation_fraction, line.response_s, line.wait_s))
    # N = rho / (1 − rho) = 4, Nq = rho² / (1 − rho) = 3.2.
    assert (4.0, 3.2) == pytest.approx((line.in_system_mean, line.waiting_mean))
    # P(W > t) = rho e^(−(mu − lambda) t): t = ln(0.8 / 0.01) / 2.
    assert math.log(80) / 2 == pytest.approx(line.wait_percentile_s(0.99))
    assert line.wait_percentile_s(0.2) == 0


def test_fixed_service_halves_the_wait_and_varying_service_lengthens_it() -> None:
    assert 2 * md1(8.0, 0.1).wait_s == pytest.approx(mmc(8.0, 0.1).wait_s)
    # Pollaczek and Khinchine: λ E[S²] / (2 (1 − ρ)) with E[S²] = S² (1 + 4).
    assert 8.0 * 0.01 * 5 / (2 * 0.2) == pytest.approx(mg1(8.0, 0.1, service_cv=2.0).wait_s)


def test_many_servers_of_any_service_scale_the_wait_of_exponential_ones() -> None:
    plain = mmc(30.0, 0.1, 4)
    assert plain.wait_s * (0.25 + 1.0) / 2 == pytest.approx(mgc(30.0, 0.1, 4, service_cv=1.0, arrival_cv=0.5).wait_s)
    assert plain.wait_s == pytest.approx(mgc(30.0, 0.1, 4, service_cv=1.0).wait_s)


def test_nothing_that_comes_waits_for_nothing() -> None:
    assert mmc(0.0, 1.0, 2).wait_s == 0


def test_a_line_that_would_grow_for_ever_is_refused_in_a_sentence() -> None:
    with pytest.raises(InputError, match=r"20 requests/s of 0\.1 s each keep 2 servers busy and there are 2"):
        mmc(20.0, 0.1, 2)
    with pytest.raises(InputError, match="0 servers"):
        mmc(1.0, 0.1, 0)
    with pytest.raises(InputError, match="a time above 0"):
        mmc(1.0, 0.0)
    with pytest.raises(InputError, match="service_cv is -1"):
        mg1(1.0, 0.1, service_cv=-1)
    with pytest.raises(InputError, match="percentile 1"):
        mmc(1.0, 0.1).wait_percentile_s(1.0)
