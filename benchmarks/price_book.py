"""The price book's speed and size, beside a peer's: look-ups once it is read, the import, bytes on disk and in a wheel.

Targets: a look-up 50 us, `import pricing` 150 ms over an empty interpreter, the book 5 MB. Times are of this machine; what
carries over are the ratios to the peer, `genai-prices`, in the same run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import timeit
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
ON = date(2026, 11, 23)
ROUNDS, LOOKUP_TARGET_US, IMPORT_TARGET_MS, SIZE_TARGET_MB = 7, 50, 150, 5
_PEERS_FIRST = (
    "import genai_prices as g; g.calc_price(g.Usage(input_tokens=1, output_tokens=1), 'gpt-5', provider_id='openai')"
)
_OUR_FIRST = "import datetime, pricing; pricing.token_prices('openai/gpt-5', datetime.date(2026, 11, 23))"
MODEL, GPU, STATE = "gpt-5", "H100-SXM", "US-VA"


def main() -> None:
    """Prints the look-ups, the imports and the sizes."""
    _lookups()
    _imports()
    _sizes()


def _lookups() -> None:
    import genai_prices

    from pricing.electricity import electricity_price
    from pricing.gpus import gpu_spec
    from pricing.outlook.paths import yearly_change
    from pricing.rental import rental_price
    from pricing.tokens.prices import token_prices

    usage = genai_prices.Usage(input_tokens=1000, output_tokens=100)
    peer = _microseconds(lambda: genai_prices.calc_price(usage, MODEL, provider_id="openai"))
    days = count()
    ways: dict[str, Callable[[], object]] = {
        "token_prices, a new day": lambda: token_prices(f"openai/{MODEL}", ON + timedelta(days=next(days))),
        "token_prices, the same": lambda: token_prices(f"openai/{MODEL}", ON),
        "rental_price": lambda: rental_price(GPU, on=ON),
        "gpu_spec": lambda: gpu_spec(GPU),
        "electricity_price": lambda: electricity_price(STATE, on=ON),
        "yearly_change": lambda: yearly_change("same-model", ON),
    }
    print(
        f"\nprice book beside genai-prices: median look-up of {ROUNDS} rounds, once read (target {LOOKUP_TARGET_US} us)"
    )
    print(f"{'genai_prices.calc_price':26}{peer:10.1f} us")
    for name, way in ways.items():
        took = _microseconds(way)
        print(f"{name:26}{took:10.1f} us {took / peer:8.2f} of the peer's  {_verdict(took <= LOOKUP_TARGET_US)}")


def _microseconds(way: Callable[[], object]) -> float:
    way()
    timer = timeit.Timer(way)
    number, _ = timer.autorange()
    number = max(1, number // 4)
    return median(timer.repeat(ROUNDS, number)) / number * 1e6


def _imports() -> None:
    names = {
        "nothing": "pass",
        "pydantic": "import pydantic",
        "genai_prices": "import genai_prices",
        "pricing": "import pricing",
        "genai_prices, first price": _PEERS_FIRST,
        "pricing, first price": _OUR_FIRST,
    }
    # Warm the disk first, then in turn, so that a machine that slows down slows all.
    rounds = [{name: _milliseconds(code) for name, code in names.items()} for _ in range(ROUNDS + 1)][1:]
    took = {name: median(each[name] for each in rounds) for name in names}
    print(f"\nimports in a fresh interpreter, median of {ROUNDS} (target: pricing {IMPORT_TARGET_MS} ms over nothing)")
    for name in names:
        over = took[name] - took["nothing"]
        ratio = over / (took["pydantic"] - took["nothing"])
        print(f"{name:26}{took[name]:10.0f} ms {over:8.0f} ms over nothing {ratio:8.2f} of pydantic's")
    print(f"import pricing: {_verdict(took['pricing'] - took['nothing'] <= IMPORT_TARGET_MS)}")


def _milliseconds(code: str) -> float:
    # The file's own folder is no package on the path of `-c`, so the tree is named as the working folder.
    return timeit.timeit(lambda: subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT), number=1) * 1e3


def _sizes() -> None:
    files = [file for file in (ROOT / "pricing" / "data").rglob("*") if file.is_file()]
    total = sum(file.stat().st_size for file in files)
    print(
        f"\nthe book: {len(files)} files, {total / 1e6:.2f} MB on disk (target {SIZE_TARGET_MB})  {_verdict(total <= SIZE_TARGET_MB * 1e6)}"
    )
    for file in sorted(files, key=lambda file: -file.stat().st_size)[:5]:
        print(f"  {file.stat().st_size / 1e6:6.2f} MB {file.relative_to(ROOT)}")
    with tempfile.TemporaryDirectory() as folder:
        uv = ROOT / ".venv" / "bin" / "uv"
        done = subprocess.run(
            [uv, "build", "--wheel", "--out-dir", folder, "-q", ROOT], capture_output=True, text=True, check=False
        )
        wheels = list(Path(folder).glob("*.whl"))
        if not wheels:
            print(f"no wheel could be built here: {done.stderr.strip()[-300:]}")
            return
        with zipfile.ZipFile(wheels[0]) as wheel:
            packed = sum(info.compress_size for info in wheel.infolist() if info.filename.startswith("pricing/data/"))
        print(f"  in the wheel {packed / 1e6:.2f} MB of {wheels[0].stat().st_size / 1e6:.2f} MB")


def _verdict(met: bool) -> str:
    return "met" if met else "MISSED"


if __name__ == "__main__":
    main()
