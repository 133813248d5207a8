from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pricing

STUB = Path(pricing.__file__).with_suffix(".pyi").read_text(encoding="utf-8")


def test_the_facade_offers_what_its_stub_lists():
    tree = ast.parse(STUB)
    listed = next(node.value for node in tree.body if isinstance(node, ast.Assign))
    imported = {alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert ast.literal_eval(listed) == sorted(imported, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert set(pricing.__all__) == imported


def test_no_public_name_is_that_of_a_module():
    """Importing the module would put it in the place of the name."""
    folder = Path(pricing.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    assert set() == modules & set(pricing.__all__)


@pytest.mark.parametrize("name", pricing.__all__)
def test_every_public_name_is_there(name):
    assert getattr(pricing, name) is not None


def test_importing_the_package_reads_no_data_and_loads_nothing_heavy():
    heavy = "{'pydantic', 'genai_prices', 'pandas', 'numpy', 'yaml'}"
    code = f"import sys, pricing; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]\n" == found.stdout
