# Two commands do all set-up: `make demo` and `make test`. `make help` lists the rest.
.DEFAULT_GOAL := help
.PHONY: help demo test test-engines unit app lint types layers docs bench screenshots install install-test clean

# Where bytecode may not be written, every process compiles its libraries anew: 5 s for an engine, 18 s for the tests.
unexport PYTHONDONTWRITEBYTECODE

TCO = .venv/bin/tco
PYTEST = .venv/bin/python -m pytest
# What is timed can fail for want of processor time on a busy machine; it is tried again, and the report says so.
AGAIN = --reruns 2 --reruns-delay 5
# Unit tests have no clock and no port in common, so all processors share them.
SIDE_BY_SIDE = -n auto --dist worksteal
# Tests with processes and sockets mostly wait: four at a time.
WAITING = -n 4 --dist worksteal
# An engine that starts computes on one processor for most of a minute, so that two go side by side; the tests of one file share theirs.
ENGINES = -n 2 --dist loadfile

help:  ## list these targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: install  ## install, probe this machine with a real engine, print and draw the payback
	@echo "== 1/3  What is here"
	@$(TCO) probe env
	@echo "== 2/3  Probing this machine with a real engine"
	@$(TCO) probe run --out runs/demo.json --force --concurrency 1,4,8,16 --input-tokens 64 --output-tokens 32 --budget 200s || [ $$? -eq 5 ]
	@echo "== 3/3  The payback, computed from that run"
	@$(TCO) plan scenarios/demo.yaml --chart runs/demo.svg
	@echo
	@echo "Run file: runs/demo.json   Chart: runs/demo.svg"
	@echo "Open the app:  make app"

test: install-test  ## all tests: unit, processes, real engine, real browser
	@scripts/ensure-chromium.sh
	@scripts/ensure-axe.sh
	@scripts/ensure-sshd.sh || true  # without it the tests of --ssh are skipped, and say so
	@scripts/ensure-libreoffice.sh || true  # without it the tests that open reports are skipped, and say so
	$(PYTEST) -m "not engine and not browser and not slow" $(SIDE_BY_SIDE)
	$(PYTEST) -m "slow and not engine and not browser" $(WAITING) $(AGAIN)
	$(PYTEST) -m "engine and not browser" $(ENGINES) $(AGAIN)
	$(PYTEST) -m browser -n 2 --dist worksteal $(AGAIN)  # apart: Playwright keeps an event loop of its own running

unit: install-test  ## unit tests only, under a minute
	$(PYTEST) -m "not engine and not browser and not slow" $(SIDE_BY_SIDE)

test-engines: install-test  ## build llama.cpp's server (4 min the first time), probe it, keep runs/llama-cpp-tiny.json
	@[ -x .venv-engines/bin/python ] || .venv/bin/python -m venv .venv-engines
	@.venv-engines/bin/python -c 'import llama_cpp.server.app' 2>/dev/null \
	  || .venv-engines/bin/python -m pip install --disable-pip-version-check 'llama-cpp-python[server]==0.3.36'
	$(PYTEST) -m engine tests/probes/engines/test_llama_cpp_real.py -rA

app: install  ## open the app on 127.0.0.1:8501
	$(TCO) app

lint: install-test  ## ruff, mypy --strict, import-linter
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

docs: install-test  ## run the examples in README, docs and docstrings
	$(PYTEST) --doctest-modules pricing probes tco --ignore=tco/views --doctest-glob='*.md' README.md docs -p no:cacheprovider

bench: install-test  ## accuracy and speed beside peers, as ratios
	.venv/bin/python -m benchmarks

screenshots: install-test  ## take the pictures of the README and docs anew
	@scripts/ensure-chromium.sh
	.venv/bin/python scripts/screenshots.py
	@scripts/ensure-libreoffice.sh
	.venv/bin/python scripts/report_pictures.py

install:  ## make .venv with the app and the engine for this machine
	@scripts/install.sh demo

install-test:
	@scripts/install.sh test

clean:  ## remove .venv and what was built; runs/ stays
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
