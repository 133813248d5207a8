from __future__ import annotations

from pathlib import Path

import pytest

import probes
from pricing import architecture, gpu_spec
from probes.run_file import load_run
from probes.setting import Engine, Model
from tco.capacity.memory.placement import placement_of_run
from tco.errors import InputError
from tests.factories import run

RUNS = Path(probes.__file__).parent / "runs"
LLAMA = "Meta-Llama-3.1-8B"


def placed(name: str = LLAMA, *, args: tuple[str, ...] = (), gpu: str | None = "H100-SXM", **model: str) -> object:
    measured = run().model_copy(
        update={
            "gpu": gpu,
            "gpus_per_replica": 2,
            "engine": Engine(name="vllm", args=list(args), tensor_parallel_size=2),
            "model": Model(name=name, **model),
        }
    )
    return placement_of_run(measured, architecture(name))


@pytest.mark.parametrize(
    ("name", "model", "precision"),
    [
        (LLAMA, {}, "bf16"),
        (LLAMA, {"dtype": "float16"}, "bf16"),
        (LLAMA, {"dtype": "bfloat16", "quantization": "fp8"}, "fp8"),
        (LLAMA, {"quantization": "awq_marlin"}, "int4"),
        (LLAMA, {"quantization": "gptq"}, "int4"),
        ("gpt-oss-120b", {}, "mxfp4"),
        ("DeepSeek-V3", {}, "fp8"),
        ("Kimi-K2.5", {}, "int4"),
    ],
)
def test_the_precision_is_the_runs_else_that_of_the_published_weights(
    name: str, model: dict[str, str], precision: str
) -> None:
    assert placed(name, **model).precision == precision


def test_layout_and_cache_are_the_engines() -> None:
    found = placed(args=("--kv-cache-dtype=fp8_e4m3",))

    assert (2, 1, 1) == (found.tensor_parallel_size, found.pipeline_parallel_size, found.kv_dtype_bytes)
    assert placed(args=("--kv-cache-dtype", "auto")).kv_dtype_bytes == 2


def test_a_drivers_name_of_a_gpu_is_understood() -> None:
    assert placed(gpu="NVIDIA H100 80GB HBM3").gpu.gpu == "H100-SXM"


def test_a_part_of_the_users_own_comes_before_the_books() -> None:
    own = gpu_spec("H100-SXM").model_copy(update={"gpu": "H100-OEM"})

    assert placement_of_run(run(), architecture(LLAMA), own).gpu.gpu == "H100-OEM"


def test_a_run_on_a_processor_has_no_data_sheet() -> None:
    with pytest.raises(InputError, match="is of no GPU; step times are carried over by data sheets of GPUs only"):
        placed(gpu=None)


def test_a_gpu_that_is_not_in_the_book_is_named() -> None:
    with pytest.raises(InputError, match="no GPU 'GTX 9000' in the book"):
        placed(gpu="GTX 9000")


def test_a_precision_without_a_prior_is_refused() -> None:
    with pytest.raises(InputError, match="weights in 'bitsandbytes'"):
        placed(quantization="bitsandbytes")


@pytest.mark.parametrize(
    ("file", "name", "label"),
    [
        ("h100-llama-3.1-8b-fp8", LLAMA, "1 x H100-SXM, fp8"),
        ("h100x2-mixtral-8x7b-fp16", "Mixtral-8x7B-v0.1", "2 x H100-SXM, bf16"),
    ],
)
def test_shipped_runs_say_where_they_were_measured(file: str, name: str, label: str) -> None:
    assert placement_of_run(load_run(RUNS / f"{file}.json"), architecture(name)).label == label
