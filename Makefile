# Everything sets itself up: a machine needs Python, Go, Node, make, git and the package
# registries.

VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

export HYPOTHESIS_PROFILE

# Tests start hundreds of Python processes: each module is compiled once, outside the tree.
export PYTHONPYCACHEPREFIX := $(abspath $(VENV))/pycache
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-fast test-thorough check docs bench performance reliability soak tools clean

help: ## Say what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 13

demo: $(STAMP) ## Show a real `pulumi up` follow a push, with no cloud account
	@tools="$$($(PYTHON) tools/install.py pulumi pulumi-language-python | tail -n 1)" && \
	  PULUMI_UCIMAGE_TOOLS_FOLDER="$$tools" $(BIN)/python examples/demo.py

test-fast: $(STAMP) ## Run the tests that need no Pulumi engine, Go or Node and are quick
	@$(BIN)/python -m pytest -n auto --dist worksteal --ignore=tests/integration $(PYTEST_ARGS)

test: $(STAMP) ## Run all tests, those on a real Pulumi engine included
	@tools="$$($(PYTHON) tools/install.py | tail -n 1)" && \
	  PULUMI_UCIMAGE_TOOLS_FOLDER="$$tools" $(BIN)/python -m pytest -n auto --dist worksteal $(PYTEST_ARGS)

test-thorough: $(STAMP) ## Run all tests, with many more random examples
	@$(MAKE) --no-print-directory test HYPOTHESIS_PROFILE=thorough

check: $(STAMP) ## Run formatter, linter, type checker and import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(STAMP) ## Write the tables and the pictures of the documents from the code
	@$(BIN)/python tools/make_docs.py
	@$(BIN)/python tools/make_pictures.py

bench: $(STAMP) ## Measure every figure beside the official SDK and a raw socket, in one run
	@tools="$$($(PYTHON) tools/install.py | tail -n 1)" && \
	  PULUMI_UCIMAGE_TOOLS_FOLDER="$$tools" $(BIN)/python -m benchmarks

performance: $(STAMP) ## Do the same, and write docs/performance.md
	@tools="$$($(PYTHON) tools/install.py | tail -n 1)" && \
	  PULUMI_UCIMAGE_TOOLS_FOLDER="$$tools" $(BIN)/python -m benchmarks --write

reliability: $(STAMP) ## Try every fault, and write docs/reliability.md of what was seen
	@PYTHONPATH=tests $(BIN)/python -m reliability

soak: $(STAMP) ## Look up and pin for three minutes, while one call in ten has a fault
	@cd tests && PYTHONPATH=..:. ../$(BIN)/python -m soak $(SOAK_ARGS)

tools: ## Install Pulumi's engine and language hosts; the last line is their folder
	@$(PYTHON) tools/install.py

clean: ## Remove what the other commands made in this folder
	rm -rf $(VENV) .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

$(STAMP): pyproject.toml constraints.txt
	@echo "Installing the development environment into $(VENV)." >&2
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip==26.3'
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev --editable .
	@touch $@
