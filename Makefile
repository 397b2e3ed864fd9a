# Two commands for a newcomer: `make demo` and `make test`. Both need nothing but Python 3.11 or newer with venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo install test lint bench format clean

demo: $(VENV)/.product
	$(BIN)/sms-bridge demo $(DEMO)

install: $(VENV)/.product
	@echo "$(BIN)/sms-bridge is the command; begin with: $(BIN)/sms-bridge --help"

test: $(VENV)/.dev
	$(BIN)/python -m pytest $(TESTS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.product: pyproject.toml | $(BIN)/python
	@echo "Installing sms-bridge into $(VENV) (once, about half a minute) ..."
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
