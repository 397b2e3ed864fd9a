# Two commands for a newcomer: `make demo` and `make test`. Both need nothing but Python 3.11 or newer with venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# processes that share the tests: two for each processor (tests/conftest.py)
WORKERS ?= auto

# whose package `make deb` makes: amd64 or arm64
ARCH ?= $(shell dpkg --print-architecture)

VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

.PHONY: demo demo-cluster install test test-clocks lint bench campaign unplugs fuzz format screenshots docs dist deb lock sbom audit clean

demo: $(VENV)/.product
	@SMS_BRIDGE_DEMO='make demo DEMO="%s"' $(BIN)/sms-bridge demo $(DEMO)

# Several bridges on one PostgreSQL (Debian's, in a folder of its own), killed while messages flow, and the books
demo-cluster: $(VENV)/.dev
	@$(BIN)/python -m tests.cluster $(if $(MESSAGES),--messages $(MESSAGES))

install: $(VENV)/.product
	@echo "$(BIN)/sms-bridge is the command; begin with: $(BIN)/sms-bridge --help"

# hundreds of tests start the bridge in a process of its own: what is compiled for one is there for the next
test test-clocks: export PYTHONDONTWRITEBYTECODE =

# SEED: the made-up values of the property tests are the same each time
# NOTES: a folder where it is written down which tests never ask what time it is, for test-clocks; needs a C compiler
test: $(VENV)/.dev
	$(BIN)/python -m $(if $(NOTES),tests.clocks --note=$(NOTES) --,pytest) -n $(WORKERS) --dist worksteal $(if $(SEED),--hypothesis-seed=$(SEED)) $(TESTS)

# The tests with the machine's clock moved: by 400 days, to a change of summer time, to 29 February … Needs a C compiler.
test-clocks: $(VENV)/.dev
	$(if $(SEED),PYTEST_ADDOPTS=--hypothesis-seed=$(SEED)) $(BIN)/python -m tests.clocks $(if $(NOTES),--noted=$(NOTES)) $(MOMENTS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# All but the long ones, or those named in WHAT: make bench WHAT="growing soak"
# RUNS: medians of so many, with their spread. FOLDER: where rows as JSON and bars as SVG go
RUNS ?= 1
bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks --runs $(RUNS) $(if $(FOLDER),--save $(FOLDER) --plot $(FOLDER)) $(WHAT)

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
	$(BIN)/python -m pytest -q tests/browser/test_looks.py tests/browser/test_sites.py
	cp build/screenshots/home-light.png docs/page.png

# The documentation as a site, in build/site. It loads nothing from elsewhere, and every link in it leads somewhere.
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --clean --quiet

# The same commit makes the same files, byte for byte.
dist deb sbom: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || date +%s)

dist: $(VENV)/.release
	rm -rf dist/sms_bridge-* build
	umask 022 && $(BIN)/python -m build --outdir dist .
	$(BIN)/python udev/repack.py dist/sms_bridge-*.tar.gz

deb: dist
	UV=$(BIN)/uv udev/debian/build dist/sms_bridge-*.whl $(PYTHON) $(ARCH)

# What is inside, for programs (CycloneDX): each library of the lock file with its version and hashes.
sbom: $(VENV)/.release
	mkdir -p dist
	$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --mc-type application \
	    --output-reproducible --of JSON --output-file dist/sms-bridge-$(VERSION).cdx.json

lock: $(VENV)/.release
	$(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --upgrade --generate-hashes \
	    --custom-compile-command 'make lock' --output-file requirements.lock pyproject.toml

# Fails when something is known, and when nobody could be asked.
audit: $(VENV)/.release
	$(BIN)/python .ci/audit.py requirements.lock

# the packages of an extra of pyproject.toml, without the product itself
EXTRA = $$($(BIN)/python -c 'import tomllib; \
    print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["$(1)"])')

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

$(VENV)/.docs: pyproject.toml $(VENV)/.made
	@$(PIP) $(call EXTRA,docs) $(FETCH)
	@touch $@

$(VENV)/.fuzz: $(VENV)/.dev
	$(PIP) --editable '.[fuzz]' $(FETCH)
	touch $@

$(VENV)/.release: pyproject.toml $(VENV)/.made
	$(PIP) $(call EXTRA,release) $(FETCH)
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
