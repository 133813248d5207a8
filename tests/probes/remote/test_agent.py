from __future__ import annotations

import sys

import pytest

from probes.remote import agent

NEEDS = [
    {"module": "yaml", "distribution": "pyyaml", "minimum": "6.0", "optional": False, "closure": ["pyyaml==6.0.2"]},
    {
        "module": "pynvml",
        "distribution": "nvidia-ml-py",
        "minimum": "12",
        "optional": True,
        "closure": ["nvidia-ml-py==12.1"],
    },
]
MANIFEST = {
    "version": "0",
    "command": ["tco.cli"],
    "needs": NEEDS,
    "engines": [{"module": "vllm", "distribution": "vllm"}],
}


def facts(python="py", version=(3, 11, 0), found=None, distributions=()):
    return {
        "python": python,
        "version": list(version),
        "found": {"pyyaml": "6.0.2", "nvidia-ml-py": "12.5"} if found is None else found,
        "distributions": list(distributions),
    }


@pytest.fixture
def machine(monkeypatch):
    """A machine with these Pythons."""

    def install(*pythons):
        by_path = {one["python"]: one for one in pythons}
        monkeypatch.setattr(agent, "candidates", lambda wanted: [wanted] if wanted else list(by_path))
        monkeypatch.setattr(agent, "facts_of", lambda path, _: by_path.get(path))

    return install


def test_facts_are_those_of_the_python_that_is_asked():
    found = agent.facts_of(sys.executable, MANIFEST)

    assert list(sys.version_info[:3]) == found["version"]
    assert "pyyaml" in found["found"]
    assert "pydantic" in found["distributions"]


def test_a_python_that_does_not_run_has_no_facts():
    assert agent.facts_of("/no/such/python", MANIFEST) is None


def test_the_python_with_the_engine_is_taken(machine):
    with_engine = facts("b", found={"vllm": "0.33.0"})
    machine(facts("a"), with_engine)

    assert with_engine == agent.choose(MANIFEST, None, needs_engine=True)


def test_without_an_engine_to_start_the_one_that_lacks_least_is_taken(machine):
    machine(facts("a", found={}), facts("b"))

    assert "b" == agent.choose(MANIFEST, None, needs_engine=False)["python"]


def test_an_engine_that_is_missing_is_said_with_where_it_was_looked_for(machine):
    machine(facts("/x/python"))

    with pytest.raises(agent.Trouble, match=r"No engine \(vllm\).*/x/python.*--ssh-python"):
        agent.choose(MANIFEST, None, needs_engine=True)


def test_an_old_python_is_refused_with_its_version(machine):
    machine(facts("/usr/bin/python3", version=(3, 9, 2)))

    with pytest.raises(agent.Trouble, match=r"3\.11 or newer.*3\.9\.2"):
        agent.choose(MANIFEST, None, needs_engine=False)


@pytest.mark.parametrize(
    ("version", "lacking"),
    [("6.0.2", []), ("6.0", []), ("5.4.1", ["pyyaml"]), ("", []), (None, ["pyyaml"]), ("6.0rc1+cpu", []), ("10.1", [])],
)
def test_versions_are_compared_as_numbers(version, lacking):
    found = {"nvidia-ml-py": "12"} | ({} if version is None else {"pyyaml": version})

    assert lacking == [need["distribution"] for need in agent.missing(MANIFEST, facts(found=found))]


def test_nothing_is_installed_where_nothing_is_missing(tmp_path):
    assert agent.supply(MANIFEST, facts(), str(tmp_path), install=True) is None


def test_what_is_missing_is_named_where_it_may_not_be_installed(tmp_path):
    with pytest.raises(agent.Trouble, match=r"lacks pyyaml.*--no-ssh-install.*pip install pyyaml"):
        agent.supply(MANIFEST, facts(found={}), str(tmp_path), install=False)


def test_only_what_the_machine_does_not_have_is_installed_and_without_resolving(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(agent.shutil, "which", lambda _: None)

    def run(command, **_):
        asked.append(command)
        return type("Done", (), {"returncode": 0, "stderr": b""})

    monkeypatch.setattr(agent.subprocess, "run", run)
    need = {**NEEDS[0], "closure": ["pyyaml==6.0.2", "present==1", "absent==2"]}
    target = agent.supply(
        {**MANIFEST, "needs": [need]}, facts(found={}, distributions=["present"]), str(tmp_path), install=True
    )

    assert str(tmp_path / "needs") == target
    assert "--no-deps" in asked[0]
    assert ["absent==2", "pyyaml==6.0.2"] == asked[0][-2:]
    assert "--no-index" not in asked[0]


def test_wheels_that_were_brought_along_are_used_and_no_index(tmp_path, monkeypatch):
    (tmp_path / "wheels").mkdir()
    monkeypatch.setattr(agent.shutil, "which", lambda _: None)
    # pip itself says that the wheel is not there: no network is asked.
    with pytest.raises(agent.Trouble, match="Installing them failed"):
        agent.supply(MANIFEST, facts(python=sys.executable, found={}), str(tmp_path), install=False)


def test_the_tools_own_packages_come_first_on_the_search_path(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/theirs")

    assert "/f/src:/f/needs:/theirs" == agent.environment(MANIFEST, "/f", "/f/needs")["PYTHONPATH"]
    assert "/f/src:/theirs" == agent.environment(MANIFEST, "/f", None)["PYTHONPATH"]


def test_files_that_came_along_are_named_in_the_options_and_lie_in_the_probes_folder(tmp_path):
    files = [{"flag": "--trace", "name": "../../e;vil.js onl", "data": "YWJj"}]

    assert [f"--trace={tmp_path}/file-0.jsonl"] == agent._files(files, str(tmp_path))
    assert b"abc" == (tmp_path / "file-0.jsonl").read_bytes()
