"""Spares: the smallest fleet of which enough replicas answer, when replicas or whole servers fail."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.special import bdtrc, gammaln, xlog1py, xlogy

from tco.capacity.replicas.needed import MAX_REPLICAS, ROUNDING, Counts, Rates

Spares = Callable[[Counts], Counts]
"""Replicas that must answer in each cell -> replicas that stand there."""

_MOST = 10 * MAX_REPLICAS
_SPREADS, _LEAST_WINDOW = 12, 40
"""Terms of a binomial further from its mean than so many standard deviations and this count add less than 1e-16."""


@lru_cache(maxsize=4096)
def with_spares(needed: int, replica_availability: float, target: float) -> int:
    """Smallest fleet of which at least `needed` replicas answer with the target probability.

    Replicas fail independently: the smallest N with `P(Bin(N, replica_availability) >= needed) >= target`.

    Args:
        needed: replicas that must answer.
        replica_availability: share of time that one replica answers [fraction].
        target: share of time that enough of them must answer [fraction].

    Special cases: none needed, none bought.

    Raises:
        OverflowError: replicas answer so rarely that no fleet is large enough.

    >>> with_spares(1, 0.99, 0.99), with_spares(1, 0.99, 0.999), with_spares(10, 0.99, 0.999)
    (1, 2, 12)
    """
    return int(with_spares_each(np.array([needed]), replica_availability, target)[0])


def with_spares_each(needed: Counts, replica_availability: float, target: float) -> Counts:
    """`with_spares` of each cell, in an array of the same shape.

    Args:
        needed: replicas that must answer, by cell.
        replica_availability: share of time that one replica answers [fraction].
        target: share of time that enough of them must answer [fraction].

    Raises:
        OverflowError: as `with_spares`.
    """

    def enough(asked: Counts, standing: Counts) -> Rates:
        return at_least(asked, standing, replica_availability)

    return _smallest(needed, enough, target)


@lru_cache(maxsize=4096)
def with_servers(
    needed: int, replica_availability: float, target: float, server_availability: float, replicas_per_server: int
) -> int:
    """Smallest fleet on servers that fail whole: a server that is down takes all its replicas with it.

    The smallest N with `P(enough_up) >= target`, where N replicas fill servers one after the other (see `share_of_time_enough`).

    Args:
        needed: replicas that must answer.
        replica_availability: share of time that a replica answers while its server is up [fraction].
        target: share of time that enough of them must answer [fraction].
        server_availability: share of time that a server is up [fraction].
        replicas_per_server: replicas that one full server holds.

    Raises:
        OverflowError: as `with_spares`.

    >>> with_spares(8, 0.99, 0.99), with_servers(8, 1.0, 0.99, 0.98, 8), with_servers(8, 1.0, 0.97, 0.98, 8)
    (9, 16, 8)
    """

    def enough(asked: Counts, standing: Counts) -> Rates:
        return np.array(
            [
                share_of_time_enough(
                    int(one), int(count), replica_availability, server_availability, replicas_per_server
                )
                for one, count in zip(asked, standing, strict=True)
            ]
        )

    return int(_smallest(np.array([needed]), enough, target)[0])


def share_of_time_enough(
    needed: int, standing: int, replica_availability: float, server_availability: float, replicas_per_server: int
) -> float:
    """Share of time that at least `needed` of the replicas answer, when whole servers fail [fraction].

    With `f` full servers of `k` replicas and one of `r` (0 where all are full):

    ```
    P = sum_j Bin(j; f, a_server) · [ a_server · P(Bin(j·k + r, a) >= needed) + (1 − a_server) · P(Bin(j·k, a) >= needed) ]
    ```

    Exact but for terms that add less than 1e-16.

    Args:
        needed: replicas that must answer.
        standing: replicas on the servers.
        replica_availability: of one replica while its server is up [fraction].
        server_availability: of one server [fraction].
        replicas_per_server: of a full server.

    >>> round(share_of_time_enough(8, 16, 1.0, 0.98, 8), 6)  # one of two servers is enough: 1 - 0.02 ** 2
    0.9996
    """
    full, rest = divmod(standing, replicas_per_server)
    up = _likely(full, server_availability)
    weight = _pmf(up, full, server_availability)
    asked = np.full(up.size, needed)
    with_rest = at_least(asked, up * replicas_per_server + rest, replica_availability)
    if not rest:
        return float(weight @ with_rest)
    without = at_least(asked, up * replicas_per_server, replica_availability)
    return float(weight @ (server_availability * with_rest + (1 - server_availability) * without))


def at_least(needed: Counts, standing: Counts, availability: float) -> Rates:
    """`P(Bin(standing, availability) >= needed)` of each pair [fraction]; 0 where fewer stand than are needed."""
    few = standing < needed
    tail = bdtrc(needed - 1, np.where(few, needed, standing), availability)
    return np.asarray(np.where(few, 0.0, np.where(needed <= 0, 1.0, tail)))


def _smallest(needed: Counts, enough: Callable[[Counts, Counts], Rates], target: float) -> Counts:
    """Fewest that are enough in each cell: more never hurt, so the spares are doubled until they are, then halved in between."""
    distinct, cell = np.unique(needed, return_inverse=True)
    asked = distinct[distinct > 0]
    short, plenty = np.full(asked.size, -1), np.zeros(asked.size, dtype=np.int64)
    while (lacking := enough(asked, asked + plenty) < target - ROUNDING).any():
        short, plenty = np.where(lacking, plenty, short), np.where(lacking, 2 * plenty + 1, plenty)
        if plenty.max() > _MOST:
            raise OverflowError(
                f"no fleet of up to {_MOST:,} replicas answers {target:g} of the time; "
                "its replicas answer too rarely: check their availability, and how often spot machines are taken back"
            )
    while (plenty - short > 1).any():
        middle = np.maximum((short + plenty) // 2, 0)
        reached = enough(asked, asked + middle) >= target - ROUNDING
        short, plenty = np.where(reached, short, middle), np.where(reached, middle, plenty)
    standing = np.zeros_like(distinct)
    standing[distinct > 0] = asked + plenty
    return np.asarray(standing[cell].reshape(needed.shape))


def _likely(count: int, probability: float) -> Counts:
    """Outcomes of a binomial that are not impossible for all practical ends."""
    mean = count * probability
    reach = _LEAST_WINDOW + _SPREADS * (mean * (1 - probability)) ** 0.5
    return np.arange(max(0, int(mean - reach)), min(count, int(mean + reach) + 1) + 1)


def _pmf(outcomes: Counts, count: int, probability: float) -> Rates:
    ways = gammaln(count + 1) - gammaln(outcomes + 1) - gammaln(count - outcomes + 1)
    return np.asarray(np.exp(ways + xlogy(outcomes, probability) + xlog1py(count - outcomes, -probability)))
