"""Which model is deployed: the id by which an engine finds its weights, and how large they are."""

from __future__ import annotations

import re

from pricing import Architecture, Book, architecture, shipped_models
from pricing.architectures.weights import Precision
from probes.run import Run
from tco.handover.names import is_hf_id, one_line
from tco.handover.records import ServedModel
from tco.replicas_of import model_of
from tco.scenario import OwnOption, RentOption

_REVISION = re.compile(r"[0-9a-f]{7,64}|v?[0-9][0-9A-Za-z.-]{0,40}")
_STORED: dict[str, Precision] = {"fp8": "fp8", "mxfp4": "mxfp4", "awq": "int4", "gptq": "int4"}


def architecture_of(name: str, book: Book | None = None) -> Architecture | None:
    """The shipped architecture of that name or id; None where there is none. A path is never looked at.

    >>> architecture_of("meta-llama/Meta-Llama-3.1-8B-Instruct").name, architecture_of("/etc/passwd")
    ('Meta-Llama-3.1-8B', None)
    """
    key = name.casefold()
    for row in shipped_models(book):
        if key in (known.casefold() for known in row.ids):
            return architecture(row.name, book)
    return None


def served_model(option: RentOption | OwnOption, run: Run, book: Book | None = None) -> ServedModel:
    """The model of an option with its id on Hugging Face.

    The run's own id comes first where it is the option's model or one of the same architecture: that is what was measured. Else the id that the option names, or
    the one that the price book has for its name. A path on the measured machine is no id.

    Args:
        option: what was costed.
        run: what was measured.
        book: where shipped architectures are looked up.
    """
    named, measured = model_of(option, run), run.model.name
    shape = architecture_of(named, book)
    same = named == measured or (shape is not None and architecture_of(measured, book) == shape)
    known = None if shape is None else shape.hf_id
    hf_id = measured if same and is_hf_id(measured) else named if is_hf_id(named) else known
    revision = run.model.revision
    pinned = revision is not None and hf_id == measured and _REVISION.fullmatch(revision) is not None
    return ServedModel(
        name=one_line(named),
        hf_id=hf_id,
        revision=revision if pinned else None,
        weights_measured=run.model.weights,
        weights_bytes=None if shape is None else weights_bytes(shape),
    )


def weights_bytes(shape: Architecture) -> int:
    """Size of the published weights [bytes], in the precision in which they are published."""
    method = shape.quantization.method if shape.quantization is not None else ""
    return shape.weight_bytes(_STORED.get(method, "bf16"))
