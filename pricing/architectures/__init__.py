"""Model architectures: parameters, KV bytes and weight bytes that follow from a Hugging Face `config.json` by arithmetic.

`architecture("Qwen/Qwen3-8B")` or a path to a file; families without a known formula are refused by name, never guessed.
"""

from pricing.architectures.errors import ArchitectureError, ArchitectureNotFound, ConfigError, UnknownArchitecture
from pricing.architectures.library import ShippedModel, architecture, architectures, shipped_models
from pricing.architectures.records import Architecture, KvLayers, LayerCount, Parameters, Quantization
from pricing.architectures.weights import Precision

__all__ = [
    "Architecture",
    "ArchitectureError",
    "ArchitectureNotFound",
    "ConfigError",
    "KvLayers",
    "LayerCount",
    "Parameters",
    "Precision",
    "Quantization",
    "ShippedModel",
    "UnknownArchitecture",
    "architecture",
    "architectures",
    "shipped_models",
]
