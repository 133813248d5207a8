"""YAML as the hand-over writes it: by PyYAML's safe writer, without anchors, so that no text from outside becomes structure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml


class _Plain(yaml.SafeDumper):
    """Writes what is used twice twice: anchors are read by few."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 -- PyYAML's own form
        return True


def yaml_text(documents: Iterable[Any], comments: Iterable[str] = ()) -> str:
    """YAML documents with a head of comments.

    Args:
        documents: plain data.
        comments: fixed lines; no text from outside belongs here.
    """
    head = "".join(f"# {line}\n" for line in comments)
    return head + yaml.dump_all(
        list(documents), Dumper=_Plain, sort_keys=False, width=120, allow_unicode=True, explicit_start=True
    )
