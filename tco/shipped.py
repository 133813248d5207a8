"""Files that come with the product: from the folders of a clone, or from the installed package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_FIRST = "demo"
_FIRST_TEMPLATE = "support-chat"


def shipped_scenarios() -> dict[str, Path]:
    """Scenario files that come with the product, by name; the demo first.

    Example:
        >>> next(iter(shipped_scenarios()))
        'demo'
    """
    paths = {path.stem: path for path in sorted(_folder("scenarios", "shipped_scenarios").glob("*.yaml"))}
    return dict(sorted(paths.items(), key=lambda item: (item[0] != _FIRST, item[0])))


def shipped_templates() -> dict[str, Path]:
    """Scenario files to start from, one a use, by name; the usual one first.

    Example:
        >>> list(shipped_templates())
        ['support-chat', 'agent', 'code-assistant', 'document-extraction', 'document-search']
    """
    folder = _folder("scenarios", "shipped_scenarios") / "templates"
    paths = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    return dict(sorted(paths.items(), key=lambda item: (item[0] != _FIRST_TEMPLATE, item[0])))


def streamlit_config() -> Path:
    """The app's configuration: how it looks, and that it stays on this machine."""
    return _folder(".streamlit/config.toml", "streamlit_config.toml")


def _folder(in_clone: str, in_package: str) -> Path:
    packaged = _PACKAGE / in_package
    return packaged if packaged.exists() else _PACKAGE.parent / in_clone
