# The same commands as in README.md and in .ci/run. Each does its own set-up.
.PHONY: setup check test thorough browser crash-test storm-test topology demo console bench docs clean

PYTHON ?= python3
BIN := .venv/bin

setup: .venv/.ready
SECOND := tests/ministack/requirements.txt
.venv/.ready: pyproject.toml uv.lock $(SECOND)
	test -x $(BIN)/uv || { $(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet "uv>=0.13,<0.14"; }
	UV_PROJECT_ENVIRONMENT=.venv $(BIN)/uv sync --locked --quiet --compile-bytecode
	$(BIN)/uv venv --quiet --clear .venv/ministack
	$(BIN)/uv pip install --quiet --compile-bytecode --python .venv/ministack --require-hashes -r $(SECOND)
	touch $@

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup
	$(BIN)/pytest -n 3 --dist worksteal

thorough: setup
	$(BIN)/pytest -n 3 --dist worksteal -m thorough

browser: setup
	$(BIN)/pytest -m browser tests/browser

crash-test: setup
	$(BIN)/python -m tests.crash

storm-test: setup
	$(BIN)/python -m tests.storm

topology: setup
	$(BIN)/python -m tests.topology

demo: setup
	$(BIN)/python -m examples.demo

console: setup
	$(BIN)/python -m examples.console $(if $(PORT),--port $(PORT))

bench: setup
	$(BIN)/python -m tests.benchmarks

docs: setup
	$(BIN)/python -m docs.site

clean:
	rm -rf .site .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
