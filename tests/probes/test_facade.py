from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import probes
import probes.engines

STUB = Path(probes.__file__).with_suffix(".pyi").read_text(encoding="utf-8")


def test_the_facade_offers_what_its_stub_lists():
    tree = ast.parse(STUB)
    listed = next(node.value for node in tree.body if isinstance(node, ast.Assign))
    imported = {alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}

    assert ast.literal_eval(listed) == sorted(imported)
    assert set(probes.__all__) == imported


def test_no_public_name_is_that_of_a_module():
    """Importing the module would put it in the place of the name."""
    folder = Path(probes.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}

    assert set() == modules & set(probes.__all__)


@pytest.mark.parametrize("name", probes.__all__)
def test_every_public_name_is_there(name):
    assert getattr(probes, name) is not None


def test_a_load_worker_loads_no_more_than_it_needs():
    heavy = "{'pandas', 'scipy', 'streamlit', 'altair', 'torch'}"
    code = f"import sys, probes.loadgen.worker; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]\n" == found.stdout


def test_what_the_engines_offer_is_what_they_list_in_order():
    offered = [
        name
        for name, value in vars(probes.engines).items()
        if not name.startswith("_") and not inspect.ismodule(value) and name != "annotations"
    ]

    assert sorted(offered) == probes.engines.__all__
