# `make help` says what each target does. Nothing is needed beforehand but make and Python 3.11+.
PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help install demo test check format bench picture screens lock clean

help: ## say what each target does
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1|/' | column -t -s '|'

install: $(STAMP) ## set up .venv with every hashed requirement; leaves .venv/bin/altui

demo: $(STAMP) ## the dashboard over a living copy of the pipeline (ARGS=... for its options)
	@$(BIN)/altui demo $(ARGS)

test: $(STAMP) ## run every test, side by side (ARGS=tests/unit for a part)
	$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadgroup $(ARGS)

check: $(STAMP) ## lint, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports --no-logo

format: $(STAMP) ## put every file into the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP) ## measure the budgets of this machine (ARGS=--help says what can be chosen)
	$(BIN)/python -m bench $(ARGS)

picture: $(STAMP) ## draw docs/dashboard.svg from a real screen over the sandbox
	$(BIN)/python -m docs.picture

screens: $(STAMP) ## bring every state about on the sandbox and draw docs/screens.md
	$(BIN)/python -m docs.screens

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-header --no-annotate --no-strip-extras

lock: $(STAMP) ## resolve the requirements anew, with hashes
	$(COMPILE) --extra sandbox --extra dev pyproject.toml -o requirements/dev.txt
	$(COMPILE) requirements/peers/posting.in -o requirements/peers/posting.txt
	$(COMPILE) requirements/peers/harlequin.in -o requirements/peers/harlequin.txt

clean: ## remove what the targets made
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf snapshot_report.html analytics/dbt/target analytics/dbt/logs analytics/dbt/dbt_packages
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is written last: an interrupted first run starts over, a later one only adds.
$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "altui needs Python 3.11 or newer; name one: make install PYTHON=python3.11"; exit 1; }
	@test -e $@ || { echo "creating $(VENV)"; $(PYTHON) -m venv --clear $(VENV) || \
	  { echo "Python's venv module is missing; on Debian: apt install python3-venv"; exit 1; }; }
	@echo "installing the hashed requirements (about a minute the first time)"
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q altui
	@touch $@
	@echo "ready: $(BIN)/altui"
