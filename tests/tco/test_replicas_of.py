"""Which options are what was probed, and what becomes of those that are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pricing
import probes
from probes.run import Run
from probes.run_file import load_run
from probes.setting import Engine, Model
from tco import InputError
from tco.capacity.capacity import capacity_of
from tco.capacity.engine_model import EngineModel, NoEngineModel
from tco.capacity.replica import Replica
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.step_time import StepTime
from tco.replicas_of import replicas_of
from tests.factories import OWN, RENT, run, scenario

RUNS = Path(probes.__file__).parent / "runs"
FITTED = EngineModel(
    step_time=StepTime(intercept_s=0.0075, per_sequence_s=5e-5, per_kv_token_s=5e-8, per_prefill_token_s=3e-5),
    limits=EngineLimits(kv_blocks=20_000),
    origin="step times fitted to the run",
    error_fraction=0.05,
    band_fraction=0.1,
    error_source="loads left out",
)


def measured(
    name: str = "meta-llama/Llama-3.1-8B-Instruct", *, gpus: int = 1, gpu: str | None = "H100-SXM", **changes: Any
) -> Run:
    engine = Engine(name="vllm" if gpu else "vllm-cpu", version="0.32.0", tensor_parallel_size=max(gpus, 1))
    values: dict[str, Any] = {"model": Model(name=name, dtype="bfloat16"), "engine": engine, "gpu": gpu}
    return run(gpus_per_replica=gpus if gpu else 0, **(values | changes))


def replica(option: dict[str, Any], held: Run, base: dict[str, Any] = RENT) -> Replica:
    own = {key: value for key, value in base.items() if key != "throughput_factor"} | {"model": "Meta-Llama-3.1-8B"}
    question = scenario(baseline=base["name"], options=[own | option])
    return replicas_of(question, {base["name"]: held}, pricing.shipped_book())[base["name"]]


def carried(option: dict[str, Any], held: Run, **base: Any) -> EngineModel:
    found = replica(option, held, **base).carried
    assert isinstance(found, EngineModel), found
    return found


def refused(option: dict[str, Any], held: Run) -> NoEngineModel:
    found = replica(option, held).carried
    assert isinstance(found, NoEngineModel), found
    return found


@pytest.fixture
def _fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tco.capacity.carried.fitted_engine", lambda _: FITTED)


@pytest.fixture
def _not_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    why = NoEngineModel(code="too_few", sentence="it has too few loads")
    monkeypatch.setattr("tco.capacity.carried.fitted_engine", lambda _: why)


@pytest.mark.parametrize(
    "option",
    [
        {},
        {"model": "from-run"},
        {"gpu": "h100_sxm"},
        {"gpus_per_replica": 1},
        {"tensor_parallel_size": 1, "precision": "bf16", "kv_cache_dtype": "bf16"},
    ],
)
def test_an_option_that_is_what_was_probed_has_the_runs_own_curve(option):
    found = replica(option, measured())

    assert (None, 1, ()) == (found.carried, found.gpus, found.notes)


@pytest.mark.parametrize("shipped", ["h100-llama-3.1-8b-fp8", "h100-llama-3.1-8b-fp16"])
def test_shipped_runs_are_of_the_model_that_scenarios_call_by_its_short_name(shipped):
    assert replica({}, load_run(RUNS / f"{shipped}.json")).carried is None


def test_a_drivers_name_of_the_gpu_is_the_books():
    assert replica({"gpu": "H100-SXM"}, measured(gpu="NVIDIA H100 80GB HBM3")).carried is None


@pytest.mark.usefixtures("_fitted")
def test_twice_the_gpus_share_the_weights_and_hold_more_than_twice_the_cache():
    two = replica({"gpus_per_replica": 2}, measured())

    assert isinstance(two.carried, EngineModel)
    assert 2 == two.gpus
    assert "modelled" == two.carried.step_time.basis
    assert two.carried.step_time.intercept_s < FITTED.step_time.intercept_s
    # 0.92 x 79.2 - 7.48 - 1.89 - 2.1 - 1.04 = 60.35 GiB a GPU, at 64 KiB a token.
    assert 60.35 * 2**30 / 65_536 == pytest.approx(two.carried.limits.kv_tokens, rel=0.001)
    assert "were carried over to another number of GPUs" in two.carried.origin
    assert "Meta-Llama-3.1-8B on 2 x H100-SXM, bf16" in two.carried.origin


@pytest.mark.usefixtures("_fitted")
def test_errors_of_the_fit_and_of_the_transfer_add_up_as_squares():
    """Another layout misses by 29 % in the middle and 49 % nine times in ten; the fit by 5 %."""
    found = carried({"gpus_per_replica": 2}, measured())

    assert (0.05**2 + 0.29**2) ** 0.5 == pytest.approx(found.error_fraction)
    assert (0.05**2 + 0.49**2) ** 0.5 == pytest.approx(found.band_fraction)


@pytest.mark.usefixtures("_fitted")
def test_another_gpu_reads_by_its_own_bandwidth():
    found = carried({"gpu": "H200-SXM"}, measured())

    # The reading of weights, 4.48 ms at 3,350 GB/s, takes 3.13 ms at 4,800; overheads stay.
    assert 0.0045 < found.step_time.intercept_s < 0.0075 - 0.001
    assert "carried over to another GPU" in found.origin
    assert "transfer_backtest" in found.error_source


@pytest.mark.usefixtures("_fitted")
def test_another_precision_is_carried_over():
    eight = carried({"precision": "fp8"}, measured())

    assert "carried over to another precision" in eight.origin
    assert eight.limits.kv_tokens > carried({"gpus_per_replica": 2}, measured()).limits.kv_tokens / 2


@pytest.mark.usefixtures("_fitted")
def test_a_cache_in_fp8_holds_twice_the_tokens():
    sixteen, eight = (
        carried({"precision": "fp8", "kv_cache_dtype": kind}, measured()).limits.kv_tokens for kind in ("bf16", "fp8")
    )

    assert 2 * sixteen == pytest.approx(eight, abs=16)


@pytest.mark.usefixtures("_fitted")
def test_another_model_is_carried_over():
    found = carried({"model": "Qwen3-14B"}, measured())

    assert "nobody measured Qwen3-14B on 1 x H100-SXM, bf16" in found.origin
    assert "carried over to another model" in found.origin


@pytest.mark.usefixtures("_not_fitted")
def test_a_run_that_gives_no_step_times_leaves_the_data_sheet_with_a_wide_band():
    found = carried({"gpu": "H200-SXM"}, measured())

    assert (0.14, 0.5) == (found.error_fraction, found.band_fraction)
    assert "are those of the data sheet" in found.origin
    assert "its run gives no step times to carry over (it has too few loads)" in found.origin


@pytest.mark.usefixtures("_fitted")
def test_a_run_on_a_processor_leaves_the_data_sheet_of_the_gpu():
    found = replica({"gpu": "H100-SXM"}, measured(gpu=None))

    assert isinstance(found.carried, EngineModel)
    assert 1 == found.gpus
    assert "step times of a processor are carried to none" in found.carried.origin
    # The processor's own step limits are not carried over.
    assert 8192 == found.carried.limits.max_num_batched_tokens


def test_a_run_on_a_processor_says_nothing_of_another_model():
    found = refused({"model": "Qwen3-8B"}, measured(gpu=None))

    assert "no_gpu" == found.code
    assert "name a `gpu`, or probe the option itself" in found.sentence


def test_a_memory_that_does_not_hold_the_model_names_the_smallest_layout_that_would():
    found = refused({"model": "Meta-Llama-3.1-70B"}, measured())

    assert "does_not_fit" == found.code
    assert "the smallest layout that holds it is 2 x H100-SXM (2 GPUs (TP 2))" in found.sentence


def test_what_does_not_fit_serves_nothing_and_says_why():
    question = scenario()
    found = capacity_of(replica({"model": "Meta-Llama-3.1-70B"}, measured()), question.workload)

    assert not found.feasible
    assert "does not fit on 1 x H100-SXM" in found.reasons[0]


@pytest.mark.parametrize(
    ("option", "code", "word"),
    [
        ({"model": "my-own-model"}, "unknown_model", "'my-own-model': its architecture is not known"),
        ({"gpu": "H9000"}, "unknown_gpu", "no GPU 'H9000' in the book"),
        ({"gpus_per_replica": 37}, "layout_refused", "37 GPUs cannot share Meta-Llama-3.1-8B"),
        ({"tensor_parallel_size": 3}, "layout_refused", "32 attention heads"),
        ({"gpu": "T4", "gpus_per_replica": 2}, "not_carried", "no bandwidth between T4 GPUs is known"),
    ],
)
def test_what_cannot_be_carried_over_is_said_in_a_sentence(option, code, word):
    found = refused(option, measured())

    assert code == found.code
    assert word in found.sentence


@pytest.mark.usefixtures("_fitted")
def test_a_run_that_is_faster_than_its_own_data_sheet_is_not_carried_over():
    """70 billion weights of two bytes over two H100 take 21 ms to read; the fit says 7.5."""
    found = refused({"model": "Meta-Llama-3.1-8B"}, measured("meta-llama/Llama-3.3-70B-Instruct", gpus=2))

    assert "not_carried" == found.code
    assert "the run is not of this model, GPU or precision" in found.sentence


def test_a_run_under_a_name_that_nobody_knows_is_of_the_model_that_the_option_names():
    assert replica({}, measured("prod-chat")).carried is None


@pytest.mark.parametrize("facts", [{"layers": 28}, {"layers": 4, "layers_full": 28}, {"vocab_size": 151_936}])
def test_unless_its_layers_or_its_vocabulary_say_otherwise(facts):
    held = measured(model=Model(name="prod-chat", **facts))
    found = replica({}, held).carried

    assert isinstance(found, EngineModel)
    assert "the architecture of the run's model, 'prod-chat', is not known" in found.origin


def test_more_gpus_of_a_model_that_nobody_knows_keep_the_runs_curve_and_a_note():
    found = replica({"model": "from-run", "gpus_per_replica": 2}, measured("prod-chat"))

    assert found.carried is None
    assert 2 == found.gpus
    assert "nobody measured 2 GPUs a replica; the run's own curve stands for them unchanged" in found.notes[0]
    assert found.notes[0] in capacity_of(found, scenario().workload).reasons


def test_the_users_own_factor_is_taken_instead_of_a_transfer():
    found = replica({"gpus_per_replica": 2, "throughput_factor": 1.8}, measured())

    assert (None, 2) == (found.carried, found.gpus)


def test_but_no_factor_makes_a_model_fit():
    found = refused({"model": "Meta-Llama-3.1-70B", "throughput_factor": 0.1}, measured())

    assert "does_not_fit" == found.code


@pytest.mark.usefixtures("_fitted")
def test_sizes_make_the_replica():
    found = replica({"tensor_parallel_size": 2, "pipeline_parallel_size": 2}, measured())

    assert 4 == found.gpus
    assert isinstance(found.carried, EngineModel)
    assert "4 x H100-SXM in 2 stages" in found.carried.origin


@pytest.mark.usefixtures("_fitted")
def test_layers_are_shared_within_a_server_of_ones_own():
    found = carried({"gpus_per_replica": 8, "gpus_per_server": 4}, measured(), base=OWN)

    assert "8 x H100-SXM in 2 stages" in found.origin


@pytest.mark.parametrize(
    ("option", "word"),
    [
        ({"gpus_per_replica": 4, "tensor_parallel_size": 3}, "do not divide"),
        (
            {"gpus_per_replica": 8, "tensor_parallel_size": 2, "pipeline_parallel_size": 2},
            "is 4; leave one of them out",
        ),
        ({"precision": "fp7"}, "precision"),
    ],
)
def test_sizes_that_contradict_each_other_are_refused(option, word):
    with pytest.raises((InputError, ValueError), match=word):
        replica(option, measured())


@pytest.mark.usefixtures("_fitted")
def test_a_run_that_does_not_say_how_its_gpus_shared_the_model_leaves_the_data_sheet():
    held = measured().model_copy(update={"gpus_per_replica": 4})
    found = carried({"gpu": "H200-SXM"}, held)

    assert "does not say how its 4 GPUs shared the model" in found.origin


def test_several_classes_ask_for_the_longest():
    question = scenario(
        baseline="rent",
        options=[{key: value for key, value in RENT.items() if key != "throughput_factor"} | {"model": "Qwen3-8B"}],
        workload__classes={
            "short": {"share_fraction": 0.5, "input_tokens_per_request": 100, "output_tokens_per_request": 10},
            "long": {"share_fraction": 0.5, "input_tokens_per_request": 50_000, "output_tokens_per_request": 10},
        },
        workload__input_tokens_per_request=None,
        workload__output_tokens_per_request=None,
    )
    found = replicas_of(question, {"rent": measured()}, pricing.shipped_book())["rent"].carried

    assert isinstance(found, NoEngineModel)
    assert "a request of 50,010 tokens is longer than the context of Qwen3-8B" in found.sentence
