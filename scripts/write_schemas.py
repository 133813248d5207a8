"""Writes the JSON Schema of every file format that the outside may rely on into `docs/schema/`.

Run it after a change to a record: `python scripts/write_schemas.py`. A test fails while a written schema is not current.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel

from pricing import Price
from pricing.own.rows import PricesFile
from probes.probe_config import ProbeConfig
from probes.run import Run
from tco.lock import Lock
from tco.portfolio import Portfolio
from tco.report.brand import BrandFile
from tco.result import Result
from tco.risk.records import Risk
from tco.scenario import Scenario

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "schema"
RECORDS: dict[str, type[BaseModel]] = {
    "brand": BrandFile,
    "lock": Lock,
    "portfolio": Portfolio,
    "price": Price,
    "prices": PricesFile,
    "probe": ProbeConfig,
    "result": Result,
    "risk": Risk,
    "run": Run,
    "scenario": Scenario,
}


def schema_text(name: str) -> str:
    """The schema of one record as it is written: indented, with its dialect, ending with a newline."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(dialect | RECORDS[name].model_json_schema(), indent=1) + "\n"


def main() -> None:
    """Writes every schema."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in RECORDS:
        path = FOLDER / f"{name}.schema.json"
        path.write_text(schema_text(name), encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
