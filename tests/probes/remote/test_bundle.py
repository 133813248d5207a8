from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from probes import ProbeError
from probes.remote.bundle import build_bundle, needs_of

ROOT = Path(__file__).parents[3]


def bundle(root=ROOT, packages=("probes",), **more):
    needs = needs_of(["yaml:pyyaml>=6.0", "no_such_module:no-such-thing>=1"], optional=["no-such-thing"])
    return build_bundle(root, packages=packages, command=("probes.x",), needs=needs, distribution="tco-llm", **more)


def opened(data):
    return zipfile.ZipFile(io.BytesIO(data))


def test_it_holds_the_packages_their_version_and_the_agent():
    names = opened(bundle()).namelist()

    assert {"__main__.py", "bundle.json", "src/probes/__init__.py", "src/probes/remote/agent.py"} <= set(names)
    assert [] == [name for name in names if "__pycache__" in name]
    assert 1 == len([name for name in names if name.endswith(".dist-info/METADATA")])
    assert (ROOT / "probes/remote/agent.py").read_bytes() == opened(bundle()).read("__main__.py")


def test_the_same_sources_are_the_same_bytes():
    assert bundle() == bundle()


def test_needs_name_what_they_need_themselves():
    (need,) = needs_of(["aiohttp:aiohttp>=3.11"])

    assert ("aiohttp", "aiohttp", "3.11", False) == (need.module, need.distribution, need.minimum, need.optional)
    # aiohttp needs yarl, and yarl needs idna.
    assert {"aiohttp", "yarl", "idna", "multidict"} <= {pin.partition("==")[0] for pin in need.closure}


def test_wheels_go_along(tmp_path):
    (tmp_path / "a-1-py3-none-any.whl").write_bytes(b"wheel")

    assert b"wheel" == opened(bundle(wheels=tmp_path)).read("wheels/a-1-py3-none-any.whl")


@pytest.mark.parametrize("more", [{"packages": ["no_such_package"]}, {"wheels": Path("no-such-folder")}])
def test_what_is_not_there_is_said(more):
    with pytest.raises(ProbeError) as caught:
        bundle(**more)

    assert "bad_arguments" == caught.value.kind


def test_what_it_measures_with_is_checked_on_the_machine(tmp_path):
    file = tmp_path / "tco-probe.pyz"
    file.write_bytes(bundle())
    done = subprocess.run([sys.executable, file, "check"], capture_output=True, text=True, check=True, env={"PATH": ""})
    (python,) = json.loads(done.stdout)["pythons"]

    assert ["no-such-thing"] == python["missing"]
    assert list(sys.version_info[:3]) == python["version"]
    assert "pyyaml" in python["found"]
