"""The engineer's way through the app: measure, wait in the queue, read the curve, use the run."""

from __future__ import annotations

import re
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect

from probes import engine_packages, load_run
from scripts.screenshots import running_app, settled
from tests.stand_in import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

MODEL = "SmolLM2-135M"
TOKENS_IN, TOKENS_OUT = 768, 4
"""So long a prompt takes an engine on a processor half a second, and a late measuring client on a busy machine is late by much less."""

SCENARIO = f"""
name: Engineer's test
as_of: 2026-11-23
horizon_months: 24
baseline: api-today
workload:
  requests_per_day: 864
  input_tokens_per_request: {TOKENS_IN}
  output_tokens_per_request: {TOKENS_OUT}
  profile: flat
  slo: {{ttft_p95_ms: 100000}}
options:
  - {{name: api-today, kind: api, model: m, input_usd_per_mtok: 1.0, output_usd_per_mtok: 4.0}}
"""


def probe_page(page, app):
    page.goto(f"{app}/probe")
    settled(page)


def fill(page, **values):
    """Fills in boxes of the form, by their labels."""
    for label, value in values.items():
        page.get_by_label(label.replace("_", " "), exact=True).first.fill(value)


def ask(page, endpoint, *, button="Start the probe", model="fake-model", **values):
    page.get_by_text("A running server").click()
    fill(page, Address=endpoint, Model_name_that_it_serves=model, **values)
    page.get_by_role("button", name=button).click()


def alert(page, text):
    return page.get_by_test_id("stAlert").filter(has_text=text).first


def answer(page):
    return page.get_by_role("heading", level=2).inner_text()


def payback(page):
    return page.get_by_test_id("stMetric").filter(has_text="Payback").get_by_test_id("stMetricValue").inner_text()


def test_a_probe_through_the_page_changes_the_decision(page, app, endpoint):
    page.goto(app)
    settled(page)
    assert answer(page).startswith("Stay with api-today")
    assert payback(page) == "never"

    page.get_by_text("Data", exact=True).click()
    page.get_by_role("menuitem", name="Probe").click()
    ask(page, endpoint, Concurrency="1,8", Output_tokens="20")
    expect(page.get_by_text("Measuring", exact=True).first).to_be_visible(timeout=30_000)
    expect(alert(page, "2 cells, complete")).to_be_visible(timeout=120_000)

    expect(page.get_by_label("Run", exact=True)).to_have_value(re.compile("fake-model.json"))
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(2)
    expect(page.get_by_text(re.compile("Most throughput: .* at concurrency 8"))).to_be_visible()
    page.get_by_text("How it was measured").click()
    expect(page.get_by_text("Windows", exact=True)).to_be_visible()
    page.get_by_role("button", name="Use this run").click()
    page.get_by_text("See the decision").click()

    expect(page.get_by_test_id("stMetric").first).to_be_visible(timeout=30_000)
    settled(page)
    assert answer(page).startswith("Move to our-server: it pays back in")
    assert payback(page) == "0.3 months"


def test_a_wrong_address_is_said_in_a_sentence(page, app):
    probe_page(page, app)
    ask(page, "http://127.0.0.1:9")

    expect(alert(page, "The probe of fake-model did not finish")).to_contain_text("http://127.0.0.1:9", timeout=120_000)


def test_a_cancelled_probe_keeps_what_it_measured(page, app, endpoint):
    probe_page(page, app)
    ask(page, endpoint, Concurrency="1,2", Output_tokens="500")
    expect(page.get_by_text("1 of 2 load points").first).to_be_visible(timeout=120_000)
    page.get_by_role("button", name="Cancel").click()

    expect(alert(page, "Cancelled. What was measured until then is kept")).to_be_visible(timeout=60_000)
    expect(page.get_by_label("Run", exact=True)).to_have_value(re.compile("fake-model.json"))
    expect(page.get_by_role("button", name="Start the probe")).to_be_enabled()


def test_an_open_page_sees_what_another_visitor_starts(browser, app, endpoint):
    idle, page = (browser.new_context(viewport={"width": 1440, "height": 900}).new_page() for _ in range(2))
    probe_page(idle, app)
    idle.get_by_text("A running server").click()
    fill(idle, Address="http://127.0.0.1:9", Output_tokens="77")
    expect(idle.get_by_role("button", name="Start the probe")).to_be_visible()
    probe_page(page, app)
    ask(page, endpoint, Concurrency="1", Output_tokens="5000")

    expect(idle.get_by_role("button", name="Add to the queue")).to_be_visible(timeout=60_000)
    expect(idle.get_by_text("fake-model").first).to_be_visible()
    # What was being filled in is still there.
    expect(idle.get_by_label("Address", exact=True)).to_have_value("http://127.0.0.1:9")
    expect(idle.get_by_label("Output tokens", exact=True)).to_have_value("77")
    page.reload()
    settled(page)
    expect(page.get_by_role("button", name="Cancel")).to_be_visible(timeout=60_000)
    idle.get_by_role("button", name="Cancel").click()
    for each in (idle, page):
        expect(each.get_by_role("button", name="Start the probe")).to_be_visible(timeout=60_000)
        each.context.close()


@pytest.mark.timeout(600)
def test_probes_wait_for_each_other_and_go_on_though_no_page_is_open(browser, app, endpoint, tmp_path):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    probe_page(page, app)
    # The first takes longer than it takes to put the others behind it, and is cancelled then.
    ask(page, endpoint, Concurrency="1", Output_tokens="5000")
    add = "Add to the queue"
    expect(page.get_by_role("button", name=add)).to_be_visible(timeout=60_000)
    ask(page, endpoint, button=add, Output_tokens="20", Input_tokens="11")
    expect(page.get_by_text("1 waits").first).to_be_visible(timeout=60_000)
    ask(page, "http://127.0.0.1:9", button=add, model="nobody", Input_tokens="12")
    expect(page.get_by_text("2 wait").first).to_be_visible(timeout=60_000)
    ask(page, endpoint, button=add, Input_tokens="13")
    expect(page.get_by_text("3 wait").first).to_be_visible(timeout=60_000)
    ask(page, endpoint, button=add, Input_tokens="14")
    expect(page.get_by_text("4 wait").first).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Take out").nth(2).click()
    expect(page.get_by_text("3 wait").first).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Move up").nth(2).click()
    expect(page.get_by_text(re.compile("14 tokens in.*starts in", re.DOTALL)).first).to_be_visible()
    expect(page.get_by_test_id("stMarkdown").filter(has_text="starts in").nth(1)).to_contain_text("14 tokens in")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("11 tokens in").first).to_be_visible()
    page.close()

    runs = tmp_path / "runs"
    wait_until(lambda: len(complete(runs)) == 2, within_s=200)
    assert [11, 14] == [run.workload.input_tokens for run in complete(runs)]
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    probe_page(page, app)
    # Its last line stands at the end: the one that could not be measured says why, and held nobody up.
    expect(alert(page, "The probe of nobody did not finish")).to_be_visible(timeout=120_000)
    page.get_by_text("Earlier probes (4)").click()
    ended = page.get_by_test_id("stMarkdown").filter(has_text=re.compile(r"at \d\d:\d\d UTC after"))
    expect(ended).to_have_count(4)
    for line, words in enumerate(("failed at", "14 tokens in", "11 tokens in", "cancelled at")):
        expect(ended.nth(line)).to_contain_text(words)
    page.get_by_role("button", name="Show its run").nth(1).click()
    expect(page.get_by_text(re.compile("fake-model on .* 11 tokens in")).first).to_be_visible(timeout=60_000)
    page.close()


def complete(runs):
    """Runs that were measured to their end, in the order of their start."""
    found = (load_run(path) for path in sorted(runs.glob("*.json")))
    return [run for run in found if run.complete]


@pytest.fixture
def engine_app(tmp_path, monkeypatch):
    """An app of its own for a real engine: its folder, and its address."""
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(Path.home() / ".cache/tco-llm/pycache"))
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    with running_app(tmp_path, scenario) as address:
        yield tmp_path, address


def processes_of(address):
    """The app's process, and all that it has started."""
    port = address.rpartition(":")[2]
    (app,) = (child for child in psutil.Process().children() if any(port in part for part in child.cmdline()))
    return app.children(recursive=True)


def engine_tree(address):
    """The processes of the engine, once its worker is there; vLLM names that one itself."""
    found = []

    def is_there():
        found[:] = processes_of(address)
        return any(process.name().startswith("VLLM::") for process in found if process.is_running())

    wait_until(is_there, within_s=200)
    return list(found)


def points(page):
    """Output tokens a second of the points of the first chart, as they are told to those who hear the page."""
    marks = page.get_by_test_id("stVegaLiteChart").first.locator("svg .mark-symbol.role-mark path")
    expect(marks.first).to_be_visible()
    labels = marks.evaluate_all("marks => marks.map(mark => mark.getAttribute('aria-label'))")
    return [float(re.search(r"Output tokens/s: ([\d.]+)", label)[1]) for label in labels]


def lives(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.mark.engine
@pytest.mark.timeout(600)
@pytest.mark.skipif("vllm-cpu" not in engine_packages(), reason="needs the vllm-cpu extra")
def test_a_real_engine_is_started_from_the_page_measured_and_costed(page, engine_app):
    folder, app = engine_app
    probe_page(page, app)
    page.get_by_text("A model here").click()
    expect(page.get_by_role("combobox", name="Model")).to_have_value(MODEL)
    fill(page, Concurrency="1,2", Repeats="1", Input_tokens=str(TOKENS_IN), Output_tokens=str(TOKENS_OUT))
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Precision (%)", exact=True).fill("90")
    page.get_by_role("button", name="Start the probe").click()

    expect(page.get_by_text(re.compile("engine: ")).first).to_be_visible(timeout=120_000)
    tree = engine_tree(app)
    page.get_by_text("Log", exact=True).first.click()
    expect(page.get_by_test_id("stCode").filter(has_text="engine ready after").first).to_be_visible(timeout=280_000)
    expect(page.get_by_text(re.compile("[01] of 2 load points")).first).to_be_visible(timeout=60_000)
    expect(alert(page, "2 cells, complete")).to_be_visible(timeout=280_000)

    (file,) = (folder / "runs").glob("*.json")
    run = load_run(file)
    best = max(cell.requests_per_s.mean for cell in run.usable_cells)
    assert [1, 2] == [cell.concurrency for cell in run.usable_cells]
    assert (MODEL, "measured", engine_packages()["vllm-cpu"]) == (run.model.name, run.evidence, run.engine.version)
    expect(page.get_by_label("Run", exact=True)).to_have_value(re.compile(f"{MODEL}.json"))
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(2)
    assert [pytest.approx(cell.output_tokens_per_s.mean) for cell in run.usable_cells] == points(page)
    page.get_by_text("How it was measured").click()
    expect(page.get_by_text(re.compile(rf"tco-llm .*, run {run.run_id}")).first).to_be_visible()

    page.get_by_label("Price of the machine (USD/hour)", exact=True).fill("0.01")
    page.get_by_role("button", name="Use this run").click()
    expect(alert(page, "Used in")).to_be_visible(timeout=60_000)
    page.get_by_text("Why", exact=True).click()
    page.get_by_role("menuitem", name="Capacity").click()
    expect(page.get_by_test_id("stMetric").filter(has_text="Goodput")).to_contain_text(f"{best:,.3g}/s", timeout=60_000)
    expect(page.get_by_text(re.compile("^(measured|interpolated|modelled):")).first).to_be_visible()
    expect(page.get_by_text(f"Run {run.run_id}").first).to_be_visible()

    left = [process for process in {*tree, *processes_of(app)} if lives(process)]
    assert [] == left
