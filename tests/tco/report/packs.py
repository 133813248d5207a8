"""Packs for the tests of reports: an API and a rented GPU that can be worked out by hand, with ranges, sources and a probe."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import lru_cache
from typing import Any

from PIL import Image

import pricing
from probes.setting import Environment, Manifest
from tco.compare import prepare
from tco.evaluate import evaluate
from tco.lock.make import answer_of
from tco.lock.records import Lock, LockedBook, LockedQuantity, LockedRun, LockedScenario, LockedTool
from tco.report.pack import ReportPack, version
from tco.report.redact import mapped
from tco.risk.simulate import simulate
from tco.what_if import Condition, flips
from tests.factories import API, RENT, run, scenario

NAME, TEXT = "MARKNAME", "MARKTEXT"
"""What hostile texts are put in the place of: a name that the scenario gives, and free text."""


def probe() -> Any:
    return run(
        source=f"{TEXT} source of the run",
        environment=Environment(cpu=f"{TEXT} cpu", memory_gib=64, os="Linux", note=f"{TEXT} note"),
        manifest=Manifest(command=["tco", "probe", "run", f"--{TEXT}"], packages={"vllm": f"0.33 {TEXT}"}),
    )


def question(**changes: Any) -> Any:
    price = {
        "value": 9.0,
        "low": 3.0,
        "high": 15.0,
        "evidence": "listed",
        "source": f"{TEXT} list",
        "as_of": "2026-11-01",
        "note": TEXT,
    }
    api = API | {"output_usd_per_mtok": price}
    rent = RENT | {
        "name": NAME,
        "one_off_usd": {f"{NAME} move": {"value": 1000.0, "low": 500.0, "high": 3000.0}},
        "extra_usd_per_month": {f"{NAME} extra": 20.0},
        "people": {"run_fte": {"value": 0.001, "low": 0.0, "high": 0.01}},
    }
    return scenario(
        **{"name": f"{NAME} plan", "question": f"{TEXT}: which?", "horizon_months": 24, "options": [api, rent]}
        | changes
    )


@lru_cache(maxsize=1)
def plain() -> ReportPack:
    """The pack that most tests look at; computed once."""
    return made(question())


def made(asked: Any, **changes: Any) -> ReportPack:
    runs, book = {"test-run": probe()}, pricing.shipped_book()
    prepared = prepare(asked, runs, book)
    result = evaluate(asked, runs, book)
    found: dict[str, Any] = {
        "scenario": asked,
        "prepared": prepared,
        "result": result,
        "risk": simulate(prepared, draws=500),
        "flips": flips(prepared, Condition("npv_usd", ">=", 0.0), result.contender) if result.contender else (),
    }
    return ReportPack(**(found | changes))


def hostile(name: str, text: str) -> ReportPack:
    """The same pack with these texts wherever somebody outside could have put them."""
    pack = plain()

    def put(old: str) -> str:
        return old.replace(NAME, name).replace(TEXT, text)

    prepared = replace(
        pack.prepared,
        scenario=mapped(pack.prepared.scenario, put),
        runs={put(each): mapped(run_, put) for each, run_ in pack.prepared.runs.items()},
    )
    return replace(
        pack,
        scenario=mapped(pack.scenario, put),
        prepared=prepared,
        result=mapped(pack.result, put),
        risk=mapped(pack.risk, put),
        flips=mapped(pack.flips, put),
    )


def locked(pack: ReportPack, **changed: float) -> Lock:
    """What a lock of this answer would hold, with inputs that were others."""
    values = {
        row.path: LockedQuantity(value=changed.get(row.path, row.value), low=row.low, high=row.high)
        for row in pack.result.assumptions
    }
    return Lock(
        answer_id=pack.result.answer_id,
        tool=LockedTool(version=version(), code_sha256="0" * 64, libraries={}),
        scenario=LockedScenario(name="plan", case=None, sha256="0" * 64),
        price_book=LockedBook(id=pack.result.price_book.id, as_of=pack.result.as_of, own_prices_id=None),
        runs=[LockedRun(option=name, run_id=run.run_id, sha256="0" * 64) for name, run in pack.prepared.runs.items()],
        answer=answer_of(pack.result),
        quantities=values,
    )


def png(width: int = 120, height: int = 40) -> bytes:
    """A small picture."""
    told = io.BytesIO()
    Image.new("RGB", (width, height), "#0f6b5c").save(told, "PNG")
    return told.getvalue()
