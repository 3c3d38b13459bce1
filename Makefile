# Two commands on a fresh machine: `make demo` runs the main job, `make test` passes the tests.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
BENCH ?= all

.PHONY: demo dev test lint bench constraints clean

demo: $(READY)
	@$(BIN)/python -m kada_dagster.sandbox.demo

dev: $(READY)
	@$(BIN)/python -m kada_dagster.sandbox.demo.dev

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist loadgroup $(PYTEST_ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

bench: $(READY)
	@$(BIN)/python -m bench $(BENCH)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.10 or later is needed; set PYTHON=..." if sys.version_info < (3, 10) else 0)'
	@test -d .venv || $(PYTHON) -m venv .venv
	@echo "Installing the packages into .venv (a minute or two) ..."
	@# A system's own pip is years old: today's needs half of the time for the rest.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $(READY)

# The versions of today, from a fresh environment on the oldest Python that is supported: what it
# takes, later ones take, too.
constraints:
	@$(PYTHON) -c 'import sys; sys.exit("run this with PYTHON=python3.10" if sys.version_info[:2] != (3, 10) else 0)'
	rm -rf .constraints && $(PYTHON) -m venv .constraints
	.constraints/bin/python -m pip install --quiet --upgrade pip
	.constraints/bin/python -m pip install --quiet -e '.[dev]'
	(head -1 constraints.txt; .constraints/bin/python -m pip freeze --exclude-editable) > constraints.new
	mv constraints.new constraints.txt && rm -rf .constraints

clean:
	rm -rf .venv .demo .dagster .constraints
