# Run `make` to see what there is. Every target installs what it needs into .venv by itself.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never

.PHONY: help setup demo test test-long check lint types bench lock clean

help: ## print these targets
	@echo "Kitloop. Targets:"; grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | awk -F':.*?## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: .venv/.ready ## install everything into .venv (commands included)

.venv/.ready: requirements.lock requirements-uv.lock pyproject.toml $(wildcard */pyproject.toml)
	@$(PYTHON) .ci/preflight.py
	@test -x $(BIN)/python || { echo "making .venv with $$($(PYTHON) --version)"; $(PYTHON) -m venv .venv; }
	@test "$$($(BIN)/uv --version 2>/dev/null | cut -d' ' -f2)" = "$$(sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements-uv.lock)" || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@# Compiled once: a demo is some fifteen Python programs, and each would compile what it imports where it may not write that down.
	@VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install --compile-bytecode --require-hashes -r requirements.lock
	@VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e sdk -e genomics -e server -e lab -e storefront
	@$(BIN)/python -m compileall -q */src
	@touch $@

demo: setup ## all four parties on this machine, one kit from the order button to its results (ARGS=--once ends by itself)
	@$(BIN)/kitloop demo $(ARGS)

test: setup ## the whole test suite, short forms (under 10 minutes)
	@$(BIN)/python .ci/tests.py $(ARGS)

test-long: setup ## the long forms too: every process killed at every stage
	@$(BIN)/python .ci/tests.py --long $(ARGS)

check: lint types test ## what CI runs

lint: setup ## ruff and the import contracts
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports

types: setup ## mypy, strict
	@$(BIN)/mypy sdk/src genomics/src
	@KITLOOP_DATA=$(CURDIR)/.venv/types $(BIN)/mypy server/src --config-file server/mypy.ini
	@$(BIN)/mypy lab/src --config-file lab/mypy.ini
	@$(BIN)/mypy storefront/src --config-file storefront/mypy.ini

bench: setup ## what is measured, beside its yardsticks (see bench/README.md)
	@$(BIN)/python -m bench $(ARGS)

lock: ## resolve again and write requirements.lock
	@$(BIN)/uv lock --upgrade --quiet && $(BIN)/uv export --quiet --frozen --all-packages --all-groups --no-emit-workspace --format requirements-txt --no-header -o requirements.lock

clean: ## remove the environment (not your data)
	rm -rf .venv
