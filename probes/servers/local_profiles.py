"""Servers that people run themselves."""

from __future__ import annotations

from probes.servers.profile import BOTH, Profile

VLLM = Profile(
    name="vllm",
    title="vLLM",
    base_url="http://127.0.0.1:8000",
    dialects=BOTH,
    metrics_path="/metrics",
    start="vllm serve MODEL --enable-prompt-tokens-details",
    notes=("Cached tokens are in its answers only with --enable-prompt-tokens-details.",),
    source="https://docs.vllm.ai/en/stable/serving/online_serving/openai_compatible_server/",
)
SGLANG = Profile(
    name="sglang",
    title="SGLang",
    base_url="http://127.0.0.1:30000",
    dialects=BOTH,
    metrics_path="/metrics",
    start="python -m sglang.launch_server --model-path MODEL --enable-metrics --enable-cache-report",
    notes=(
        "It has a page of numbers only with --enable-metrics, and cached tokens in its answers only with --enable-cache-report.",
    ),
    source="https://docs.sglang.io/docs/references/production_metrics",
)
TENSORRT_LLM = Profile(
    name="tensorrt-llm",
    title="TensorRT-LLM (trtllm-serve)",
    base_url="http://127.0.0.1:8000",
    dialects=BOTH,
    metrics_path="/prometheus/metrics",
    start="trtllm-serve MODEL --extra_llm_api_options FILE, with `return_perf_metrics: true` and `enable_iter_perf_stats: true` in FILE",
    notes=(
        "Its /metrics is JSON about iterations; the numbers that are read here are at /prometheus/metrics.",
        "It refuses fields that it does not know.",
    ),
    source="https://nvidia.github.io/TensorRT-LLM/latest/examples/prometheus_metrics.html",
)
OLLAMA = Profile(
    name="ollama",
    title="Ollama",
    base_url="http://127.0.0.1:11434",
    dialects=BOTH,
    notes=(
        "It passes over fields that it does not know, ignore_eos among them: answers may end early, and prompts are text.",
        "It has no page of numbers: cache hits cannot be seen.",
        "Requests beyond OLLAMA_NUM_PARALLEL wait in its queue.",
    ),
    source="https://docs.ollama.com/api/openai-compatibility",
)
LLAMA_CPP = Profile(
    name="llama.cpp",
    title="llama.cpp server",
    base_url="http://127.0.0.1:8080",
    dialects=BOTH,
    metrics_path="/metrics",
    start="llama-server -m FILE.gguf --metrics --parallel N",
    notes=(
        "It has a page of numbers only with --metrics.",
        "It serves as many requests at a time as --parallel says; more of them wait.",
    ),
    source="https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
)
LLAMA_CPP_PYTHON = Profile(
    name="llama-cpp-python",
    title="llama-cpp-python's server",
    base_url="http://127.0.0.1:8000",
    dialects=BOTH,
    start="python -m llama_cpp.server --model FILE.gguf",
    notes=("It serves one request at a time.", "It has no page of numbers."),
    source="https://llama-cpp-python.readthedocs.io/en/latest/server/",
)
TGI = Profile(
    name="tgi",
    title="Text Generation Inference",
    base_url="http://127.0.0.1:3000",
    dialects=BOTH,
    metrics_path="/metrics",
    notes=("It has no field that fixes the length of an answer: answers may end early.",),
    source="https://huggingface.co/docs/text-generation-inference/reference/metrics",
)
LM_STUDIO = Profile(
    name="lm-studio",
    title="LM Studio",
    base_url="http://127.0.0.1:1234",
    dialects=BOTH,
    api_key_env="LM_API_TOKEN",
    notes=("It has no page of numbers.", "A key is needed only where Require Authentication is on."),
    source="https://lmstudio.ai/docs/developer/openai-compat",
)
TRANSFORMERS = Profile(
    name="transformers",
    title="transformers serve",
    base_url="http://127.0.0.1:8000",
    dialects=BOTH,
    models_path=None,
    start="transformers serve MODEL --continuous-batching",
    notes=(
        "Its list of models is of the Hub's cache, not of what it serves; the name is the folder or id that it was started with.",
        "It refuses fields that it does not know, takes no token ids, and has no page of numbers.",
        "Usage comes with the last chunk without being asked for.",
        "Without --continuous-batching it serves one request after the other.",
    ),
    source="https://huggingface.co/docs/transformers/main/en/serving",
)

LOCAL = (VLLM, SGLANG, TENSORRT_LLM, OLLAMA, LLAMA_CPP, LLAMA_CPP_PYTHON, TGI, LM_STUDIO, TRANSFORMERS)
