from __future__ import annotations

import math

import numpy as np
import pytest

from probes.affine import Spread, carried, line_weights


@pytest.mark.parametrize(("places", "target"), [([4, 8], 28), ([7, 14, 21], 60), ([1, 2, 4, 8], 3)])
def test_the_line_is_the_one_that_numpy_fits(places, target):
    values = [3.0 + 0.5 * place + math.sin(place) for place in places]
    slope, start = np.polyfit(places, values, 1)
    line = carried([Spread(value=value) for value in values], line_weights(places, target))

    assert line.value == pytest.approx(start + slope * target)
    assert line.below is None


def test_of_two_points_the_line_is_exact():
    # 10 + (14 - 10) * (28 - 4) / (8 - 4) = 34
    assert 34.0 == carried([Spread(value=10.0), Spread(value=14.0)], line_weights([4, 8], 28)).value


def test_uncertainties_add_in_squares_with_the_weights():
    points = [Spread(value=10.0, below=0.3, above=0.1), Spread(value=14.0, below=0.2, above=0.4)]
    far = carried(points, (-5.0, 6.0))

    # What makes the first point too high makes the target too low: its upper side counts below.
    assert far.below == pytest.approx(math.sqrt((5 * 0.1) ** 2 + (6 * 0.2) ** 2))
    assert far.above == pytest.approx(math.sqrt((5 * 0.3) ** 2 + (6 * 0.4) ** 2))


def test_one_point_without_an_interval_leaves_none():
    assert carried([Spread(value=1.0, below=0.1, above=0.1), Spread(value=2.0)], (0.5, 0.5)) == Spread(value=1.5)


def test_a_further_uncertainty_adds_in_squares_and_makes_no_interval_where_there_was_none():
    assert Spread(value=1.0, below=3.0, above=0.0).at_least(4.0) == Spread(value=1.0, below=5.0, above=4.0)
    assert Spread(value=1.0).at_least(4.0) == Spread(value=1.0)


@pytest.mark.parametrize("places", [[], [4], [4, 4]])
def test_a_line_needs_two_places(places):
    with pytest.raises(ValueError, match="two places"):
        line_weights(places, 28)
