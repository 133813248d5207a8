"""Which model is meant: one shipped with the tool (its `config.json` only), a folder, or a Hugging Face id.

An engine needs no weights to be timed: with `config.json` alone it fills the same shapes with random numbers and does the same arithmetic in the same time.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from probes.errors import ProbeError

MODELS_FOLDER = Path(__file__).parent / "models"
"""One folder a shipped architecture, each with the `config.json` that its maker published; see SOURCES.md there."""

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """A model that an engine can be started with.

    Attributes:
        name: short name for tables and file names.
        reference: what the user gave, so that a run can be resumed with it.
        kind: `shipped`, `folder` or `hub`.
        path: folder, or the Hugging Face id, as the engine takes it.
        config: parsed `config.json`; None for a Hugging Face id, whose file is not here yet.
        config_sha256: of the file's bytes.
        has_weights: a folder with `*.safetensors`, or a Hugging Face id.
    """

    name: str
    reference: str
    kind: Literal["shipped", "folder", "hub"]
    path: str
    config: dict[str, Any] | None = None
    config_sha256: str | None = None
    has_weights: bool = False

    @property
    def layers(self) -> int | None:
        """Decoder layers, None where not stated."""
        return _whole(self._text_config.get("num_hidden_layers"))

    @property
    def vocab_size(self) -> int | None:
        """Number of token ids, None where not stated."""
        return _whole(self._text_config.get("vocab_size"))

    @property
    def max_tokens(self) -> int | None:
        """Longest context that the model was made for [tokens], None where not stated."""
        return _whole(self._text_config.get("max_position_embeddings"))

    @property
    def dtype(self) -> str | None:
        """Number format of the published weights, for example `bfloat16`."""
        value = self._text_config.get("dtype") or self._text_config.get("torch_dtype")
        return value if isinstance(value, str) else None

    def with_config(self, file: Path) -> ModelSource:
        """This model with a `config.json` that was found later.

        Args:
            file: the file.

        Raises:
            ProbeError: as in `resolve_model`.
        """
        config, digest = _read_config(file, self.reference)
        return replace(self, config=config, config_sha256=digest)

    @property
    def _text_config(self) -> dict[str, Any]:
        """Models that also see keep their language half under `text_config`."""
        config = self.config or {}
        inner = config.get("text_config")
        return {**config, **inner} if isinstance(inner, dict) else config


def shipped_models() -> list[str]:
    """Names of the shipped architectures, sorted."""
    return sorted(path.parent.name for path in MODELS_FOLDER.glob("*/config.json"))


def resolve_model(reference: str) -> ModelSource:
    """Finds the model that a name, a folder or a Hugging Face id means.

    A shipped name wins over a folder of the same name in the current directory; write `./NAME` for the folder.

    Args:
        reference: for example `Qwen3-0.6B`, `./my-model` or `Qwen/Qwen3-0.6B`.

    Returns:
        The source.

    Raises:
        ProbeError: `model_not_found` (with near names), or `bad_arguments` when a folder's `config.json` cannot be read.
    """
    by_lower = {name.lower(): name for name in shipped_models()}
    name = by_lower.get(reference.lower())
    if name is not None:
        return _from_folder(MODELS_FOLDER / name, name, "shipped")
    folder = Path(reference).expanduser()
    if folder.is_dir():
        return _from_folder(folder, reference, "folder")
    if _HUB_ID.fullmatch(reference):
        return ModelSource(
            name=reference.split("/")[1], reference=reference, kind="hub", path=reference, has_weights=True
        )
    raise ProbeError("model_not_found", _not_found(reference))


def _not_found(reference: str) -> str:
    lowered = {name.lower(): name for name in shipped_models()}
    near = [lowered[match] for match in difflib.get_close_matches(reference.lower(), lowered, n=3, cutoff=0.5)]
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    return (
        f"model {reference!r} is neither shipped, nor a folder, nor a Hugging Face id (`owner/name`). {hint}"
        f"Shipped are: {', '.join(shipped_models())}."
    )


def _from_folder(folder: Path, reference: str, kind: Literal["shipped", "folder"]) -> ModelSource:
    config, digest = _read_config(folder / "config.json", reference)
    return ModelSource(
        name=folder.resolve().name,
        reference=reference,
        kind=kind,
        path=str(folder.resolve()),
        config=config,
        config_sha256=digest,
        has_weights=any(folder.glob("*.safetensors")),
    )


def _read_config(file: Path, reference: str) -> tuple[dict[str, Any], str]:
    try:
        content = file.read_bytes()
        config = json.loads(content)
    except OSError as error:
        message = (
            f"model {reference!r}: {file.name} cannot be read ({error.strerror}). Name a folder in Hugging Face form."
        )
        raise ProbeError("model_not_found", message) from None
    except ValueError as error:
        message = f"model {reference!r}: {file.name} is not valid JSON ({error}). Download it again."
        raise ProbeError("bad_arguments", message) from None
    if not isinstance(config, dict):
        message = f"model {reference!r}: {file.name} must be one JSON object. Download it again."
        raise ProbeError("bad_arguments", message)
    return config, hashlib.sha256(content).hexdigest()


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
