import pytest

from probes.servers.counting import spread


@pytest.mark.parametrize(("total", "parts"), [(0, 3), (1, 1), (7, 3), (3, 7), (100, 9)])
def test_spreading_keeps_the_total_and_is_even(total, parts):
    counts = spread(total, parts)
    assert (total, parts, True) == (sum(counts), len(counts), max(counts) - min(counts) <= 1)
