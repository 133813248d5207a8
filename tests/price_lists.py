"""Small public price lists in their real formats, and a small book to lay them over."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date
from typing import Any

from pricing.book import SHIPPED_ON, Book
from pricing.sources import genai
from pricing.tokens.cards import merge
from pricing.upkeep.memory_file import MemoryFile

READ_ON = date(2026, 10, 1)
"""The day on which the small book's prices were read."""

SELLERS = {
    "openai": {"gpt-a": (1.25, 10.0), "gpt-b": (0.25, 2.0)},
    "mistral": {"large": (2.0, 6.0), "small": (0.1, 0.3)},
}
"""Input and output [USD/Mtok]."""

RENTS = (
    ("L4", "aws", "hyperscaler", "g6.xlarge", 1, "us-east-1", 0.80, None),
    ("L4", "aws", "hyperscaler", "g6.xlarge", 1, "us-west-2", 0.82, 0.30),
    ("H100-SXM", "aws", "hyperscaler", "p5.48xlarge", 8, "us-east-1", 55.04, None),
    ("L4", "other", "neocloud", "one", 1, "", 0.50, None),
)

HEADER = (
    "gpu",
    "provider",
    "provider_class",
    "instance",
    "gpu_count",
    "region",
    "on_demand_usd_per_hour",
    "spot_usd_per_hour",
    "as_of",
    "source",
    "note",
)


def genai_rows(sellers: dict[str, dict[str, Any]] = SELLERS) -> list[dict[str, Any]]:
    """Sellers as `data.json` of genai-prices has them; a price may be a pair, or what the file has under `prices`."""
    return [
        {
            "id": seller,
            "name": seller.title(),
            "pricing_urls": [f"https://{seller}.example/pricing"],
            "models": [
                {
                    "id": model,
                    "match": {"equals": model},
                    "prices": {"input_mtok": price[0], "output_mtok": price[1]} if isinstance(price, tuple) else price,
                }
                for model, price in models.items()
            ],
        }
        for seller, models in sellers.items()
    ]


def genai_json(sellers: dict[str, dict[str, Any]] = SELLERS) -> bytes:
    return json.dumps(genai_rows(sellers)).encode()


def with_price(seller: str, model: str, price: Any) -> dict[str, dict[str, Any]]:
    """The sellers with one price changed or added."""
    sellers: dict[str, dict[str, Any]] = {name: dict(models) for name, models in SELLERS.items()}
    sellers.setdefault(seller, {})[model] = price
    return sellers


def catalogue(rows: list[tuple[Any, ...]], seller: str = "aws") -> bytes:
    """A gpuhunt catalogue: rows of instance, region, price, GPUs, GPU, memory, spot."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        ["instance_name", "location", "price", "gpu_count", "gpu_name", "gpu_memory", "spot", "cpu", "memory"]
    )
    writer.writerows([*row, 4, 16] for row in rows)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{seller}.csv", text.getvalue())
    return packed.getvalue()


SAME_RENTS = [
    ("g6.xlarge", "us-east-1", 0.80, 1, "L4", 24, False),
    ("g6.xlarge", "us-west-2", 0.82, 1, "L4", 24, False),
    ("g6.xlarge", "us-west-2", 0.30, 1, "L4", 24, True),
    ("p5.48xlarge", "us-east-1", 55.04, 8, "H100", 80, False),
]
"""What the small book has of aws, as a catalogue."""


def small_tables() -> dict[str, bytes]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows([*row, READ_ON, "https://example.org/prices", None] for row in RENTS)
    return {
        "tokens.json": merge(None, genai.read(genai_json(), READ_ON)),
        "gpu_rental.csv": text.getvalue().encode(),
    }


def small_book(as_of: date = SHIPPED_ON) -> Book:
    return Book(as_of=as_of, newer={name: MemoryFile(name, data) for name, data in small_tables().items()})
