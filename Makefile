# Everything a person needs to run, test or change Kedai. `make` alone lists it.
# Plain enough for the make that macOS ships (3.81): no .ONESHELL, no grouped targets.
# All paths are relative, so a checkout in a folder with spaces works too.

VENV  := .venv
PY    := $(VENV)/bin/python
PIP   := $(PY) -m pip --disable-pip-version-check
ARGS  ?=
TESTS ?= tests
WORKERS ?= auto

# PYTHON=python3.12 overrides the choice; otherwise the newest of these that can make a venv.
PYTHONS := $(if $(PYTHON),$(PYTHON),python3.13 python3.12 python3.11 python3)
UV := uv==0.13.9

# The packing hook names what must exist once the screens are built.
ENTRY_POINTS := $(shell sed -n 's|^    "\([a-z]*/static/.*\)",$$|\1|p' protocol/web/build.py)
# The stamp stays out of the static folders: all that lies there is packed.
SCREENS := node_modules/.screens-built
SCREEN_SOURCES := $(shell find edge/web cloud/web protocol/web -type f ! -name '*.py' 2>/dev/null) \
                  $(wildcard package.json package-lock.json vite.config.ts svelte.config.js tsconfig.json)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo test check bench screens screens-shots simulate proof lock clean \
        preflight packages dev-packages test-screens test-python

help: ## List these targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: preflight packages $(SCREENS) ## Prepare .venv, node_modules and the screens (the others call it)

demo: setup ## One outlet and HQ on this machine, ready to try; ARGS="--traffic --fresh"
	@exec $(VENV)/bin/kedai demo $(ARGS)

test: preflight dev-packages $(SCREENS) test-screens test-python ## All tests; TESTS=tests/protocol for some, ARGS for pytest

check: preflight dev-packages node_modules/.installed ## Format, lint and types of Python and screens
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	npm run --silent check

bench: setup ## Measure orders, kitchen, intake and start-up, each beside its bare floor
	@exec $(VENV)/bin/python tests/bench/run.py $(ARGS)

screens: preflight node_modules/.installed ## Build the screens anew
	@$(MAKE) --no-print-directory build-screens

screens-shots: preflight dev-packages $(SCREENS) ## Photograph every screen into shots/; ONLY=kiosk,counter, ARGS="--language id"
	@ONLY=$(ONLY) PYTHONPATH=tests:. exec $(PY) -m shots.run $(ARGS)

simulate: preflight dev-packages ## Outlets, HQ and faults in virtual time; SEED=42 DAYS=2 OUTLETS=2 FAULTS=all
	@PYTHONPATH=tests exec $(PY) -m simulation.run --seed $(or $(SEED),1) --days $(or $(DAYS),2) \
	  --outlets $(or $(OUTLETS),2) --faults $(or $(FAULTS),all) $(ARGS)

proof: preflight dev-packages ## Stories, crash images and mutants, and a page of figures; LONG=1 HOURS=8 or MINUTES=30
	@PYTHONPATH=tests exec $(PY) -m simulation.proof $(PROOF_SIZE) $(PROOF_TIME) $(ARGS)

# A long run takes hours: a thousand outlet-days and two million images, or for as long as HOURS says.
PROOF_SIZE = --outlet-days $(or $(OUTLET_DAYS),$(if $(LONG),1000,80)) \
             --images $(or $(IMAGES),$(if $(LONG),2000000,50000))
PROOF_TIME = $(if $(HOURS),--hours $(HOURS)) $(if $(MINUTES),--minutes $(MINUTES))

lock: preflight $(PY) ## Resolve the locks again; ARGS="--upgrade" for newer versions
	@$(PIP) install -qq '$(UV)'
	@$(LOCK) --extra demo --group build -o requirements.lock $(ARGS)
	@$(LOCK) --extra demo --group dev -c requirements.lock -o requirements-dev.lock $(ARGS)
	@if grep -nE 'https?://' requirements.lock requirements-dev.lock; then \
	  echo "A lock names an address; it must hold only names, versions and hashes."; exit 1; fi
	@npm install --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error
	@node -e '$(FORGET_ADDRESSES)'

# npm writes where each package came from and who asks for money; the hashes say what it is.
FORGET_ADDRESSES = const fs = require("fs"), file = "package-lock.json"; \
  const lock = JSON.parse(fs.readFileSync(file, "utf8")); \
  for (const entry of Object.values(lock.packages)) \
    for (const field of ["resolved", "funding", "deprecated"]) delete entry[field]; \
  fs.writeFileSync(file, JSON.stringify(lock, null, 2) + "\n");

# No addresses: whoever installs decides where packages come from, the hashes decide what they are.
LOCK = $(VENV)/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --quiet \
       --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate

clean: ## Remove what can be made again; the demo's data in .kedai stays
	rm -rf $(VENV) node_modules edge/static cloud/static build dist \
	  .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis
	find edge cloud protocol tests -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# ---------------------------------------------------------------- parts

test-screens:
	npm test --silent

test-python:
	$(PY) -m pytest -n $(WORKERS) --dist loadfile $(TESTS) $(ARGS)

packages: $(VENV)/.packages $(VENV)/.project
dev-packages: $(VENV)/.dev-packages $(VENV)/.project

$(VENV)/.packages: requirements.lock | $(PY)
	@echo "Installing the locked packages (under a minute the first time) ..."
	@$(PIP) install -qq --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev-packages: requirements-dev.lock | $(PY)
	@echo "Installing the locked packages and tools (about a minute the first time) ..."
	@$(PIP) install -qq --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/.packages

# The folders are the packages: an editable install only adds the console script and a pointer.
$(VENV)/.project: pyproject.toml | $(PY)
	@$(PIP) install -qq --no-deps --no-build-isolation --editable .
	@touch $@

$(PY):
	@name=`$(FIND_PYTHON)`; \
	echo "Making $(VENV) with $$name ..."; \
	"$$name" -m venv --clear $(VENV)

node_modules/.installed: package.json package-lock.json
	@echo "Installing the screens' locked packages (half a minute the first time) ..."
	@npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
	@mkdir -p node_modules && touch $@

# A screen that is missing makes the stamp worthless.
ifneq ($(words $(wildcard $(ENTRY_POINTS))),$(words $(ENTRY_POINTS)))
.PHONY: $(SCREENS)
endif

$(SCREENS): $(SCREEN_SOURCES) | node_modules/.installed
	@$(MAKE) --no-print-directory build-screens

.PHONY: build-screens
build-screens:
	@echo "Building the screens ..."
	@npm run --silent build
	@for entry in $(ENTRY_POINTS); do \
	  if [ ! -f $$entry ]; then echo "The build ran, but $$entry is missing."; exit 1; fi; done
	@touch $(SCREENS)

# Both languages are looked at before anything slow starts.
preflight:
	@$(FIND_NODE)
	@$(PREPARE_PYTHON)

FIND_NODE = \
  found=`node --version 2>/dev/null`; \
  if [ -z "$$found" ]; then \
    echo "Kedai's screens need Node.js 20.19 or newer, and there is no node here."; $(NODE_HINT); exit 1; \
  elif ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)'; then \
    echo "Kedai's screens need Node.js 20.19+, 22.12+ or newer; this one is $$found."; $(NODE_HINT); exit 1; \
  elif ! npm --version >/dev/null 2>&1; then \
    echo "Node.js $$found is here, but npm is not. On Debian and Ubuntu: apt-get install npm"; exit 1; \
  fi
NODE_HINT = echo "Install the long-term release from nodejs.org (macOS: brew install node), then run make again."

# An environment that was interrupted half made, or lost its Python, is made again.
# A Python counts when it is new enough and can make an environment (Debian packs that apart).
FIND_PYTHON = for name in $(PYTHONS); do \
  if "$$name" -c 'import sys, ensurepip, sqlite3, ssl, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
  then echo "$$name"; break; fi; done
FIND_BARE_PYTHON = for name in $(PYTHONS); do \
  if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
  then "$$name" -c 'import sys; print("python%d.%d" % sys.version_info[:2])'; break; fi; done
PREPARE_PYTHON = \
  if $(PY) -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then exit 0; fi; \
  rm -rf $(VENV); \
  name=`$(FIND_PYTHON)`; \
  if [ -n "$$name" ]; then exit 0; fi; \
  bare=`$(FIND_BARE_PYTHON)`; \
  if [ -z "$$bare" ]; then \
    found=`python3 --version 2>/dev/null`; \
    echo "Kedai needs Python 3.11 or newer; here is: $${found:-no python3}."; \
    echo "Install one (Debian, Ubuntu: python3 python3-venv; macOS: brew install python@3.13), then run make again."; \
    exit 1; \
  fi; \
  if [ `id -u` = 0 ] && command -v apt-get >/dev/null 2>&1; then \
    echo "$$bare cannot make environments yet; installing $$bare-venv ..."; \
    apt-get update -qq; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$$bare-venv" >/dev/null; \
  fi; \
  name=`$(FIND_PYTHON)`; \
  if [ -z "$$name" ]; then \
    echo "$$bare is here, but cannot make an environment. On Debian and Ubuntu:"; \
    echo "  sudo apt-get install $$bare-venv"; \
    echo "then run make again."; \
    exit 1; \
  fi
