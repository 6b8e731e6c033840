# Two commands do everything on a fresh Debian 12 with python3, python3-venv and make:
#   make demo    run the daemon over February and March 2020 on the embedded exchange
#   make test    lint, types, import contracts and tests
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
OUT    ?= demo-out

.DEFAULT_GOAL := help
.PHONY: help demo test lint types contracts figures windows hedge-windows bench idle kills campaign wheelhouse install uninstall \
  service-check container-check clients lock clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 17

# Both environments are one: the run-time lock is a part of the development lock.
$(BIN)/.run: requirements/run.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.txt
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(BIN)/.dev: requirements/dev.txt $(BIN)/.run
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	touch $@

demo: $(BIN)/.run ## Run the daemon over February and March 2020 on the embedded exchange
	$(BIN)/condord rehearse --from 2020-02-18 --to 2020-03-31 --out $(OUT) --force

test: $(BIN)/.dev lint types contracts ## Lint, types, import contracts and tests
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

lint: $(BIN)/.dev ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(BIN)/.dev ## Check types
	$(BIN)/mypy

contracts: $(BIN)/.dev ## Check who imports whom
	$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

HISTORY ?=
figures: $(BIN)/.dev ## Measure the figures the project states; HISTORY=DIR adds the year 2019
	$(BIN)/python tests/bench/figures.py $(if $(HISTORY),--history $(HISTORY))

windows: $(BIN)/.dev ## Rehearse every preset over a calm year and three violent windows; needs HISTORY=DIR
	$(BIN)/python tests/bench/windows.py --history $(or $(HISTORY),$(error HISTORY=DIR names the folder of market history))

# The checks stand beside the tests, which make the same ones over a shorter window.
hedge-windows: $(BIN)/.dev ## Check and measure the hedge over five windows of real history; needs HISTORY=DIR
	PYTHONPATH=tests $(BIN)/python tests/bench/hedge_windows.py --history $(or $(HISTORY),$(error HISTORY=DIR names the folder of market history))

kills: $(BIN)/.dev ## Kill the daemon N times at arbitrary moments of an entry (N=20, SEED=1)
	$(BIN)/python tests/process/kills.py $(or $(N),20) $(or $(SEED),1)

MINUTES ?= 5
idle: $(BIN)/.dev ## Measure memory, processor and cold start of a daemon with 20 condors open (MINUTES=5)
	$(BIN)/python tests/bench/idle.py --minutes $(MINUTES)

SESSIONS ?= 1000
CODEC    ?= 100
SEED     ?= 1
campaign: $(BIN)/.dev ## Run seeded sessions with drawn faults under checkers (SESSIONS=1000, CODEC=100, SEED=1)
	PYTHONPATH=tests $(BIN)/python tests/campaign/campaigns.py --sessions $(SESSIONS) --seed $(SEED)
	PYTHONPATH=tests $(BIN)/python tests/campaign/campaigns.py --codec --sessions $(CODEC) --seed $(SEED)

bench: $(BIN)/.dev ## Run the benchmarks
	PYTHONPATH=tests $(BIN)/python tests/bench/bench.py

PREFIX ?= /opt/condord
EXTRAS ?=
LOCK   := requirements/$(if $(filter yes,$(EXTRAS)),extras,run).txt
wheelhouse: $(BIN)/.run ## Fetch the locked packages into wheelhouse/, to install on a host without internet (EXTRAS=yes)
	$(BIN)/python -m pip download --quiet --require-hashes --only-binary :all: -d wheelhouse -r $(LOCK)

install: ## Install the service, or upgrade it; state and settings stay (root; PREFIX=/opt/condord, EXTRAS=yes)
	@PYTHON=$(PYTHON) EXTRAS=$(EXTRAS) systemd/install $(PREFIX)

uninstall: ## Remove the service; asks before settings, state and logs go too (root; PURGE=yes)
	@systemd/uninstall $(PREFIX)

# Exit status 77: what the check needs is not there, and it says what.
service-check: $(BIN)/.run ## Check the unit under a real systemd (root; SYSTEMD_SANDBOX names what boots one)
	$(BIN)/python tests/process/systemd_check.py || test $$? = 77

container-check: $(BIN)/.run ## Build and check the image with buildah (root; BASE_IMAGE names a stored image)
	$(BIN)/python tests/process/container_check.py || test $$? = 77

# Each client has an environment of its own, so that none sees what another brought.
clients: $(BIN)/.run ## Let unmodified clients tour the simulated gateway: ib_insync, ib_async, the official one (needs an index)
	$(BIN)/python tests/process/clients_check.py || test $$? = 77

COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
  --no-emit-trusted-host --strip-extras --allow-unsafe
lock: $(BIN)/.dev ## Write the locked requirements anew
	$(COMPILE) -o requirements/run.txt pyproject.toml requirements/build.in
	$(COMPILE) --extra alerts --extra metrics -c requirements/run.txt -o requirements/extras.txt pyproject.toml requirements/build.in
	$(COMPILE) --extra alerts --extra metrics --extra dev -c requirements/extras.txt -o requirements/dev.txt pyproject.toml requirements/build.in

clean: ## Remove what the other targets made
	rm -rf $(VENV) .venv-clients $(OUT) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
