from __future__ import annotations

import inspect

import pytest

import probes
import probes.engines


@pytest.mark.parametrize("package", [probes, probes.engines])
def test_what_a_package_offers_is_what_it_lists_in_order(package):
    offered = [
        name
        for name, value in vars(package).items()
        if not name.startswith("_") and not inspect.ismodule(value) and name != "annotations"
    ]

    assert sorted(offered) == package.__all__
