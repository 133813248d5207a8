from __future__ import annotations

import re
from datetime import date

import pytest

import tco
from probes.engines.vllm import EXPECTED_START_S
from probes.setting import Manifest
from tco.errors import InputError
from tco.handover import NothingToDeploy, ReplicaBounds, deployments, handovers
from tco.handover.autoscale import horizontal_pod_autoscaler, scaled_object
from tco.handover.hardware import node_size
from tco.handover.kubernetes import workload
from tco.handover.start_up import USUAL_ENGINE_S, start_up_of
from tests.factories import API, RENT, run, scenario
from tests.tco.handover.samples import ENGINE, MODEL, across_machines, deployment, growing, made, measured, on_cpu


def test_a_token_option_has_nothing_to_deploy_and_says_so():
    question = scenario()
    held = {"rent": measured()}
    result = tco.evaluate(question, runs={"test-run": held["rent"]})

    api, rent = handovers(question, held, result)

    assert (
        NothingToDeploy(
            option="api", reason="'api' is paid per token: the vendor runs it, so there is nothing to deploy"
        )
        == api
    )
    assert [rent] == deployments(question, held, result)


@pytest.mark.parametrize(
    ("held", "changes", "words"),
    [
        (None, {"workload__slo": {"ttft_p95_ms": 1}}, "cannot serve the workload: no measured load meets"),
        (None, {"workload__requests_per_day": 0}, "asks for no requests"),
        (
            measured(engine=ENGINE.model_copy(update={"name": "sglang", "args": ["--tp", "2", "a b"]})),
            {},
            "'sglang'.*vLLM only.*--tp 2 'a b'",
        ),
        (measured(engine=ENGINE.model_copy(update={"name": "llama.cpp", "args": []})), {}, "none recorded"),
    ],
)
def test_what_cannot_be_deployed_is_said_in_a_sentence(held, changes, words):
    found = made(held, **changes)

    assert isinstance(found, NothingToDeploy)
    assert re.search(words, found.reason)


def test_the_record_says_where_it_comes_from():
    found = deployment()
    origin = found.provenance

    assert ("test", "rent", "rent", "test-run") == (origin.scenario, origin.option, origin.kind, origin.run_id)
    assert date(2026, 11, 23) == origin.made_on
    assert origin.price_book.startswith("20")


def test_the_promise_is_the_answers():
    found = deployment(option={"throughput_factor": {"value": 1.0, "low": 0.9, "high": 1.1}}).promise

    assert (1.6, 0.9, 1.1) == pytest.approx((found.requests_per_s, found.relative_low, found.relative_high))
    assert ({"ttft_p95_ms": 250.0}, "interpolated", "measured") == (found.slo_ms, found.basis, found.evidence)


def test_an_interval_is_relative_to_what_was_promised():
    """Half the run's throughput, 0.4 to 0.6 of it: 0.8 to 1.2 of what is promised."""
    found = deployment(option={"throughput_factor": {"value": 0.5, "low": 0.4, "high": 0.6}}).promise

    assert (0.8, 0.8, 1.2) == pytest.approx((found.requests_per_s, found.relative_low, found.relative_high))
    assert "modelled" == found.basis


def test_replicas_are_those_that_were_paid_for():
    scaling = growing().scaling

    assert (1, 3, True) == (scaling.min_replicas, scaling.max_replicas, scaling.autoscaled)
    assert (1,) * 5 + (3,) * 7 == scaling.replicas_by_month
    # From month 6 on one is spare; in the first months none.
    assert 0 == scaling.spare_replicas


def test_requests_in_flight_are_those_of_the_measured_load():
    """Half the throughput of the run is promised: in the run's own load that is still 1.6 requests/s, four in flight."""
    assert 4.0 == deployment(option={"throughput_factor": 0.5}).scaling.in_flight_per_replica


@pytest.mark.parametrize(
    ("option", "model", "found"),
    [
        ("from-run", "Qwen/Qwen3-8B", "Qwen/Qwen3-8B"),
        ("Qwen3-8B", "Qwen3-8B", "Qwen/Qwen3-8B"),
        ("Meta-Llama-3.1-8B", "meta-llama/Meta-Llama-3.1-8B-Instruct", "meta-llama/Meta-Llama-3.1-8B-Instruct"),
        ("Qwen3-32B", "Qwen/Qwen3-8B", "Qwen/Qwen3-32B"),
        ("my-org/my-model", "Qwen3-8B", "my-org/my-model"),
        ("from-run", "/data/models/tuned", None),
        ("from-run", "tuned", None),
    ],
)
def test_the_model_is_deployed_by_its_id_where_it_is_known(option, model, found):
    assert found == deployment(measured(model=MODEL.model_copy(update={"name": model})), {"model": option}).model.hf_id


def test_a_model_that_is_not_known_is_left_for_the_reader():
    held = measured(model=MODEL.model_copy(update={"name": "/data/tuned"}))
    found = deployment(held, {"model": "from-run"})

    assert "MODEL-ID-UNKNOWN" == found.model_id
    assert any("'/data/tuned'" in sentence and "MODEL-ID-UNKNOWN" in sentence for sentence in found.to_do)


def test_nothing_is_to_do_for_a_run_that_says_everything():
    assert () == deployment().to_do


def test_a_run_without_a_version_has_no_image_and_says_so():
    found = deployment(measured(engine=ENGINE.model_copy(update={"version": None})))

    assert "vllm/vllm-openai:VERSION-UNKNOWN" == found.engine.image
    assert 1 == len(found.to_do)


def test_a_part_that_no_label_is_known_of_is_left_for_the_reader():
    found = deployment(option={"gpu": "Vapor-9000"})

    assert ("unknown", ()) == (found.hardware.platform, found.hardware.products)
    assert 2 == len(found.to_do)


@pytest.mark.parametrize(
    ("gpus", "nodes", "layout"),
    [(1, 1, ()), (4, 1, ("--tensor-parallel-size", "4")), (8, 1, ("--tensor-parallel-size", "8"))],
)
def test_other_gpus_than_the_runs_share_each_layer(gpus, nodes, layout):
    found = deployment(option={"gpus_per_replica": gpus})

    assert (gpus, nodes) == (found.hardware.gpus_per_replica, found.hardware.nodes_per_replica)
    assert layout == tuple(
        word for word in found.engine.arguments if "parallel" in word or (word == str(gpus) and gpus > 1)
    )


def test_more_gpus_than_a_machine_has_are_stages_on_several():
    found = deployment(option={"gpus_per_replica": 16})

    assert (2, 8) == (found.hardware.nodes_per_replica, found.hardware.gpus_per_node)
    words = found.engine.arguments
    assert ("8", "2") == (
        words[words.index("--tensor-parallel-size") + 1],
        words[words.index("--pipeline-parallel-size") + 1],
    )
    assert (2, 8) == (across_machines().hardware.nodes_per_replica, across_machines().hardware.gpus_per_node)


def test_a_tray_of_a_rack_has_four():
    option = scenario(options=[RENT], baseline="rent").options[0]

    assert (4, 8) == (node_size(option, "GB200-NVL72"), node_size(option, "H100-SXM"))


def test_the_usual_start_is_the_probes_own_expectation():
    assert EXPECTED_START_S == USUAL_ENGINE_S


@pytest.mark.parametrize(
    ("start_s", "weights", "fetched"),
    [(90.0, "dummy", 100.0), (90.0, "real", 0.0), (None, "real", 100.0), (None, "dummy", 100.0)],
)
def test_fetching_the_weights_is_added_where_the_run_did_not_have_it(start_s, weights, fetched):
    """12.5 GB at 1 Gbit/s take 100 s."""
    engine, model = ENGINE.model_copy(update={"start_s": start_s}), MODEL.model_copy(update={"weights": weights})

    found = start_up_of(measured(engine=engine, model=model), 12_500_000_000, on_cpu=False)

    assert (start_s or 120.0, start_s is not None, fetched) == (found.engine_s, found.measured, found.fetch_s)
    assert 3 * found.total_s == found.limit_s


def test_variables_of_the_engine_are_kept_and_those_of_the_probe_are_not():
    environment = {
        "VLLM_ATTENTION_BACKEND": "FLASHINFER",
        "VLLM_MOE_ROUTING_SIMULATION_STRATEGY": "uniform_random",
        "VLLM_API_KEY": "secret",
        "VLLM_CACHE_ROOT": "/home/me",
        "VLLM_HOST_IP": "10.0.0.1",
        "VLLM_CPU_OMP_THREADS_BIND": "0,1",
        "VLLM_BAD": "a b; $(x)",
        "CUDA_VISIBLE_DEVICES": "3",
    }

    found = deployment(measured(manifest=Manifest(engine_environment=environment)))

    assert {"VLLM_ATTENTION_BACKEND": "FLASHINFER"} == found.engine.environment


def test_a_published_run_is_told_by_its_record():
    held = run(model=MODEL.model_copy(update={"weights": "real", "quantization": "fp8", "dtype": None}))
    found = deployment(held.model_copy(update={"engine": ENGINE.model_copy(update={"args": [], "start_s": None})}))

    assert ("--quantization", "fp8", "--max-model-len") == found.engine.arguments[:3]
    assert any("does not record the engine's arguments" in sentence for sentence in found.assumed)


def test_a_checkpoint_that_is_quantised_itself_is_not_quantised_again():
    held = measured(model=MODEL.model_copy(update={"name": "Qwen/Qwen3-32B-FP8", "quantization": "fp8"}))

    assert "--quantization" not in deployment(held, {"model": "from-run"}).engine.arguments


@pytest.mark.parametrize("make", [deployment, growing, on_cpu, across_machines])
def test_every_sentence_ends_as_one(make):
    found = make()

    assert found.assumed
    assert all(
        (sentence.endswith(".") and sentence[0].isupper()) or sentence.startswith("--") for sentence in found.assumed
    )


def test_eager_execution_is_kept_and_said():
    engine = ENGINE.model_copy(update={"args": [*ENGINE.args, "--enforce-eager"]})
    found = deployment(measured(engine=engine))

    assert "--enforce-eager" in found.engine.arguments
    assert any(sentence.startswith("--enforce-eager is kept") for sentence in found.assumed)


def test_two_options_of_one_name_for_a_cluster_are_told_apart():
    options = [dict(API), {**RENT, "name": "My GPU"}, {**RENT, "name": "my/gpu"}]
    question = scenario(options=options)
    held = {"My GPU": measured(), "my/gpu": measured()}
    result = tco.evaluate(question, runs={"test-run": measured()})

    assert ["my-gpu", "my-gpu-2"] == [one.slug for one in deployments(question, held, result)]


def test_gpus_that_cannot_share_the_heads_are_said():
    """Qwen3-8B has 32 heads; 12 GPUs on two machines of 8 are 6 each."""
    found = deployment(option={"gpus_per_replica": 12})

    assert (2, 6) == (found.hardware.nodes_per_replica, found.hardware.gpus_per_node)
    assert any("32 attention heads, which 6 accelerators" in sentence for sentence in found.to_do)


def test_a_processors_memory_holds_weights_and_cache():
    """16.38 GB of weights are 15.3 GiB, so 16; and 2 GiB of cache. With numbers of one byte the same tokens take half."""
    engine = ENGINE.model_copy(update={"name": "vllm-cpu", "kv_cache_tokens": 14_563})
    small = engine.model_copy(update={"args": [*ENGINE.args, "--kv-cache-dtype", "fp8_e5m2"]})

    def found(one):
        return deployment(measured(engine=one, gpu=None, gpus_per_replica=0))

    assert (18, 17) == (found(engine).hardware.memory_gib, found(small).hardware.memory_gib)
    assert ("2", "1") == tuple(found(one).engine.environment["VLLM_CPU_KVCACHE_SPACE"] for one in (engine, small))


def test_a_scaling_policy_sets_the_bounds():
    found = growing(bounds=ReplicaBounds(policy="reactive", min_replicas=2, max_replicas=6))

    assert ("reactive", 2, 6) == (found.scaling.policy, found.scaling.min_replicas, found.scaling.max_replicas)
    assert (2, 6) == (
        horizontal_pod_autoscaler(found)["spec"]["minReplicas"],
        scaled_object(found)["spec"]["maxReplicaCount"],
    )
    # The first month needs one, which the policy does not allow.
    assert 2 == workload(found)["spec"]["replicas"]


def test_the_last_replica_stays_and_that_is_said():
    found = growing(bounds=ReplicaBounds(policy="scheduled", min_replicas=0, max_replicas=3))

    assert 1 == found.scaling.min_replicas
    assert any("lets the last replica go" in sentence for sentence in found.assumed)


@pytest.mark.parametrize(("least", "most"), [(2, 1), (-1, 1), (0, 0)])
def test_bounds_that_are_none_are_refused(least, most):
    with pytest.raises(InputError, match="scaling policy 'x'"):
        ReplicaBounds(policy="x", min_replicas=least, max_replicas=most)


def test_the_longest_request_is_the_one_that_the_engine_takes():
    """The run was started for 4,096 tokens, more than the workload needs, and so is the deployment."""
    assert 4096 == deployment().promise.context_tokens
