"""Endpoints that bill by the token or by the hour, reached over the internet.

Keys come from environment variables only. What an endpoint costs is not known here: the caller brings prices to `probes.servers.spending`.
"""

from __future__ import annotations

from probes.servers.dialect import Dialect
from probes.servers.profile import BOTH, Profile

_OPENAI_CHAT = Dialect("chat", "openai", length_field="max_completion_tokens")

OPENAI = Profile(
    name="openai",
    title="OpenAI",
    base_url="https://api.openai.com",
    dialects=(_OPENAI_CHAT,),
    paid=True,
    api_key_env="OPENAI_API_KEY",
    notes=(
        "max_tokens is deprecated, and its reasoning models refuse it; max_completion_tokens counts reasoning, which is billed and not streamed.",
        "Prompts of 1,024 tokens and more are cached by themselves; every prompt here is fresh.",
    ),
    source="https://developers.openai.com/api/reference/resources/chat/subresources/completions",
)
ANTHROPIC = Profile(
    name="anthropic",
    title="Anthropic, or a server of its form",
    base_url="https://api.anthropic.com",
    dialects=(Dialect("messages", "openai", auth="x-api-key"),),
    paid=True,
    api_key_env="ANTHROPIC_API_KEY",
    notes=(
        "An event holds many tokens, and only their total is told: gaps between tokens are not known, gaps between events are.",
    ),
    source="https://platform.claude.com/docs/en/build-with-claude/streaming",
)
TOGETHER = Profile(
    name="together",
    title="Together AI",
    base_url="https://api.together.ai",
    dialects=BOTH,
    paid=True,
    api_key_env="TOGETHER_API_KEY",
    source="https://docs.together.ai/docs/inference/openai-compatibility",
)
FIREWORKS = Profile(
    name="fireworks",
    title="Fireworks AI",
    base_url="https://api.fireworks.ai/inference",
    dialects=BOTH,
    paid=True,
    api_key_env="FIREWORKS_API_KEY",
    source="https://docs.fireworks.ai/guides/querying-text-models",
)
GROQ = Profile(
    name="groq",
    title="Groq",
    base_url="https://api.groq.com/openai",
    dialects=(_OPENAI_CHAT,),
    paid=True,
    api_key_env="GROQ_API_KEY",
    notes=("It has no /v1/completions; a temperature of 0 becomes 1e-8.",),
    source="https://console.groq.com/docs/openai",
)
AZURE = Profile(
    name="azure",
    title="Azure OpenAI (v1)",
    base_url="https://{resource}.openai.azure.com/openai",
    dialects=(Dialect("chat", "openai", length_field="max_completion_tokens", auth="api-key"),),
    paid=True,
    api_key_env="AZURE_OPENAI_API_KEY",
    notes=("The model's name is the deployment's.",),
    source="https://learn.microsoft.com/en-us/azure/foundry/openai/api-version-lifecycle",
)
AZURE_DEPLOYMENT = Profile(
    name="azure-deployment",
    title="Azure OpenAI (deployment path and api-version)",
    base_url="https://{resource}.openai.azure.com",
    dialects=(
        Dialect(
            "chat",
            "openai",
            length_field="max_completion_tokens",
            api="/openai/deployments/{model}",
            query="api-version=2024-10-21",
            auth="api-key",
        ),
    ),
    paid=True,
    api_key_env="AZURE_OPENAI_API_KEY",
    models_path=None,
    notes=(
        "The model's name is the deployment's.",
        "2024-10-21 is the latest dated version that is generally available.",
    ),
    source="https://learn.microsoft.com/en-us/azure/foundry-classic/openai/api-version-lifecycle",
)
VERTEX = Profile(
    name="vertex",
    title="Vertex AI (OpenAI-compatible endpoint)",
    base_url="https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}/endpoints/{endpoint}",
    dialects=(Dialect("chat", "extended", api=""), Dialect("chat", "openai", api="")),
    paid=True,
    api_key_env="GOOGLE_OAUTH_ACCESS_TOKEN",
    models_path=None,
    notes=(
        "The endpoint is `openapi` for models that Google serves, or the number of one that runs a Model Garden container.",
        "The key is what `gcloud auth print-access-token` prints; it is good for an hour, so a probe must be shorter.",
    ),
    source="https://docs.cloud.google.com/gemini-enterprise-agent-platform/reference/rest/v1beta1/projects.locations.endpoints.chat/completions",
)
SAGEMAKER = Profile(
    name="sagemaker",
    title="Amazon SageMaker AI (OpenAI-compatible path)",
    base_url="https://runtime.sagemaker.{region}.amazonaws.com/endpoints/{endpoint}/openai",
    dialects=(Dialect("chat", "extended"),),
    paid=True,
    api_key_env="SAGEMAKER_BEARER_TOKEN",
    models_path=None,
    notes=(
        "Only chat is routed, and its stream comes as the container sends it; the model's name is what the container serves, or empty.",
        "The key is what `sagemaker.core.token_generator.generate_token` makes of AWS credentials; it is good for 12 hours at most.",
        "Containers that speak another form are reached by InvokeEndpointWithResponseStream, which this probe does not speak.",
        "It bills by the instance's hour.",
    ),
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-openai-compatible.html",
)

PAID = (OPENAI, ANTHROPIC, TOGETHER, FIREWORKS, GROQ, AZURE, AZURE_DEPLOYMENT, VERTEX, SAGEMAKER)
