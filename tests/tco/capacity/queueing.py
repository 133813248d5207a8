"""Waiting lines in closed form: M/M/c, M/G/1, M/D/1 and M/G/c. A batching engine is `tests.tco.capacity.batching_queue`.

They are the yardstick of the simulator. Symbols: `λ` arrivals, `S` mean service, `c` servers, `ρ = λ S / c`, `C` the probability to wait.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import poisson

from tco.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingLine:
    """A queue in its steady state.

    Attributes:
        arrivals_per_s: requests/s that come, all of which are served.
        service_s: mean time in service [s].
        servers: that serve one request each.
        wait_probability: share of requests that wait at all [fraction].
        wait_s: mean time before service, those that do not wait included [s].
    """

    arrivals_per_s: float
    service_s: float
    servers: int
    wait_probability: float
    wait_s: float

    @property
    def utilisation_fraction(self) -> float:
        """Share of the servers' time that is worked: `ρ`."""
        return self.arrivals_per_s * self.service_s / self.servers

    @property
    def response_s(self) -> float:
        """Mean time from arrival to the end of service [s]."""
        return self.wait_s + self.service_s

    @property
    def waiting_mean(self) -> float:
        """Requests that wait, by Little's law."""
        return self.arrivals_per_s * self.wait_s

    @property
    def in_system_mean(self) -> float:
        """Requests that wait or are served, by Little's law."""
        return self.arrivals_per_s * self.response_s

    def wait_percentile_s(self, fraction: float) -> float:
        """Wait that so large a share of requests stays within [s]: `W / C · ln(C / (1 − p))`, 0 where `C ≤ 1 − p`.

        Exact for M/M/c, whose waits beyond 0 are exponential; for other services it takes the tail to be exponential (Kimura, 1994, as fleet planners use it).

        Args:
            fraction: of requests, at least 0 and below 1.

        Raises:
            InputError: a fraction outside of that.
        """
        if not 0 <= fraction < 1:
            raise InputError(f"queue: percentile {fraction:g}; give a fraction of at least 0 and below 1, such as 0.99")
        if self.wait_probability <= 1 - fraction:
            return 0.0
        return self.wait_s / self.wait_probability * math.log(self.wait_probability / (1 - fraction))


def erlang_c(servers: int, offered_load: float) -> float:
    """Share of arrivals that find all servers of an M/M/c queue taken [fraction].

    `C = B / (1 − ρ (1 − B))` with Erlang's loss `B = P(N = c) / P(N ≤ c)` of a Poisson variable N of mean `a = λ S`, in logarithms, so that thousands of
    servers overflow nothing (Kleinrock, Queueing Systems I, 1975, sections 3.4 and 3.5).

    Args:
        servers: at least 1.
        offered_load: `λ S` [servers], at least 0 and below `servers`.

    Raises:
        InputError: no servers, or so much load that the queue grows for ever.

    >>> round(erlang_c(1, 0.8), 12), round(erlang_c(2, 1.0), 12)
    (0.8, 0.333333333333)
    """
    _check(offered_load, 1.0, servers)
    if offered_load == 0:
        return 0.0
    loss = math.exp(float(poisson.logpmf(servers, offered_load) - poisson.logcdf(servers, offered_load)))
    return loss / (1 - offered_load / servers * (1 - loss))


def mmc(arrivals_per_s: float, service_s: float, servers: int = 1) -> WaitingLine:
    """Random arrivals, exponential service, c servers: `W = C S / (c − λ S)`.

    Args:
        arrivals_per_s: `λ` [requests/s].
        service_s: mean `S` [s].
        servers: `c`.

    Raises:
        InputError: a rate, time or count below what is possible, or more load than the servers carry.

    >>> mmc(0.5, 1.0).response_s
    2.0
    """
    _check(arrivals_per_s, service_s, servers)
    load = arrivals_per_s * service_s
    probability = erlang_c(servers, load)
    wait_s = probability * service_s / (servers - load)
    return WaitingLine(
        arrivals_per_s=arrivals_per_s,
        service_s=service_s,
        servers=servers,
        wait_probability=probability,
        wait_s=wait_s,
    )


def mgc(
    arrivals_per_s: float, service_s: float, servers: int, *, service_cv: float, arrival_cv: float = 1.0
) -> WaitingLine:
    """Any service, c servers, approximately: `W ≈ (c_a² + c_s²) / 2 · W(M/M/c)`.

    Allen and Cunneen (Allen, Probability, Statistics, and Queueing Theory, 2nd ed. 1990, section 5.3); for random arrivals it is Kimura's and Lee–Longton's
    formula. Exact for M/M/c and, with one server and random arrivals, for M/G/1.

    Args:
        arrivals_per_s: `λ` [requests/s].
        service_s: mean `S` [s].
        servers: `c`.
        service_cv: standard deviation of service over its mean, `c_s`; 0 for a fixed one.
        arrival_cv: the same of gaps between arrivals, `c_a`; 1 for random (Poisson) ones.

    Raises:
        InputError: as `mmc`, or a coefficient of variation below 0.

    >>> mgc(0.5, 1.0, 1, service_cv=0.0).wait_s
    0.5
    """
    for name, value in (("service_cv", service_cv), ("arrival_cv", arrival_cv)):
        if not (math.isfinite(value) and value >= 0):
            raise InputError(f"queue: {name} is {value:g}; it must be a number of at least 0")
    plain = mmc(arrivals_per_s, service_s, servers)
    return WaitingLine(
        arrivals_per_s=arrivals_per_s,
        service_s=service_s,
        servers=servers,
        wait_probability=plain.wait_probability,
        wait_s=plain.wait_s * (arrival_cv**2 + service_cv**2) / 2,
    )


def mg1(arrivals_per_s: float, service_s: float, *, service_cv: float) -> WaitingLine:
    """Random arrivals, any service, one server: `W = ρ S (1 + c_s²) / (2 (1 − ρ))` (Pollaczek and Khinchine; Kleinrock I, section 5.6).

    Args:
        arrivals_per_s: `λ` [requests/s].
        service_s: mean `S` [s].
        service_cv: standard deviation of service over its mean, `c_s`.

    Raises:
        InputError: as `mgc`.
    """
    return mgc(arrivals_per_s, service_s, 1, service_cv=service_cv)


def md1(arrivals_per_s: float, service_s: float) -> WaitingLine:
    """Random arrivals, fixed service, one server: `W = ρ S / (2 (1 − ρ))`, half of M/M/1's.

    Args:
        arrivals_per_s: `λ` [requests/s].
        service_s: `S` [s].

    Raises:
        InputError: as `mmc`.

    >>> md1(0.5, 1.0).wait_s
    0.5
    """
    return mg1(arrivals_per_s, service_s, service_cv=0.0)


def _check(arrivals_per_s: float, service_s: float, servers: int) -> None:
    if servers < 1:
        raise InputError(f"queue: {servers} servers; give at least 1")
    if not (math.isfinite(arrivals_per_s) and arrivals_per_s >= 0 and math.isfinite(service_s) and service_s > 0):
        raise InputError(
            f"queue: {arrivals_per_s:g} requests/s of {service_s:g} s each; a rate of at least 0 and a time above 0 are needed"
        )
    if arrivals_per_s * service_s >= servers:
        raise InputError(
            f"queue: {arrivals_per_s:g} requests/s of {service_s:g} s each keep {arrivals_per_s * service_s:g} servers busy and there are {servers}; "
            "the queue would grow for ever: lower the rate or add servers"
        )
