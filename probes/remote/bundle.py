"""The tool as one file that a Python of another machine can run: packages, a list of what they need, and the agent as its main program."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from probes.environment import ENGINE_DISTRIBUTIONS
from probes.errors import ProbeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_WHEELS_BYTES = 500_000_000
"""Wheels that may be brought along, in all."""

_AGENT = Path(__file__).with_name("agent.py")
_LEFT_OUT = {"__pycache__", ".DS_Store"}
# A fixed date makes the same sources the same bytes.
_DATE = (2020, 1, 1, 0, 0, 0)
_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9._-]+)\s*(?:\[[^\]]*\])?\s*([^;]*)(?:;(.*))?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One distribution that a measuring Python must have.

    Attributes:
        module: what is imported.
        distribution: its name on the package index.
        minimum: the oldest version that does.
        optional: the probe runs without it and says what it cannot read.
        closure: it and what it needs itself, as `name==version`, as they are installed here.
    """

    module: str
    distribution: str
    minimum: str = "0"
    optional: bool = False
    closure: tuple[str, ...] = ()


def needs_of(modules: Iterable[str], *, optional: Iterable[str] = ()) -> list[Need]:
    """What must be there for these modules, by what is installed here.

    Args:
        modules: `module:distribution`, with `>=version` where there is an oldest.
        optional: names of distributions that the probe can do without.

    >>> [need.distribution for need in needs_of(["yaml:pyyaml>=6.0"])]
    ['pyyaml']
    """
    spare, found = set(optional), []
    for text in modules:
        module, _, rest = text.partition(":")
        distribution, _, minimum = rest.partition(">=")
        closure = tuple(sorted(f"{name}=={version}" for name, version in _closure(distribution).items()))
        found.append(
            Need(
                module=module,
                distribution=distribution,
                minimum=minimum or "0",
                optional=distribution in spare,
                closure=closure,
            )
        )
    return found


def _closure(distribution: str) -> dict[str, str]:
    """A distribution and what it needs without extras, each with its version here."""
    versions: dict[str, str] = {}
    waiting = [distribution]
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in versions:
            continue
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        versions[name] = found.version
        for line in found.requires or []:
            match = _REQUIREMENT.match(line)
            # A marker means an extra, another system or an older Python; what it would bring is seldom needed and named by pip if it is.
            if match and not (match.group(3) or "").strip():
                waiting.append(match.group(1))
    return versions


def build_bundle(
    root: Path,
    *,
    packages: Sequence[str],
    command: Sequence[str],
    needs: Sequence[Need],
    distribution: str,
    wheels: Path | None = None,
) -> bytes:
    """The bytes of a `.pyz`: run by `python3 FILE check`, `run` or `serve` (see `probes.remote.agent`).

    Args:
        root: folder that holds the packages.
        packages: their names; everything in them goes along.
        command: module and first arguments that measure, for `python -m`.
        needs: what the packages import.
        distribution: the name under which the tool knows its own version.
        wheels: folder of `*.whl` for a machine without a package index.

    Raises:
        ProbeError: `bad_arguments` where a package or the wheels are not there, or are too large.
    """
    version = metadata.version(distribution)
    engines = [{"module": "vllm", "distribution": name} for name in ENGINE_DISTRIBUTIONS]
    manifest: dict[str, Any] = {
        "version": version,
        "command": list(command),
        "needs": [asdict(need) for need in needs],
        "engines": engines,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        _add(archive, "__main__.py", _AGENT.read_bytes())
        _add(archive, "bundle.json", json.dumps(manifest, sort_keys=True).encode())
        for name, path in _files(root, packages):
            _add(archive, f"src/{name}", path.read_bytes())
        # The tool asks for its own version, which only an installed distribution has.
        about = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        _add(archive, f"src/{distribution.replace('-', '_')}-{version}.dist-info/METADATA", about.encode())
        for path in _wheels(wheels):
            _add(archive, f"wheels/{path.name}", path.read_bytes())
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    archive.writestr(entry, data)


def _files(root: Path, packages: Sequence[str]) -> list[tuple[str, Path]]:
    found = []
    for package in packages:
        folder = root / package
        if not folder.is_dir():
            raise ProbeError("bad_arguments", f"{folder} is not there; the tool's own packages are needed to copy it.")
        paths = (path for path in folder.rglob("*") if path.is_file() and not _LEFT_OUT & set(path.parts))
        found += [(path.relative_to(root).as_posix(), path) for path in paths]
    return sorted(found)


def _wheels(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    paths = sorted(folder.glob("*.whl")) if folder.is_dir() else []
    if not paths:
        message = (
            f"{folder} holds no *.whl. Fill it with `pip download --only-binary=:all: --dest {folder} PACKAGES` for that machine's "
            "Python (`--python-version`, `--platform`)."
        )
        raise ProbeError("bad_arguments", message)
    size = sum(path.stat().st_size for path in paths)
    if size > MAX_WHEELS_BYTES:
        raise ProbeError("bad_arguments", f"{folder}: {size:,} bytes of wheels; at most {MAX_WHEELS_BYTES:,} go along.")
    return paths
