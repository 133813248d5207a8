"""Fits of load curves that come with the product: `fit_curve` simulates a curve hundreds of times, half a second before the first answer."""

from __future__ import annotations

import hashlib

from tco.capacity.step_time import StepTime
from tco.capacity.steptime.backtest import Curve, CurveFit
from tco.capacity.steptime.known_fits import FITS
from tco.capacity.steptime.priors import Efficiencies

_KEY_DIGITS = 16


def fit_key(curve: Curve) -> str:
    """What names a curve: sixteen digits of a hash over all that its fit is made of, loads, model, data sheet and limits."""
    return hashlib.sha256(repr(curve).encode()).hexdigest()[:_KEY_DIGITS]


def known_fit(curve: Curve) -> CurveFit | None:
    """What `fit_curve` gives for a curve; None where it was not fitted before.

    Args:
        curve: any, for example of a user's own run.
    """
    found = FITS.get(fit_key(curve))
    if found is None:
        return None
    step_time, efficiencies, error_fraction = found
    return CurveFit(
        step_time=StepTime(**step_time), efficiencies=Efficiencies(**efficiencies), error_fraction=error_fraction
    )
