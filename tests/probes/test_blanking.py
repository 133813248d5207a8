from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.blanking import BLANK, blank_command, blank_environment, blank_text, is_secret_name

SECRET = "Zq7-verysecret.value_91"


@pytest.mark.parametrize(
    "command",
    [
        ["tco", "--api-key", SECRET],
        ["tco", f"--api-key={SECRET}"],
        ["tco", "--hf-token", SECRET, "--seed", "1"],
        ["tco", f"--hf_token={SECRET}"],
        ["tco", "--token", SECRET],
        ["tco", "--apiKey", SECRET],
        ["tco", "--engine-arg", f"--api-key={SECRET}"],
        ["tco", "--engine-arg", "--api-key", "--engine-arg", "x", "--password", SECRET],
        ["curl", "-H", f"Authorization: Bearer {SECRET}"],
        ["curl", "-H", f"Authorization: Basic {SECRET}"],
        ["curl", "--header", f"x-api-key: {SECRET}"],
        ["curl", "-H", f"api-key: {SECRET}"],
        ["curl", "-H", f"Cookie: session={SECRET}"],
        ["curl", f"--header=Authorization: Bearer {SECRET}"],
        ["env", f"HF_TOKEN={SECRET}", "tco"],
        ["docker", "run", "-e", f"OPENAI_API_KEY={SECRET}"],
        ["docker", "run", f"-eAWS_SECRET_ACCESS_KEY={SECRET}"],
        ["sh", "-c", f"export VLLM_API_KEY='{SECRET}'; vllm serve x"],
        ["sh", "-c", f'HUGGING_FACE_HUB_TOKEN="{SECRET}" vllm serve x'],
        ["tco", "--endpoint", f"https://user:{SECRET}@host:8000"],
        ["tco", "--endpoint", f"https://{SECRET}@host/v1"],
        ["tco", "--endpoint", f"https://host/v1?api_key={SECRET}&x=1"],
        ["tco", "--endpoint", f"https://host/v1?x=1&sig={SECRET}"],
        ["tco", "--endpoint", f"https://s3/x?X-Amz-Signature={SECRET}"],
        ["tco", "--endpoint", f"https://host/v1?access_token={SECRET}"],
        ["tco", "--extra", f'{{"api_key": "{SECRET}", "n": 1}}'],
        ["tco", "--extra", f"{{'password':'{SECRET}'}}"],
        ["tco", "--extra", f'{{"headers": {{"Authorization": "Bearer {SECRET}"}}}}'],
        ["tco", "--client-secret", SECRET],
        ["tco", "--client-secret", f"-{SECRET}"],
        ["tco", f"--password={SECRET} {SECRET}"],
        ["env", f"DB_PASSWORD=a;{SECRET}, {SECRET}"],
        ["sh", "-c", f"tco probe --api-key {SECRET} --seed 1"],
        ["sh", "-c", f"tco probe --api-key '{SECRET} x' --seed 1"],
        ["sh", "-c", f"curl -H 'Authorization: Basic {SECRET}' http://host"],
        ["sh", "-c", f'curl -H "X-API-Key:{SECRET}" http://host'],
        ["tco", "--auth", f"me:{SECRET}"],
        ["tco", f"postgres://me:{SECRET}@db/runs"],
        ["tco", f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----"],
    ],
)
def test_a_secret_is_blanked_in_every_form_it_is_given(command):
    blanked = blank_command(command, {})

    assert SECRET not in " ".join(blanked)
    assert any(BLANK in word for word in blanked)
    assert len(command) == len(blanked)


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefgh12345678",
        "sk-ant-api03-abcdefgh12345678",
        "hf_abcdefghijklmnop",
        "nvapi-abcdefgh12345678",
        "ghp_abcdefgh12345678",
        "github_pat_11ABCDEFG_abcdefgh",
        "gsk_abcdefgh12345678",
        "xoxb-abcdefgh12345678",
        "glpat-abcdefgh12345678",
        "AIzaSyA-abcdefgh12345678",
        "ya29.a0AfH6SMBabcdefgh",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "fw_3ZabcdefgH12345678",
        "r8_abcdefgh12345678",
    ],
)
def test_a_secret_is_known_by_its_form_wherever_it_stands(secret):
    assert secret not in blank_text(f"--whatever {secret}", {})
    assert secret not in blank_command(["tco", secret], {})[1]


def test_a_secret_of_the_environment_is_blanked_wherever_it_stands():
    environ = {"TEAM_TOKEN": "plainwords", "HOME_PAGE": "x", "SHORT_KEY": "1"}

    assert blank_command(["tco", "--note", "it is plainwords, 1"], environ) == ["tco", "--note", "it is ***, 1"]


@given(st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=6, max_size=40))
def test_any_value_of_a_secret_variable_is_blanked(secret):
    words = blank_command(["--url", f"http://h/{secret}", f"a{secret}b", secret], {"MY_API_KEY": secret})

    assert words[1:] == ["http://h/***", "a***b", "***"] or not any(secret in word for word in words[1:])


@given(st.text(min_size=1).filter(lambda text: not text.startswith("--")))
def test_whatever_is_given_to_an_option_for_secrets_is_blanked(secret):
    assert blank_command(["tco", "--api-key", secret], {})[2] == BLANK
    assert blank_command(["tco", f"--api-key={secret}"], {})[1] == f"--api-key={BLANK}"


@given(st.lists(st.text()), st.dictionaries(st.text(), st.text()))
def test_no_command_line_is_too_strange(command, environ):
    assert len(command) == len(blank_command(command, environ))


@pytest.mark.parametrize(
    "command",
    [
        ["tco", "probe", "--model", "Qwen3-0.6B", "--concurrency", "1,8,64", "--seed", "7"],
        ["tco", "probe", "--input-tokens", "512", "--output-tokens=128", "--max-num-batched-tokens", "8192"],
        ["tco", "probe", "--api-key-env", "OPENAI_API_KEY", "--tokenizer", "mistral", "--prompt", "token_ids"],
        ["tco", "probe", "--endpoint", "http://127.0.0.1:8000/v1?x=1&y=2"],
        ["tco", "probe", "--ssl-keyfile", "/etc/x.pem", "--engine-arg", "--max-model-len=4096"],
        ["tco", "probe", "--extra", '{"temperature": 0, "ignore_eos": true}', "--note", "load: high"],
        ["vllm", "serve", "x", "--enable-auto-tool-choice", "--kv-cache-dtype", "fp8", "--stop-token-ids", "1,2"],
        [],
    ],
)
def test_what_is_no_secret_stays(command):
    assert command == blank_command(command, {})


def test_an_option_that_follows_is_not_taken_for_its_value():
    assert blank_command(["tco", "--api-key", "--model", "x"], {}) == ["tco", "--api-key", "--model", "x"]


def test_the_home_folder_and_ids_of_gpus_are_not_given_away():
    home = str(Path.home())
    word = blank_text("GPU-5a1b2c3d-0000-1111-2222-333344445555,1", {})

    assert blank_command([f"{home}/bin/tco", f"--out={home}/r.json", home], {}) == ["~/bin/tco", "--out=~/r.json", "~"]
    assert word.startswith("GPU#")
    assert "5a1b2c3d" not in word
    assert word == blank_text("GPU-5a1b2c3d-0000-1111-2222-333344445555,1", {})


def test_only_variables_that_matter_are_kept_and_their_secrets_are_not():
    environ = {
        "VLLM_API_KEY": SECRET,
        "VLLM_LOGGING_LEVEL": "INFO",
        "CUDA_VISIBLE_DEVICES": "0,1",
        "OMP_NUM_THREADS": "8",
        "VLLM_URL": f"http://me:{SECRET}@host",
        "HOME": "/home/me",
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }

    assert blank_environment(environ, ("VLLM_", "CUDA_", "OMP_")) == {
        "CUDA_VISIBLE_DEVICES": "0,1",
        "OMP_NUM_THREADS": "8",
        "VLLM_API_KEY": "***",
        "VLLM_LOGGING_LEVEL": "INFO",
        "VLLM_URL": "http://***@host",
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AWS_SECRET_ACCESS_KEY", True),
        ("HUGGING_FACE_HUB_TOKEN", True),
        ("authToken", True),
        ("X-Amz-Signature", True),
        ("db_password", True),
        ("myapikey", True),
        ("prompt_tokens", False),
        ("tokenizer", False),
        ("author", False),
        ("keyboard", False),
        ("passes", False),
        ("KEY_FILE", False),
        ("--", False),
    ],
)
def test_names_of_secrets_are_told_from_others(name, expected):
    assert expected == is_secret_name(name)
