from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import psutil
import pytest

from probes.engines.process import MARKER_VARIABLE, kill_tree, tree_of
from probes.engines.stale import cache_folder, find_engines, forget_engine, note_engine, stop_leftover

MARKER = f"stale-test-{os.getpid()}"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "tco-llm/engines"


@pytest.fixture
def engine():
    """A process that carries the marker, as an engine would."""
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    process = subprocess.Popen(command, env={**os.environ, MARKER_VARIABLE: MARKER})
    deadline = time.monotonic() + 5
    while not tree_of(MARKER):
        assert time.monotonic() < deadline
    yield process
    kill_tree(MARKER)
    process.wait()


def tree(session=2**22 + 1):
    """What `note_engine` reads of a process tree."""
    return SimpleNamespace(marker=MARKER, pid=session)


def disown(cache, **changes):
    """Makes a note look as if another process had written it."""
    file = cache / f"{MARKER}.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_the_cache_folder_follows_the_desktops_rules(tmp_path, monkeypatch):
    assert tmp_path / "tco-llm" == cache_folder()
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/somebody")

    assert str(cache_folder()) == "/home/somebody/.cache/tco-llm"


def test_an_engine_of_this_process_is_no_leftover(engine, cache):
    note_engine(tree(), 8000, "Qwen3-0.6B")

    assert [] == find_engines()
    assert (cache / f"{MARKER}.json").exists()


def test_an_engine_whose_probe_is_gone_is_a_leftover_and_can_be_stopped(engine, cache):
    note_engine(tree(), 8000, "Qwen3-0.6B")
    disown(cache, owner_pid=2**22 + 1)
    (found,) = find_engines()

    assert not found.owner_alive
    assert (engine.pid,) == found.pids
    assert found.sentence == (
        f"A probe that was killed has left an engine with Qwen3-0.6B on port 8000 (process {engine.pid}); "
        f"by hand it is ended with `kill -9 {engine.pid}`."
    )
    stop_leftover(found)
    engine.wait(5)
    assert [] == find_engines()
    assert [] == list(cache.iterdir())


def start_titled(title):
    """A process in a session of its own that has a title and no marker, as vLLM's workers have."""
    code = (
        f"import ctypes, time; ctypes.CDLL(None).prctl(15, {title.encode()!r}, 0, 0, 0)\n"
        "print('ready', flush=True); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize(("title", "is_ours"), [("VLLM::Worker", True), ("postgres", False)])
def test_workers_that_have_renamed_themselves_are_found_by_their_session(cache, title, is_ours):
    worker = start_titled(title)
    try:
        note_engine(tree(session=worker.pid), 8000, "m")
        disown(cache, owner_pid=2**22 + 1)
        found = find_engines()

        assert [(worker.pid,)] * is_ours == [engine.pids for engine in found]
        for engine in found:
            stop_leftover(engine)
        assert is_ours == (worker.poll() is not None)
    finally:
        worker.kill()
        worker.communicate()


def test_a_reused_process_id_does_not_make_a_dead_probe_alive(engine, cache):
    note_engine(tree(), 8000, "m")
    disown(cache, owner_pid=os.getppid(), owner_create_time=1.0)

    assert [False] == [found.owner_alive for found in find_engines()]


def test_an_engine_of_a_probe_that_runs_now_is_named_and_left_alone(engine, cache):
    note_engine(tree(), 8000, "m")
    parent = psutil.Process(os.getppid())
    disown(cache, owner_pid=parent.pid, owner_create_time=parent.create_time())
    (found,) = find_engines()

    assert found.owner_alive
    assert "both will measure slower" in found.sentence
    assert engine.poll() is None


def test_notes_about_engines_that_are_gone_are_removed(cache):
    note_engine(tree(), 8000, "m")
    disown(cache, owner_pid=2**22 + 1)

    assert [] == find_engines()
    assert [] == list(cache.iterdir())


@pytest.mark.parametrize("text", ["{", "[]", '{"marker": "x"}', '{"marker": "x", "owner_pid": "y"}'])
def test_a_broken_note_is_removed(cache, text):
    cache.mkdir(parents=True)
    (cache / "broken.json").write_text(text)

    assert [] == find_engines()
    assert [] == list(cache.iterdir())


def test_an_engine_can_be_forgotten_twice(cache):
    note_engine(tree(), 8000, "m")
    forget_engine(MARKER)
    forget_engine(MARKER)

    assert [] == list(cache.iterdir())


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    note_engine(tree(), 8000, "m")

    assert [] == find_engines()
