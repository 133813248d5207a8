"""Engines that the probe starts and stops itself."""

from __future__ import annotations

from probes.engines.failures import diagnose, log_tail, redact
from probes.engines.launcher import DEFAULT_START_TIMEOUT_S, RunningEngine, StartProgress
from probes.engines.llama_cpp import LlamaCppOptions, start_llama_cpp
from probes.engines.process import SupervisedProcess
from probes.engines.stale import EngineRecord, FoundEngine, cache_folder, find_engines, stop_leftover
from probes.engines.transformers_serve import TransformersOptions, start_transformers
from probes.engines.vllm import start_vllm
from probes.engines.vllm_options import VllmOptions
from probes.engines.vllm_overrides import sliced
from probes.engines.vllm_settings import default_max_model_len, kv_cache_gib, uses_cpu, vllm_args

__all__ = [
    "DEFAULT_START_TIMEOUT_S",
    "EngineRecord",
    "FoundEngine",
    "LlamaCppOptions",
    "RunningEngine",
    "StartProgress",
    "SupervisedProcess",
    "TransformersOptions",
    "VllmOptions",
    "cache_folder",
    "default_max_model_len",
    "diagnose",
    "find_engines",
    "kv_cache_gib",
    "log_tail",
    "redact",
    "sliced",
    "start_llama_cpp",
    "start_transformers",
    "start_vllm",
    "stop_leftover",
    "uses_cpu",
    "vllm_args",
]
