# Vaguemestre: `make demo` shows it, `make test` proves it. Everything is installed into .venv, from hashes.

# The distribution's own Python first, if it can make a venv: it is built with profile-guided optimisation, which one
# compiled by pyenv is not, and a message costs the gateway a sixth less.
NAMES := python3.11 python3.12 python3.13 python3
FIT := import ensurepip, sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in $(NAMES:%=/usr/bin/%) $(NAMES); do $$p -c '$(FIT)' 2>/dev/null && echo $$p && exit; done; \
  for p in $(NAMES); do command -v $$p && exit; done)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
WORKERS ?= 2
CONFIG ?= config.yaml
SECONDS ?= 60
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo run check test pictures fuzz bench lock clean
.DEFAULT_GOAL := help

help: ## what there is to make
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: $(INSTALLED) ## a sample school sends its morning's messages; Ctrl-C ends it
	$(BIN)/vaguemestre demo $(ARGS)

run: $(INSTALLED) ## the gateway with ./config.yaml (CONFIG=… for another)
	$(BIN)/vaguemestre serve --config $(CONFIG)

check: $(INSTALLED) ## form, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --verbose

test: check ## check, then every test; what was not run is named at the end
	@tests/install_peers.sh || echo "Going on without: the tests that need them are named at the end." >&2
	$(BIN)/pytest -n $(WORKERS) --dist loadfile -rs --durations=5 $(ARGS)

fuzz: $(INSTALLED) ## octets of strangers, made up for SECONDS (60): tests/fuzz
	$(PIP) install --require-hashes --requirement tests/fuzz/requirements.lock
	$(BIN)/python -m tests.fuzz.run --seconds $(SECONDS)

pictures: $(INSTALLED) ## the pictures of the pages in docs/pictures, made by the tests in a browser
	mkdir -p docs/pictures
	PICTURES=$(CURDIR)/docs/pictures $(BIN)/pytest -q tests/browser $(ARGS)

bench: $(INSTALLED) ## messages a second, beside Kannel in the same run
	bench/run $(ARGS)

lock: $(INSTALLED) ## choose versions anew; needs pip-tools
	pip-compile --quiet --upgrade --extra dev --generate-hashes --allow-unsafe --strip-extras --no-annotate \
	  --no-header --no-emit-options --no-emit-index-url --no-emit-trusted-host --output-file requirements.lock pyproject.toml
	sed -i '1i # Every package with its version and hashes, for `pip install --require-hashes`. Made by `make lock`.' requirements.lock

clean: ## remove what was made
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .hypothesis .fuzz

$(INSTALLED): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Vaguemestre needs Python 3.11 or newer: install it, or make PYTHON=/its/path" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); echo "Python's venv is missing: on Debian, apt-get install python3-venv" >&2; exit 1; }
	$(PIP) install --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
