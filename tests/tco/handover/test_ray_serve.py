from __future__ import annotations

import pytest

from tco.handover.hardware import RAY_ACCELERATORS
from tco.handover.ray_serve import engine_kwargs, llm_config, serve_config
from tests.tco.handover.samples import ENGINE, deployment, growing, measured, on_cpu

# ray.serve.llm.LLMConfig, ray.serve.config.AutoscalingConfig and DeploymentConfig of Ray 2.60.
LLM_CONFIG = {
    *("runtime_env", "model_loading_config", "llm_engine", "engine_kwargs", "accelerator_type", "accelerator_config"),
    *("placement_group_config", "lora_config", "deployment_config", "server_cls", "experimental_configs"),
    *("log_engine_metrics", "callback_config"),
}
AUTOSCALING = {
    *("min_replicas", "initial_replicas", "max_replicas", "target_ongoing_requests", "look_back_period_s"),
    *("upscaling_factor", "downscaling_factor", "upscale_delay_s", "downscale_delay_s", "downscale_to_zero_delay_s"),
    *("aggregation_function", "policy"),
}


@pytest.mark.parametrize("make", [deployment, growing, on_cpu])
def test_every_name_is_one_of_rays(make):
    config = llm_config(make())

    assert set(config) <= LLM_CONFIG
    assert set(config["model_loading_config"]) <= {"model_id", "model_source", "tokenizer_source"}
    assert set(config["deployment_config"]) <= {"num_replicas", "autoscaling_config", "max_ongoing_requests"}
    assert set(config["deployment_config"].get("autoscaling_config", {})) <= AUTOSCALING


def test_the_application_builds_an_openai_server():
    (application,) = serve_config(deployment())["applications"]

    assert "ray.serve.llm:build_openai_app" == application["import_path"]
    assert [llm_config(deployment())] == application["args"]["llm_configs"]


def test_a_fleet_that_changes_is_scaled_by_requests_in_flight():
    """Four in flight at the promised load; five (a quarter more), or one waiting besides, are let in."""
    assert {
        "autoscaling_config": {
            "min_replicas": 1,
            "initial_replicas": 1,
            "max_replicas": 3,
            "target_ongoing_requests": 4,
            "upscale_delay_s": 30,
            "downscale_delay_s": 442,
        },
        "max_ongoing_requests": 5,
    } == llm_config(growing())["deployment_config"]


def test_a_fixed_fleet_is_not_scaled():
    assert {"num_replicas": 1, "max_ongoing_requests": 5} == llm_config(deployment())["deployment_config"]


def test_accelerators_have_rays_names():
    assert "H100" == llm_config(deployment())["accelerator_type"]
    assert "accelerator_type" not in llm_config(deployment(option={"gpu": "L40"}))


def test_no_accelerator_means_cores():
    environment = measured().environment.model_copy(update={"cpu_cores": 4})
    held = measured(
        engine=ENGINE.model_copy(update={"name": "vllm-cpu"}), gpu=None, gpus_per_replica=0, environment=environment
    )

    assert {"bundle_per_worker": {"CPU": 4}} == llm_config(deployment(held))["placement_group_config"]


@pytest.mark.parametrize(
    ("words", "kwargs"),
    [
        (("--max-num-seqs", "64"), {"max_num_seqs": 64}),
        (("--no-enable-prefix-caching",), {"enable_prefix_caching": False}),
        (("--enable-prefix-caching",), {"enable_prefix_caching": True}),
        (("--kv-cache-dtype", "fp8"), {"kv_cache_dtype": "fp8"}),
        (("--gpu-memory-utilization", "0.9"), {"gpu_memory_utilization": 0.9}),
        (("--revision", "0123456"), {"revision": "0123456"}),
        (("--compilation-config", '{"level": 3}'), {"compilation_config": {"level": 3}}),
        (("--compilation-config", "{broken"), {"compilation_config": "{broken"}),
        (("--distributed-executor-backend", "mp"), {}),
    ],
)
def test_arguments_become_keywords_of_their_own_kind(words, kwargs):
    assert kwargs == engine_kwargs(words)


def test_every_accelerator_is_one_of_rays():
    known = {
        *("V100", "T4", "A10G", "L4", "L40S", "A100", "H100", "H200", "H20", "B200", "B300", "GB200", "GB300"),
        *("RTX-PRO-6000", "AMD-Instinct-MI300X-OAM", "AMD-Instinct-MI325X-OAM", "AMD-Instinct-MI355X-OAM"),
    }

    assert known == set(RAY_ACCELERATORS.values())
