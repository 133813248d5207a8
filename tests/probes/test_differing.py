from __future__ import annotations

import pytest

from probes.differing import differing_in, unlike
from probes.run import Run, WorkloadShape
from probes.setting import Engine, Environment, Gpu, Manifest, Model

RUN = Run(
    run_id="a", created_at="", tool_version="1", complete=True, environment=Environment(), engine=Engine(name="vllm", version="1"),
    model=Model(name="m", layers=8), workload=WorkloadShape(input_tokens=100, output_tokens=50), cells=[],
)  # fmt: skip


def other(**changes):
    return RUN.model_copy(update=changes)


def listed(run):
    return [(one.name, one.first, one.second) for one in differing_in(RUN, run)]


def test_a_run_differs_in_nothing_from_itself():
    assert (listed(RUN), unlike(RUN, RUN)) == ([], None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"gpu": "L4"}, ("gpu", "not known", "L4")),
        ({"engine": Engine(name="vllm", version="2")}, ("engine.version", "1", "2")),
        ({"engine": Engine(name="vllm", version="1", args=["--a", "b"])}, ("engine.args", "not known", "--a b")),
        ({"model": Model(name="m", layers=8, quantization="fp8")}, ("model.quantization", "none", "fp8")),
        ({"source": "guidellm 0.8.1; sha256:x"}, ("tool", "tco", "guidellm")),
        (
            {"environment": Environment(gpus=[Gpu(name="L4", memory_gib=24, power_limit_watts=60, uuid_hash="x")])},
            ("environment.gpus", "not known", "name=L4 memory_gib=24.0 power_limit_watts=60.0"),
        ),
        (
            {"manifest": Manifest(engine_environment={"B": "2", "A": "1"})},
            ("manifest.engine_environment", "not known", "A=1, B=2"),
        ),
    ],
)
def test_what_differs_is_named_with_both_values(changes, expected):
    assert [expected] == listed(other(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"environment": Environment(hostname_hash="x", note="y", python="3.12")},
        {"engine": Engine(name="vllm", version="1", start_s=9.0)},
        {"created_at": "later", "run_id": "b"},
    ],
)
def test_what_cannot_change_speed_is_not_listed(changes):
    assert [] == listed(other(**changes))


@pytest.mark.parametrize(
    ("layers", "sentence"), [(4, "the runs are of different depths of a model, 8 and 4 layers."), (None, None)]
)
def test_a_sliced_model_is_another_one(layers, sentence):
    assert unlike(RUN, other(model=Model(name="m", layers=layers))) == sentence


@pytest.mark.parametrize(("tokens", "alike"), [(105, True), (106, False)])
def test_lengths_within_a_twentieth_are_one_traffic(tokens, alike):
    assert (unlike(RUN, other(workload=WorkloadShape(input_tokens=tokens, output_tokens=50))) is None) is alike


def test_two_names_of_one_configuration_are_one_model():
    first, second = (other(model=Model(name=name, config_sha256="x")) for name in ("a", "b"))
    assert unlike(first, second) is None
