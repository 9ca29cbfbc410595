# Everything a contributor does. Plain Python >= 3.11 and make are enough; `make lock` alone needs uv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
WORKERS ?= 2
NODE   := $(patsubst %/package-lock.json,%/node_modules/.installed,$(wildcard tests/*/package-lock.json))
BENCHES := ingest stall push decide recovery kill identity profile evidence learn dispatch

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test check fmt sim docs bench coverage lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(STAMP)-dev ## install everything that developing and testing needs

demo: $(STAMP) ## a server, a small shop and synthetic customers on this machine
	$(BIN)/journeyloop demo

test: setup ## run all tests
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup

check: $(STAMP)-dev ## formatting, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

fmt: $(STAMP)-dev ## format and fix what can be fixed without thinking
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

sim: $(STAMP)-dev ## search for broken kernel laws with many more examples
	HYPOTHESIS_PROFILE=sim JOURNEYLOOP_SIM_SEEDS=2000 $(BIN)/pytest -n $(WORKERS) tests/property tests/simulation

docs: $(STAMP)-dev ## write docs/reference from the code, then run every example
	$(BIN)/python tools/reference.py
	$(BIN)/pytest tests/docs

bench: $(STAMP) ## measure; each bench prints one JSON line at its end
	for name in $(BENCHES); do $(BIN)/journeyloop bench $$name --json || exit 1; done

coverage: setup ## test with branch coverage of the kernel
	$(BIN)/pytest -n $(WORKERS) tests/unit tests/property --cov --cov-report=term
	$(BIN)/coverage report --include='*/model/*,*/detect/*,*/interpret/*,*/decide/*,*/act/*,*/learn/*,*/loop.py'

lock: ## resolve the dependencies again (needs uv)
	uv pip compile pyproject.toml --group build $(LOCK_OPTIONS) -o requirements.lock
	uv pip compile pyproject.toml --group dev -c requirements.lock $(LOCK_OPTIONS) -o requirements-dev.lock

clean: ## remove what the other targets made
	rm -rf $(VENV) tests/*/node_modules dist build site .coverage* .hypothesis .*_cache

LOCK_OPTIONS := --quiet --no-strip-extras --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"

# --- how the environment comes about --------------------------------------------------------------------------------

EDITABLE := pip install --quiet --no-deps --no-build-isolation -e .

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "journeyloop needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

$(STAMP): requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m $(EDITABLE)
	@touch $@

$(STAMP)-dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/python -m $(EDITABLE)
	@touch $@ $(STAMP)

# The JavaScript under test. Without npm those tests are skipped with a message.
ifneq ($(shell command -v npm),)
setup: $(NODE)
endif

%/node_modules/.installed: %/package-lock.json
	npm ci --prefix $* --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
