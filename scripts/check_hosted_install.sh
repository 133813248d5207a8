#!/usr/bin/env bash
# The Dockerfile's steps without Docker: a fresh environment, another user, folders that it cannot write to. Needs root, to become that user.
# Usage: scripts/check_hosted_install.sh [FOLDER-TO-BUILD-IN]
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
into=${1:-$(mktemp -d)}
port=${PORT:-8599}
uid=10001

mkdir -p "$into/src" "$into/tmp"
# What .dockerignore lets through, and no more.
(cd "$here" && tar cf - --exclude=__pycache__ pyproject.toml README.md LICENSE .streamlit/config.toml scenarios pricing probes tco) | tar xf - -C "$into/src"
[ -d "$into/venv" ] || python3 -m venv --copies "$into/venv"
"$into/venv/bin/pip" install --quiet --disable-pip-version-check "$into/src[report,hosted]"
if "$into/venv/bin/python" -c 'import torch' 2>/dev/null; then echo "torch is installed; it must not be" >&2; exit 1; fi
chmod -R a+rX,go-w "$into"
chown "$uid" "$into/tmp"

as_visitor() {
    (cd "$into/src" && env -i PATH="$into/venv/bin:/usr/bin:/bin" HOME="$into/tmp" NUMBA_CACHE_DIR="$into/tmp/numba" PYTHONDONTWRITEBYTECODE=1 \
        setpriv --reuid="$uid" --regid="$uid" --clear-groups "$@")
}

if as_visitor touch "$into/src/written" 2>/dev/null; then echo "user $uid can write to the source folder" >&2; exit 1; fi
if as_visitor tco app --hosted --address 127.0.0.1 --port "$port" 2>"$into/tmp/refused"; then echo "started without a login" >&2; exit 1; fi
grep -q "no-login" "$into/tmp/refused"

as_visitor tco plan "$into/src/scenarios/demo.yaml" >/dev/null 2>&1
as_visitor tco app --hosted --address 127.0.0.1 --port "$port" --no-login >"$into/server.log" 2>&1 &
server=$!
trap 'kill -- $(ps -o pid= --ppid "$server") "$server" 2>/dev/null || true' EXIT
for _ in $(seq 60); do
    if curl -fsS "http://127.0.0.1:$port/_stcore/health" 2>/dev/null; then break; fi
    sleep 1
done
curl -fsS "http://127.0.0.1:$port/_stcore/health" >/dev/null
# The page itself, as the server would draw it.
as_visitor env TCO_HOSTED=1 TCO_HOSTED_LOGIN=0 python - <<'PY'
from pathlib import Path

from streamlit.testing.v1 import AppTest
from tco.views import main

app = AppTest.from_file(str(Path(main.__file__)), default_timeout=120).run()
assert not app.exception, app.exception
assert app.metric, "no answer on the first page"
print(f"the first page answers: {app.header[0].value}")
PY
find "$into/src" -user "$uid" | grep . && { echo "files were written beside the source" >&2; exit 1; }
echo "ok: installed, refused without a login, served as user $uid from a folder that it cannot write to"
