"""What each server calls its numbers at `/metrics`.

Sources, read in November 2026: vLLM https://docs.vllm.ai/en/stable/usage/metrics.html; SGLang https://docs.sglang.io/docs/references/production_metrics;
TensorRT-LLM https://github.com/NVIDIA/TensorRT-LLM/blob/main/tensorrt_llm/metrics/collector.py; llama.cpp
https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md; TGI https://huggingface.co/docs/text-generation-inference/reference/metrics.
Ollama, LM Studio and `transformers serve` have no such page.
"""

from __future__ import annotations

from dataclasses import dataclass, field

KV_CACHE = "kv_cache_usage_fraction"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricNames:
    """Names of one server's numbers.

    Attributes:
        server: the server's name, as in `probes.servers.profiles`.
        prefix: what all its names begin with.
        scalars: our name → its names, the newest first.
        histograms: our name → its names of latencies in seconds.
        capacity: names whose product is the KV cache's size [tokens].
    """

    server: str
    prefix: str
    scalars: dict[str, tuple[str, ...]] = field(default_factory=dict)
    histograms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    capacity: tuple[str, ...] = ()


SERVERS = (
    MetricNames(
        server="vllm",
        prefix="vllm:",
        scalars={
            KV_CACHE: ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"),
            "preemptions": ("vllm:num_preemptions_total",),
            "prefix_queries": ("vllm:prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries_total"),
            "prefix_hits": ("vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total"),
            "prompt_tokens": ("vllm:prompt_tokens_total",),
            "generation_tokens": ("vllm:generation_tokens_total",),
            "requests_running": ("vllm:num_requests_running",),
            "requests_waiting": ("vllm:num_requests_waiting",),
        },
        histograms={
            "ttft": ("vllm:time_to_first_token_seconds",),
            "itl": ("vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds"),
            "tpot": ("vllm:request_time_per_output_token_seconds",),
            "e2e": ("vllm:e2e_request_latency_seconds",),
            "queue": ("vllm:request_queue_time_seconds",),
        },
    ),
    MetricNames(
        server="sglang",
        prefix="sglang:",
        scalars={
            KV_CACHE: ("sglang:token_usage",),
            "preemptions": ("sglang:num_retracted_requests_total",),
            "prefix_queries": ("sglang:prompt_tokens_total",),
            "prefix_hits": ("sglang:cached_tokens_total",),
            "prompt_tokens": ("sglang:prompt_tokens_total",),
            "generation_tokens": ("sglang:generation_tokens_total",),
            "requests_running": ("sglang:num_running_reqs",),
            "requests_waiting": ("sglang:num_queue_reqs",),
        },
        histograms={
            "ttft": ("sglang:time_to_first_token_seconds",),
            "itl": ("sglang:inter_token_latency_seconds", "sglang:time_per_output_token_seconds"),
            "e2e": ("sglang:e2e_request_latency_seconds",),
            "queue": ("sglang:queue_time_seconds",),
        },
        capacity=("sglang:max_total_num_tokens",),
    ),
    MetricNames(
        server="tensorrt-llm",
        prefix="trtllm_",
        scalars={
            KV_CACHE: ("trtllm_kv_cache_utilization",),
            "prefix_queries": ("trtllm_prompt_tokens_total",),
            "prefix_hits": ("trtllm_prompt_cached_tokens_total",),
            "prompt_tokens": ("trtllm_prompt_tokens_total",),
            "generation_tokens": ("trtllm_generation_tokens_total",),
            "requests_running": ("trtllm_num_requests_running",),
            "requests_waiting": ("trtllm_num_requests_waiting",),
        },
        histograms={
            "ttft": ("trtllm_time_to_first_token_seconds",),
            "tpot": ("trtllm_time_per_output_token_seconds",),
            "e2e": ("trtllm_e2e_request_latency_seconds",),
            "queue": ("trtllm_request_queue_time_seconds",),
        },
        capacity=("trtllm_kv_cache_max_blocks", "trtllm_kv_cache_tokens_per_block"),
    ),
    MetricNames(
        server="llama.cpp",
        prefix="llamacpp:",
        scalars={
            KV_CACHE: ("llamacpp:kv_cache_usage_ratio",),
            "prompt_tokens": ("llamacpp:prompt_tokens_total",),
            "generation_tokens": ("llamacpp:tokens_predicted_total",),
            "requests_running": ("llamacpp:requests_processing",),
            "requests_waiting": ("llamacpp:requests_deferred",),
        },
    ),
    MetricNames(
        server="tgi",
        prefix="tgi_",
        scalars={
            "prompt_tokens": ("tgi_request_input_length_sum",),
            "generation_tokens": ("tgi_request_generated_tokens_sum",),
            "requests_running": ("tgi_batch_current_size",),
            "requests_waiting": ("tgi_queue_size",),
        },
        histograms={
            "tpot": ("tgi_request_mean_time_per_token_duration",),
            "e2e": ("tgi_request_duration",),
            "queue": ("tgi_request_queue_duration",),
        },
    ),
)
"""Names by server. A time per token that a server counts once a request is TPOT, one that it counts once a token is ITL."""
