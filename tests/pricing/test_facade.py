from __future__ import annotations

from types import ModuleType

import pricing


def test_the_facade_lists_all_public_names_and_no_others():
    public = {
        name for name, value in vars(pricing).items() if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert public == set(pricing.__all__)


def test_the_facade_is_sorted_without_repeats():
    constants = sorted(name for name in pricing.__all__ if name.isupper())
    classes = sorted(name for name in pricing.__all__ if name[0].isupper() and not name.isupper())
    functions = sorted(name for name in pricing.__all__ if name[0].islower())
    assert constants + classes + functions == pricing.__all__
