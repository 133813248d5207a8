"""Writes the fits of the load curves that come with the product into `tco/capacity/steptime/known_fits.py`.

Run it after a change to the simulator, to `fit_curve`, to the data sheets or to a shipped run: `python scripts/write_fits.py`. A test fails while a fit is not
what `fit_curve` gives, or is missing.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from unittest.mock import patch

from tco import load
from tco.capacity import curve_engine
from tco.capacity.simulator.simulate import simulate
from tco.capacity.steptime import known_fits
from tco.capacity.steptime.backtest import Curve, CurveFit, fit_curve
from tco.capacity.steptime.known import fit_key
from tco.compare import prepare
from tco.shipped import shipped_scenarios, shipped_templates

FILE = Path(known_fits.__file__)
_HEAD = '''"""Fits of the load curves that come with the product, by `tco.capacity.steptime.known.fit_key`: `python scripts/write_fits.py` writes this file."""

from __future__ import annotations

from typing import Any

Fit = tuple[dict[str, Any], dict[str, float], float]
"""Fields of the step time, fields of the efficiencies, and by how much the curve's own medians are missed [fraction]."""

FITS: dict[str, Fit] = '''


def shipped_curves() -> list[Curve]:
    """Every curve that a shipped scenario or template has fitted."""
    asked: dict[str, Curve] = {}

    def note(curve: Curve) -> CurveFit:
        asked[fit_key(curve)] = curve
        return fit_curve(curve, simulate)

    curve_engine.forget_fits()
    with patch.object(curve_engine, "known_fit", note):
        for path in [*shipped_scenarios().values(), *shipped_templates().values()]:
            prepare(load(path))
    return [asked[key] for key in sorted(asked)]


def main() -> None:
    """Writes the file."""
    fits = {}
    for curve in shipped_curves():
        found = fit_curve(curve, simulate)
        fits[fit_key(curve)] = (asdict(found.step_time), asdict(found.efficiencies), found.error_fraction)
    FILE.write_text(f"{_HEAD}{fits!r}\n", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", str(FILE)], check=True)
    print(f"{len(fits)} fits")


if __name__ == "__main__":
    main()
