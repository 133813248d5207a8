"""What runs on the other machine: unpacks the tool beside itself, measures, hands the record back and removes everything.

This file becomes the `__main__.py` of a bundle (see `probes.remote.bundle`). It needs the standard library only, and an old Python may run it: it
looks for a Python that is new enough and hands over. Three ways to use a bundle:

    python3 tco-probe.pyz check                 what this machine has and lacks, as JSON
    python3 tco-probe.pyz run --out r.json ...  measure here, for a machine that nothing can reach; then carry r.json back
    python3 tco-probe.pyz serve                 driven by `tco probe run --ssh`, through standard input
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from typing import Any

READY = "TCO-PROBE-READY"
"""First line that `serve` writes; whatever a login script prints comes before it."""

SILENCE_S = 120.0
"""The other end writes a line every few seconds; after so long without one it is gone [s]."""

GRACE_S = 30.0
"""How long an interrupted probe may take to save its run and stop its engine [s]."""

_CHECK_S = 60.0
_INSTALL_S = 600.0
_OLDEST = (3, 11)
_INTERRUPTED = 130
_PREFLIGHT = 3
_FOLDER_PREFIX = "tco-probe-"
_PYTHONS = ("python3.14", "python3.13", "python3.12", "python3.11", "python3", "python")
_HOMES = ("~/.venv", "~/venv", "/opt/venv", "/venv", "/app/.venv")
# Run by the Python that may measure: what it is and which modules it has. Versions come from the metadata, so nothing is imported.
_FACTS = """
import importlib.util, json, sys
from importlib import metadata
found = {}
for name in sys.argv[1].split(","):
    module, _, distribution = name.partition(":")
    try:
        version = metadata.version(distribution)
    except Exception:
        version = ""
    if importlib.util.find_spec(module) is not None:
        found[distribution] = version
names = {(d.metadata["Name"] or "").lower().replace("_", "-") for d in metadata.distributions()}
print(json.dumps({"version": list(sys.version_info[:3]), "found": found, "distributions": sorted(names)}))
"""


class Trouble(Exception):  # noqa: N818 -- a sentence for a person, not an error of the program
    """The machine lacks something. The text says what, and what to do."""


class Bundle:
    """The file that this program is in: the tool's packages, and what they need."""

    def __init__(self, path: str) -> None:
        """Opens a bundle.

        Args:
            path: the `.pyz`.
        """
        self.path = path
        with zipfile.ZipFile(path) as archive:
            self.manifest = json.loads(archive.read("bundle.json"))

    def unpack(self, folder: str) -> None:
        """Writes packages to `folder`/src and wheels, where there are some, to `folder`/wheels."""
        with zipfile.ZipFile(self.path) as archive:
            # The names were made by our own builder; extract() drops `..` and leading slashes besides.
            for name in archive.namelist():
                if name.startswith(("src/", "wheels/")):
                    archive.extract(name, folder)


def facts_of(python: str, manifest: dict[str, Any]) -> dict[str, Any] | None:
    """Version, needed modules and distributions of one Python; None where it does not run."""
    asked = ",".join("{module}:{distribution}".format(**need) for need in [*manifest["needs"], *manifest["engines"]])
    try:
        done = subprocess.run([python, "-c", _FACTS, asked], capture_output=True, timeout=_CHECK_S, check=False)  # noqa: S603 -- a Python of this machine
        facts = json.loads(done.stdout.decode().splitlines()[-1]) if done.returncode == 0 else None
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired):
        return None
    return None if facts is None else {"python": python, **facts}


def candidates(wanted: str | None) -> list[str]:
    """Pythons that may measure, the likeliest first: the one that was named, else an active environment, usual places, the search path."""
    if wanted:
        return [os.path.expanduser(wanted)]  # noqa: PTH111 -- an old Python may run this
    homes = [os.environ.get("VIRTUAL_ENV"), os.environ.get("CONDA_PREFIX"), *_HOMES]
    inside = [os.path.join(os.path.expanduser(home), "bin", "python") for home in homes if home]  # noqa: PTH111, PTH118
    on_path = [found for found in map(shutil.which, _PYTHONS) if found]
    known = [path for path in inside if os.access(path, os.X_OK)] + on_path
    return list(dict.fromkeys([*known, sys.executable]))


def choose(manifest: dict[str, Any], wanted: str | None, *, needs_engine: bool) -> dict[str, Any]:
    """The Python that measures, with its facts.

    Raises:
        Trouble: none is new enough, or none has an engine where one must be started.
    """
    seen = [facts for facts in (facts_of(path, manifest) for path in candidates(wanted)) if facts]
    new_enough = [facts for facts in seen if tuple(facts["version"][:2]) >= _OLDEST]
    if not new_enough:
        had = ", ".join("{} ({})".format(f["python"], ".".join(map(str, f["version"]))) for f in seen) or "none"
        raise Trouble(
            f"Python 3.11 or newer is needed there; found: {wanted or ''} {had}. Install one, or name it by --ssh-python PATH."
        )
    engines = {engine["distribution"] for engine in manifest["engines"]}
    with_engine = [facts for facts in new_enough if engines & set(facts["found"])]
    if needs_engine and not with_engine:
        looked = ", ".join(facts["python"] for facts in new_enough)
        raise Trouble(
            f"No engine ({' or '.join(sorted(engines))}) is installed there; looked in {looked}. Install one (`pip install vllm`), name the Python "
            "that has it by --ssh-python PATH, or measure a server that runs there with --endpoint URL --served-model NAME."
        )
    return max(with_engine or new_enough, key=lambda facts: -len(missing(manifest, facts)))


def missing(manifest: dict[str, Any], facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Needs that a Python lacks or has too old, the optional ones too."""
    return [need for need in manifest["needs"] if not _new_enough(facts["found"].get(need["distribution"]), need)]


def _new_enough(version: str | None, need: dict[str, Any]) -> bool:
    return version is not None and (not version or _numbers(version) >= _numbers(need["minimum"]))


def _numbers(version: str) -> tuple[int, ...]:
    heads = ("".join(c for c in part if c.isdigit()) for part in version.partition("+")[0].split(".")[:3])
    return tuple(int(head) if head else 0 for head in heads)


def supply(manifest: dict[str, Any], facts: dict[str, Any], folder: str, *, install: bool) -> str | None:
    """Brings what is missing into a folder of its own; the machine's own packages are not touched.

    Dependencies are listed by the bundle and installed without resolving, so that nothing of an engine is shadowed by another version.

    Returns:
        The folder to add to the search path, None where nothing is missing.

    Raises:
        Trouble: something is missing and may not or cannot be installed.
    """
    lacking = missing(manifest, facts)
    required = [need["distribution"] for need in lacking if not need["optional"]]
    # Without a GPU nothing that is optional is missed, and a search of the index can take a minute.
    if not lacking or not (required or shutil.which("nvidia-smi")):
        return None
    wheels = os.path.join(folder, "wheels")  # noqa: PTH118
    if not install and not os.path.isdir(wheels):  # noqa: PTH112
        if required:
            raise Trouble(_lacks(facts, required, "Installing was not allowed (--no-ssh-install)."))
        return None
    target = os.path.join(folder, "needs")  # noqa: PTH118
    done = _install(facts, lacking, target, wheels)
    if done and required:
        raise Trouble(_lacks(facts, required, f"Installing them failed: {done}"))
    return target


def _lacks(facts: dict[str, Any], names: list[str], why: str) -> str:
    words = " ".join(names)
    return (
        f"{facts['python']} there lacks {', '.join(names)}. {why} Install them there (`{facts['python']} -m pip install {words}`), name another "
        "Python by --ssh-python PATH, or bring wheels along with --ssh-wheels FOLDER."
    )


def _install(facts: dict[str, Any], lacking: list[dict[str, Any]], target: str, wheels: str) -> str:
    """Empty where it went well, else why not."""
    installed = set(facts["distributions"])
    direct = {need["distribution"] for need in lacking}
    pins = sorted({pin for need in lacking for pin in need["closure"]})
    wanted = [pin for pin in pins if pin.partition("==")[0] in direct or pin.partition("==")[0] not in installed]
    offline = ["--no-index", "--find-links", wheels] if os.path.isdir(wheels) else []  # noqa: PTH112
    options = ["--no-deps", "--target", target, *offline, *wanted]
    uv = shutil.which("uv")
    tools = [[facts["python"], "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]]
    if uv:
        tools.insert(0, [uv, "pip", "install", "--quiet", "--python", facts["python"], "--only-binary=:all:"])
    why = ""
    for tool in tools:
        try:
            done = subprocess.run([*tool, *options], capture_output=True, timeout=_INSTALL_S, check=False)  # noqa: S603 -- pip of that Python
        except (OSError, subprocess.TimeoutExpired) as error:
            why = str(error)
            continue
        if done.returncode == 0:
            return ""
        why = " ".join(done.stderr.decode(errors="replace").split())[-300:]
    return why


def environment(manifest: dict[str, Any], folder: str, needs: str | None) -> dict[str, Any]:
    """The measuring process's environment: the tool's packages first, then what was brought along."""
    paths = [os.path.join(folder, "src"), needs, os.environ.get("PYTHONPATH")]  # noqa: PTH118
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TCO_PROBE_BUNDLE": manifest["version"],
    }


class Messages:
    """Lines to the machine that drives us: a mark, then one JSON object."""

    def __init__(self, mark: str) -> None:
        """Begins each line with `mark`, which the other end has drawn at random."""
        self._mark = mark

    def send(self, event: str, data: bytes = b"", **more: object) -> None:
        """One event, with bytes behind it; a closed connection is noticed elsewhere."""
        line = json.dumps({"event": event, **more, "bytes": len(data)})
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.buffer.write(f"{self._mark} {line}\n".encode() + data)
            sys.stdout.buffer.flush()


class Lifeline(threading.Thread):
    """Watches standard input: its end, or a long silence, means that the other machine is gone or wants us to stop."""

    def __init__(self) -> None:
        """Starts to listen with `start()`."""
        super().__init__(daemon=True)
        self._heard_s = time.monotonic()
        self._ended = False

    def run(self) -> None:
        """Reads until the end."""
        while os.read(0, 4096):
            self._heard_s = time.monotonic()
        self._ended = True

    @property
    def cut(self) -> bool:
        """Whether the probe must stop."""
        return self._ended or time.monotonic() - self._heard_s > SILENCE_S


def measure(command: list[str], env: dict[str, Any], lifeline: Lifeline) -> int:
    """Runs the probe to its end, or until the lifeline is cut: first asked to stop, then killed.

    Returns:
        Its exit code; 130 where it was stopped.
    """
    process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=2, start_new_session=True)  # noqa: S603 -- our own tool
    asked_s: float | None = None
    try:
        while process.poll() is None:
            if lifeline.cut and asked_s is None:
                asked_s = time.monotonic()
                process.send_signal(signal.SIGINT)
            if asked_s is not None and time.monotonic() - asked_s > GRACE_S:
                break
            time.sleep(0.05)
    finally:
        # Engine and load workers end with their probe; what is left of its session goes too.
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return process.returncode if asked_s is None else _INTERRUPTED


def _request() -> dict[str, Any] | None:
    """The request: its length on a line, then its JSON. Read without a buffer, so that nothing behind it is taken from the lifeline."""
    digits = b""
    while (byte := os.read(0, 1)) and byte != b"\n":
        digits += byte
    left, parts = int(digits or b"0"), []
    while left and (part := os.read(0, min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    return json.loads(b"".join(parts)) if parts and not left else None


def serve(bundle: Bundle, folder: str) -> int:
    """Answers one request: `{"mark", "args", "files", "python", "install", "needs_engine", "key_env"}`."""
    sys.stdout.write(f"{READY} {bundle.manifest['version']}\n")
    sys.stdout.flush()
    request = _request()
    if request is None:
        return _INTERRUPTED
    messages = Messages(request["mark"])
    lifeline = Lifeline()
    lifeline.start()
    try:
        code = _answer(bundle, folder, request, messages, lifeline)
    except Trouble as trouble:
        messages.send("trouble", message=str(trouble))
        code = _PREFLIGHT
    messages.send("ended", code=code)
    return code


def _answer(bundle: Bundle, folder: str, request: dict[str, Any], messages: Messages, lifeline: Lifeline) -> int:
    key = request.get("key_env")
    if key and not os.environ.get(key):
        raise Trouble(
            f"--api-key-env {key}: this variable is not set there, and keys are never copied. Set it on that machine for logins without a terminal."
        )
    facts = choose(bundle.manifest, request["python"], needs_engine=request["needs_engine"])
    messages.send("facts", python=facts["python"], version=facts["version"], found=facts["found"])
    bundle.unpack(folder)
    needs = supply(bundle.manifest, facts, folder, install=request["install"])
    out = os.path.join(folder, "run.json")  # noqa: PTH118
    args = [*request["args"], *_files(request["files"], folder), "--out", out]
    command = [facts["python"], "-m", *bundle.manifest["command"], *args]
    code = measure(command, environment(bundle.manifest, folder, needs), lifeline)
    with contextlib.suppress(OSError), open(out, "rb") as file:  # noqa: PTH123
        messages.send("record", file.read())
    return code


def _files(files: list[dict[str, Any]], folder: str) -> list[str]:
    """Writes files that came with the request, and returns the options that name them."""
    words = []
    for number, file in enumerate(files):
        # The ending alone is kept of the name: it may say how the file is to be read.
        ending = "".join(sign for sign in os.path.splitext(file["name"])[1] if sign.isalnum() or sign == ".")  # noqa: PTH122
        path = os.path.join(folder, f"file-{number}{ending}")  # noqa: PTH118
        with open(path, "wb") as target:  # noqa: PTH123
            target.write(base64.b64decode(file["data"]))
        words.append(f"{file['flag']}={path}")
    return words


def run(bundle: Bundle, folder: str, arguments: list[str]) -> int:
    """Measures here, for a person at this machine."""
    facts = choose(bundle.manifest, None, needs_engine="--endpoint" not in arguments)
    sys.stderr.write("measuring with {} ({})\n".format(facts["python"], ".".join(map(str, facts["version"]))))
    bundle.unpack(folder)
    needs = supply(bundle.manifest, facts, folder, install=True)
    command = [facts["python"], "-m", *bundle.manifest["command"], *arguments]
    with subprocess.Popen(command, env=environment(bundle.manifest, folder, needs)) as process:  # noqa: S603 -- our own tool
        while True:
            # Ctrl-C reaches the probe as well; it saves and ends, and we wait for it.
            with contextlib.suppress(KeyboardInterrupt):
                return process.wait()


def check(bundle: Bundle) -> int:
    """Prints what this machine has and lacks."""
    report = []
    for path in candidates(None):
        facts = facts_of(path, bundle.manifest)
        if facts:
            lacking = [need["distribution"] for need in missing(bundle.manifest, facts)]
            facts.pop("distributions")
            report.append({**facts, "missing": lacking})
    sys.stdout.write(json.dumps({"bundle": bundle.manifest["version"], "pythons": report}, indent=1) + "\n")
    return 0


def main(arguments: list[str]) -> int:
    """Runs one of the three commands and leaves nothing behind."""
    bundle = Bundle(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    word = arguments[0] if arguments else ""
    if word == "check":
        return check(bundle)
    if word not in ("run", "serve"):
        sys.stderr.write(f"usage: python3 {os.path.basename(bundle.path)} check | run [options of `tco probe run`]\n")  # noqa: PTH119
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    # `serve` was put into a folder of its own, which goes with it; a person's own file stays.
    own = os.path.dirname(bundle.path)  # noqa: PTH120
    sent = word == "serve" and os.path.basename(own).startswith(_FOLDER_PREFIX)  # noqa: PTH119
    folder = own if sent else tempfile.mkdtemp(prefix=_FOLDER_PREFIX)
    try:
        return serve(bundle, folder) if word == "serve" else run(bundle, folder, arguments[1:])
    except Trouble as trouble:
        sys.stderr.write(f"error: {trouble}\n")
        return _PREFLIGHT
    except KeyboardInterrupt:
        return _INTERRUPTED
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
