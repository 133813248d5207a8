"""Engines that nobody probed, against curves that were published."""

from __future__ import annotations

import pytest

import pricing
from probes.run import Run
from tco.capacity.capacity import capacity_of
from tco.capacity.carried import carried_engine
from tco.capacity.curve import slo_capacity
from tco.capacity.curve_engine import curve_engine
from tco.capacity.engine_model import EngineModel, NoEngineModel
from tco.capacity.memory.placement import Placement, placement_of_run
from tco.capacity.replica import Replica
from tco.capacity.served import Served
from tco.capacity.slo_capacity import SloCapacity
from tco.runs import find_run
from tco.scenario import Slo
from tests.factories import run, scenario

FP8, FP16 = "h100-llama-3.1-8b-fp8", "h100-llama-3.1-8b-fp16"
LLAMA = pricing.architecture("Meta-Llama-3.1-8B")
H100 = pricing.gpu_spec("H100-SXM")
WORKLOAD = scenario(
    workload__input_tokens_per_request=512,
    workload__output_tokens_per_request=256,
    workload__slo={"ttft_p95_ms": 1000, "tpot_p95_ms": 60},
).workload


def served(name: str) -> Served:
    return Served(model=LLAMA, on=placement_of_run(find_run(name), LLAMA))


def capacity(engine: EngineModel | NoEngineModel) -> SloCapacity:
    return capacity_of(Replica(run=find_run(FP8), gpus=1, carried=engine), WORKLOAD)


def published(name: str) -> float:
    return slo_capacity(find_run(name), Slo(ttft_p95_ms=1000, tpot_p95_ms=60), 512, 256).requests_per_s


@pytest.mark.parametrize(("source", "target"), [(FP8, FP16), (FP16, FP8)])
def test_one_published_curve_is_predicted_from_the_other_within_its_band(source, target):
    found = capacity(carried_engine(find_run(source), served(source), served(target), 768))

    assert found.feasible
    assert "modelled" == found.basis
    assert 0.15 > abs(found.requests_per_s / published(target) - 1)
    assert found.relative_low < published(target) / found.requests_per_s < found.relative_high


def test_and_from_the_data_sheet_alone():
    found = carried_engine(find_run(FP8), "nothing is known of it", served(FP16), 768)

    assert isinstance(found, EngineModel)
    assert 0.5 == found.band_fraction
    assert 0.15 > abs(capacity(found).requests_per_s / published(FP16) - 1)
    assert any("for nothing is known of it" in reason for reason in capacity(found).reasons)


def test_what_a_curve_tells_of_itself_is_near_what_it_was_drawn_from():
    """Its own medians are missed by a few per cent; a step reads 9 GB of weights at some share of 3,350 GB/s, 2.7 ms at least."""
    found = curve_engine(find_run(FP8), served(FP8))

    assert isinstance(found, EngineModel)
    assert 0.1 > found.error_fraction
    assert 0.0027 < found.step_time.decode_s(1, 640) < 0.0055
    # The run does not say how large its cache was; the waterfall does.
    assert 497_120 == found.limits.kv_tokens


def closed_loop() -> Run:
    return run(gpu="H100-SXM")


def test_a_curve_of_closed_loops_is_left_to_the_other_fit():
    found = curve_engine(closed_loop(), Served(model=LLAMA, on=Placement(gpu=H100)))

    assert isinstance(found, NoEngineModel)
    assert "0 open-loop loads" in found.sentence


def test_a_layout_that_cannot_be_is_said():
    three = Served(model=LLAMA, on=Placement(gpu=H100, tensor_parallel_size=3))
    found = carried_engine(find_run(FP8), served(FP8), three, 768)

    assert isinstance(found, NoEngineModel)
    assert "layout_refused" == found.code
