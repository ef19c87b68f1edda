# Every target sets up what it needs in .venv and works again when run twice.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test check bench chaos stops schema docs release clean

demo: $(VENV)/.installed
	$(BIN)/spreads demo

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n auto --dist worksteal --durations=20

check: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright

bench: $(VENV)/.installed-bench
	$(BIN)/python -m bench

SEEDS ?= 10
chaos: $(VENV)/.installed-test
	$(BIN)/python -m tests.simulation.chaos --seeds $(SEEDS)

stops: $(VENV)/.installed-test
	$(BIN)/python -m tests.simulation.stops --seeds 1-$(SEEDS) --least 60

schema: $(VENV)/.installed
	$(BIN)/spreads schema --write schemas

docs: $(VENV)/.installed-test
	$(BIN)/python -m tests.house.reference

release: $(VENV)/.installed-test
	$(BIN)/python -m tests.house.release

clean:
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

$(VENV)/.installed-bench: $(VENV)/.installed-test
	@echo "installing what the benchmarks are held against ..."
	@$(PIP) install -c constraints.txt -e '.[bench]'
	@touch $@
