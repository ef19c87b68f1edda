# Every target sets up what it needs in .venv and works again when run twice.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Many tests start processes: what Python compiled for one of them is kept for the next, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test fast long coverage check bench chaos stops schema docs release clean

help:  ## what can be made, a line each
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.installed  ## two simulated trading days through the real wire protocol, ending in a report
	$(BIN)/spreads demo

# Some tests wait for processes of their own: one worker more than cores keeps the cores busy meanwhile.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
test: $(VENV)/.installed-test  ## all tests, on every core; the slowest are printed
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --durations=20

fast: $(VENV)/.installed-test  ## the tests of the core and of the house, without the slow ones: while you work
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow and not long" tests/core tests/house

long: $(VENV)/.installed-test  ## what does not fit into `make test`: every kill, chaos and stops, SEEDS=10
	$(BIN)/python -m pytest -n auto --dist worksteal --durations=20 -m long
	$(MAKE) chaos stops

coverage: $(VENV)/.installed-coverage  ## all tests again, slower, and how many lines of each file they run
	$(BIN)/python -m pytest -n auto --dist worksteal --cov=engine --cov-report=term:skip-covered

check: $(VENV)/.installed-test  ## lint, format, layers, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright

bench: $(VENV)/.installed-bench  ## ratios to other engines, measured side by side in one run
	$(BIN)/python -m bench

SEEDS ?= 10
HOURS ?= 50
chaos: $(VENV)/.installed-test  ## days with mutated messages and kills, SEEDS=10, and hours with many faults, HOURS=50
	$(BIN)/python -m tests.simulation.chaos --seeds $(SEEDS)
	$(BIN)/python -m tests.simulation.chaos.hours --seeds 1-$(HOURS) --processes 2

stops: $(VENV)/.installed-test  ## demonstrations of five days, each stop judged, SEEDS=10
	$(BIN)/python -m tests.simulation.stops --seeds 1-$(SEEDS) --least 60

schema: $(VENV)/.installed  ## write the schemas that editors use
	$(BIN)/spreads schema --write schemas

docs: $(VENV)/.installed-test  ## write the reference, the page of metrics, the cases of the alerts, the dashboards
	$(BIN)/python -m tests.house.reference
	$(BIN)/python -m tests.house.api_examples
	$(BIN)/python -m tests.house.metrics_page
	$(BIN)/python -m tests.house.alert_cases
	$(BIN)/python -m tests.house.dashboards
	$(BIN)/python -m tests.house.failures

release: $(VENV)/.installed-test  ## check what ships, then build wheel, image and checksums into dist/
	$(BIN)/python -m tests.house.release
	$(BIN)/python -m tests.house.dist

clean:  ## remove the virtual environment
	rm -rf $(VENV)

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another one, as in: make demo PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml constraints.txt
	@echo "installing into $(VENV), once; this takes a minute or two ..."
	@$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "installing what the tests need ..."
	@$(PIP) install -c constraints.txt -e '.[test,check]'
	@touch $@

$(VENV)/.installed-coverage: $(VENV)/.installed-test
	@echo "installing what counts lines ..."
	@$(PIP) install -c constraints.txt -e '.[coverage]'
	@touch $@

$(VENV)/.installed-bench: $(VENV)/.installed-test
	@echo "installing what the benchmarks are held against ..."
	@$(PIP) install -c constraints.txt -e '.[bench]'
	@touch $@
