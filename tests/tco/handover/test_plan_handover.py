from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

import tco
from tco.cli._plan_handover import hand_over, show_handover
from tco.errors import InputError
from tco.handover import read_deployment

DEMO = Path(__file__).parents[3] / "scenarios" / "demo.yaml"


@pytest.fixture(scope="module")
def answered():
    question = tco.load(DEMO)
    return question, tco.evaluate(question)


def test_every_option_that_can_be_deployed_gets_a_folder(answered, tmp_path):
    handed = hand_over(*answered, tmp_path)

    assert ["rented-h100", "this-machine"] == sorted(path.name for path in tmp_path.iterdir())
    assert list(handed.made) == [read_deployment(folder) for folder in handed.folders]
    assert ["api-today"] == [one.option for one in handed.left_out]


def test_one_option_may_be_named(answered, tmp_path):
    handed = hand_over(*answered, tmp_path, option="rented-h100")

    assert [tmp_path / "rented-h100"] == list(handed.folders)
    assert [answered[1].option("rented-h100").capacity.replicas] == [one.scaling.max_replicas for one in handed.made]


def test_what_is_shown_starts_the_engine(answered, tmp_path):
    out = io.StringIO()
    show_handover(hand_over(*answered, tmp_path), Console(file=out, width=200))
    text = out.getvalue()

    assert "vllm serve meta-llama/Meta-Llama-3.1-8B-Instruct \\" in text
    assert "No deployment: 'api-today' is paid per token" in text


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("rented-h10", "the scenario has: api-today, this-machine, rented-h100"),
        ("api-today", "nothing to deploy. 'api-today' is paid per token"),
    ],
)
def test_an_option_without_deployment_is_said(answered, tmp_path, option, words):
    with pytest.raises(InputError, match=words):
        hand_over(*answered, tmp_path, option=option)

    assert [] == list(tmp_path.iterdir())


def test_nothing_is_written_where_one_of_several_is_there(answered, tmp_path):
    hand_over(*answered, tmp_path, option="rented-h100")

    with pytest.raises(InputError, match=r"rented-h100: a deployment is there already.*--force"):
        hand_over(*answered, tmp_path)
    assert ["rented-h100"] == [path.name for path in tmp_path.iterdir()]

    hand_over(*answered, tmp_path, force=True)
    assert 2 == len(list(tmp_path.iterdir()))
