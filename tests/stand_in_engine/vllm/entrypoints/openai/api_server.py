"""Stands in for vLLM's server where its folder is on PYTHONPATH: same command line, same log words, answers in milliseconds.

What it does is set by the environment variable `STAND_IN`: `ok`, `exit` (ends with an error in the log), `hang` (never listens), `port_taken_once` (loses its first port),
`die` (ends after a few requests); `STAND_IN_TPOT_MS` sets the time per token.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve()


def load_fake_server():
    path = HERE.parents[4] / "fake_server.py"
    spec = importlib.util.spec_from_file_location("fake_server", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["fake_server"] = module
    spec.loader.exec_module(module)
    return module


def say(text):
    sys.stdout.write(f"(APIServer pid={os.getpid()}) INFO {text}\n")
    sys.stdout.flush()


def lose_port_once():
    first_time = Path(os.environ["XDG_CACHE_HOME"]) / "port-lost"
    if not first_time.exists():
        first_time.touch()
        raise OSError(98, "Address already in use")


async def serve(options):
    fake = load_fake_server()
    fake.MODEL = options.served_model_name
    behaviour = fake.Behaviour(prefill_ms=2.0, tpot_ms=float(os.environ.get("STAND_IN_TPOT_MS", "0.2")))
    server = fake.FakeServer(behaviour)
    await server.start(options.port)
    while os.environ["STAND_IN"] != "die" or server.requests < 3:  # noqa: ASYNC110 -- nothing signals it
        await asyncio.sleep(0.01)
    say("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.")
    os._exit(1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model")
    parser.add_argument("--served-model-name")
    parser.add_argument("--port", type=int)
    options, _ = parser.parse_known_args()
    say("non-default args: {}")
    match os.environ["STAND_IN"]:
        case "exit":
            sys.exit("ValueError: No available memory for the cache blocks. HF_TOKEN=hf_secretsecret")
        case "hang":
            say("Starting to load model x...")
            time.sleep(600)
        case "port_taken_once":
            lose_port_once()
    # Like vLLM's workers: another process, which does not end when its parent is killed.
    subprocess.Popen([sys.executable, str(HERE.parents[4] / "stubborn_tree.py"), "2"])
    say("GPU KV cache size: 16,000 tokens, Maximum concurrency for 128 tokens per request: 125.00x")
    asyncio.run(serve(options))


if __name__ == "__main__":
    main()
