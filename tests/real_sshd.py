"""A real sshd on loopback for tests: own keys, own port, the current user, gone at the end."""

from __future__ import annotations

import contextlib
import getpass
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, kw_only=True)
class Sshd:
    """A server that lets the current user in with the key of `config`."""

    name: str
    config: Path
    home: Path


def _need_sshd():
    done = subprocess.run([ROOT / "scripts/ensure-sshd.sh"], capture_output=True, text=True, timeout=110, check=False)
    if done.returncode:
        pytest.skip(f"no sshd: {done.stderr.strip() or done.stdout.strip()}")


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def _key(path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)


def _wait(port, process):
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    raise AssertionError("sshd does not listen")


@contextlib.contextmanager
def running(folder: Path, **environment: str):
    """Starts the server; `environment` is set for every login, as a machine's own set-up would."""
    _need_sshd()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    _key(folder / "host_key")
    _key(folder / "user_key")
    port, temporary = _free_port(), folder / "tmp"
    temporary.mkdir(exist_ok=True)
    (folder / "authorized_keys").write_text((folder / "user_key.pub").read_text())
    host = (folder / "host_key.pub").read_text().split()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host[0]} {host[1]}\n")
    settings = " ".join(f'"{name}={value}"' for name, value in ({"TMPDIR": str(temporary)} | environment).items())
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nAuthorizedKeysFile {folder}/authorized_keys\n"
        "PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nPermitRootLogin yes\nUseDNS no\n"
        f"SetEnv {settings}\n"
    )
    config = folder / "ssh_config"
    config.write_text(
        f"Host *\n  HostName 127.0.0.1\n  Port {port}\n  User {getpass.getuser()}\n  IdentityFile {folder}/user_key\n"
        f"  IdentitiesOnly yes\n  UserKnownHostsFile {folder}/known_hosts\n  StrictHostKeyChecking yes\n"
    )
    program = shutil.which("sshd") or "/usr/sbin/sshd"
    process = subprocess.Popen(
        [program, "-D", "-e", "-f", folder / "sshd_config"], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        _wait(port, process)
        yield Sshd(name="gpu-box", config=config, home=temporary)
    finally:
        process.terminate()
        process.communicate(timeout=10)
