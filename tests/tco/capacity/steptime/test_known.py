from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from scripts.write_fits import shipped_curves
from tco.capacity.simulator.simulate import simulate
from tco.capacity.steptime.backtest import CurveFit, fit_curve
from tco.capacity.steptime.known import known_fit
from tco.capacity.steptime.known_fits import FITS


@pytest.mark.slow
def test_every_shipped_curve_has_its_fit_and_it_is_what_the_curve_gives():
    curves = shipped_curves()

    assert len(FITS) == len(curves) > 0
    for curve in curves:
        known, found = known_fit(curve), fit_curve(curve, simulate)
        assert known is not None, "run scripts/write_fits.py"
        assert numbers(known) == pytest.approx(numbers(found), rel=1e-6), "run scripts/write_fits.py"
        assert known.step_time.basis == found.step_time.basis


def numbers(fit: CurveFit) -> dict[str, float]:
    parts = {**asdict(fit.step_time), **asdict(fit.efficiencies), "error_fraction": fit.error_fraction}
    return {name: value for name, value in parts.items() if name != "basis"}


@pytest.mark.slow
def test_a_curve_that_differs_in_anything_is_fitted_anew():
    curve = shipped_curves()[0]
    points = (replace(curve.points[0], tpot_p50_s=curve.points[0].tpot_p50_s * 1.001), *curve.points[1:])

    assert known_fit(curve) is not None
    assert known_fit(replace(curve, points=points)) is None
    assert known_fit(replace(curve, limits=replace(curve.limits, kv_blocks=curve.limits.kv_blocks + 1))) is None
