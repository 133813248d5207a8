"""Bytes of a model's weights at a precision, with what real checkpoints leave unquantised.

| precision | quantised | bytes a quantised weight | in two bytes |
|---|---|---|---|
| bf16 | nothing | - | everything |
| fp8 | attention, feed-forward, experts | 1 + 4 / 128² (one float32 scale a block of 128 × 128) | embeddings, head, norms, routers, vision |
| int4 | attention, feed-forward, experts | 0.5 + 2 / 128 (one 16-bit scale a group of 128; AWQ and GPTQ zero points: 0.004 more) | as fp8 |
| mxfp4 | experts; without experts, feed-forward | 0.5 + 1 / 32 (one 8-bit scale a block of 32) | as fp8, and attention |

Biases of experts stay in two bytes as well. It is an approximation: a checkpoint's own list of unquantised modules decides.
gpt-oss-120b at mxfp4 comes to the published checkpoint to the byte (60.8 GiB), Kimi K2 at fp8 to 0.01 %.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal, get_args

from pricing.architectures.errors import ArchitectureError

if TYPE_CHECKING:
    from pricing.architectures.records import Parameters

Precision = Literal["bf16", "fp8", "int4", "mxfp4"]

FULL_BYTES = 2

QUANTISED_BYTES = {
    "fp8": 1 + Fraction(4, 128 * 128),
    "int4": Fraction(1, 2) + Fraction(2, 128),
    "mxfp4": Fraction(1, 2) + Fraction(1, 32),
}
"""Bytes of one quantised weight, its share of the scale included."""


def weight_bytes(parameters: Parameters, precision: Precision = "bf16") -> int:
    """Bytes of the weights.

    Args:
        parameters: weights by part.
        precision: `bf16`, `fp8`, `int4` or `mxfp4`; see this module's table.

    Raises:
        ArchitectureError: another precision.
    """
    if precision == "bf16":
        return FULL_BYTES * parameters.total
    if precision not in QUANTISED_BYTES:
        raise ArchitectureError(f"the precision {precision!r} is not known; write {', '.join(get_args(Precision))}.")
    quantised = _quantised(parameters, precision)
    return round(quantised * QUANTISED_BYTES[precision]) + FULL_BYTES * (parameters.total - quantised)


def _quantised(parameters: Parameters, precision: Precision) -> int:
    if precision == "mxfp4":
        return parameters.experts - parameters.expert_biases or parameters.mlp
    experts = parameters.experts - parameters.expert_biases
    return parameters.attention + parameters.mlp + experts + parameters.shared
