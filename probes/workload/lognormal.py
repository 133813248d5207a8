"""The lognormal distribution cut at a deviate, with the mean and spread that it has after the cut."""

from __future__ import annotations

import math

_STEPS = 200


def _normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


def _moment(order: int, sigma: float, cut_z: float) -> float:
    """`E[exp(order · sigma · Z')]` with `Z'` a standard normal held within `±cut_z`.

    Completing the square gives `exp(s²/2) (Φ(c - s) - Φ(-c - s))` for the middle with `s = order · sigma`, and each end adds its probability.
    """
    s = order * sigma
    middle = math.exp(s * s / 2) * (_normal_cdf(cut_z - s) - _normal_cdf(-cut_z - s))
    return middle + _normal_cdf(-cut_z) * (math.exp(s * cut_z) + math.exp(-s * cut_z))


def _spread(sigma: float, cut_z: float) -> float:
    first = _moment(1, sigma, cut_z)
    return math.sqrt(max(0.0, _moment(2, sigma, cut_z) / (first * first) - 1))


def clipped_lognormal(mean: float, spread_fraction: float, cut_z: float) -> tuple[float, float]:
    """Parameters of `exp(mu + sigma · Z')`, `Z'` a standard normal held within `±cut_z`, that has a given mean and coefficient of variation.

    Without the cut they would be `sigma² = ln(1 + spread²)` and `mu = ln mean - sigma² / 2`; the cut takes from both moments, and sigma is found by
    bisection on what is left.

    Args:
        mean: above 0.
        spread_fraction: coefficient of variation, 0 or more. What the cut leaves no room for becomes the most that it has room for.
        cut_z: standard deviations at which the normal is held.

    Returns:
        mu and sigma.

    Example:
        >>> mu, sigma = clipped_lognormal(100.0, 1.0, 50.0)
        >>> round(sigma ** 2, 9) == round(math.log(2), 9)
        True
    """
    low, high = 0.0, 2.0 + math.sqrt(math.log1p(spread_fraction**2)) * 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _spread(middle, cut_z) < spread_fraction else (low, middle)
        if high - low < 1e-14 * high:
            break
    sigma = (low + high) / 2
    return math.log(mean) - math.log(_moment(1, sigma, cut_z)), sigma
