# Two commands for a newcomer: `make demo` and `make test`. Both need nothing but Python 3.11 or newer with venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# processes that share the tests: one for each processor
WORKERS ?= auto

# whose package `make deb` makes: amd64 or arm64
ARCH ?= $(shell dpkg --print-architecture)

.PHONY: demo install test test-clocks lint bench campaign unplugs fuzz format screenshots dist deb lock audit clean

demo: $(VENV)/.product
	@SMS_BRIDGE_DEMO='make demo DEMO="%s"' $(BIN)/sms-bridge demo $(DEMO)

install: $(VENV)/.product
	@echo "$(BIN)/sms-bridge is the command; begin with: $(BIN)/sms-bridge --help"

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(WORKERS) $(TESTS)

# The tests with the machine's clock moved: by 400 days, to a change of summer time, to 29 February … Needs a C compiler.
test-clocks: $(VENV)/.dev
	$(BIN)/python -m tests.clocks $(MOMENTS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

# Rude devices, a bridge that is killed, and the books afterwards: tests/campaign/README.md
ROUNDS ?= 20
FIRST ?= 0
campaign: $(VENV)/.dev
	$(BIN)/python -m tests.campaign --rounds $(ROUNDS) --first $(FIRST) $(if $(SEED),--seed $(SEED)) $(CAMPAIGN)

# The cables of a modem and a phone, pulled so often; then as many threads, tasks and descriptors as before.
TIMES ?= 1000
unplugs: $(VENV)/.dev
	$(BIN)/python -m tests.unplugs --times $(TIMES) $(if $(SEED),--seed $(SEED))

# Random bytes for what reads a modem's and a phone's answers, so many seconds for each reader.
SECONDS ?= 60
fuzz: $(VENV)/.fuzz
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) $(TARGETS)

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# What every place of the web page looks like, in build/screenshots, and the picture of README.md.
screenshots: $(VENV)/.dev
	$(BIN)/python -m pytest -q tests/browser/test_looks.py
	cp build/screenshots/home-light.png docs/page.png

# The same commit makes the same files, byte for byte.
dist deb: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || date +%s)

dist: $(VENV)/.release
	rm -rf dist/sms_bridge-* build
	umask 022 && $(BIN)/python -m build --outdir dist .
	$(BIN)/python udev/repack.py dist/sms_bridge-*.tar.gz

deb: dist
	UV=$(BIN)/uv udev/debian/build dist/sms_bridge-*.whl $(PYTHON) $(ARCH)

lock: $(VENV)/.release
	$(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --upgrade --generate-hashes \
	    --custom-compile-command 'make lock' --output-file requirements.lock pyproject.toml

# Fails when something is known, and when nobody could be asked.
audit: $(VENV)/.release
	$(BIN)/python .ci/audit.py requirements.lock

# what installs packages here; a download that fails is said in one sentence, and `make` goes on from there next time
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
FETCH = || { echo "make: the packages could not be installed (see above). Is there a network, or a proxy to name in HTTPS_PROXY?" \
    "Then run the same command again." >&2; exit 1; }

# The environment counts once pip is in it: one that was left half made is made anew.
$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { echo "make: there is no $(PYTHON): sudo apt install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: sms-bridge needs Python 3.11 or newer;" \
	    "$(PYTHON) is $$($(PYTHON) -c 'import platform; print(platform.python_version())'). Install a newer one and name it:" \
	    "make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "make: this Python cannot make environments:" \
	    "sudo apt install python3-venv" >&2; exit 1; }
	@test ! -e $(VENV) -o -e $(VENV)/pyvenv.cfg || { echo "make: $(VENV) is there and is no Python environment:" \
	    "move it away, or name another: make $(MAKECMDGOALS) VENV=.venv2" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) && $(BIN)/python -m pip --version >/dev/null
	@touch $@

$(VENV)/.product: pyproject.toml $(VENV)/.made
	@echo "Installing sms-bridge into $(VENV) (once, about half a minute) ..."
	@$(PIP) --use-pep517 --editable . $(FETCH)
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.made
	@echo "Installing what the tests need into $(VENV) (once, about a minute) ..."
	@$(PIP) --editable '.[dev]' $(FETCH)
	@touch $@

$(VENV)/.fuzz: $(VENV)/.dev
	$(PIP) --editable '.[fuzz]' $(FETCH)
	touch $@

$(VENV)/.release: pyproject.toml $(VENV)/.made
	$(PIP) $$($(BIN)/python -c 'import tomllib; \
	    print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["release"])') $(FETCH)
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
